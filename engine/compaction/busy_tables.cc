// BusyTables: what running jobs hold, and what that leaves for others.
//
// A job's result becomes visible at its end, so its place must stay as it was planned: nobody else
// takes its inputs, writes into its key range of the same run, or puts a run beside it that would
// end up on the wrong side of it in age.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/compaction/planner.h"

namespace varve {

void BusyTables::Add(const CompactionPlan& plan) {
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) tables.insert(table->number);
    if (input.level < plan.output_level) leaving[input.run] += input.tables.size();
  }
  if (plan.drop || (plan.inputs.empty() && !plan.flush)) return;
  const auto [low, high] = plan.KeyRange();
  outputs.push_back({plan.output_level, std::string(low), std::string(high), plan.output_run == 0});
}

bool BusyTables::TablesFree(const Run& run, size_t first, size_t last) const {
  if (tables.empty()) return true;
  return std::none_of(run.tables.begin() + static_cast<std::ptrdiff_t>(first),
                      run.tables.begin() + static_cast<std::ptrdiff_t>(last),
                      [this](const TablePtr& table) { return tables.contains(table->number); });
}

bool BusyTables::Leaves(const Run& run) const {
  const auto found = leaving.find(run.id);
  return found != leaving.end() && found->second == run.tables.size();
}

bool BusyTables::OutputFree(int level, std::string_view low, std::string_view high,
                            bool new_run) const {
  return std::none_of(outputs.begin(), outputs.end(), [&](const Output& output) {
    if (output.level != level) return false;
    return new_run || output.new_run || (output.low <= high && output.high >= low);
  });
}

}  // namespace varve
