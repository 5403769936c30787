// ExactModel: tables with every key and version, and the sizes that the engine's tables have.
//
// Operations go into a real memtable, merges follow the engine's rules and cuts, and every table is
// built by the real builder, into a file that is thrown away. So a history in this model is the
// engine's in inline mode, job for job and byte for byte (tests compare the two); what it saves is
// values, files and logs.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/compaction/job.h"
#include "engine/compaction/simulator/table_model.h"
#include "engine/options.h"
#include "engine/parts.h"

namespace varve {

// Not thread safe.
class ExactModel final : public TableModel {
 public:
  // REQUIRES: CheckOptions(options) is OK.
  explicit ExactModel(const Options& options);
  ~ExactModel() override;

  // Ask before each operation: true means that the engine would seal its memtable now, and that
  // the simulator has to flush and settle.
  bool MemTableIsFull() const;
  bool MemTableIsEmpty() const;

  // `value` must live as long as the model.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);

  uint64_t memtable_bytes() const override { return memtable_->bytes(); }
  Result<std::vector<TablePtr>> Flush(const Tree& tree, const NewNumber& new_number) override;
  Result<std::vector<TablePtr>> Merge(const CompactionPlan& plan, const Tree& tree,
                                      const NewNumber& new_number) override;
  uint64_t operations() const override { return sequence_; }
  double user_bytes() const override { return user_bytes_; }
  double live_bytes() const override { return live_bytes_; }
  RunsPerGet GetCost(const Tree& tree) const override;

 private:
  class Writer;
  class LiveKeys;

  Result<std::vector<TablePtr>> Write(EntryIterator* input, OlderData* older,
                                      const std::vector<std::string>& cuts,
                                      double filter_bits_per_key,
                                      const NewNumber& new_number) const;

  const Options options_;
  const MemTableOptions memtable_options_;
  const MemTablePart* const part_;
  const std::unique_ptr<FilterPolicy> filter_;
  const TableBuilderOptions builder_;
  const uint64_t table_bytes_;
  std::unique_ptr<MemTable> memtable_;
  std::vector<std::string_view> values_;  // of the memtable's operations, in their order
  std::unique_ptr<LiveKeys> live_;
  SequenceNumber sequence_ = 0;
  double user_bytes_ = 0;
  double live_bytes_ = 0;
};

}  // namespace varve
