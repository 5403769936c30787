// The triggers of triggers.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/triggers.h"

#include <algorithm>
#include <cmath>

#include "engine/compaction/layout.h"
#include "engine/compaction/strategy.h"

namespace varve {
namespace {

void SortByScore(std::vector<Due>* due) {
  std::stable_sort(due->begin(), due->end(),
                   [](const Due& a, const Due& b) { return a.score > b.score; });
}

// Appends kTable for each table with a score above 0 that `score(level, table)` gives, of the
// levels up to `deepest` and the runs of which `may(level, summary)` is true. In a level of several
// runs all tables stand for the level.
template <class May, class Score>
void AddTables(const TriggerInput& input, int deepest, CompactionReason reason, May may,
               Score score, std::vector<Due>* due) {
  const std::vector<Level>& levels = input.planner.tree.levels;
  for (int level = 0; level <= deepest && level < static_cast<int>(levels.size()); ++level) {
    for (const Run& run : levels[static_cast<size_t>(level)].runs) {
      if (!may(level, *run.summary())) continue;
      for (size_t i = 0; i < run.tables.size(); ++i) {
        const double value = score(level, *run.tables[i]);
        if (value > 0) due->push_back({Due::What::kTable, level, i, reason, value});
      }
    }
  }
  SortByScore(due);
}

// Would a merge within the last level drop the oldest tombstone of the table?
bool MayDrop(const TriggerInput& input, const TableInfo& table) {
  return table.oldest_tombstone <= input.planner.oldest_snapshot;
}

}  // namespace

void Saturation(const TriggerInput& input, std::vector<Due>* due) {
  const Tree& tree = input.planner.tree;
  for (int i = 0; i <= tree.deepest(); ++i) {
    const Level& level = tree.levels[static_cast<size_t>(i)];
    const uint64_t runs_max = input.layout.RunsMax(i);
    if (level.runs.size() > runs_max) {
      const double score =
          static_cast<double>(level.runs.size()) / static_cast<double>(runs_max + 1);
      due->push_back({Due::What::kLevel, i, 0, CompactionReason::kRunCount, score});
    } else if (input.layout.LimitedByBytes(i)) {
      const auto bytes = static_cast<double>(level.bytes());
      const double score = bytes / static_cast<double>(input.layout.Capacity(i));
      if (score > 1) {
        due->push_back({Due::What::kLevel, i, 0, CompactionReason::kLevelSaturation, score});
      }
    }
  }
  SortByScore(due);
}

void SpaceAmplification(const TriggerInput& input, std::vector<Due>* due) {
  const Tree& tree = input.planner.tree;
  const double limit = input.strategy.limits.space_amplification;
  if (limit <= 0 || tree.runs() < 2) return;
  const uint64_t last = tree.levels[static_cast<size_t>(tree.deepest())].runs.back().bytes();
  const double ratio = static_cast<double>(tree.bytes() - last) / static_cast<double>(last);
  if (ratio <= limit) return;
  due->push_back({Due::What::kAllRuns, 0, 0, CompactionReason::kSpaceAmplification, ratio / limit});
}

void FileAge(const TriggerInput& input, std::vector<Due>* due) {
  const TriggerLimits& limits = input.strategy.limits;
  if (limits.file_age == 0) return;
  const auto score = [&](int, const TableInfo& table) {
    const uint64_t age = AgeOf(limits, input.planner, table.sequence_min);
    if (age <= limits.file_age) return 0.0;
    return static_cast<double>(age) / static_cast<double>(limits.file_age);
  };
  const auto may = [&](int, const RunSummary& run) {
    return AgeOf(limits, input.planner, run.oldest_entry) > limits.file_age;
  };
  AddTables(input, input.layout.last() - 1, CompactionReason::kFileAge, may, score, due);
}

void TombstoneDensity(const TriggerInput& input, std::vector<Due>* due) {
  const double limit = input.strategy.limits.tombstone_density;
  if (limit <= 0) return;
  const auto score = [&](int level, const TableInfo& table) {
    if (table.tombstones == 0) return 0.0;
    if (level == input.layout.last() && !MayDrop(input, table)) return 0.0;
    const double density = table.tombstone_density();
    return density > limit ? density : 0.0;
  };
  const auto may = [&](int, const RunSummary& run) { return run.tombstone_density_max > limit; };
  AddTables(input, input.layout.last(), CompactionReason::kTombstoneDensity, may, score, due);
}

void TombstoneAge(const TriggerInput& input, std::vector<Due>* due) {
  const TriggerLimits& limits = input.strategy.limits;
  if (limits.tombstone_age == 0) return;
  const int last = input.layout.last();
  const auto is_due = [&](int level, SequenceNumber tombstone) {
    if (tombstone == 0) return false;
    const uint64_t age_max = TombstoneAgeMax(limits.tombstone_age, input.layout.SizeRatio(level),
                                             input.layout.Depth(level), input.layout.Depth(last));
    return AgeOf(limits, input.planner, tombstone) >= age_max;
  };
  const auto may = [&](int level, const RunSummary& run) {
    return is_due(level, run.oldest_tombstone);
  };
  const auto score = [&](int level, const TableInfo& table) {
    if (!is_due(level, table.oldest_tombstone)) return 0.0;
    if (level == last && !MayDrop(input, table)) return 0.0;
    return static_cast<double>(AgeOf(limits, input.planner, table.oldest_tombstone) + 1);
  };
  AddTables(input, last, CompactionReason::kTombstoneAge, may, score, due);
}

void ReadCount(const TriggerInput& input, std::vector<Due>* due) {
  constexpr uint64_t kReadsMin = 100;
  const AccessCounts* reads = input.planner.reads;
  if (reads == nullptr) return;
  const auto score = [&](int, const TableInfo& table) {
    const uint64_t allowed =
        std::max(kReadsMin, table.file_bytes / input.strategy.limits.bytes_per_read);
    const uint64_t count = reads->Reads(table.number);
    return count < allowed ? 0.0 : static_cast<double>(count) / static_cast<double>(allowed);
  };
  const auto may = [](int, const RunSummary&) { return true; };
  AddTables(input, input.layout.last() - 1, CompactionReason::kReadCount, may, score, due);
}

uint64_t AgeOf(const TriggerLimits& limits, const PlannerInput& input, SequenceNumber sequence) {
  if (!limits.ages_in_seconds) return input.now > sequence ? input.now - sequence : 0;
  if (input.times == nullptr) return 0;
  const uint64_t then = input.times->SecondsOf(sequence);
  return input.now_seconds > then ? input.now_seconds - then : 0;
}

uint64_t TombstoneAgeMax(uint64_t age_max, uint64_t size_ratio, int level, int last) {
  const uint64_t usable = age_max - age_max / 16;
  if (level >= last - 1) return usable;
  const auto ratio = static_cast<double>(size_ratio);
  const double share = (std::pow(ratio, level + 1) - 1) / (std::pow(ratio, last) - 1);
  return static_cast<uint64_t>(share * static_cast<double>(usable));
}

}  // namespace varve
