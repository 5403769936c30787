// Keys and values of simulated histories, made from numbers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/util/random.h"

namespace varve {

// Key number `key` with at least `key_bytes` bytes: decimal digits, zeros before them, so that
// keys sort as their numbers do.
inline std::string PaddedKey(uint64_t key, uint64_t key_bytes) {
  std::string digits = std::to_string(key);
  if (digits.size() >= key_bytes) return digits;
  return std::string(key_bytes - digits.size(), '0') + digits;
}

// Random bytes, of which values are views: they do not compress, and cost no memory each.
class ValuePool {
 public:
  explicit ValuePool(uint64_t value_bytes) : value_bytes_(value_bytes) {
    Random random(1);
    pool_.resize(value_bytes + kSpare);
    for (char& byte : pool_) byte = static_cast<char>(random.Next());
  }

  // The value of operation `operation`; lives as long as the pool.
  std::string_view Value(uint64_t operation) const {
    return std::string_view(pool_).substr(SplitMix64(operation) % kSpare, value_bytes_);
  }

 private:
  static constexpr uint64_t kSpare = 1 << 20;

  const uint64_t value_bytes_;
  std::string pool_;
};

}  // namespace varve
