// Comparing keys a word at a time: the first eight bytes of a key as a number, and the length of
// the prefix that two keys share.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace varve {

// The first eight bytes, most significant first, zeros after the end of a shorter key. If
// KeyPrefix(a) < KeyPrefix(b), then a < b; equal prefixes tell nothing.
inline uint64_t KeyPrefix(std::string_view key) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  if (key.size() >= sizeof word) {
    std::memcpy(&word, key.data(), sizeof word);
  } else if (!key.empty()) {
    std::memcpy(&word, key.data(), key.size());
  }
  return __builtin_bswap64(word);
}

// How many bytes at the front of `a` and `b` are equal.
inline size_t CommonPrefixBytes(std::string_view a, std::string_view b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t at = 0;
  while (at + 8 <= limit) {
    uint64_t word_a, word_b;
    std::memcpy(&word_a, a.data() + at, 8);
    std::memcpy(&word_b, b.data() + at, 8);
    if (word_a != word_b) return at + static_cast<size_t>(std::countr_zero(word_a ^ word_b)) / 8;
    at += 8;
  }
  while (at < limit && a[at] == b[at]) at++;
  return at;
}

}  // namespace varve
