// LevelPlanning: from a due level or table to the tables that one job merges.
//
// Table pointers are copied only into the result.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/level_planning.h"

#include <algorithm>
#include <string>

namespace varve {
namespace {

using Inputs = std::vector<CompactionPlan::Input>;

// Does no key range of an input touch that of another?
bool Disjoint(const Inputs& inputs) {
  std::vector<const CompactionPlan::Input*> sorted;
  for (const CompactionPlan::Input& input : inputs) sorted.push_back(&input);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return a->tables.front()->smallest < b->tables.front()->smallest;
  });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->tables.back()->largest >= sorted[i]->tables.front()->smallest) return false;
  }
  return true;
}

// Of the tables and, of a flush, the memtable.
uint64_t BytesIn(const CompactionPlan& plan) {
  return plan.input_bytes() + (plan.flush ? plan.flush->bytes : 0);
}

bool OverlapsNothing(const Inputs& inputs, const Run& run) {
  for (const CompactionPlan::Input& input : inputs) {
    for (const TablePtr& table : input.tables) {
      const auto [first, last] = run.Overlapping(table->smallest, table->largest);
      if (first != last) return false;
    }
  }
  return true;
}

bool HoldsTombstones(const Inputs& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const CompactionPlan::Input& input) {
    return std::any_of(input.tables.begin(), input.tables.end(),
                       [](const TablePtr& table) { return table->tombstones > 0; });
  });
}

std::vector<TablePtr> Slice(const Run& run, size_t first, size_t last) {
  return {run.tables.begin() + static_cast<std::ptrdiff_t>(first),
          run.tables.begin() + static_cast<std::ptrdiff_t>(last)};
}

}  // namespace

const std::vector<Run>& LevelPlanning::RunsOf(int level) const {
  static const std::vector<Run> kNone;
  const auto index = static_cast<size_t>(level);
  return index < tree_.levels.size() ? tree_.levels[index].runs : kNone;
}

const Run* LevelPlanning::SingleRun(int level) const {
  const std::vector<Run>& runs = RunsOf(level);
  return runs.empty() ? nullptr : &runs.front();
}

std::optional<const Run*> LevelPlanning::Receiver(int level) const {
  if (layout_.RunsMax(level) != 1) return nullptr;
  const std::vector<Run>& runs = RunsOf(level);
  size_t staying = 0;
  for (const Run& run : runs) staying += busy_.Leaves(run) ? 0 : 1;
  if (staying == 0) return nullptr;
  const Run& newest = runs.front();
  if (staying > 1 || busy_.Leaves(newest)) return std::nullopt;
  const bool full = layout_.LimitedByBytes(level) && newest.bytes() > layout_.Capacity(level);
  const bool goes_first = full && (runs.size() > 1 || layout_.MovesWhole(level));
  return goes_first ? std::nullopt : std::optional(&newest);
}

std::optional<CompactionPlan> LevelPlanning::PlanDue(const Due& due) const {
  if (due.what == Due::What::kAllRuns) return PlanAllRuns(due.reason);
  if (due.what == Due::What::kTable) return PlanTable(due.level, due.table, due.reason);
  const bool by_runs = due.reason == CompactionReason::kRunCount;
  if (by_runs || layout_.MovesWhole(due.level)) return PlanLevel(due.level, due.reason);
  return PlanChosen(due.level, due.reason);
}

bool LevelPlanning::TakeLevel(int level, CompactionPlan* plan) const {
  const std::vector<Run>& runs = RunsOf(level);
  for (const Run& run : runs) {
    if (!busy_.TablesFree(run)) return false;
  }
  for (const Run& run : runs) plan->inputs.push_back({level, run.id, run.tables});
  return true;
}

// All runs of `level` as one.
std::optional<CompactionPlan> LevelPlanning::PlanLevel(int level, CompactionReason reason) const {
  CompactionPlan plan;
  plan.reason = reason;
  if (!TakeLevel(level, &plan)) return std::nullopt;
  const bool by_runs = reason == CompactionReason::kRunCount;
  if (!by_runs || !layout_.MergesInPlace(level, plan.input_bytes())) {
    return Into(layout_.Next(level), std::move(plan));
  }
  return PlanInPlace(level, reason);
}

std::optional<CompactionPlan> LevelPlanning::PlanInPlace(int level, CompactionReason reason) const {
  CompactionPlan plan;
  plan.reason = reason;
  plan.output_level = level;
  if (!TakeLevel(level, &plan) || !busy_.OutputFree(level, "", "", true)) return std::nullopt;
  return plan;
}

// As much of the single run of `level` as one compaction moves.
std::optional<CompactionPlan> LevelPlanning::PlanChosen(int level, CompactionReason reason) const {
  const std::optional<size_t> chosen = Choose(level);
  if (!chosen.has_value()) return std::nullopt;
  const Run& run = *SingleRun(level);
  const auto [first, last] = Unit(run, *chosen);
  if (!busy_.TablesFree(run, first, last)) return std::nullopt;
  CompactionPlan plan;
  plan.reason = reason;
  plan.inputs.push_back({level, run.id, Slice(run, first, last)});
  if (strategy_.movements.front() == RoundRobin) {
    plan.cursor = run.tables[last - 1]->largest;
    plan.moves_cursor = true;
  }
  return Into(layout_.Next(level), std::move(plan));
}

