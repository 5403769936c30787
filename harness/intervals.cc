// Handing over of samples.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/intervals.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace varve::harness {

uint64_t ClientCounts::total() const {
  return std::accumulate(operations.begin(), operations.end(), uint64_t{0});
}

ClientCounts& ClientCounts::operator+=(const ClientCounts& other) {
  for (size_t kind = 0; kind < operations.size(); ++kind)
    operations[kind] += other.operations[kind];
  found += other.found;
  absent += other.absent;
  scanned_entries += other.scanned_entries;
  user_bytes_written += other.user_bytes_written;
  bytes_returned += other.bytes_returned;
  unserved += other.unserved;
  return *this;
}

std::string_view TimedName(size_t timed) {
  if (timed == kReadModifyWriteRead) return "read_modify_write_read";
  if (timed == kReadModifyWriteUpdate) return "read_modify_write_update";
  return OperationName(static_cast<workloads::OperationKind>(timed));
}

Histogram MergedOperations(const KindHistograms& latency) {
  Histogram all;
  for (size_t kind = 0; kind < workloads::kOperationKinds; ++kind) all.Merge(latency[kind]);
  return all;
}

void PacedLatency::Merge(const PacedLatency& other) {
  for (size_t kind = 0; kind < response.size(); ++kind) response[kind].Merge(other.response[kind]);
  queueing.Merge(other.queueing);
  lag.Merge(other.lag);
}

void PacedLatency::Clear() {
  for (Histogram& histogram : response) histogram.Clear();
  queueing.Clear();
  lag.Clear();
}

void Interval::MergePaced(const PacedLatency* other) {
  if (other == nullptr) return;
  if (paced == nullptr) paced = std::make_unique<PacedLatency>();
  paced->Merge(*other);
}

void Intervals::Deliver(int client, uint64_t sample, uint64_t next, const ClientCounts& counts,
                        const KindHistograms& latency, const PacedLatency* paced) {
  const std::lock_guard lock(mutex_);
  uint64_t& client_next = next_[static_cast<size_t>(client)];
  assert(sample < next && sample >= client_next);
  client_next = next;
  std::unique_ptr<Interval>& interval = open_[sample];
  if (interval == nullptr) interval = std::make_unique<Interval>();
  interval->counts += counts;
  for (size_t kind = 0; kind < latency.size(); ++kind) interval->latency[kind].Merge(latency[kind]);
  interval->MergePaced(paced);
}

void Intervals::Finish(int client) {
  const std::lock_guard lock(mutex_);
  next_[static_cast<size_t>(client)] = UINT64_MAX;
}

std::unique_ptr<Interval> Intervals::Take(uint64_t sample) {
  const std::lock_guard lock(mutex_);
  if (*std::min_element(next_.begin(), next_.end()) <= sample) return nullptr;
  const auto found = open_.find(sample);
  if (found == open_.end()) return std::make_unique<Interval>();
  std::unique_ptr<Interval> interval = std::move(found->second);
  open_.erase(found);
  return interval;
}

std::unique_ptr<Interval> Intervals::TakeRest() {
  const std::lock_guard lock(mutex_);
  auto rest = std::make_unique<Interval>();
  for (const auto& [sample, interval] : open_) {
    rest->counts += interval->counts;
    for (size_t kind = 0; kind < rest->latency.size(); ++kind) {
      rest->latency[kind].Merge(interval->latency[kind]);
    }
    rest->MergePaced(interval->paced.get());
  }
  open_.clear();
  return rest;
}

}  // namespace varve::harness
