// Load and run streams of a trace. See trace_stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_stream.h"

#include <algorithm>
#include <string>

#include "workloads/stream_hash.h"
#include "workloads/trace.h"
#include "workloads/values.h"

namespace varve::workloads {
namespace {

// What both streams share: a client's way through a trace, and the hash of what it did.
class TraceStream : public OperationStream {
 public:
  // Of this trace: equal operations of others are on other keys.
  uint64_t hash() const override { return hash_.sum() + done_ * trace_->identity(); }

 protected:
  TraceStream(const Workload& workload, const StreamOptions& options, WorkloadState* state,
              uint64_t first, uint64_t end)
      : trace_(workload.replay),
        end_(end),
        step_(static_cast<uint64_t>(options.clients)),
        next_(first + static_cast<uint64_t>(options.client)),
        state_(state),
        hash_(workload) {}

  std::string_view Value(uint64_t record, uint64_t version) {
    return state_->values().Make(record, version, &value_buffer_);
  }
  void Done(const Operation& operation) {
    hash_.Add(operation);
    ++done_;
  }

  const std::shared_ptr<const Trace> trace_;
  const uint64_t end_;
  const uint64_t step_;
  uint64_t next_;

 private:
  WorkloadState* const state_;
  StreamHash hash_;
  uint64_t done_ = 0;
  std::string value_buffer_;
};

class TraceLoadStream final : public TraceStream {
 public:
  TraceLoadStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
      : TraceStream(workload, options, state, 0,
                    workload.load == "nothing" ? 0 : workload.replay->records()) {}

  bool Next(Operation* op) override {
    std::optional<uint64_t> value_bytes;
    for (; next_ < end_ && !value_bytes.has_value(); next_ += step_) {
      value_bytes = trace_->BytesAtStart(next_);
    }
    if (!value_bytes.has_value()) return false;
    *op = Operation();
    op->kind = OperationKind::kInsert;
    op->index = next_ - step_;
    op->record = op->index;
    op->version = TraceVersion(0, *value_bytes);
    op->key = trace_->Key(op->record);
    op->value = Value(op->record, op->version);
    Done(*op);
    return true;
  }
};

class TraceRunStream final : public TraceStream {
 public:
  TraceRunStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
      : TraceStream(workload, options, state, options.first,
                    std::min(options.end(), workload.replay->operations())) {}

  bool Next(Operation* op) override {
    if (next_ >= end_) return false;
    const TraceOperation traced = trace_->OperationAt(next_);
    *op = Operation();
    op->kind = traced.kind;
    op->index = next_;
    op->record = traced.record;
    op->key = trace_->Key(traced.record);
    if (PutsValue(traced.kind)) {
      op->version = TraceVersion(next_ + 1, traced.argument);
      op->value = Value(op->record, op->version);
    } else {
      op->version = Writes(traced.kind) ? TraceVersion(next_ + 1, 0) : 0;
      op->scan_length = static_cast<uint32_t>(traced.argument);
    }
    if (traced.kind == OperationKind::kDeleteRange) {
      op->end_key = trace_->Key(traced.record + traced.argument);
    }
    Done(*op);
    next_ += step_;
    return true;
  }
};

}  // namespace

std::unique_ptr<OperationStream> NewTraceLoadStream(const Workload& workload,
                                                    const StreamOptions& options,
                                                    WorkloadState* state) {
  return std::make_unique<TraceLoadStream>(workload, options, state);
}

std::unique_ptr<OperationStream> NewTraceRunStream(const Workload& workload,
                                                   const StreamOptions& options,
                                                   WorkloadState* state) {
  return std::make_unique<TraceRunStream>(workload, options, state);
}

}  // namespace varve::workloads
