// TreeSimulation: checks around the simulator.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/compaction/tree_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "engine/compaction/simulator/stretches.h"
#include "engine/tree/manifest.h"

namespace varve {
namespace {

// Runs, tables and cursors; levels without any of them at the end do not count.
bool SameTree(const Tree& a, const Tree& b) {
  const Level none;
  for (size_t i = 0; i < std::max(a.levels.size(), b.levels.size()); ++i) {
    const Level& left = i < a.levels.size() ? a.levels[i] : none;
    const Level& right = i < b.levels.size() ? b.levels[i] : none;
    const auto same = [](const Run& x, const Run& y) {
      return x.id == y.id && x.tables == y.tables;
    };
    if (left.cursor != right.cursor || !std::equal(left.runs.begin(), left.runs.end(),
                                                   right.runs.begin(), right.runs.end(), same)) {
      return false;
    }
  }
  return true;
}

}  // namespace

class TreeSimulation::Model final : public TableModel {
 public:
  explicit Model(SimulatedMerge merge) : merge_(std::move(merge)) {}

  void set_flush(std::vector<TableInfo> tables) { flush_ = std::move(tables); }

  Result<std::vector<TablePtr>> Flush(const Tree&, const NewNumber& new_number) override {
    for (const TableInfo& table : flush_) now_ = std::max(now_, table.sequence_max);
    return Numbered(std::move(flush_), new_number);
  }
  Result<std::vector<TablePtr>> Merge(const CompactionPlan& plan, const Tree& tree,
                                      const NewNumber& new_number) override {
    return Numbered(merge_(plan, tree), new_number);
  }
  uint64_t operations() const override { return now_; }
  double user_bytes() const override { return 0; }
  double live_bytes() const override { return 0; }
  RunsPerGet GetCost(const Tree&) const override { return {}; }

 private:
  static std::vector<TablePtr> Numbered(std::vector<TableInfo> tables,
                                        const NewNumber& new_number) {
    std::vector<TablePtr> numbered;
    for (TableInfo& table : tables) {
      table.number = new_number();
      numbered.push_back(std::make_shared<const TableInfo>(std::move(table)));
    }
    return numbered;
  }