// A table that is due by itself: into the next level, or, where there is none, rewritten. With
// several runs in its level, the level goes.
std::optional<CompactionPlan> LevelPlanning::PlanTable(int level, size_t table,
                                                       CompactionReason reason) const {
  const bool is_last = level >= layout_.last();
  if (RunsOf(level).size() > 1 || layout_.RunsMax(level) != 1 || level == 0) {
    if (is_last) return PlanInPlace(level, reason);
    CompactionPlan plan;
    plan.reason = reason;
    if (!TakeLevel(level, &plan)) return std::nullopt;
    return Into(layout_.Next(level), std::move(plan));
  }
  const Run& run = *SingleRun(level);
  if (!busy_.TablesFree(run, table, table + 1)) return std::nullopt;
  CompactionPlan plan;
  plan.reason = reason;
  plan.inputs.push_back({level, run.id, Slice(run, table, table + 1)});
  if (!is_last) return Into(layout_.Next(level), std::move(plan));
  plan.output_level = level;
  plan.output_run = run.id;
  const TableInfo& info = *run.tables[table];
  if (!busy_.OutputFree(level, info.smallest, info.largest, false)) return std::nullopt;
  return plan;
}

// Everything as one run of the last level.
std::optional<CompactionPlan> LevelPlanning::PlanAllRuns(CompactionReason reason) const {
  CompactionPlan plan;
  plan.reason = reason;
  plan.output_level = layout_.last();
  for (int level = 0; level <= layout_.last(); ++level) {
    if (!TakeLevel(level, &plan) || !busy_.OutputFree(level, "", "", true)) return std::nullopt;
  }
  return plan;
}

std::optional<CompactionPlan> LevelPlanning::PlanFlush(const CompactionPlan::Flush& flush) const {
  const uint64_t runs_max = layout_.RunsMax(0);
  const uint64_t runs = RunsOf(0).size();
  // Eagerly, a run that level 0 can hold is one before it is merged.
  const bool merges =
      strategy_.merge_mode == MergeMode::kPreemptive ? runs + 1 > runs_max : runs_max == 0;
  if (!strategy_.flush_merges || !merges) return std::nullopt;
  CompactionPlan plan;
  plan.reason = CompactionReason::kRunCount;
  plan.flush = flush;
  if (!TakeLevel(0, &plan) || !busy_.OutputFree(0, "", "", true)) return std::nullopt;
  return Into(layout_.Next(0), std::move(plan));
}

// Would what `plan` brings make `level` move on at once? Then it is taken along.
bool LevelPlanning::Cascades(int level, const CompactionPlan& plan) const {
  const bool is_bottom = layout_.Capacity(level) == UINT64_MAX;
  if (strategy_.merge_mode == MergeMode::kEager || is_bottom) return false;
  const uint64_t runs_max = layout_.RunsMax(level);
  if (runs_max > 1) return RunsOf(level).size() + 1 > runs_max;
  uint64_t bytes = BytesIn(plan);
  for (const Run& run : RunsOf(level)) bytes += run.bytes();
  return bytes > layout_.Capacity(level);
}

std::optional<CompactionPlan> LevelPlanning::Into(int level, CompactionPlan plan) const {
  while (Cascades(level, plan)) {
    if (!TakeLevel(level, &plan)) return std::nullopt;
    if (layout_.MergesInPlace(level, BytesIn(plan))) {
      plan.output_level = level;
      if (!busy_.OutputFree(level, "", "", true)) return std::nullopt;
      return plan;
    }
    level = layout_.Next(level);
  }
  return Finish(level, std::move(plan));
}

std::optional<CompactionPlan> LevelPlanning::Finish(int level, CompactionPlan plan) const {
  plan.output_level = level;
  const std::optional<const Run*> receiver = Receiver(level);
  if (!receiver.has_value()) return std::nullopt;
  const Run* into = *receiver;
  plan.trivial_move = MayMove(plan, into);
  if (into != nullptr) plan.output_run = into->id;
  if (into != nullptr && !plan.trivial_move) {
    const auto [low, high] = plan.KeyRange();
    auto [first, last] = into->Overlapping(low, high);
    if (strategy_.granularity == Granularity::kLevel) {
      first = 0;
      last = into->tables.size();
    }
    if (!busy_.TablesFree(*into, first, last)) return std::nullopt;
    if (first != last) plan.inputs.push_back({level, into->id, Slice(*into, first, last)});
  }
  const auto [low, high] = plan.KeyRange();
  if (!busy_.OutputFree(level, low, high, into == nullptr)) return std::nullopt;
  if (!plan.trivial_move) AddCuts(&plan);
  return plan;
}

