// What tests of filters share: keys as hashes, and filters as numbers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/filter/filter.h"
#include "engine/util/hash.h"

namespace varve::filter_testing {

// Of the keys "user<first>" and so on.
inline std::vector<uint64_t> HashesOf(uint64_t first, size_t count) {
  std::vector<uint64_t> hashes;
  hashes.reserve(count);
  for (uint64_t i = first; i < first + count; i++) {
    hashes.push_back(HashKey("user" + std::to_string(i)));
  }
  return hashes;
}

// Stands for the bytes of a filter over 1000 keys at `bits_per_key`.
inline uint64_t SumOfBytes(const FilterPolicy& policy, double bits_per_key) {
  return HashKey(policy.Build(HashesOf(0, 1000), bits_per_key));
}

}  // namespace varve::filter_testing
