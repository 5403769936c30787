// LevelPlanner: the interpreter of strategies of levels (engine/compaction/strategy.h says what
// they mean). Triggers say what is due, LevelPlanning makes a plan of the first that can be done.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/level_planner.h"

#include <algorithm>
#include <vector>

#include "engine/compaction/layout.h"
#include "engine/compaction/level_planning.h"
#include "engine/compaction/run_planner.h"

namespace varve {

LevelPlanner::LevelPlanner(const Strategy& strategy) : strategy_(strategy) {
  if (strategy_.levels.size() < 2) strategy_.levels.resize(2, strategy_.levels.front());
  for (LevelShape& shape : strategy_.levels) {
    shape.size_ratio = std::max<uint64_t>(2, shape.size_ratio);
    if (&shape != &strategy_.levels.front()) shape.runs_max = std::max<uint64_t>(1, shape.runs_max);
  }
  strategy_.level1_bytes = std::max<uint64_t>(1, strategy_.level1_bytes);
}

std::optional<CompactionPlan> LevelPlanner::Plan(const PlannerInput& input) const {
  const LevelPlanning planning(strategy_, input);
  std::vector<Due> due;
  for (const Trigger trigger : strategy_.triggers) {
    due.clear();
    trigger({strategy_, planning.layout(), input}, &due);
    for (const Due& one : due) {
      std::optional<CompactionPlan> plan = planning.PlanDue(one);
      if (plan.has_value()) return plan;
    }
  }
  return std::nullopt;
}

std::optional<CompactionPlan> LevelPlanner::PlanFlush(const PlannerInput& input,
                                                      const CompactionPlan::Flush& flush) const {
  if (!strategy_.flush_merges) return std::nullopt;
  return LevelPlanning(strategy_, input).PlanFlush(flush);
}

uint64_t LevelPlanner::LevelBytesMax(const Tree& tree, int level) const {
  const Layout layout(strategy_, tree);
  return layout.LimitedByBytes(level) ? layout.Capacity(level) : 0;
}

namespace {

// Of `bytes` in `runs` runs of a level, those that must leave it or be merged there.
uint64_t BytesDue(const Layout& layout, int level, uint64_t runs, uint64_t bytes) {
  if (runs > layout.RunsMax(level)) return bytes;
  if (!layout.LimitedByBytes(level) || bytes <= layout.Capacity(level)) return 0;
  return layout.MovesWhole(level) ? bytes : bytes - layout.Capacity(level);
}

}  // namespace

// Goes down the levels with the bytes that arrive from above. Whatever moves drags along its share
// of the next level if it is merged into a run there; growth by a trivial move costs nothing.
uint64_t LevelPlanner::PendingBytes(const PlannerInput& input) const {
  const Tree& tree = input.tree;
  const Layout layout(strategy_, tree);
  uint64_t pending = 0;
  uint64_t arriving = 0;
  int target = 0;  // of what arrives
  for (size_t i = 0; i < tree.levels.size(); ++i) {
    const int level = static_cast<int>(i);
    uint64_t runs = tree.levels[i].runs.size();
    const uint64_t arrived = level == target ? arriving : 0;
    if (arrived > 0 && (layout.RunsMax(level) > 1 || runs == 0)) ++runs;
    const uint64_t bytes = tree.levels[i].bytes() + arrived;
    const uint64_t due = BytesDue(layout, level, runs, bytes);
    const bool by_runs = runs > layout.RunsMax(level);
    const bool in_place = by_runs && layout.MergesInPlace(level, bytes);
    const bool grows_free = !by_runs && level == layout.last() && strategy_.trivial_moves;
    if (level == target) {
      arriving = in_place ? 0 : due;
      target = layout.Next(level);
    }
    if (due == 0 || grows_free) continue;
    pending += due;
    const auto next = static_cast<size_t>(layout.Next(level));
    if (in_place || next >= tree.levels.size() || layout.RunsMax(layout.Next(level)) > 1) continue;
    const double share = static_cast<double>(due) / static_cast<double>(bytes);
    pending += static_cast<uint64_t>(share * static_cast<double>(tree.levels[next].bytes()));
  }
  return pending;
}

bool Strategy::counts_reads() const {
  return std::find(movements.begin(), movements.end(), ColdestFirst) != movements.end() ||
         std::find(triggers.begin(), triggers.end(), ReadCount) != triggers.end();
}

bool Strategy::drops_data() const {
  const bool may = std::find(rules.begin(), rules.end(), DropOldest) != rules.end();
  return may && (bytes_max != 0 || limits.file_age != 0);
}

std::unique_ptr<CompactionPlanner> NewStrategyPlanner(const Strategy& strategy) {
  if (strategy.kind == Strategy::Kind::kRuns) return NewRunPlanner(strategy);
  return std::make_unique<LevelPlanner>(strategy);
}

}  // namespace varve
