// Streams into a trace. See trace_record.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_record.h"

#include <fmt/format.h>

#include <memory>

#include "workloads/stream.h"

namespace varve::workloads {
namespace {

Status CheckSizes(const Operation& operation) {
  if (operation.key.size() > kTraceKeyBytesMax) {
    return Status::InvalidArgument(
        fmt::format("a key of {} bytes; a trace holds keys of {} at most", operation.key.size(),
                    kTraceKeyBytesMax));
  }
  if (operation.value.size() > kTraceValueBytesMax) {
    return Status::InvalidArgument(
        fmt::format("a value of {} bytes; a trace holds values of {} at most",
                    operation.value.size(), kTraceValueBytesMax));
  }
  return {};
}

// An absent key is in a trace a record that is read and never written.
OperationKind KindInTrace(OperationKind kind) {
  return kind == OperationKind::kReadAbsent ? OperationKind::kRead : kind;
}

class Recorder {
 public:
  Recorder(const Workload& workload, const TraceRecordOptions& options, TraceWriter* writer)
      : workload_(workload), options_(options), writer_(writer), state_(workload) {}

  Status Run() {
    const StreamOptions options{options_.seed, 0, 1, options_.operations, 0};
    Operation operation;
    // By record number, whatever the load order: that is also how a replay loads.
    Workload by_number = workload_;
    by_number.load_order = "records";
    const auto load = NewLoadStream(by_number, options, &state_);
    while (load->Next(&operation)) {
      if (Status status = CheckSizes(operation); !status.ok()) return status;
      writer_->SetAtStart(writer_->Record(operation.key), operation.value.size());
      Tell();
    }
    const auto run = NewRunStream(workload_, options, &state_);
    while (run->Next(&operation)) {
      if (Status status = Take(operation); !status.ok()) return status;
      Tell();
    }
    return {};
  }

 private:
  Status Take(const Operation& operation) {
    if (Status status = CheckSizes(operation); !status.ok()) return status;
    TraceOperation traced;
    traced.kind = KindInTrace(operation.kind);
    traced.record = writer_->Record(operation.key);
    traced.argument = operation.scan_length;
    if (PutsValue(operation.kind)) traced.argument = operation.value.size();
    if (operation.kind == OperationKind::kDeleteRange) {
      // Before the first record, or the same, wraps around: the writer refuses both.
      traced.argument = writer_->Record(operation.end_key) - traced.record;
    }
    if (options_.rate_ops_per_second > 0) {
      const auto number = static_cast<double>(writer_->operations());
      traced.at_ns = static_cast<uint64_t>(number / options_.rate_ops_per_second * 1e9);
    }
    if (Status status = writer_->Add(traced); !status.ok()) return status;
    if (operation.kind != OperationKind::kInsert) return {};
    return state_.Acknowledge(operation.record);
  }

  void Tell() {
    constexpr uint64_t kTellEvery = 1'000'000;
    if (++done_ % kTellEvery == 0 && options_.progress) options_.progress(done_);
  }

  const Workload& workload_;
  const TraceRecordOptions& options_;
  TraceWriter* const writer_;
  WorkloadState state_;
  uint64_t done_ = 0;
};

}  // namespace

Status RecordWorkload(const Workload& workload, const TraceRecordOptions& options,
                      TraceWriter* writer) {
  return Recorder(workload, options, writer).Run();
}

}  // namespace varve::workloads
