// KeyPrefix: the first 8 bytes of a key as an integer that compares as the bytes do;
// CommonPrefixBytes: how far two keys are equal; RangeHasPrefix: whether all keys of a range are.
//
// Comparing two prefixes costs no memory access. Unequal prefixes decide the order of the keys;
// equal ones decide nothing, because shorter keys are padded with zeros.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace varve {

inline uint64_t KeyPrefix(std::string_view key) {
  uint64_t bytes = 0;
  if (key.size() >= sizeof bytes) {
    std::memcpy(&bytes, key.data(), sizeof bytes);
  } else if (!key.empty()) {
    std::memcpy(&bytes, key.data(), key.size());
  }
  return __builtin_bswap64(bytes);
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

// Do all keys in [lower, upper) (an empty `upper` is no bound) begin with the first `bytes` bytes
// of `lower`? Then `upper` begins with them as well, or it is the least key that comes after all
// that do: for "ab" that is "ac", for "a\xff" it is "b", and for "\xff" there is none.
inline bool RangeHasPrefix(std::string_view lower, std::string_view upper, size_t bytes) {
  if (lower.size() < bytes) return false;
  const std::string_view prefix = lower.substr(0, bytes);
  if (upper.starts_with(prefix)) return true;
  std::string_view rest = prefix.substr(0, prefix.find_last_not_of('\xff') + 1);
  if (rest.empty() || upper.size() != rest.size()) return rest.empty() && upper.empty();
  rest.remove_suffix(1);
  const auto last = static_cast<unsigned char>(prefix[rest.size()]);
  return upper.starts_with(rest) && static_cast<unsigned char>(upper.back()) == last + 1;
}

}  // namespace varve
