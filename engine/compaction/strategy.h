// Strategy: a compaction strategy as data over the primitives of Sarkar et al. (PVLDB 14(11), 2021,
// "Constructing and Analyzing the LSM Compaction Design Space", Table 1): trigger, data layout,
// granularity, data movement.
//
// There are two kinds of layout. In a layout of *levels* each level has a size ratio T_i and holds
// at most K_i runs, the last one Z (Dayan and Idreos, "Dostoevsky", SIGMOD 2018, §4: Fluid LSM,
// here with a T and a K for each level). In a layout of *runs* all runs of the tree are one list
// by age, and rules pick neighbours of it (universal, time window, FIFO).
//
// Levels in full. Level 0 takes the flushes; the last level is the deepest that holds a table, and
// at least level 1.
//   - A level is saturated by runs when it has more than its maximum. A level whose maximum is one
//     run, other than level 0, is saturated by bytes when it has more than its capacity.
//   - Saturated by runs: all runs of the level are merged, into the single run of the next level if
//     one is its maximum, else as the newest run there. The last level merges in place when that
//     fits its capacity and Z is less than T - 1; with Z = T - 1 it is tiered like those above it,
//     where T runs become one run of the next level, always.
//   - Saturated by bytes: as much as the granularity says is merged into the next level.
//   - The last level moves into an empty level, which is then the last: so the tree grows. Where
//     upper levels hold several runs, its run moves whole even by file, since the level is a
//     tiered one from then on.
//   - Of several saturated levels the one with the highest score goes first: runs over the number
//     that starts a merge, or bytes over capacity; the shallower one among equals.
//   - Level kLevelsMax - 1 has no capacity and merges in place.
//   - Preemptive merging (Dostoevsky, appendix D): what would leave the next level at once takes
//     that level along, so that runs that cascade are merged once.
//   - Dynamic level sizes (Dong et al., "Optimizing Space Amplification in RocksDB", CIDR 2017,
//     §3): the last level is Layout::kDynamicLast from the start and holds what there is, each
//     level above a T-th of the next. Level 0 is merged into the first level that this leaves with
//     at most level1_bytes; so obsolete versions are at most 1/(T-1) of the data, whatever its
//     size.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/compaction/movements.h"
#include "engine/compaction/planner.h"
#include "engine/compaction/run_rules.h"
#include "engine/compaction/triggers.h"

namespace varve {

enum class Granularity : uint8_t {
  kLevel,    // all runs of the level, with all of the next level's run
  kRun,      // all runs of the level, with what they overlap in the next level's run
  kFile,     // one table of a saturated level, with what it overlaps; of a level that is merged for
             // its runs, all of them
  kFiles,    // as kFile, with the next tables after it, Strategy::files in all
  kAligned,  // as kFile, with all tables that share its table of the last level; outputs above the
             // last level are cut where tables of the last level begin (Dayan et al., "Spooky",
             // PVLDB 15(11), 2022)
};

enum class MergeMode : uint8_t {
  kEager,       // one level after the other
  kPreemptive,  // what cascades is merged once
};

enum class LevelSizes : uint8_t { kStatic, kDynamic };

struct LevelShape {
  uint64_t size_ratio = 10;  // T: how much larger the next level is
  uint64_t runs_max = 1;     // K
  bool operator==(const LevelShape&) const = default;
};

// When the triggers and rules that have a limit act. 0: never, unless said otherwise.
struct TriggerLimits {
  double space_amplification = 0;      // bytes above the last run over bytes of it
  double tombstone_density = 0;        // tombstones over entries of a table
  uint64_t tombstone_age = 0;          // no tombstone gets older
  uint64_t file_age = 0;               // of the oldest entry of a table
  bool ages_in_seconds = false;        // or in operations
  uint64_t bytes_per_read = 16 << 10;  // a table may be read once for each of them (LevelDB)
};

struct Strategy {
  enum class Kind : uint8_t { kLevels, kRuns };
  Kind kind = Kind::kLevels;

  // Levels.
  std::vector<LevelShape> levels = {{10, 3}, {10, 1}};  // of levels 0, 1, …; the last one repeats
  uint64_t runs_max_last = 0;                           // Z; 0: as the shape of that level says
  LevelSizes level_sizes = LevelSizes::kStatic;
  // c: T grows by 1/c with each level above the last but one (Zhao et al., "Autumn", ICDE 2025:
  // Garnering), so that there are fewer levels. 1: the ratios are those of `levels`. Static only.
  double ratio_scale = 1;
  uint64_t level1_bytes = 256 << 20;  // capacity of level 1, if static; of level i: T_i times more
  std::vector<Trigger> triggers = {Saturation};  // the first that has something to do decides
  Granularity granularity = Granularity::kFile;
  uint64_t files = 1;                                // of kFiles
  std::vector<Movement> movements = {LeastOverlap};  // the next one decides among equals
  MergeMode merge_mode = MergeMode::kEager;
  // A table of the output ends where it overlaps with this many bytes of the level after, and more
  // overlap forbids a trivial move; 0: never (LevelDB: 10 tables).
  uint64_t grandparent_bytes_max = 0;

  // Runs.
  std::vector<RunRule> rules;  // the first that picks something decides
  uint64_t runs_trigger = 4;   // fewer runs are left alone
  uint64_t similar_percent = 1;
  uint64_t window = 0;     // length of a time window, in the unit of ages
  uint64_t bytes_max = 0;  // FIFO: of all tables; 0: no limit

  // Both.
  bool flush_merges = false;  // a flush is merged at once with what it would be merged with next
  bool trivial_moves = true;
  TriggerLimits limits;

  // Must writes wait when level 0 has many runs?
  bool limits_level0() const { return kind == Kind::kLevels; }
  // The number of runs of level 0 that are merged, for layouts of levels.
  uint64_t level0_trigger() const { return levels.front().runs_max + 1; }
  // Does a plan depend on how often tables are read?
  bool counts_reads() const;
  // Do plans drop live data, for its age or for want of room?
  bool drops_data() const;
  // Does a plan depend on time? Then there is something to plan when nothing has changed.
  bool has_ages() const { return limits.tombstone_age != 0 || limits.file_age != 0 || window != 0; }
};

// The planner that interprets any strategy.
std::unique_ptr<CompactionPlanner> NewStrategyPlanner(const Strategy& strategy);

}  // namespace varve
