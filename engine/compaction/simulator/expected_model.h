// ExpectedModel: tables of expected sizes, for histories of any length.
//
// A job costs a few steps for each table that it moves, whatever is in the tables. How far that is
// from a history with real keys is what docs/simulate.md tells and tests measure.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compaction/simulator/entry_costs.h"
#include "engine/compaction/simulator/operation_mix.h"
#include "engine/compaction/simulator/stretches.h"
#include "engine/compaction/simulator/table_model.h"

namespace varve {

// Not thread safe.
class ExpectedModel final : public TableModel {
 public:
  // REQUIRES: mix.keys is 1 to kSimulatedKeysMax; mix.first_writes is at most mix.keys; without
  // first writes, or with more operations than these, keys may come again.
  ExpectedModel(const OperationMix& mix, const EntryCosts& costs, uint64_t table_bytes);

  // How many operations the next memtable takes.
  uint64_t memtable_entries() const {
    return operations_ < mix_.first_writes ? costs_.memtable_first_writes : costs_.memtable_entries;
  }
  // Lets the next memtable be sealed with so many instead: the last one of a history.
  void set_next_flush(uint64_t operations) { next_flush_ = operations; }

  Result<std::vector<TablePtr>> Flush(const Tree& tree, const NewNumber& new_number) override;
  Result<std::vector<TablePtr>> Merge(const CompactionPlan& plan, const Tree& tree,
                                      const NewNumber& new_number) override;
  uint64_t operations() const override { return operations_; }
  double user_bytes() const override { return user_bytes_; }
  double live_bytes() const override;
  RunsPerGet GetCost(const Tree& tree) const override;

 private:
  std::vector<Stretch> RandomFlush(uint64_t first_writes, uint64_t random_writes) const;
  std::vector<Stretch> SequentialFlush(uint64_t writes) const;
  std::vector<TablePtr> Tables(const std::vector<Stretch>& stretches,
                               const NewNumber& new_number) const;

  const OperationMix mix_;
  const EntryCosts costs_;
  const uint64_t table_bytes_;
  uint64_t next_flush_ = 0;  // 0: when it is full
  uint64_t operations_ = 0;
  double user_bytes_ = 0;
};

}  // namespace varve
