// The plan of Db::Compact.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/compaction/planner.h"

namespace varve {
namespace {

bool IsCompact(const Tree& tree) {
  if (tree.runs() != 1 || tree.deepest() == 0) return false;
  const Run& run = tree.levels[static_cast<size_t>(tree.deepest())].runs.front();
  return std::none_of(run.tables.begin(), run.tables.end(),
                      [](const TablePtr& table) { return table->tombstones > 0; });
}

}  // namespace

std::optional<CompactionPlan> PlanFullCompaction(const Tree& tree) {
  if (tree.deepest() < 0 || IsCompact(tree)) return std::nullopt;
  CompactionPlan plan;
  plan.reason = CompactionReason::kManual;
  plan.output_level = std::max(1, tree.deepest());
  for (size_t i = 0; i < tree.levels.size(); ++i) {
    for (const Run& run : tree.levels[i].runs) {
      plan.inputs.push_back({static_cast<int>(i), run.id, run.tables});
    }
  }
  return plan;
}

}  // namespace varve