// May the inputs change level as they are? `into`: the run that they would join, if any.
bool LevelPlanning::MayMove(const CompactionPlan& plan, const Run* into) const {
  if (!strategy_.trivial_moves || plan.flush || !Disjoint(plan.inputs)) return false;
  if (into != nullptr && !OverlapsNothing(plan.inputs, *into)) return false;
  // On their first arrival at the bottom, tombstones are worth a merge that drops them.
  const bool reaches_bottom =
      plan.output_level >= layout_.last() && plan.inputs.front().level < layout_.last();
  if (reaches_bottom && HoldsTombstones(plan.inputs)) return false;
  const Run* grandparent = SingleRun(plan.output_level + 1);
  if (strategy_.grandparent_bytes_max == 0 || grandparent == nullptr) return true;
  const auto [low, high] = plan.KeyRange();
  const auto [first, last] = grandparent->Overlapping(low, high);
  const auto summary = grandparent->summary();
  return summary->bytes_before[last] - summary->bytes_before[first] <=
         strategy_.grandparent_bytes_max;
}

// Where tables of the output end besides their size.
void LevelPlanning::AddCuts(CompactionPlan* plan) const {
  const auto [low, high] = plan->KeyRange();
  const auto is_inside = [low = low, high = high](const std::string& key) {
    return key > low && key <= high;
  };
  if (strategy_.granularity == Granularity::kAligned && plan->output_level < layout_.last()) {
    const Run* last = SingleRun(layout_.last());
    if (last == nullptr) return;
    for (const TablePtr& table : last->tables) {
      if (is_inside(table->smallest)) plan->cuts.push_back(table->smallest);
    }
    return;
  }
  const Run* grandparent = SingleRun(plan->output_level + 1);
  if (strategy_.grandparent_bytes_max == 0 || grandparent == nullptr) return;
  uint64_t overlapped = 0;
  for (const TablePtr& table : grandparent->tables) {
    if (overlapped > strategy_.grandparent_bytes_max && is_inside(table->smallest)) {
      plan->cuts.push_back(table->smallest);
      overlapped = 0;
    }
    if (table->largest >= low) overlapped += table->file_bytes;
  }
}

// Could `table` be merged into the level after `level` now?
bool LevelPlanning::TableFree(int level, const TableInfo& table) const {
  if (busy_.tables.contains(table.number)) return false;
  const int next = layout_.Next(level);
  const std::optional<const Run*> receiver = Receiver(next);
  if (!receiver.has_value()) return false;
  const Run* into = *receiver;
  if (into == nullptr) return busy_.OutputFree(next, table.smallest, table.largest, true);
  const auto [first, last] = into->Overlapping(table.smallest, table.largest);
  std::string_view low = table.smallest;
  std::string_view high = table.largest;
  if (first != last) {
    low = std::min<std::string_view>(low, into->tables[first]->smallest);
    high = std::max<std::string_view>(high, into->tables[last - 1]->largest);
  }
  return busy_.TablesFree(*into, first, last) && busy_.OutputFree(next, low, high, false);
}

// The table of the single run of `level` that is moved first: the movements in order, each among
// the equals of the one before.
std::optional<size_t> LevelPlanning::Choose(int level) const {
  const Run& run = *SingleRun(level);
  const int next = layout_.Next(level);
  const Run* into = Receiver(next).value_or(nullptr);
  const MovementInput movement_input{strategy_, input_, level, run, into, SingleRun(next + 1)};
  std::vector<size_t> candidates;
  const bool all_free = busy_.tables.empty() && busy_.outputs.empty();
  for (size_t i = 0; i < run.tables.size(); ++i) {
    if (all_free || TableFree(level, *run.tables[i])) candidates.push_back(i);
  }
  std::vector<double> scores;
  for (const Movement movement : strategy_.movements) {
    if (candidates.size() < 2) break;
    movement(movement_input, &scores);
    double best = scores[candidates.front()];
    for (const size_t i : candidates) best = std::min(best, scores[i]);
    std::erase_if(candidates, [&](size_t i) { return scores[i] > best; });
  }
  if (candidates.empty()) return std::nullopt;
  return candidates.front();
}

// The tables around the chosen one that go with it.
LevelPlanning::TableRange LevelPlanning::Unit(const Run& run, size_t chosen) const {
  if (strategy_.granularity == Granularity::kFiles) {
    return {chosen, std::min(run.tables.size(), chosen + std::max<uint64_t>(1, strategy_.files))};
  }
  const Run* last = SingleRun(layout_.last());
  if (strategy_.granularity != Granularity::kAligned || last == nullptr || last == &run) {
    return {chosen, chosen + 1};
  }
  const TableInfo& table = *run.tables[chosen];
  const auto [first_below, last_below] = last->Overlapping(table.smallest, table.largest);
  if (first_below == last_below) return {chosen, chosen + 1};
  const std::string& low = last->tables[first_below]->smallest;
  const std::string& high = last->tables[last_below - 1]->largest;
  const auto [first, end] = run.Overlapping(low, high);
  // A table that reaches out of the part belongs to the next one as well, and stays.
  size_t begin = chosen;
  while (begin > first && run.tables[begin - 1]->smallest >= low) --begin;
  size_t stop = chosen + 1;
  while (stop < end && run.tables[stop]->largest <= high) ++stop;
  return {begin, stop};
}

}  // namespace varve
