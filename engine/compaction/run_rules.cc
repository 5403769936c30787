// The rules of run_rules.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/run_rules.h"

#include <algorithm>

#include "engine/compaction/strategy.h"

namespace varve {
namespace {

bool Enough(const RunRuleInput& input) {
  return input.runs.size() >= std::max<uint64_t>(2, input.strategy.runs_trigger);
}

SequenceNumber Newest(const Run& run) {
  SequenceNumber newest = 0;
  for (const TablePtr& table : run.tables) newest = std::max(newest, table->sequence_max);
  return newest;
}

// Of the newest entry, at the least: nothing is dropped too early.
uint64_t LeastAge(const RunRuleInput& input, const Run& run) {
  const PlannerInput& planner = input.planner;
  if (!input.strategy.limits.ages_in_seconds) {
    return AgeOf(input.strategy.limits, planner, Newest(run));
  }
  if (planner.times == nullptr) return 0;
  const uint64_t then = planner.times->SecondsAfter(Newest(run)).value_or(planner.now_seconds);
  return planner.now_seconds - std::min(planner.now_seconds, then);
}

// How many whole windows ago the newest entry of the run was written.
uint64_t WindowsAgo(const RunRuleInput& input, const Run& run) {
  const uint64_t window = std::max<uint64_t>(1, input.strategy.window);
  const bool seconds = input.strategy.limits.ages_in_seconds;
  const uint64_t now = seconds ? input.planner.now_seconds : input.planner.now;
  const uint64_t age = AgeOf(input.strategy.limits, input.planner, Newest(run));
  return now / window - (now - std::min(now, age)) / window;
}

}  // namespace

std::optional<RunPick> MergeForSpace(const RunRuleInput& input) {
  const double limit = input.strategy.limits.space_amplification;
  if (!Enough(input) || limit <= 0) return std::nullopt;
  uint64_t above = 0;
  for (size_t i = 0; i + 1 < input.runs.size(); ++i) above += input.runs[i].bytes;
  const auto last = static_cast<double>(input.runs.back().bytes);
  if (static_cast<double>(above) <= limit * last) return std::nullopt;
  return RunPick{0, input.runs.size(), CompactionReason::kSpaceAmplification};
}

std::optional<RunPick> MergeSimilar(const RunRuleInput& input) {
  if (!Enough(input)) return std::nullopt;
  const double slack = 1 + static_cast<double>(input.strategy.similar_percent) / 100;
  for (size_t first = 0; first + 1 < input.runs.size(); ++first) {
    double sum = static_cast<double>(input.runs[first].bytes);
    size_t last = first + 1;
    for (; last < input.runs.size(); ++last) {
      const auto bytes = static_cast<double>(input.runs[last].bytes);
      if (bytes > slack * sum) break;
      sum += bytes;
    }
    if (last - first >= 2) return RunPick{first, last, CompactionReason::kSimilarSizes};
  }
  return std::nullopt;
}

std::optional<RunPick> MergeForCount(const RunRuleInput& input) {
  const size_t kept = std::max<uint64_t>(1, input.strategy.runs_trigger);
  if (input.runs.size() <= kept) return std::nullopt;
  return RunPick{0, input.runs.size() - kept + 1, CompactionReason::kRunCount};
}

std::optional<RunPick> MergeForTombstones(const RunRuleInput& input) {
  const TriggerLimits& limits = input.strategy.limits;
  if (limits.tombstone_age == 0) return std::nullopt;
  const uint64_t age_max = TombstoneAgeMax(limits.tombstone_age, 2, 0, 1);
  for (size_t i = 0; i < input.runs.size(); ++i) {
    for (const TablePtr& table : input.runs[i].run->tables) {
      const SequenceNumber oldest = table->oldest_tombstone;
      if (oldest == 0 || oldest > input.planner.oldest_snapshot) continue;
      if (AgeOf(limits, input.planner, oldest) < age_max) continue;
      return RunPick{i, input.runs.size(), CompactionReason::kTombstoneAge};
    }
  }
  return std::nullopt;
}

std::optional<RunPick> MergeWindow(const RunRuleInput& input) {
  for (size_t first = 0; first < input.runs.size();) {
    const uint64_t window = WindowsAgo(input, *input.runs[first].run);
    size_t last = first + 1;
    while (last < input.runs.size() && WindowsAgo(input, *input.runs[last].run) == window) ++last;
    const uint64_t enough = window == 0 ? std::max<uint64_t>(2, input.strategy.runs_trigger) : 2;
    if (last - first >= enough) return RunPick{first, last, CompactionReason::kTimeWindow};
    first = last;
  }
  return std::nullopt;
}

std::optional<RunPick> DropOldest(const RunRuleInput& input) {
  if (input.runs.empty() || input.planner.oldest_snapshot != kSequenceMax) return std::nullopt;
  uint64_t bytes = 0;
  for (const AgedRun& run : input.runs) bytes += run.bytes;
  const Strategy& strategy = input.strategy;
  const bool too_many = strategy.bytes_max != 0 && bytes > strategy.bytes_max;
  const uint64_t age_max = strategy.limits.file_age;
  const bool too_old = age_max != 0 && LeastAge(input, *input.runs.back().run) > age_max;
  if (!too_many && !too_old) return std::nullopt;
  return RunPick{input.runs.size() - 1, input.runs.size(), CompactionReason::kExpired, true};
}

}  // namespace varve
