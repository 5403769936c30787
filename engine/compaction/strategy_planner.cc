// StrategyPlanner: the one interpreter of strategies (engine/compaction/strategy.h says what they
// mean).
//
// Age order is kept by three rules: a level that is merged for its runs is merged whole; what goes
// into an existing run takes everything it overlaps there along; and nothing is planned beside a
// pending output that it could overtake (BusyTables::OutputFree).
//
// Cost: one pass over the tables of the levels that bytes limit, and one over the tables of two
// neighbouring levels when movement is by overlap. Table pointers are copied only into the result.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/compaction/layout.h"
#include "engine/compaction/strategy.h"

namespace varve {
namespace {

struct Saturation {
  int level = 0;
  double score = 0;  // over 1, or 1 for a level that has just enough runs to be merged
  bool by_runs = false;
};

const Run* SingleRun(const Tree& tree, int level) {
  const auto index = static_cast<size_t>(level);
  if (index >= tree.levels.size() || tree.levels[index].runs.empty()) return nullptr;
  return &tree.levels[index].runs.front();
}

// The key range of `inputs`: [smallest, largest].
std::pair<std::string_view, std::string_view> KeyRange(
    const std::vector<CompactionPlan::Input>& inputs) {
  std::string_view low = inputs.front().tables.front()->smallest;
  std::string_view high = inputs.front().tables.back()->largest;
  for (const CompactionPlan::Input& input : inputs) {
    low = std::min<std::string_view>(low, input.tables.front()->smallest);
    high = std::max<std::string_view>(high, input.tables.back()->largest);
  }
  return {low, high};
}

// Does no key range of an input touch that of another?
bool Disjoint(const std::vector<CompactionPlan::Input>& inputs) {
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

bool OverlapsNothing(const std::vector<CompactionPlan::Input>& inputs, const Run& run) {
  for (const CompactionPlan::Input& input : inputs) {
    for (const TablePtr& table : input.tables) {
      const auto [first, last] = run.Overlapping(table->smallest, table->largest);
      if (first != last) return false;
    }
  }
  return true;
}

bool HoldsTombstones(const std::vector<CompactionPlan::Input>& inputs) {
  for (const CompactionPlan::Input& input : inputs) {
    for (const TablePtr& table : input.tables) {
      if (table->tombstones > 0) return true;
    }
  }
  return false;
}

std::vector<TablePtr> Slice(const Run& run, size_t first, size_t last) {
  return {run.tables.begin() + static_cast<std::ptrdiff_t>(first),
          run.tables.begin() + static_cast<std::ptrdiff_t>(last)};
}

// One call of Plan.
class Planning {
 public:
  Planning(const Strategy& strategy, const Tree& tree, const BusyTables& busy)
      : strategy_(strategy), tree_(tree), busy_(busy), layout_(strategy, tree) {}

  std::optional<CompactionPlan> Plan() const;

 private:
  std::vector<Saturation> Saturated() const;
  std::optional<CompactionPlan> PlanLevel(int level, CompactionReason reason) const;
  std::optional<CompactionPlan> PlanTable(int level) const;
  bool TableFree(int level, const TableInfo& table) const;
  std::optional<size_t> NextInTurn(int level) const;
  std::optional<size_t> LeastOverlap(int level) const;
  std::optional<CompactionPlan> Into(int level, CompactionPlan plan) const;
  bool MayMove(const CompactionPlan& plan, const Run* into) const;

  const Strategy& strategy_;
  const Tree& tree_;
  const BusyTables& busy_;
  const Layout layout_;
};

std::vector<Saturation> Planning::Saturated() const {
  std::vector<Saturation> saturated;
  for (int i = 0; i <= std::max(0, tree_.deepest()); ++i) {
    const auto index = static_cast<size_t>(i);
    if (index >= tree_.levels.size()) break;
    const Level& level = tree_.levels[index];
    const uint64_t runs_max = layout_.RunsMax(i);
    if (level.runs.size() > runs_max) {
      const double score =
          static_cast<double>(level.runs.size()) / static_cast<double>(runs_max + 1);
      saturated.push_back({i, score, true});
    } else if (layout_.LimitedByBytes(i)) {
      const auto bytes = static_cast<double>(level.bytes());
      const double score = bytes / static_cast<double>(layout_.Capacity(i));
      if (score > 1) saturated.push_back({i, score, false});
    }
  }
  std::stable_sort(saturated.begin(), saturated.end(),
                   [](const Saturation& a, const Saturation& b) { return a.score > b.score; });
  return saturated;
}

std::optional<CompactionPlan> Planning::Plan() const {
  for (const Saturation& saturation : Saturated()) {
    const int level = saturation.level;
    std::optional<CompactionPlan> plan;
    if (saturation.by_runs) {
      plan = PlanLevel(level, CompactionReason::kRunCount);
    } else if (layout_.MovesWhole(level)) {
      plan = PlanLevel(level, CompactionReason::kLevelSaturation);
    } else {
      plan = PlanTable(level);
    }
    if (plan.has_value()) return plan;
  }
  return std::nullopt;
}

// All runs of `level` as one.
std::optional<CompactionPlan> Planning::PlanLevel(int level, CompactionReason reason) const {
  CompactionPlan plan;
  plan.reason = reason;
  const std::vector<Run>& runs = tree_.levels[static_cast<size_t>(level)].runs;
  for (const Run& run : runs) {
    if (!busy_.TablesFree(run)) return std::nullopt;
  }
  for (const Run& run : runs) plan.inputs.push_back({level, run.id, run.tables});
  const bool by_runs = reason == CompactionReason::kRunCount;
  if (!by_runs || !layout_.MergesInPlace(level, plan.input_bytes())) {
    return Into(level + 1, std::move(plan));
  }
  plan.output_level = level;
  if (!busy_.OutputFree(level, "", "", true)) return std::nullopt;
  return plan;
}

// One table of the single run of `level`.
std::optional<CompactionPlan> Planning::PlanTable(int level) const {
  const bool in_turn = strategy_.movement == Movement::kRoundRobin;
  const std::optional<size_t> chosen = in_turn ? NextInTurn(level) : LeastOverlap(level);
  if (!chosen.has_value()) return std::nullopt;
  const Run& run = *SingleRun(tree_, level);
  CompactionPlan plan;
  plan.reason = CompactionReason::kLevelSaturation;
  plan.inputs.push_back({level, run.id, Slice(run, *chosen, *chosen + 1)});
  if (in_turn) {
    plan.cursor = run.tables[*chosen]->largest;
    plan.moves_cursor = true;
  }
  return Into(level + 1, std::move(plan));
}

// Could `table` be merged into the level below `level` now?
bool Planning::TableFree(int level, const TableInfo& table) const {
  if (busy_.tables.contains(table.number)) return false;
  const Run* into = SingleRun(tree_, level + 1);
  if (into == nullptr) return busy_.OutputFree(level + 1, table.smallest, table.largest, true);
  const auto [first, last] = into->Overlapping(table.smallest, table.largest);
  std::string_view low = table.smallest;
  std::string_view high = table.largest;
  if (first != last) {
    low = std::min<std::string_view>(low, into->tables[first]->smallest);
    high = std::max<std::string_view>(high, into->tables[last - 1]->largest);
  }
  return busy_.TablesFree(*into, first, last) && busy_.OutputFree(level + 1, low, high, false);
}

// The first table that is free after the cursor, going round.
std::optional<size_t> Planning::NextInTurn(int level) const {
  const std::string& cursor = tree_.levels[static_cast<size_t>(level)].cursor;
  const std::vector<TablePtr>& tables = SingleRun(tree_, level)->tables;
  const auto after = std::partition_point(tables.begin(), tables.end(), [&](const TablePtr& table) {
    return !cursor.empty() && table->smallest <= cursor;
  });
  const auto start = static_cast<size_t>(after - tables.begin());
  for (size_t i = 0; i < tables.size(); ++i) {
    const size_t index = (start + i) % tables.size();
    if (TableFree(level, *tables[index])) return index;
  }
  return std::nullopt;
}

// Of the free tables the first with the fewest overlapping bytes below per byte of its own. Both
// runs are sorted, so one walk over both finds all overlaps.
std::optional<size_t> Planning::LeastOverlap(int level) const {
  static const std::vector<TablePtr> kNone;
  const std::vector<TablePtr>& tables = SingleRun(tree_, level)->tables;
  const Run* into = SingleRun(tree_, level + 1);
  const std::vector<TablePtr>& below = into == nullptr ? kNone : into->tables;
  std::optional<size_t> best;
  double best_ratio = 0;
  size_t first = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    const TableInfo& table = *tables[i];
    while (first < below.size() && below[first]->largest < table.smallest) ++first;
    uint64_t overlap = 0;
    size_t last = first;
    for (; last < below.size() && below[last]->smallest <= table.largest; ++last) {
      overlap += below[last]->file_bytes;
    }
    if (last > first) first = last - 1;  // the next table may overlap this one as well
    const double ratio =
        static_cast<double>(overlap) / static_cast<double>(std::max<uint64_t>(1, table.file_bytes));
    if (best.has_value() && ratio >= best_ratio) continue;
    if (!TableFree(level, table)) continue;
    best = i;
    best_ratio = ratio;
  }
  return best;
}

// Completes `plan`, whose inputs are those of the level above, with `level` as its target.
std::optional<CompactionPlan> Planning::Into(int level, CompactionPlan plan) const {
  plan.output_level = level;
  const bool single = layout_.RunsMax(level) == 1;
  const Run* into = single ? SingleRun(tree_, level) : nullptr;
  // With more runs than it may have, that level is due itself, and first.
  if (into != nullptr && tree_.levels[static_cast<size_t>(level)].runs.size() > 1) {
    return std::nullopt;
  }
  plan.trivial_move = MayMove(plan, into);
  if (into != nullptr) plan.output_run = into->id;
  if (into != nullptr && !plan.trivial_move) {
    const auto [low, high] = KeyRange(plan.inputs);
    auto [first, last] = into->Overlapping(low, high);
    if (strategy_.granularity == Granularity::kLevel) {
      first = 0;
      last = into->tables.size();
    }
    if (!busy_.TablesFree(*into, first, last)) return std::nullopt;
    if (first != last) plan.inputs.push_back({level, into->id, Slice(*into, first, last)});
  }
  const auto [low, high] = KeyRange(plan.inputs);
  if (!busy_.OutputFree(level, low, high, into == nullptr)) return std::nullopt;
  return plan;
}

// May the inputs change level as they are? `into`: the run that they would join, if any.
bool Planning::MayMove(const CompactionPlan& plan, const Run* into) const {
  if (!strategy_.trivial_moves || !Disjoint(plan.inputs)) return false;
  if (into != nullptr && !OverlapsNothing(plan.inputs, *into)) return false;
  // On their first arrival at the bottom, tombstones are worth a merge that drops them.
  const bool reaches_bottom =
      plan.output_level >= layout_.last() && plan.inputs.front().level < layout_.last();
  return !reaches_bottom || !HoldsTombstones(plan.inputs);
}

class StrategyPlanner final : public CompactionPlanner {
 public:
  explicit StrategyPlanner(const Strategy& strategy) : strategy_(strategy) {
    strategy_.size_ratio = std::max<uint64_t>(2, strategy_.size_ratio);
    strategy_.runs_max_upper = std::max<uint64_t>(1, strategy_.runs_max_upper);
    strategy_.runs_max_last = std::max<uint64_t>(1, strategy_.runs_max_last);
    strategy_.level1_bytes = std::max<uint64_t>(1, strategy_.level1_bytes);
  }

