// CompactionPlanner: a pure function from a tree to the next thing to do.
//
// No file, clock or lock. The engine, the text-driven tests and the tree simulator drive the
// same code.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/compaction/plan.h"
#include "engine/tree/sequence_times.h"
#include "engine/tree/tree.h"

namespace varve {

// What running jobs hold: no plan may touch it. Made anew from the plans of the jobs that run.
struct BusyTables {
  std::set<uint64_t> tables;  // inputs of running jobs, by number
  // Key ranges that running jobs will write, by level: an output into an existing run must not
  // overlap one, and no new run may be put into a level while one is pending there.
  struct Output {
    int level = 0;
    std::string low, high;
    bool new_run = false;
  };
  std::vector<Output> outputs;
  std::map<uint64_t, size_t> leaving;  // by run: how many of its tables go to a deeper level

  // Adds what the job of `plan` holds from its start until its result is installed.
  void Add(const CompactionPlan& plan);

  // May a plan take all of tables [first, last) of `run`?
  bool TablesFree(const Run& run, size_t first, size_t last) const;
  bool TablesFree(const Run& run) const { return TablesFree(run, 0, run.tables.size()); }

  // Are all tables of `run` on their way to a deeper level?
  bool Leaves(const Run& run) const;

  // May a plan write [low, high] into an existing run of `level`, or a new run there?
  bool OutputFree(int level, std::string_view low, std::string_view high, bool new_run) const;
};

// How often tables were read: by gets that looked into them.
class AccessCounts {
 public:
  virtual ~AccessCounts() = default;
  virtual uint64_t Reads(uint64_t table_number) const = 0;
};

// All that a plan depends on besides the strategy. A view: what it refers to must outlive it.
struct PlannerInput {
  const Tree& tree;
  const BusyTables& busy;
  // The last sequence number: logical time, in operations. Ages are 0 where this is.
  SequenceNumber now = 0;
  // The smallest sequence number that a snapshot reads at; kSequenceMax if there is no snapshot.
  SequenceNumber oldest_snapshot = kSequenceMax;
  uint64_t now_seconds = 0;              // wall clock, for ages in seconds
  const SequenceTimes* times = nullptr;  // the same
  const AccessCounts* reads = nullptr;   // nullptr: nothing was read
};

// Stateless and thread safe: equal arguments give equal plans.
class CompactionPlanner {
 public:
  virtual ~CompactionPlanner() = default;
  // Nothing if the tree is in shape, or if all that could be done is busy.
  virtual std::optional<CompactionPlan> Plan(const PlannerInput& input) const = 0;

  // The plan of a flush that is merged with tables at once. Nothing if the memtable is to become
  // the newest run of level 0, which is always possible.
  virtual std::optional<CompactionPlan> PlanFlush(const PlannerInput& input,
                                                  const CompactionPlan::Flush& flush) const = 0;

  // Bytes that must still be moved until the tree is in shape, whatever is busy (an estimate, for
  // stalls and debt).
  virtual uint64_t PendingBytes(const PlannerInput& input) const = 0;

  // The bytes that `level` may hold before it is saturated; 0 if bytes do not count there.
  virtual uint64_t LevelBytesMax(const Tree& tree, int level) const = 0;
};

// The plan of Db::Compact: everything into one run at the deepest level, and not at level 0.
// Nothing if that is so and the run holds no tombstone (which a merge might drop).
std::optional<CompactionPlan> PlanFullCompaction(const Tree& tree);

}  // namespace varve
