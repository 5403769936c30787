// Puts changes of condition in order.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/stall_changes.h"

#include <algorithm>

namespace varve::harness {
namespace {

constexpr uint64_t kNsPerMicrosecond = 1000;
// More than writers and background threads can be late with; then one was never heard of.
constexpr size_t kWaitingMax = 8;

size_t At(StallCause cause) { return static_cast<size_t>(cause); }

// In the order in which RocksDB looks for one.
StallCause CauseOf(const std::array<uint64_t, kStallCauseCount>& after,
                   const std::array<uint64_t, kStallCauseCount>& before) {
  for (const StallCause cause :
       {StallCause::kMemtables, StallCause::kLevel0Runs, StallCause::kPendingBytes}) {
    if (after[At(cause)] > before[At(cause)]) return cause;
  }
  return StallCause::kNone;
}

}  // namespace

int StallChanges::Next() const {
  for (size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].before == condition_) return static_cast<int>(i);
  }
  return -1;
}

std::vector<StallEvent> StallChanges::Change(Condition before, Condition after,
                                             const StallCounts& counts, uint64_t now_ns) {
  std::vector<StallEvent> ended;
  waiting_.push_back({before, after, now_ns});
  if (Next() < 0 && waiting_.size() > kWaitingMax) condition_ = waiting_.front().before;
  for (int next = Next(); next >= 0; next = Next()) {
    const Heard change = waiting_[static_cast<size_t>(next)];
    waiting_.erase(waiting_.begin() + next);
    Apply(change, counts, &ended);
  }
  return ended;
}

void StallChanges::Apply(const Heard& change, const StallCounts& counts,
                         std::vector<StallEvent>* ended) {
  if (condition_ != Condition::kNormal) {
    stall_.end_ns = std::max(change.at_ns, stall_.start_ns);
    ended->push_back(stall_);
  }
  condition_ = change.after;
  const bool stopped = change.after == Condition::kStopped;
  if (change.after != Condition::kNormal) {
    const StallCause cause = stopped ? CauseOf(counts.stops, at_change_.stops)
                                     : CauseOf(counts.delays, at_change_.delays);
    const int end = Next();
    if (end < 0) Charge(counts);
    stall_ = {cause, stopped, change.at_ns, 0};
    if (end >= 0) {  // it is over, and its wait has been counted
      const uint64_t end_ns = waiting_[static_cast<size_t>(end)].at_ns;
      const uint64_t waited_ns = (counts.micros - micros_) * kNsPerMicrosecond;
      stall_.start_ns = end_ns - std::min(end_ns, waited_ns);
    }
    ++begun_[At(cause)];
  }
  Charge(counts);
  at_change_ = counts;
}

void StallChanges::Count(const StallCounts& counts) {
  if (waiting_.empty()) Charge(counts);
}

void StallChanges::Charge(const StallCounts& counts) {
  if (counts.micros <= micros_) return;
  waited_ns_[At(stall_.cause)] += (counts.micros - micros_) * kNsPerMicrosecond;
  micros_ = counts.micros;
}

}  // namespace varve::harness
