// The named strategies, as data over the primitives of strategy.h.
//
// All honour size_ratio (or size_ratios), level1_bytes, and what StrategyOf (strategy_of.h) lets
// any strategy have. Level i holds about T^(i+1) memtables where levels hold several runs, and
// level1_bytes * T^(i-1) where they hold one. Sizes, shares and ages that a strategy needs have
// defaults; a setting of that name replaces them.
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
// they are merged. By file, the least overlap first.
Strategy LeveledStrategy(const Options& options);

// T runs of a level become one run of the next (K = Z = T - 1), so that each byte is written once a
// level. Bytes do not count, unless T = 2, where this is leveled. level1_bytes = 0: (T - 1) * T *
// memtable_bytes, what T - 1 full runs hold. By level.
Strategy TieredStrategy(const Options& options);

// Tiered, but one run in the last level (K = T - 1, Z = 1; Dayan and Idreos, "Dostoevsky", SIGMOD
// 2018, §4.1): T runs of the level above are merged with it, and when it outgrows its capacity, it
// moves down a level. level1_bytes = 0: as for tiered. By level.
Strategy LazyLeveledStrategy(const Options& options);

// Leveled below a first level of T runs (RocksDB's level 0, as Sarkar et al. name it).
Strategy OneLeveledStrategy(const Options& options);

// K = runs_upper, Z = runs_last (Dostoevsky, §4.2). 0: T - 1.
Strategy FluidStrategy(const Options& options);

// Each level as `layout` says, from level 0 down, the last one for the rest: T4 is tiered with
// fan-out 4, L10 leveled with fan-out 10, N is T2 (Cassandra's Unified Compaction Strategy).
// Empty: T4. By level.
Strategy UcsStrategy(const Options& options);

// Ratios that grow towards the top: T/c, T/c^2, …, with c = ratio_scale; leveled (Zhao et al.,
// "Autumn", ICDE 2025).
Strategy GarneringStrategy(const Options& options);

// Runs are never merged; the oldest is dropped when there are more than fifo_bytes_max, or when it
// is older than file_age_max. What it drops is gone.
Strategy FifoStrategy(const Options& options);

// Runs of one window of time become one run, and are then left alone; level0_runs runs are merged
// in the present window. Runs older than file_age_max are dropped.
Strategy TimeWindowStrategy(const Options& options);

// RocksDB's universal compaction: for space (2 unless space_amplification_max is set), for similar
// sizes, for number (level0_runs).
Strategy UniversalStrategy(const Options& options);

// RocksDB's leveled compaction: dynamic level sizes, level 0 of level0_runs, 256 MiB in level 1,
// least overlap.
Strategy RocksDbLeveledStrategy(const Options& options);

// LevelDB's: 10 MiB in level 1, round robin, tables that are read often are merged, outputs are cut
// and trivial moves refused where they overlap with more than 10 tables of the level after.
Strategy LevelDbLeveledStrategy(const Options& options);

// The ten strategies of Sarkar et al. (PVLDB 14(11), 2021, Table 2). Level 0 collects level0_runs
// runs, as that of RocksDB, in which they were measured, except in the last two. level1_bytes = 0:
// T memtables.
Strategy SarkarFullStrategy(const Options& options);  // by level
Strategy SarkarLo1Strategy(const Options& options);   // by file: least overlap with the parent
Strategy SarkarLo2Strategy(const Options& options);   // with the grandparent
Strategy SarkarRrStrategy(const Options& options);    // round robin
Strategy SarkarColdStrategy(const Options& options);  // coldest file
Strategy SarkarOldStrategy(const Options& options);   // oldest file
// Tombstone density (a quarter, unless set), most tombstones, then least overlap.
Strategy SarkarTsdStrategy(const Options& options);
// Tombstone age, which must be set; expired tombstones, then least overlap (Lethe).
Strategy SarkarTsaStrategy(const Options& options);
// Tiered; number of runs, then space amplification (T, unless set).
Strategy SarkarTierStrategy(const Options& options);
// Tiered first level, leveled below, least overlap.
Strategy Sarkar1LvlStrategy(const Options& options);

// Reads "10,8,4" (size_ratios). kInvalidArgument says which part is no ratio from 2 to 1000.
Result<std::vector<uint64_t>> ParseSizeRatios(std::string_view text);
// Reads "T4,T4,L10" (layout) into the shapes of levels 0, 1, ….
Result<std::vector<LevelShape>> ParseUcsLayout(std::string_view text);

}  // namespace varve
