// Driving the planner, and installing in place.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/tree_simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "engine/tree/tree_text.h"

namespace varve {
namespace {

std::string TablesToText(const std::vector<TablePtr>& tables) {
  std::string text;
  for (const TablePtr& table : tables) {
    text += fmt::format(" [{},{}] {} entries {} bytes", KeyToText(table->smallest),
                        KeyToText(table->largest), table->entries, table->file_bytes);
  }
  return text;
}

Level& LevelAt(int level, Tree* tree) {
  const auto index = static_cast<size_t>(level);
  if (tree->levels.size() <= index) tree->levels.resize(index + 1);
  return tree->levels[index];
}

Run* FindRun(uint64_t id, Level* level) {
  for (Run& run : level->runs) {
    if (run.id == id) return &run;
  }
  return nullptr;
}

// Where a table that starts at `smallest` is, or would go.
std::vector<TablePtr>::iterator Position(const std::string& smallest, Run* run) {
  return std::partition_point(
      run->tables.begin(), run->tables.end(),
      [&smallest](const TablePtr& table) { return table->smallest < smallest; });
}

// Puts `with` into the place of [first, last) of `tables`; moves what is behind only if the counts
// differ.
void Replace(std::vector<TablePtr>* tables, std::vector<TablePtr>::iterator first,
             std::vector<TablePtr>::iterator last, const std::vector<TablePtr>& with) {
  const auto there = std::min(std::distance(first, last), std::ssize(with));
  std::copy(with.begin(), with.begin() + there, first);
  if (there < std::distance(first, last)) {
    tables->erase(first + there, last);
  } else {
    tables->insert(last, with.begin() + there, with.end());
  }
}

// Takes the tables of `input` out of `run`. True if `outputs` (null: none) are in their place: as
// neighbours, and what overlapped them was an input, the inputs' place is theirs.
bool RemoveInputs(const CompactionPlan::Input& input, const std::vector<TablePtr>* outputs,
                  Run* run) {
  const auto first = Position(input.tables.front()->smallest, run);
  const auto there = std::min(std::distance(first, run->tables.end()), std::ssize(input.tables));
  const auto last = first + there;
  if (!std::equal(first, last, input.tables.begin(), input.tables.end())) {
    run->cached_summary.reset();
    for (const TablePtr& table : input.tables) {
      const auto at = Position(table->smallest, run);
      assert(at != run->tables.end() && *at == table);
      run->tables.erase(at);
    }
    return false;
  }
  run->cached_summary.reset();
  Replace(&run->tables, first, last, outputs == nullptr ? std::vector<TablePtr>() : *outputs);
  return outputs != nullptr;
}

}  // namespace

std::string JobToText(const CompactionPlan* plan, const std::vector<TablePtr>& outputs) {
  if (plan == nullptr) return "flush -> L0" + TablesToText(outputs);
  std::string text = fmt::format("{}{}:", CompactionReasonName(plan->reason),
                                 plan->trivial_move ? ", trivial move" : "");
  for (const CompactionPlan::Input& input : plan->inputs) {
    text += fmt::format(" L{}{} +", input.level, TablesToText(input.tables));
  }
  text.back() = '-';
  return text + fmt::format("> L{}{}{}", plan->output_level,
                            plan->output_run == 0 ? " new run" : "", TablesToText(outputs));
}

void InstallInPlace(const CompactionPlan* plan, int level, uint64_t run,
                    const std::vector<TablePtr>& outputs, Tree* tree) {
  bool installed = false;
  const size_t inputs = plan == nullptr ? 0 : plan->inputs.size();
  for (size_t i = 0; i < inputs; ++i) {
    const CompactionPlan::Input& input = plan->inputs[i];
    Run* from = FindRun(input.run, &LevelAt(input.level, tree));
    assert(from != nullptr && !input.tables.empty());
    const bool joins = !installed && input.run == run && input.level == level;
    installed = RemoveInputs(input, joins ? &outputs : nullptr, from) || installed;
  }
  Level& target = LevelAt(level, tree);
  if (!installed && !outputs.empty()) {
    Run* into = FindRun(run, &target);
    if (into == nullptr) into = &*target.runs.insert(target.runs.begin(), Run{run, {}, nullptr});
    into->cached_summary.reset();
    // Tables that move need not be neighbours there.
    for (const TablePtr& table : outputs) {
      into->tables.insert(Position(table->smallest, into), table);
    }
  }
  const auto drop_empty = [](Level* of) {
    std::erase_if(of->runs, [](const Run& one) { return one.tables.empty(); });
    for (Run& one : of->runs) one.cached_summary = one.summary();
  };
  for (size_t i = 0; i < inputs; ++i) drop_empty(&LevelAt(plan->inputs[i].level, tree));
  drop_empty(&LevelAt(level, tree));
  if (plan != nullptr && plan->moves_cursor) {
    LevelAt(plan->inputs.front().level, tree).cursor = plan->cursor;
  }
}

TreeSimulator::TreeSimulator(std::unique_ptr<CompactionPlanner> planner, TableModel* model,
                             uint64_t jobs_max)
    : planner_(std::move(planner)), model_(model), jobs_max_(std::max<uint64_t>(1, jobs_max)) {}

void TreeSimulator::Start(Tree tree) {
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

void TreeSimulator::Install(const CompactionPlan* plan, int level, uint64_t run,
                            const std::vector<TablePtr>& outputs) {
  if (on_job_) on_job_({plan, &outputs, level, run}, tree_);
  InstallInPlace(plan, level, run, outputs, &tree_);
}

Status TreeSimulator::Flush() {
  uint64_t bytes = model_->memtable_bytes();
  Result<std::vector<TablePtr>> tables = model_->Flush(tree_, new_number_);
  if (!tables.ok()) return tables.status();
  if (bytes == 0) {
    for (const TablePtr& table : *tables) bytes += table->file_bytes;
  }
  std::optional<CompactionPlan> plan;
  if (!tables->empty()) {
    const CompactionPlan::Flush flush{bytes, tables->front()->smallest, tables->back()->largest};
    plan = AskPlanner([&](const PlannerInput& input) { return planner_->PlanFlush(input, flush); });
  }
  if (!plan.has_value()) {
    Install(nullptr, 0, TakeNumber(), *tables);
    return {};
  }
  // As if the memtable itself were merged: its tables are never there.
  CompactionPlan merge = *plan;
  merge.inputs.insert(merge.inputs.begin(), {0, 0, std::move(*tables)});
  tables = model_->Merge(merge, tree_, new_number_);
  if (!tables.ok()) return tables.status();
  Install(&*plan, plan->output_level, plan->output_run != 0 ? plan->output_run : TakeNumber(),
          *tables);
  return {};
}

// The one place where the planner is asked.
std::optional<CompactionPlan> TreeSimulator::AskPlanner(
    const std::function<std::optional<CompactionPlan>(const PlannerInput&)>& ask) const {
  BusyTables busy;
  for (const Job& job : running_) busy.Add(job.plan);
  PlannerInput input{tree_, busy};
  input.now = model_->operations();
  return ask(input);
}

void TreeSimulator::Start(CompactionPlan plan) {
  const uint64_t run = plan.output_run != 0 ? plan.output_run : TakeNumber();
  running_.push_back({std::move(plan), run, std::nullopt});
}

bool TreeSimulator::Begin() {
  std::optional<CompactionPlan> plan =
      AskPlanner([this](const PlannerInput& input) { return planner_->Plan(input); });
  if (!plan.has_value()) return false;
  Start(std::move(*plan));
  return true;
}

const CompactionPlan& TreeSimulator::plan(size_t index) const {
  return std::next(running_.begin(), static_cast<std::ptrdiff_t>(index))->plan;
}

Status TreeSimulator::Merge(size_t index) {
  Job& job = *std::next(running_.begin(), static_cast<std::ptrdiff_t>(index));
  if (job.outputs.has_value()) return {};
  if (job.plan.drop) {
    job.outputs.emplace();
    return {};
  }
  if (job.plan.trivial_move) {
    job.outputs.emplace();
    for (const CompactionPlan::Input& input : job.plan.inputs) {
      job.outputs->insert(job.outputs->end(), input.tables.begin(), input.tables.end());
    }
    return {};
  }
  Result<std::vector<TablePtr>> outputs = model_->Merge(job.plan, tree_, new_number_);
  if (!outputs.ok()) return outputs.status();
  job.outputs = std::move(*outputs);
  return {};
}

Status TreeSimulator::Finish(size_t index) {
  if (Status s = Merge(index); !s.ok()) return s;
  const auto job = std::next(running_.begin(), static_cast<std::ptrdiff_t>(index));
  Install(&job->plan, job->plan.output_level, job->output_run, *job->outputs);
  running_.erase(job);
  return {};
}

Status TreeSimulator::Settle() {
  for (uint64_t jobs = 0; jobs < kSettleJobsMax; ++jobs) {
    while (running_.size() < jobs_max_ && Begin()) continue;
    if (running_.empty()) return {};
    if (Status s = Finish(0); !s.ok()) return s;
  }
  return Status::InvalidArgument("compaction does not come to an end with these settings");
}

Status TreeSimulator::CompactAll() {
  if (std::optional<CompactionPlan> plan = PlanFullCompaction(tree_); plan.has_value()) {
    Start(std::move(*plan));
    if (Status s = Finish(0); !s.ok()) return s;
  }
  return Settle();
}

}  // namespace varve
