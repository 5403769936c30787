// GenerateOperations: random sequences of operations that look for trouble.
//
// Each sequence draws its own pool of keys and its own mix of operations, some kinds left out
// altogether: sequences that differ in what they lack find more than sequences that all have
// everything (Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012).
//
// Keys: the empty one, long shared prefixes, keys that begin other keys, 0x00 and 0xff bytes, keys
// of about eight bytes (which the engine compares by their first eight), and rarely the longest
// key there may be, or one byte more; a few of the pool are hot. Values: empty, small, larger than
// a block, larger than a small memtable. Deleted ranges: mostly from a key of the pool to one soon
// after it, rarely over many, and some that are empty or end before they begin.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/torture/operation_log.h"

namespace varve::harness {

// At least `count` operations (an iterator is walked in bursts), then a scan, a verify, a reopen
// and both again. A pure function of its arguments.
std::vector<LoggedOperation> GenerateOperations(uint64_t seed, size_t count);

}  // namespace varve::harness
