// KeyPrefix: the first 8 bytes of a key as an integer that compares as the bytes do.
//
// Comparing two of them costs no memory access. Unequal prefixes decide the order of the keys;
// equal ones decide nothing, because shorter keys are padded with zeros.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace varve
