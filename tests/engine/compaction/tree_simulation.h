// TreeSimulation: a TreeSimulator whose tables a test makes, and that checks every plan and tree.
//
// Any number of jobs may run at once and end in any order, and a merge is a function from the
// tables that go in to those that come out. After each installation the tree's invariants are
// checked, and that it is the one that ApplyEdit gives.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/compaction/simulator/tree_simulator.h"
#include "engine/compaction/strategy.h"
#include "engine/io/file_system.h"
#include "engine/tree/tree.h"

namespace varve {

// The tables that merging the inputs of `plan` gives, in key order; their numbers are filled in
// later. `tree` is the one that the plan was made for.
using SimulatedMerge =
    std::function<std::vector<TableInfo>(const CompactionPlan& plan, const Tree& tree)>;

struct SimulationCounts {
  uint64_t flushes = 0;
  uint64_t bytes_flushed = 0;
  uint64_t jobs = 0;
  uint64_t trivial_moves = 0;
  std::array<uint64_t, kLevelsMax> bytes_written{};  // by output level, flushes not included

  uint64_t bytes_compacted() const;
  // Bytes written to storage per byte flushed; the flush itself counts as one.
  double write_amplification() const;
};

// Not thread safe.
class TreeSimulation {
 public:
  TreeSimulation(const Strategy& strategy, SimulatedMerge merge);
  ~TreeSimulation();
  TreeSimulation(const TreeSimulation&) = delete;
  TreeSimulation& operator=(const TreeSimulation&) = delete;

  // What is there before the history begins.
  void Start(Tree tree);

  // Puts `tables` as the newest run into level 0.
  void Flush(std::vector<TableInfo> tables);

  // The largest sequence number in a table so far.
  SequenceNumber now() const;
  // Would Begin plan a job if none ran?
  bool Due() const;
  uint64_t PendingBytes() const;

  // Plans a job beside those that run. False if nothing is due or free.
  bool Begin();
  // Installs the result of the running job at `index`, in order of their beginnings.
  void Finish(size_t index);
  // Runs jobs one after the other until none is due. False if that takes more than `jobs_max`.
  bool Settle(uint64_t jobs_max = 1'000'000);

  const Tree& tree() const { return simulator_.tree(); }
  const CompactionPlanner& planner() const { return simulator_.planner(); }
  const SimulationCounts& counts() const { return counts_; }
  size_t running() const { return simulator_.running(); }
  // The plan of the job that was begun last.
  const CompactionPlan& last_plan() const { return last_plan_; }
  // What was wrong with a tree or a plan, or "".
  const std::string& wrong() const { return wrong_; }

 private:
  // What the simulator asks: the tables of Flush and those of the merge.
  class Model;

  void CheckPlan(const CompactionPlan& plan);
  void CheckTree();
  void Count(const SimulatedJob& job, const Tree& before);

  std::unique_ptr<Model> model_;
  TreeSimulator simulator_;
  CompactionPlan last_plan_;
  SimulationCounts counts_;
  Tree expected_;  // by ApplyEdit
  std::string wrong_;
};

// Keys of the merge below: numbers as fixed-width text, so that they sort as bytes.
std::string SimulatedKey(uint64_t key);
uint64_t SimulatedKeyNumber(const std::string& key);

// A merge of tables whose entries lie evenly in their key ranges. Results are cut into tables of
// `table_bytes`. `live_bytes` is what all different keys of [0, keys) together hold: where two
// inputs overlap, their common keys fall together as if drawn at random; 0: all are different.
SimulatedMerge EvenMerge(uint64_t table_bytes, uint64_t keys, uint64_t live_bytes);

}  // namespace varve
