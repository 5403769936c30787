// AcknowledgedCounter: numbers for new records, and the first one that is not there yet.
//
// A client takes a number, inserts the record, and acknowledges it; other clients may choose a
// record only when it and all before it are acknowledged. As YCSB's AcknowledgedCounterGenerator,
// with its window of 2^20 numbers, but an acknowledgement that meets another thread in the act of
// advancing the limit is not left waiting for the next one.
//
// Called by streams (Take, limit) and, through WorkloadState, by clients (Acknowledge).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/status.h"

namespace varve::workloads {

// Thread-safe, without locks.
class AcknowledgedCounter {
 public:
  static constexpr uint64_t kWindow = uint64_t{1} << 20;

  explicit AcknowledgedCounter(uint64_t start)
      : start_(start),
        next_(start),
        limit_(start),
        acknowledged_(std::make_unique<std::atomic<bool>[]>(kWindow)) {}

  // A new number.
  uint64_t Take() { return next_.fetch_add(1, std::memory_order_relaxed); }

  // All numbers below this one are acknowledged.
  uint64_t limit() const { return limit_.load(std::memory_order_acquire); }

  // REQUIRES: `number` was taken and not acknowledged before, or is below the start (no effect).
  Status Acknowledge(uint64_t number) {
    if (number < start_) return {};
    if (number - limit() >= kWindow) {
      return Status::InvalidArgument(
          fmt::format("record {} was not acknowledged, but {} after it were", limit(), kWindow));
    }
    Slot(number).store(true);
    Advance();
    return {};
  }

 private:
  std::atomic<bool>& Slot(uint64_t number) { return acknowledged_[number & (kWindow - 1)]; }

  // Moves the limit over all acknowledged numbers, unless another thread is at it. That thread
  // looks again after it has cleared advancing_, so that no acknowledgement is overlooked.
  void Advance() {
    while (Slot(limit()).load()) {
      if (advancing_.test_and_set()) return;
      uint64_t limit = limit_.load();
      while (Slot(limit).load()) Slot(limit++).store(false);
      limit_.store(limit);
      advancing_.clear();
    }
  }

  static constexpr size_t kCacheLine = 64;

  const uint64_t start_;
  alignas(kCacheLine) std::atomic<uint64_t> next_;
  alignas(kCacheLine) std::atomic<uint64_t> limit_;
  std::atomic_flag advancing_;
  std::unique_ptr<std::atomic<bool>[]> acknowledged_;
};

}  // namespace varve::workloads
