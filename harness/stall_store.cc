// Holding calls up.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stall_store.h"

namespace varve::harness {

void StallStore::Arm(uint64_t begin_ns, uint64_t end_ns) {
  end_ns_.store(end_ns);
  begin_ns_.store(begin_ns);
}

void StallStore::Hold() {
  const uint64_t begin_ns = begin_ns_.load(std::memory_order_relaxed);
  if (begin_ns == UINT64_MAX) return;
  const uint64_t end_ns = end_ns_.load(std::memory_order_relaxed);
  uint64_t now_ns = clock_->NowNs();
  if (now_ns < begin_ns || now_ns >= end_ns) return;
  held_.fetch_add(1);
  for (; now_ns < end_ns; now_ns = clock_->NowNs()) clock_->SleepNs(end_ns - now_ns);
}

Status StallStore::Put(std::string_view key, std::string_view value) {
  Hold();
  return store_->Put(key, value);
}

Status StallStore::Delete(std::string_view key) {
  Hold();
  return store_->Delete(key);
}

Result<bool> StallStore::Get(std::string_view key, std::string* value) {
  Hold();
  return store_->Get(key, value);
}

Result<uint64_t> StallStore::Scan(std::string_view start, uint64_t count, const Visit& visit) {
  Hold();
  return store_->Scan(start, count, visit);
}

Result<uint64_t> StallStore::ScanReverse(std::string_view start, uint64_t count,
                                         const Visit& visit) {
  Hold();
  return store_->ScanReverse(start, count, visit);
}

Status StallStore::DeleteRange(std::string_view begin, std::string_view end) {
  Hold();
  return store_->DeleteRange(begin, end);
}

Status StallStore::PutBatch(
    std::span<const std::pair<std::string_view, std::string_view>> entries) {
  Hold();
  return store_->PutBatch(entries);
}

}  // namespace varve::harness
