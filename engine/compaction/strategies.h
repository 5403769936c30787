// The named strategies: leveled, tiered and lazy leveled as data over the primitives.
//
// Level i holds about T^(i+1) memtables where levels hold several runs, and level1_bytes * T^(i-1)
// where they hold one. All honour size_ratio (T), level1_bytes, granularity, movement and
// trivial_moves; level0_runs counts for leveled only, since the others take T runs everywhere.
//
// To add one: a function here, a row in engine/parts.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/strategy.h"
#include "engine/options.h"

namespace varve {

// One run a level; a level is T times the one above. Level 0 collects level0_runs runs.
// level1_bytes = 0: level0_runs * memtable_bytes, so that level 0 and level 1 are of a size when
// they are merged. Automatic granularity is a file, automatic movement the least overlap.
Strategy LeveledStrategy(const Options& options);

// T runs of a level become one run of the next (K = Z = T - 1), so that each byte is written once a
// level. Bytes do not count, unless T = 2, where this is leveled. level1_bytes = 0: (T - 1) * T *
// memtable_bytes, what T - 1 full runs hold. Automatic granularity is a level.
Strategy TieredStrategy(const Options& options);

// Tiered, but one run in the last level (K = T - 1, Z = 1; Dayan and Idreos, "Dostoevsky", SIGMOD
// 2018, §4.1): T runs of the level above are merged with it, and when it outgrows its capacity, it
// moves down a level. level1_bytes = 0: as for tiered. Automatic granularity is a level.
Strategy LazyLeveledStrategy(const Options& options);

}  // namespace varve
