// TreeSimulation, and the merge of evenly spread tables.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/compaction/tree_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "engine/tree/manifest.h"

namespace varve {

uint64_t SimulationCounts::bytes_compacted() const {
  return std::accumulate(bytes_written.begin(), bytes_written.end(), uint64_t{0});
}

double SimulationCounts::write_amplification() const {
  return 1 + static_cast<double>(bytes_compacted()) / static_cast<double>(bytes_flushed);
}

TreeSimulation::TreeSimulation(const Strategy& strategy, SimulatedMerge merge)
    : planner_(NewStrategyPlanner(strategy)), merge_(std::move(merge)) {}

std::vector<TablePtr> TreeSimulation::Numbered(std::vector<TableInfo> tables) {
  std::vector<TablePtr> numbered;
  for (TableInfo& table : tables) {
    table.number = next_number_++;
    numbered.push_back(std::make_shared<const TableInfo>(std::move(table)));
  }
  return numbered;
}

void TreeSimulation::Install(int level, uint64_t run, const std::vector<TablePtr>& added,
                             const CompactionPlan* plan) {
  TreeEdit edit;
  for (const TablePtr& table : added) edit.added_tables.push_back({level, run, table});
  if (plan != nullptr) {
    for (const CompactionPlan::Input& input : plan->inputs) {
      for (const TablePtr& table : input.tables) edit.removed_tables.push_back(table->number);
    }
    if (plan->moves_cursor) edit.cursors.push_back({plan->inputs[0].level, plan->cursor});
  }
  Result<Tree> changed = ApplyEdit(tree_, edit);
  if (!changed.ok()) {
    wrong_ = changed.status().ToString();
    return;
  }
  tree_ = std::move(*changed);
  const std::string broken = tree_.CheckInvariants();
  if (!broken.empty()) wrong_ = broken;
}

void TreeSimulation::Flush(std::vector<TableInfo> tables) {
  const std::vector<TablePtr> numbered = Numbered(std::move(tables));
  for (const TablePtr& table : numbered) counts_.bytes_flushed += table->file_bytes;
  ++counts_.flushes;
  Install(0, next_number_++, numbered, nullptr);
}

void TreeSimulation::Start(Tree tree) {
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) {
      next_number_ = std::max(next_number_, run.id + 1);
      for (const TablePtr& table : run.tables) {
        next_number_ = std::max(next_number_, table->number + 1);
      }
    }
  }
  tree_ = std::move(tree);
}

// What every plan must be, whatever the strategy.
void TreeSimulation::CheckPlan(const CompactionPlan& plan) {
  if (plan.inputs.empty()) wrong_ = "a plan without inputs";
  if (plan.output_level >= kLevelsMax) wrong_ = "a plan for a level that cannot be";
  std::set<uint64_t> taken;
  for (const Job& job : running_) {
    for (const CompactionPlan::Input& input : job.plan.inputs) {
      for (const TablePtr& table : input.tables) taken.insert(table->number);
    }
  }
  for (const CompactionPlan::Input& input : plan.inputs) {
    if (input.tables.empty()) wrong_ = "an input without tables";
    for (const TablePtr& table : input.tables) {
      if (!taken.insert(table->number).second) {
        wrong_ = fmt::format("table {} is in two jobs: {}", table->number, plan.ToString());
      }
    }
  }
}

bool TreeSimulation::Begin() {
  BusyTables busy;
  for (const Job& job : running_) busy.Add(job.plan);
  std::optional<CompactionPlan> plan = planner_->Plan(tree_, busy);
  if (!plan.has_value()) return false;
  CheckPlan(*plan);
  last_plan_ = *plan;
  Job job;
  job.output_run = plan->output_run != 0 ? plan->output_run : next_number_++;
  if (plan->trivial_move) {
    for (const CompactionPlan::Input& input : plan->inputs) {
      job.outputs.insert(job.outputs.end(), input.tables.begin(), input.tables.end());
    }
  } else {
    job.outputs = Numbered(merge_(*plan, tree_));
  }
  job.plan = std::move(*plan);
  running_.push_back(std::move(job));
  return true;
}

