// GreedyScheduler: everything to the job with the least left to write (Luo and Carey, PVLDB 13(4),
// 2019, Theorem 2); the older one among equals.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>

#include "engine/compaction/scheduler/scheduler.h"

namespace varve {

class GreedyScheduler final : public Scheduler {
 public:
  size_t Next(std::span<const ScheduledJob> jobs) const override {
    return Least(jobs, false, [](const auto& a, const auto& b) {
      return std::tie(a.bytes_left, a.number) < std::tie(b.bytes_left, b.number);
    });
  }
  bool preempts() const override { return true; }
};

}  // namespace varve
