// TreeSimulator: the history of a tree without data, driven by the planner that the engine uses.
//
// It flushes, plans and installs as the engine does with `background = inline`, job for job; what
// the tables hold is for a TableModel to say. Installing changes the tree in place, so that a job
// costs what it moves (and what its plan cost), and not the size of the tree.
//
// Called by `varve simulate` and by tests of planners.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/compaction/planner.h"
#include "engine/compaction/simulator/table_model.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

// A job that has ended and is about to be installed. Lives until the call returns.
struct SimulatedJob {
  const CompactionPlan* plan = nullptr;  // null for a flush
  const std::vector<TablePtr>* outputs = nullptr;
  int output_level = 0;
  uint64_t output_run = 0;  // never 0: that of a new run is set
};

// One line, the same for equal jobs of the engine and of the simulator: reason, levels, and of
// each table key range, entries and bytes. Numbers of tables and runs are left out.
std::string JobToText(const CompactionPlan* plan, const std::vector<TablePtr>& outputs);

// The tree after the job of `plan` (null for a flush), whose outputs go to `run` of `level`: what
// ApplyEdit gives, but in place. REQUIRES: the plan was made for this tree, or for one from which
// only other jobs have led to it; the outputs overlap nothing that stays in `run`.
void InstallInPlace(const CompactionPlan* plan, int level, uint64_t run,
                    const std::vector<TablePtr>& outputs, Tree* tree);

// Not thread safe.
class TreeSimulator {
 public:
  using OnJob = std::function<void(const SimulatedJob& job, const Tree& before)>;

  // `jobs_max`: how many compactions may be planned side by side, as compaction_threads. The model
  // must outlive the simulator.
  TreeSimulator(std::unique_ptr<CompactionPlanner> planner, TableModel* model,
                uint64_t jobs_max = 1);

  // Called before each installation.
  void set_on_job(OnJob on_job) { on_job_ = std::move(on_job); }

  // What is there before the history begins.
  void Start(Tree tree);

  // Puts what the model's memtable gives into level 0, as its newest run.
  Status Flush();
  // Runs what is due, in the order of the engine's inline mode, until nothing is. An error after
  // kSettleJobsMax jobs: the planner does not come to an end.
  Status Settle();
  // Merges all into one run, as Db::Compact; then settles.
  Status CompactAll();

  // The steps of Settle. Begin plans a job beside those that run; false if nothing is due or free.
  bool Begin();
  // Makes the tables of the running job at `index`, in order of their beginnings.
  Status Merge(size_t index);
  // Merges, unless that was done, and installs the result.
  Status Finish(size_t index);

  const Tree& tree() const { return tree_; }
  const CompactionPlanner& planner() const { return *planner_; }
  size_t running() const { return running_.size(); }
  // The plan of the running job at `index`.
  const CompactionPlan& plan(size_t index) const;

  static constexpr uint64_t kSettleJobsMax = 10'000'000;

 private:
  struct Job {
    CompactionPlan plan;
    uint64_t output_run = 0;
    std::optional<std::vector<TablePtr>> outputs;
  };

  std::optional<CompactionPlan> AskPlanner(
      const std::function<std::optional<CompactionPlan>(const PlannerInput&)>& ask) const;
  uint64_t TakeNumber() { return next_number_++; }
  void Start(CompactionPlan plan);
  void Install(const CompactionPlan* plan, int level, uint64_t run,
               const std::vector<TablePtr>& outputs);

  std::unique_ptr<CompactionPlanner> planner_;
  TableModel* const model_;
  const uint64_t jobs_max_;
  const NewNumber new_number_ = [this] { return TakeNumber(); };
  OnJob on_job_;
  Tree tree_;
  uint64_t next_number_ = 1;
  std::list<Job> running_;
};

}  // namespace varve
