// TableModel: what a simulated flush and a simulated merge give.
//
// The simulator decides when and what, by the engine's planner; the model says how large the
// results are. There are two: ExpectedModel (expected values, any size) and ExactModel (every key).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/compaction/plan.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

using NewNumber = std::function<uint64_t()>;  // for tables

// How many runs a get looks into, if it had no filters: runs whose key range holds the key.
struct RunsPerGet {
  double absent = 0;  // mean over keys that lie as the stored ones do; every run is asked
  double found = 0;   // mean over live keys; ends at the run that holds the newest version
};

// Not thread safe. Tables may be of a type of the model's own, derived from TableInfo: the model
// gets back only what it gave, or what a test has put into the tree at the start.
class TableModel {
 public:
  virtual ~TableModel() = default;

  // The tables, in key order, of the memtable that is sealed next. `tree` is all that is older.
  virtual Result<std::vector<TablePtr>> Flush(const Tree& tree, const NewNumber& new_number) = 0;

  // The tables, in key order, that merging the inputs of `plan` gives. `tree` holds the inputs.
  virtual Result<std::vector<TablePtr>> Merge(const CompactionPlan& plan, const Tree& tree,
                                              const NewNumber& new_number) = 0;

  // What the memtable that is sealed next takes in memory; 0: as much as its tables.
  virtual uint64_t memtable_bytes() const { return 0; }

  // Of the history so far, what is still in memory included: operations (which is the last
  // sequence number), bytes of keys and values that were written (a delete counts its key), and
  // bytes of keys and values that a full scan would give.
  virtual uint64_t operations() const = 0;
  virtual double user_bytes() const = 0;
  virtual double live_bytes() const = 0;

  virtual RunsPerGet GetCost(const Tree& tree) const = 0;
};

}  // namespace varve
