// RunStream: the operations of one client in a run, or in one phase of it. See stream.h.
//
// Made by stream.cc and phased_stream.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "workloads/choosers/chooser.h"
#include "workloads/lengths.h"
#include "workloads/near_sorted.h"
#include "workloads/operation_mix.h"
#include "workloads/random.h"
#include "workloads/stream.h"
#include "workloads/stream_hash.h"

namespace varve::workloads {

class RunStream final : public OperationStream {
 public:
  RunStream(const Workload& workload, const StreamOptions& options, WorkloadState* state);

  // From now on the operations from index `next` on, `next` included, `end` excluded.
  void Restart(uint64_t next, uint64_t end);

  bool Next(Operation* op) override;
  uint64_t hash() const override { return hash_.sum(); }

 private:
  // What of an operation can be known before its turn.
  struct Prepared {
    OperationKind kind;
    uint64_t record;
    std::string_view key;
  };

  // Inlined by name: a fifth of what an operation costs here would else be calls.
  [[gnu::always_inline]] inline void Choose(uint64_t index, Prepared* prepared);
  [[gnu::always_inline]] inline void MakeKey(uint64_t index, size_t i);
  [[gnu::always_inline]] inline uint64_t RecordOf(size_t part, uint64_t index);
  [[gnu::always_inline]] inline uint64_t ChooseRecord(uint64_t index);
  void Prepare();
  void FillDeleteRange(Operation* op);
  uint64_t Drifted(uint64_t record, uint64_t index) const;

  const uint64_t kind_base_;
  const uint64_t key_base_;
  const uint64_t scan_length_base_;
  uint64_t end_;
  const uint64_t step_;
  const bool by_index_;  // inserts take the record of their index
  const bool expires_;
  // How many operations are prepared at once: one if what others do may have a say in it.
  const size_t batch_;
  const uint64_t inserts_from_;
  const uint64_t first_;   // loaded records
  const uint64_t loaded_;  // how many
  const uint64_t drift_every_;
  const uint64_t drift_records_;
  const uint64_t outside_cut_;  // absent keys above the range: draws below this
  const std::optional<NearSorted> near_sorted_;
  const OperationMix mix_;
  const Lengths scan_lengths_;
  const Lengths delete_range_lengths_;
  const std::unique_ptr<Chooser> chooser_;
  WorkloadState* const state_;
  uint64_t next_;
  static constexpr size_t kBatch = 16;
  std::array<Prepared, kBatch> prepared_ = {};
  std::array<std::string, kBatch> key_buffers_, outside_key_buffers_;
  size_t used_;          // of prepared_
  uint64_t newest_ = 0;  // record, when they were prepared
  StreamHash hash_;
  std::string end_key_buffer_, value_buffer_;
};

}  // namespace varve::workloads