void TreeSimulation::Finish(size_t index) {
  const auto job = std::next(running_.begin(), static_cast<std::ptrdiff_t>(index));
  Install(job->plan.output_level, job->output_run, job->outputs, &job->plan);
  ++counts_.jobs;
  if (job->plan.trivial_move) {
    ++counts_.trivial_moves;
  } else {
    uint64_t& written = counts_.bytes_written[static_cast<size_t>(job->plan.output_level)];
    for (const TablePtr& table : job->outputs) written += table->file_bytes;
  }
  running_.erase(job);
}

bool TreeSimulation::Settle(uint64_t jobs_max) {
  for (uint64_t jobs = 0; wrong_.empty(); ++jobs) {
    if (!Begin()) return true;
    if (jobs == jobs_max) return false;
    Finish(0);
  }
  return false;
}

std::string SimulatedKey(uint64_t key) { return fmt::format("{:010}", key); }

uint64_t SimulatedKeyNumber(const std::string& key) { return std::stoull(key); }

namespace {

// Bytes that lie evenly in keys [low, high).
struct Stretch {
  uint64_t low = 0;
  uint64_t high = 0;
  double bytes = 0;
};

// The inputs as stretches between all their ends, in key order. In each, bytes u and v of two
// inputs become u + v - u v / n, where n is what all its keys hold.
std::vector<Stretch> Overlay(const CompactionPlan& plan, double live_bytes_per_key) {
  std::map<uint64_t, double> stretches;  // low -> bytes; each ends where the next begins
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      stretches[SimulatedKeyNumber(table->smallest)] = 0;
      stretches[SimulatedKeyNumber(table->largest) + 1] = 0;
    }
  }
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      const uint64_t low = SimulatedKeyNumber(table->smallest);
      const uint64_t high = SimulatedKeyNumber(table->largest) + 1;
      const double per_key =
          static_cast<double>(table->file_bytes) / static_cast<double>(high - low);
      for (auto at = stretches.find(low); at->first < high; ++at) {
        const auto keys = static_cast<double>(std::next(at)->first - at->first);
        const double live = keys * live_bytes_per_key;
        const double u = at->second;
        const double v = per_key * keys;
        at->second = live > 0 ? u + v - u * v / live : u + v;
      }
    }
  }
  std::vector<Stretch> overlay;
  for (auto at = stretches.begin(); std::next(at) != stretches.end(); ++at) {
    if (at->second > 0) overlay.push_back({at->first, std::next(at)->first, at->second});
  }
  return overlay;
}

TableInfo MakeTable(uint64_t low, uint64_t high, double bytes) {
  TableInfo table;
  table.smallest = SimulatedKey(low);
  table.largest = SimulatedKey(high - 1);
  table.file_bytes = std::max<uint64_t>(1, static_cast<uint64_t>(bytes + 0.5));
  return table;
}

// Cuts when a table is full, inside of a stretch at the key that its share of bytes reaches.
std::vector<TableInfo> Cut(const std::vector<Stretch>& stretches, double table_bytes) {
  std::vector<TableInfo> tables;
  double bytes = 0;
  uint64_t low = stretches.front().low;
  for (size_t i = 0; i < stretches.size(); ++i) {
    Stretch rest = stretches[i];
    if (bytes == 0) low = rest.low;
    while (bytes + rest.bytes > table_bytes && rest.high - rest.low > 1) {
      const double share = (table_bytes - bytes) / rest.bytes;
      const auto keys = static_cast<double>(rest.high - rest.low);
      const uint64_t step =
          std::clamp<uint64_t>(static_cast<uint64_t>(share * keys), 1, rest.high - rest.low - 1);
      const double taken = rest.bytes * static_cast<double>(step) / keys;
      tables.push_back(MakeTable(low, rest.low + step, bytes + taken));
      rest = {rest.low + step, rest.high, rest.bytes - taken};
      low = rest.low;
      bytes = 0;
    }
    bytes += rest.bytes;
    const bool full = bytes >= table_bytes || i + 1 == stretches.size();
    if (full) tables.push_back(MakeTable(low, rest.high, std::exchange(bytes, 0)));
  }
  return tables;
}

}  // namespace

SimulatedMerge EvenMerge(uint64_t table_bytes, uint64_t keys, uint64_t live_bytes) {
  const double live_per_key = static_cast<double>(live_bytes) / static_cast<double>(keys);
  return [=](const CompactionPlan& plan, const Tree&) {
    return Cut(Overlay(plan, live_per_key), static_cast<double>(table_bytes));
  };
}

}  // namespace varve
