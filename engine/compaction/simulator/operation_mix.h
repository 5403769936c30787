// OperationMix: the history that is simulated, as numbers.
//
// The first `first_writes` operations each write a key that was not written before; each later one
// takes a key at random of all `keys`, and deletes it with probability `deletes`, else overwrites
// it. Sequential keys go 0, 1, 2, … and start again after `keys`. So
//   first_writes = keys, and more operations   a load, then uniform updates (Lim et al., FAST '16)
//   first_writes = 0                           uniform from the start
//   first_writes = keys = all operations       all keys different
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace varve {

struct OperationMix {
  uint64_t keys = 0;  // how many different ones there are: 1 to kSimulatedKeysMax
  uint64_t first_writes = 0;
  double deletes = 0;  // 0 to 1
  bool sequential = false;
  uint64_t key_bytes = 16;
  uint64_t value_bytes = 100;
};

inline constexpr uint64_t kSimulatedKeysMax = 1'000'000'000'000'000;  // 15 digits

}  // namespace varve
