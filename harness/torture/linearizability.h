// Linearizability: can a recorded history be explained by operations that happen one at a time?
//
// Each operation must take effect at one moment between its call and its return (Herlihy and Wing,
// "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 12(3), 1990). The
// object is a set of registers; an operation writes some of them, or reads some, at one moment.
// Registers that no operation touches together are checked apart, which loses nothing: a history is
// linearizable if it is so for each object in it (same paper, theorem 1), and is much quicker.
//
// The search is that of Wing and Gong, "Testing and Verifying Concurrent Objects", JPDC 17, 1993,
// which remembers where it has been (Lowe, "Testing for linearizability", Concurrency and
// Computation: Practice and Experience 29(4), 2017, §4): a set of operations done and the state
// that they left are looked at once. Exponential in the number of operations under way at once,
// which is that of threads.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace varve::harness {

struct RegisterValue {
  int number = 0;      // of the register, from 0
  uint64_t value = 0;  // 0: absent, which is what all registers hold at first
};

struct HistoryOperation {
  // On one clock. An operation that returned at the moment when another was called was before it
  // or not: both are allowed.
  int64_t called = 0;
  int64_t returned = 0;
  int thread = 0;  // for the explanation only
  bool write = false;
  std::vector<RegisterValue> values;  // written, or read; each register at most once
};

// Of an operation that never returned: a write that may have happened at any time after its call,
// or not at all. (A read that never returned says nothing, and is left out.)
inline constexpr int64_t kNeverReturned = std::numeric_limits<int64_t>::max();

// "" if the history is linearizable, else one sentence that names the operation that does not fit.
std::string CheckLinearizable(const std::vector<HistoryOperation>& history);

// Pairs of operations on a common register that were under way at once: a history without any
// would be linearizable in its order and prove little.
uint64_t OverlappingPairs(const std::vector<HistoryOperation>& history);

}  // namespace varve::harness
