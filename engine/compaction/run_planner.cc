// RunPlanner: the interpreter of strategies of runs.
//
// All runs of the tree are one list by age. What a rule picks becomes one run in the place of the
// oldest of them, so that the list stays in order; runs in deeper levels, which another strategy
// has left, are merged like the others and are not refilled.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/run_planner.h"

#include <vector>

namespace varve {
namespace {

std::vector<AgedRun> RunsByAge(const Tree& tree) {
  std::vector<AgedRun> runs;
  for (size_t level = 0; level < tree.levels.size(); ++level) {
    for (const Run& run : tree.levels[level].runs) {
      runs.push_back({static_cast<int>(level), &run, run.bytes()});
    }
  }
  return runs;
}

class RunPlanner final : public CompactionPlanner {
 public:
  explicit RunPlanner(const Strategy& strategy) : strategy_(strategy) {}

  std::optional<CompactionPlan> Plan(const PlannerInput& input) const override {
    const std::vector<AgedRun> runs = RunsByAge(input.tree);
    for (const RunRule rule : strategy_.rules) {
      const std::optional<RunPick> pick = rule({strategy_, input, runs});
      if (!pick.has_value()) continue;
      std::optional<CompactionPlan> plan = PlanOf(*pick, runs, input.busy);
      if (plan.has_value()) return plan;
    }
    return std::nullopt;
  }

  std::optional<CompactionPlan> PlanFlush(const PlannerInput&,
                                          const CompactionPlan::Flush&) const override {
    return std::nullopt;
  }

  // What the next plan would move; nothing is known of those after it.
  uint64_t PendingBytes(const PlannerInput& input) const override {
    const BusyTables nothing;
    const std::optional<CompactionPlan> plan =
        Plan({input.tree, nothing, input.now, input.oldest_snapshot, input.now_seconds, input.times,
              input.reads});
    return plan.has_value() && !plan->drop ? plan->input_bytes() : 0;
  }

  uint64_t LevelBytesMax(const Tree&, int) const override { return 0; }

 private:
  static std::optional<CompactionPlan> PlanOf(const RunPick& pick, const std::vector<AgedRun>& runs,
                                              const BusyTables& busy) {
    CompactionPlan plan;
    plan.reason = pick.reason;
    plan.drop = pick.drop;
    for (size_t i = pick.first; i < pick.last; ++i) {
      if (!busy.TablesFree(*runs[i].run)) return std::nullopt;
      plan.inputs.push_back({runs[i].level, runs[i].run->id, runs[i].run->tables});
    }
    plan.output_level = plan.inputs.back().level;
    plan.output_run = plan.inputs.back().run;
    return plan;
  }

  const Strategy strategy_;
};

}  // namespace

std::unique_ptr<CompactionPlanner> NewRunPlanner(const Strategy& strategy) {
  return std::make_unique<RunPlanner>(strategy);
}

}  // namespace varve
