// Run rules: which neighbours are merged in a layout of runs, or what is dropped.
//
// All runs of the tree are one list, newest first, whatever their levels. A strategy has an ordered
// list of rules; the first that picks something decides. To add one: a function here, used by a
// strategy of engine/compaction/strategies.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/compaction/planner.h"

namespace varve {

struct Strategy;

struct AgedRun {
  int level = 0;
  const Run* run = nullptr;
  uint64_t bytes = 0;
};

struct RunRuleInput {
  const Strategy& strategy;
  const PlannerInput& planner;
  const std::vector<AgedRun>& runs;  // newest first
};

// Runs [first, last) of the list.
struct RunPick {
  size_t first = 0;
  size_t last = 0;
  CompactionReason reason = CompactionReason::kRunCount;
  bool drop = false;
};
using RunRule = std::optional<RunPick> (*)(const RunRuleInput& input);

// Universal compaction, as RocksDB's (there: space amplification, size ratio and run count).
//
// Once there are runs_trigger runs: all of them, if those above the oldest hold more than
// limits.space_amplification of its bytes.
std::optional<RunPick> MergeForSpace(const RunRuleInput& input);
// Once there are runs_trigger runs: from the newest run that has such neighbours, each next run
// that is not more than similar_percent larger than all before it together.
std::optional<RunPick> MergeSimilar(const RunRuleInput& input);
// If there are more than runs_trigger runs: the newest, as many as leave that number.
std::optional<RunPick> MergeForCount(const RunRuleInput& input);

// All runs from the newest that holds a tombstone of limits.tombstone_age to the oldest, so that
// the merge drops it.
std::optional<RunPick> MergeForTombstones(const RunRuleInput& input);

// Time windows (Cassandra's TWCS): runs of the present window once there are runs_trigger of them,
// runs of a window that is over if there are two. A run belongs to the window of its newest entry.
std::optional<RunPick> MergeWindow(const RunRuleInput& input);

// The oldest run, if all tables hold more than bytes_max or its newest entry is older than
// limits.file_age. Nothing while there is a snapshot, which would see it go.
std::optional<RunPick> DropOldest(const RunRuleInput& input);

}  // namespace varve
