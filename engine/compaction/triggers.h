// Triggers: what is due in a tree of levels, and why.
//
// A strategy has an ordered list of triggers; the first that finds something that can be done
// decides. To add one: a function here, a row in engine/parts.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/compaction/planner.h"
#include "engine/tree/tree.h"

namespace varve {

struct Strategy;
struct TriggerLimits;
class Layout;

struct Due {
  enum class What : uint8_t {
    kLevel,    // the level, as granularity and movement say
    kTable,    // one table of it, or all of the level if it has several runs
    kAllRuns,  // the whole tree
  };
  What what = What::kLevel;
  int level = 0;
  size_t table = 0;  // index in the first run of the level
  CompactionReason reason = CompactionReason::kLevelSaturation;
  double score = 0;  // the highest goes first
};

struct TriggerInput {
  const Strategy& strategy;
  const Layout& layout;
  const PlannerInput& planner;
};
// Appends what is due, most urgent first.
using Trigger = void (*)(const TriggerInput& input, std::vector<Due>* due);

// A level holds more runs, or more bytes, than it may. Every list ends with this one.
void Saturation(const TriggerInput& input, std::vector<Due>* due);
// All but the last level's oldest run hold more than limits.space_amplification of its bytes.
void SpaceAmplification(const TriggerInput& input, std::vector<Due>* due);
// A table above the last level holds an entry that is older than limits.file_age.
void FileAge(const TriggerInput& input, std::vector<Due>* due);
// More than limits.tombstone_density of a table's entries are tombstones.
void TombstoneDensity(const TriggerInput& input, std::vector<Due>* due);
// A table holds a tombstone that is as old as TombstoneAgeMax lets its level hold.
void TombstoneAge(const TriggerInput& input, std::vector<Due>* due);
// A table above the last level was read more often than its size allows (LevelDB's allowed seeks).
void ReadCount(const TriggerInput& input, std::vector<Due>* due);

// How old an entry with this number is: in operations, or in seconds.
uint64_t AgeOf(const TriggerLimits& limits, const PlannerInput& input, SequenceNumber sequence);

// The age at which a tombstone must leave the level at depth `level`, with the last at `last`
// (Layout::Depth), for none to get older than `age_max` anywhere: exponentially more time the
// deeper the level (Sarkar et al., "Lethe", SIGMOD 2020, §4.1.2: d_i = T d_(i-1), and their sum is
// the limit). A sixteenth of the limit is kept back for the time that jobs and memtables take.
uint64_t TombstoneAgeMax(uint64_t age_max, uint64_t size_ratio, int level, int last);

}  // namespace varve
