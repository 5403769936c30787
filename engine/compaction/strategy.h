// Strategy: a compaction strategy as data over the four primitives of Sarkar et al. (PVLDB 14(11),
// 2021, "Constructing and Analyzing the LSM Compaction Design Space", Table 1): trigger, data
// layout, granularity, data movement.
//
// The layout is that of Fluid LSM (Dayan and Idreos, "Dostoevsky", SIGMOD 2018, §4): at most K
// runs in each level above the last, at most Z in the last. A level with more runs than it may
// hold, or with more bytes than its capacity, is merged into the next.
//
// What that means in full. Level 0 takes the flushes; the last level is the deepest that holds a
// table, and at least level 1.
//   - A level is saturated by runs when it has more than its maximum. A level whose maximum is one
//     run, other than level 0, is saturated by bytes when it has more than its capacity.
//   - Saturated by runs: all runs of the level are merged, into the single run of the next level if
//     one is its maximum, else as the newest run there. The last level merges in place when that
//     fits its capacity and Z is less than T - 1; with Z = T - 1 it is tiered like those above it,
//     where T runs become one run of the next level, always.
//   - Saturated by bytes: one table (kFile) or the whole run (kLevel) is merged into the next
//   level.
//   - The last level moves into an empty level, which is then the last: so the tree grows. Where
//     upper levels hold several runs, its run moves whole even with kFile, since the level is a
//     tiered one from then on.
//   - Of several saturated levels the one with the highest score goes first: runs over the number
//     that starts a merge, or bytes over capacity; the shallower one among equals.
//   - Level kLevelsMax - 1 has no capacity and merges in place.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/compaction/planner.h"

namespace varve {

enum class Granularity : uint8_t {
  kFile,   // one table of a saturated level, with what it overlaps in the next level's run; of
           // a level that is merged for its runs, what they overlap there
  kLevel,  // all runs of the level, with all of the next level's run
};

enum class Movement : uint8_t {
  kRoundRobin,    // the table after the one moved last
  kLeastOverlap,  // the table that drags along the fewest bytes of the next level per byte moved
};

struct Strategy {
  uint64_t size_ratio = 10;           // T
  uint64_t runs_max_level0 = 3;       // K of level 0: one more run, and level 0 is merged
  uint64_t runs_max_upper = 1;        // K of levels 1 .. last - 1
  uint64_t runs_max_last = 1;         // Z
  uint64_t level1_bytes = 256 << 20;  // capacity of level 1; of level i: level1_bytes * T^(i-1)
  Granularity granularity = Granularity::kFile;
  Movement movement = Movement::kLeastOverlap;
  bool trivial_moves = true;
};

// The planner that interprets any strategy.
std::unique_ptr<CompactionPlanner> NewStrategyPlanner(const Strategy& strategy);

}  // namespace varve