  std::optional<CompactionPlan> Plan(const Tree& tree, const BusyTables& busy) const override {
    return Planning(strategy_, tree, busy).Plan();
  }

  uint64_t PendingBytes(const Tree& tree) const override;

  uint64_t LevelBytesMax(const Tree& tree, int level) const override {
    const Layout layout(strategy_, tree);
    return layout.LimitedByBytes(level) ? layout.Capacity(level) : 0;
  }

 private:
  // Of `bytes` in `runs` runs of a level, those that must leave it or be merged there.
  uint64_t BytesDue(const Layout& layout, int level, uint64_t runs, uint64_t bytes) const;

  Strategy strategy_;
};

uint64_t StrategyPlanner::BytesDue(const Layout& layout, int level, uint64_t runs,
                                   uint64_t bytes) const {
  if (runs > layout.RunsMax(level)) return bytes;
  if (!layout.LimitedByBytes(level) || bytes <= layout.Capacity(level)) return 0;
  return layout.MovesWhole(level) ? bytes : bytes - layout.Capacity(level);
}

// Goes down the levels with the bytes that arrive from above. Whatever moves drags along its share
// of the next level if it is merged into a run there; growth by a trivial move costs nothing.
uint64_t StrategyPlanner::PendingBytes(const Tree& tree) const {
  const Layout layout(strategy_, tree);
  uint64_t pending = 0;
  uint64_t arriving = 0;
  for (size_t i = 0; i < tree.levels.size(); ++i) {
    const int level = static_cast<int>(i);
    uint64_t runs = tree.levels[i].runs.size();
    if (arriving > 0 && (layout.RunsMax(level) > 1 || runs == 0)) ++runs;
    const uint64_t bytes = tree.levels[i].bytes() + arriving;
    const uint64_t due = BytesDue(layout, level, runs, bytes);
    const bool by_runs = runs > layout.RunsMax(level);
    const bool in_place = by_runs && layout.MergesInPlace(level, bytes);
    const bool grows_free = !by_runs && level == layout.last() && strategy_.trivial_moves;
    arriving = in_place ? 0 : due;
    if (due == 0 || grows_free) continue;
    pending += due;
    if (in_place || layout.RunsMax(level + 1) > 1 || i + 1 == tree.levels.size()) continue;
    const double share = static_cast<double>(due) / static_cast<double>(bytes);
    pending += static_cast<uint64_t>(share * static_cast<double>(tree.levels[i + 1].bytes()));
  }
  return pending;
}

}  // namespace

std::unique_ptr<CompactionPlanner> NewStrategyPlanner(const Strategy& strategy) {
  return std::make_unique<StrategyPlanner>(strategy);
}

}  // namespace varve
