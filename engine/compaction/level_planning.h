// LevelPlanning: builds the plan for what is due in a tree of levels.
//
// Made for one call of the planner. Age order is kept by three rules: a level that is merged for
// its runs is merged whole; what goes into an existing run takes everything it overlaps there
// along; and nothing is planned beside a pending output that it could overtake
// (BusyTables::OutputFree).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/compaction/layout.h"
#include "engine/compaction/strategy.h"

namespace varve {

// A view; not thread safe. Each method returns nothing if what it would touch is busy.
class LevelPlanning {
 public:
  LevelPlanning(const Strategy& strategy, const PlannerInput& input)
      : strategy_(strategy),
        input_(input),
        tree_(input.tree),
        busy_(input.busy),
        layout_(strategy, input.tree) {}

  const Layout& layout() const { return layout_; }

  std::optional<CompactionPlan> PlanDue(const Due& due) const;
  std::optional<CompactionPlan> PlanFlush(const CompactionPlan::Flush& flush) const;

 private:
  using Plan = std::optional<CompactionPlan>;
  using TableRange = std::pair<size_t, size_t>;  // indices [first, last)

  Plan PlanLevel(int level, CompactionReason reason) const;
  Plan PlanInPlace(int level, CompactionReason reason) const;
  Plan PlanChosen(int level, CompactionReason reason) const;
  Plan PlanTable(int level, size_t table, CompactionReason reason) const;
  Plan PlanAllRuns(CompactionReason reason) const;

  // Completes `plan`, whose inputs are newer than `level`, with `level` as its target, or with one
  // below it if the merge cascades.
  Plan Into(int level, CompactionPlan plan) const;
  Plan Finish(int level, CompactionPlan plan) const;
  bool Cascades(int level, const CompactionPlan& plan) const;
  // Adds all runs of `level`. False if one is busy.
  bool TakeLevel(int level, CompactionPlan* plan) const;
  void AddCuts(CompactionPlan* plan) const;

  std::optional<size_t> Choose(int level) const;
  TableRange Unit(const Run& run, size_t chosen) const;
  bool TableFree(int level, const TableInfo& table) const;
  bool MayMove(const CompactionPlan& plan, const Run* into) const;

  const std::vector<Run>& RunsOf(int level) const;
  const Run* SingleRun(int level) const;
  // The run of `level` that arrivals are merged into; nullptr: they become a new run. Nothing if
  // the level is due itself and goes first: it has more runs than it may, or a full run that moves
  // as a whole (merges into ever larger runs would take the bandwidth from the one that all wait
  // for). Older runs that leave as a whole do not count, so that a long merge below holds up nobody
  // above.
  std::optional<const Run*> Receiver(int level) const;

  const Strategy& strategy_;
  const PlannerInput& input_;
  const Tree& tree_;
  const BusyTables& busy_;
  const Layout layout_;
};

}  // namespace varve
