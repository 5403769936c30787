// The measured loop, and what it calls.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/client.h"

#include <fmt/format.h>

#include <cmath>

#include "harness/scan_check.h"

namespace varve::harness {

using workloads::OperationKind;

Client::Client(const ClientParts& parts)
    : parts_(parts),
      clock_(OperationClock::Best()),
      scanned_(parts.oracle != nullptr && parts.oracle->checks()),
      visit_([this](std::string_view key, std::string_view value) { scanned_.Visit(key, value); }),
      think_(clock_.TicksOf(parts.think_seconds * 1e9)),
      paced_(parts.pacing == nullptr ? nullptr : std::make_unique<PacedLatency>()) {}

Status Client::Run(const ClientSchedule& schedule) {
  schedule_ = schedule;
  sample_end_ = schedule.start + schedule.sample;
  Status status;
  if (paced_ != nullptr) {
    SharpenSleep();
    status = Loop<Begin::kWhenDue>();
  } else if (think_ > 0) {
    SharpenSleep();
    status = Loop<Begin::kAfterThinking>();
  } else {
    status = Loop<Begin::kAtOnce>();
  }
  if (!status.ok()) parts_.stop->store(true);
  if (parts_.intervals == nullptr) return status;
  parts_.intervals->Deliver(parts_.client, sample_, sample_ + 1, counts_, latency_, paced_.get());
  parts_.intervals->Finish(parts_.client);
  return status;
}

// The measured loop.
template <Client::Begin kBegin>
Status Client::Loop() {
  Operation operation;
  uint64_t completed = 0;
  while (!parts_.stop->load(std::memory_order_relaxed) && Wait<kBegin>() &&
         parts_.stream->Next(&operation)) {
    const uint64_t before = parts_.oracle == nullptr ? 0 : parts_.oracle->Begin(operation);

    const uint64_t start = clock_.Start();
    Status status = Perform(operation);
    const uint64_t end = clock_.End();

    if (!status.ok()) {
      return status.Annotate(
          fmt::format("{} of key \"{}\"", OperationName(operation.kind), Printable(operation.key)));
    }
    if (end >= sample_end_) HandOver(end);
    latency_[static_cast<size_t>(operation.kind)].Record(clock_.ElapsedNs(start, end));
    if (operation.kind == OperationKind::kReadModifyWrite) RecordCalls(start, end);
    if constexpr (kBegin == Begin::kWhenDue) RecordPaced(operation, start, end);
    if constexpr (kBegin == Begin::kAfterThinking) think_end_ = end + think_;
    Count(operation);
    completed_.store(++completed, std::memory_order_relaxed);
    if (parts_.oracle != nullptr) Judge(operation, before);
    if (operation.kind == OperationKind::kInsert) {
      status = parts_.workload->Acknowledge(operation.record);
      if (!status.ok()) return status;
    }
    if (end >= schedule_.end) break;
  }
  if constexpr (kBegin == Begin::kWhenDue) CountUnserved();
  return {};
}

// False if the time will be over by then, or the client is to stop.
template <Client::Begin kBegin>
bool Client::Wait() {
  if constexpr (kBegin == Begin::kWhenDue) return WaitForArrival();
  if constexpr (kBegin == Begin::kAfterThinking) return Think();
  return true;
}

bool Client::Think() {
  if (think_end_ >= schedule_.end) return false;
  SleepUntil(clock_, think_end_, *parts_.stop);
  return !parts_.stop->load(std::memory_order_relaxed);
}

// False if there is none.
bool Client::NextArrival() {
  const double arrival_ns = parts_.pacing->NextArrival();
  if (std::isinf(arrival_ns)) return false;
  intended_ = schedule_.start + clock_.TicksOf(arrival_ns);
  return true;
}

bool Client::WaitForArrival() {
  if (!NextArrival() || intended_ >= schedule_.end) return false;
  if (clock_.Start() >= intended_) return true;
  SleepUntil(clock_, intended_, *parts_.stop);
  if (parts_.stop->load(std::memory_order_relaxed)) return false;
  paced_->lag.Record(clock_.ElapsedNs(intended_, clock_.Start()));
  return true;
}

void Client::RecordPaced(const Operation& operation, uint64_t start, uint64_t end) {
  paced_->response[static_cast<size_t>(operation.kind)].Record(clock_.ElapsedNs(intended_, end));
  paced_->queueing.Record(clock_.ElapsedNs(intended_, start));
}

// The two calls of a read-modify-write.
void Client::RecordCalls(uint64_t start, uint64_t end) {
  latency_[kReadModifyWriteRead].Record(clock_.ElapsedNs(start, between_));
  latency_[kReadModifyWriteUpdate].Record(clock_.ElapsedNs(between_, end));
  if (paced_ == nullptr) return;
  paced_->response[kReadModifyWriteRead].Record(clock_.ElapsedNs(intended_, between_));
  paced_->response[kReadModifyWriteUpdate].Record(clock_.ElapsedNs(intended_, end));
}

// What is left over when the time is over before a slow store has begun all that was due.
void Client::CountUnserved() {
  if (clock_.End() < schedule_.end) return;
  while (intended_ < schedule_.end && NextArrival()) {
    if (intended_ < schedule_.end) ++counts_.unserved;
  }
}

Status Client::Perform(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kRead:
    case OperationKind::kReadAbsent:
      return Get(operation);
    case OperationKind::kUpdate:
    case OperationKind::kInsert:
      return parts_.store->Put(operation.key, operation.value);
    case OperationKind::kReadModifyWrite: {
      Status status = Get(operation);
      between_ = clock_.End();
      return status.ok() ? parts_.store->Put(operation.key, operation.value) : status;
    }
    case OperationKind::kDelete:
      return parts_.store->Delete(operation.key);
    case OperationKind::kScan:
    case OperationKind::kScanReverse:
      return Scan(operation);
    case OperationKind::kDeleteRange:
      return parts_.store->DeleteRange(operation.key, operation.end_key);
  }
  return Status::NotSupported("operation of unknown kind");
}