  SimulatedMerge merge_;
  std::vector<TableInfo> flush_;
  SequenceNumber now_ = 0;
};

uint64_t SimulationCounts::bytes_compacted() const {
  return std::accumulate(bytes_written.begin(), bytes_written.end(), uint64_t{0});
}

double SimulationCounts::write_amplification() const {
  return 1 + static_cast<double>(bytes_compacted()) / static_cast<double>(bytes_flushed);
}

TreeSimulation::TreeSimulation(const Strategy& strategy, SimulatedMerge merge)
    : model_(std::make_unique<Model>(std::move(merge))),
      simulator_(NewStrategyPlanner(strategy), model_.get()) {
  simulator_.set_on_job([this](const SimulatedJob& job, const Tree& tree) { Count(job, tree); });
}

TreeSimulation::~TreeSimulation() = default;

void TreeSimulation::Count(const SimulatedJob& job, const Tree& before) {
  uint64_t bytes = 0;
  TreeEdit edit;
  for (const TablePtr& table : *job.outputs) {
    bytes += table->file_bytes;
    edit.added_tables.push_back({job.output_level, job.output_run, table});
  }
  if (job.plan == nullptr) {
    ++counts_.flushes;
    counts_.bytes_flushed += bytes;
  } else {
    for (const CompactionPlan::Input& input : job.plan->inputs) {
      for (const TablePtr& table : input.tables) edit.removed_tables.push_back(table->number);
    }
    if (job.plan->moves_cursor)
      edit.cursors.push_back({job.plan->inputs[0].level, job.plan->cursor});
    ++counts_.jobs;
    if (job.plan->trivial_move) {
      ++counts_.trivial_moves;
    } else {
      counts_.bytes_written[static_cast<size_t>(job.output_level)] += bytes;
    }
  }
  Result<Tree> changed = ApplyEdit(before, edit);
  if (!changed.ok()) {
    wrong_ = changed.status().ToString();
    return;
  }
  expected_ = std::move(*changed);
}

void TreeSimulation::CheckTree() {
  const std::string broken = tree().CheckInvariants();
  if (!broken.empty()) wrong_ = broken;
  if (wrong_.empty() && !SameTree(tree(), expected_)) wrong_ = "not the tree of ApplyEdit";
}

void TreeSimulation::Flush(std::vector<TableInfo> tables) {
  model_->set_flush(std::move(tables));
  const Status flushed = simulator_.Flush();
  if (!flushed.ok()) wrong_ = flushed.ToString();
  CheckTree();
}

SequenceNumber TreeSimulation::now() const { return model_->operations(); }

bool TreeSimulation::Due() const {
  const BusyTables nothing;
  return planner().Plan({tree(), nothing, now()}).has_value();
}

uint64_t TreeSimulation::PendingBytes() const {
  const BusyTables nothing;
  return planner().PendingBytes({tree(), nothing, now()});
}

void TreeSimulation::Start(Tree tree) { simulator_.Start(std::move(tree)); }

// What every plan must be, whatever the strategy.
void TreeSimulation::CheckPlan(const CompactionPlan& plan) {
  if (plan.inputs.empty()) wrong_ = "a plan without inputs";
  if (plan.output_level >= kLevelsMax) wrong_ = "a plan for a level that cannot be";
  std::set<uint64_t> taken;
  for (size_t i = 0; i + 1 < running(); ++i) {
    for (const CompactionPlan::Input& input : simulator_.plan(i).inputs) {
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
  if (!simulator_.Begin()) return false;
  const size_t newest = running() - 1;
  last_plan_ = simulator_.plan(newest);
  CheckPlan(last_plan_);
  // At once, on a tree that other jobs may change before this one ends.
  const Status merged = simulator_.Merge(newest);
  if (!merged.ok()) wrong_ = merged.ToString();
  return true;
}

void TreeSimulation::Finish(size_t index) {
  const Status finished = simulator_.Finish(index);
  if (!finished.ok()) wrong_ = finished.ToString();
  CheckTree();
}

bool TreeSimulation::Settle(uint64_t jobs_max) {
  for (uint64_t jobs = 0; wrong_.empty(); ++jobs) {
    if (!Begin()) return true;
    if (jobs == jobs_max) return false;
    Finish(0);
  }
  return false;
}

std::string SimulatedKey(uint64_t key) { return NumberKey(key); }

uint64_t SimulatedKeyNumber(const std::string& key) { return std::stoull(key); }

SimulatedMerge EvenMerge(uint64_t table_bytes, uint64_t keys, uint64_t live_bytes) {
  EntryCosts costs;
  costs.put_bytes =
      live_bytes == 0 ? 1 : static_cast<double>(live_bytes) / static_cast<double>(keys);
  return [=](const CompactionPlan& plan, const Tree&) {
    std::vector<CompactionPlan::Input> inputs;
    for (const CompactionPlan::Input& input : plan.inputs) {
      inputs.push_back({input.level, input.run, {}});
      for (const TablePtr& table : input.tables) {
        auto spread = std::make_shared<ExpectedTable>();
        spread->low = SimulatedKeyNumber(table->smallest);
        spread->high = SimulatedKeyNumber(table->largest) + 1;
        const double entries = static_cast<double>(table->file_bytes) / costs.put_bytes;
        (live_bytes == 0 ? spread->contents.first_puts : spread->contents.random_puts) = entries;
        inputs.back().tables.push_back(std::move(spread));
      }
    }
    std::vector<TableInfo> tables;
    for (const auto& table : CutIntoTables(Overlay(inputs), costs, {}, table_bytes)) {
      tables.push_back(*table);
    }
    return tables;
  };
}

}  // namespace varve
