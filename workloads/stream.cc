// Load and run streams. See stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/stream.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <vector>

#include "workloads/acknowledged_counter.h"
#include "workloads/keys.h"
#include "workloads/near_sorted.h"
#include "workloads/operation_mix.h"
#include "workloads/permutation.h"
#include "workloads/phased_stream.h"
#include "workloads/phases.h"
#include "workloads/run_stream.h"
#include "workloads/stream_hash.h"
#include "workloads/trace.h"
#include "workloads/trace_stream.h"
#include "workloads/values.h"

namespace varve::workloads {
namespace {

class LoadStream final : public OperationStream {
 public:
  LoadStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
      : first_(workload.insert_start),
        end_(workload.load == "nothing" ? 0 : workload.loaded()),
        step_(static_cast<uint64_t>(options.clients)),
        shuffled_(workload.load_order == "shuffled"),
        near_sorted_(workload.load_order == "near_sorted"),
        order_(std::max<uint64_t>(end_, 1)),
        near_order_(workload.sortedness_k, workload.sortedness_l, end_),
        state_(state),
        next_(static_cast<uint64_t>(options.client)),
        hash_(workload) {}

  bool Next(Operation* op) override {
    if (next_ >= end_) return false;
    op->kind = OperationKind::kInsert;
    op->scan_length = 0;
    op->index = next_;
    op->record = first_ + Place(next_);
    op->version = kLoadVersion;
    op->key = state_->keys().Key(op->record, &key_buffer_);
    op->value = state_->values().Make(op->record, op->version, &value_buffer_);
    hash_.Add(*op);
    next_ += step_;
    return true;
  }
  uint64_t hash() const override { return hash_.sum(); }

 private:
  uint64_t Place(uint64_t i) const {
    if (near_sorted_) return near_order_.At(i);
    return shuffled_ ? order_.At(i) : i;
  }

  const uint64_t first_;
  const uint64_t end_;
  const uint64_t step_;
  const bool shuffled_;
  const bool near_sorted_;
  const Permutation order_;
  const NearSorted near_order_;
  WorkloadState* const state_;
  uint64_t next_;
  StreamHash hash_;
  std::string key_buffer_, value_buffer_;
};

bool Any(const std::vector<Workload>& phases, double Workload::*proportion) {
  return std::any_of(phases.begin(), phases.end(),
                     [proportion](const Workload& phase) { return phase.*proportion > 0; });
}

}  // namespace

bool NumbersInsertsByIndex(const Workload& workload) {
  const Proportions proportions = ProportionsOf(workload);
  return workload.phases.empty() && workload.insert_proportion > 0 &&
         std::count_if(proportions.begin(), proportions.end(), [](double p) { return p > 0; }) == 1;
}

WorkloadState::WorkloadState(const Workload& workload)
    : keys_(std::make_unique<KeySpace>(workload)),
      values_(std::make_unique<ValueSource>(workload)),
      loaded_records_(workload.records),
      by_index_(NumbersInsertsByIndex(workload)),
      oldest_(workload.insert_start) {
  const Result<std::vector<Workload>> phases = PhasesOf(workload);
  assert(phases.ok());
  expires_ = Any(*phases, &Workload::expire_proportion);
  deletes_ = expires_ || Any(*phases, &Workload::delete_proportion) ||
             Any(*phases, &Workload::delete_range_proportion) ||
             (workload.replay != nullptr && (workload.replay->Has(OperationKind::kDelete) ||
                                             workload.replay->Has(OperationKind::kDeleteRange)));
  if (!by_index_ && Any(*phases, &Workload::insert_proportion)) {
    inserts_ = std::make_unique<AcknowledgedCounter>(workload.records);
  }
}

WorkloadState::~WorkloadState() = default;

Status WorkloadState::Acknowledge(uint64_t record) {
  return inserts_ == nullptr ? Status() : inserts_->Acknowledge(record);
}

uint64_t WorkloadState::records() const {
  return inserts_ == nullptr ? loaded_records_ : inserts_->limit();
}

uint64_t WorkloadState::TakeRecord() {
  assert(inserts_ != nullptr);
  return inserts_->Take();
}

uint64_t WorkloadState::TakeExpired() {
  uint64_t record = oldest_.load(std::memory_order_relaxed);
  do {
    if (record >= records()) return records() - 1;
  } while (!oldest_.compare_exchange_weak(record, record + 1, std::memory_order_relaxed));
  return record;
}

std::unique_ptr<OperationStream> NewLoadStream(const Workload& workload,
                                               const StreamOptions& options, WorkloadState* state) {
  assert(options.clients > 0 && options.client >= 0 && options.client < options.clients);
  if (workload.replay != nullptr) return NewTraceLoadStream(workload, options, state);
  return std::make_unique<LoadStream>(workload, options, state);
}

std::unique_ptr<OperationStream> NewRunStream(const Workload& workload,
                                              const StreamOptions& options, WorkloadState* state) {
  assert(options.clients > 0 && options.client >= 0 && options.client < options.clients);
  if (workload.replay != nullptr) return NewTraceRunStream(workload, options, state);
  const Result<std::vector<Workload>> phases = PhasesOf(workload);
  assert(phases.ok());
  if (phases->size() > 1) return std::make_unique<PhasedStream>(*phases, options, state);
  return std::make_unique<RunStream>(phases->front(), options, state);
}

}  // namespace varve::workloads