Status Client::Get(const Operation& operation) {
  const Result<bool> found = parts_.store->Get(operation.key, &value_);
  if (!found.ok()) return found.status();
  found_ = *found;
  return {};
}

Status Client::Scan(const Operation& operation) {
  scanned_.Clear();
  const Result<uint64_t> visited =
      operation.kind == OperationKind::kScan
          ? parts_.store->Scan(operation.key, operation.scan_length, visit_)
          : parts_.store->ScanReverse(operation.key, operation.scan_length, visit_);
  return visited.ok() ? Status() : visited.status();
}

void Client::Judge(const Operation& operation, uint64_t before) {
  if (!workloads::Scans(operation.kind)) {
    parts_.oracle->End(parts_.client, operation, before, found_, value_);
  } else if (parts_.oracle->checks()) {
    CheckScan(operation, scanned_, parts_.client, parts_.oracle);
  }
}

void Client::Count(const Operation& operation) {
  ++counts_.operations[static_cast<size_t>(operation.kind)];
  switch (operation.kind) {
    case OperationKind::kDelete:
      counts_.user_bytes_written += operation.key.size();
      return;
    case OperationKind::kDeleteRange:
      counts_.user_bytes_written += operation.key.size() + operation.end_key.size();
      return;
    case OperationKind::kScan:
    case OperationKind::kScanReverse:
      counts_.scanned_entries += scanned_.entries();
      counts_.bytes_returned += scanned_.bytes();
      return;
    case OperationKind::kUpdate:
    case OperationKind::kInsert:
      counts_.user_bytes_written += operation.key.size() + operation.value.size();
      return;
    case OperationKind::kReadModifyWrite:
      counts_.user_bytes_written += operation.key.size() + operation.value.size();
      break;
    case OperationKind::kRead:
    case OperationKind::kReadAbsent:
      break;
  }
  counts_.found += found_ ? 1 : 0;
  counts_.absent += found_ ? 0 : 1;
  if (found_) counts_.bytes_returned += operation.key.size() + value_.size();
}

// Leaves the sample that has ended to the sampler. `now` is the end of an operation.
void Client::HandOver(uint64_t now) {
  const uint64_t next = (now - schedule_.start) / schedule_.sample;
  if (parts_.intervals != nullptr) {
    parts_.intervals->Deliver(parts_.client, sample_, next, counts_, latency_, paced_.get());
  }
  counts_ = ClientCounts();
  for (Histogram& histogram : latency_) histogram.Clear();
  if (paced_ != nullptr) paced_->Clear();
  sample_ = next;
  sample_end_ = schedule_.start + (next + 1) * schedule_.sample;
}

}  // namespace varve::harness
