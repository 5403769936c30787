// FifoScheduler: whoever asked first.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/scheduler/scheduler.h"

namespace varve {

class FifoScheduler : public Scheduler {
 public:
  size_t Next(std::span<const ScheduledJob> jobs) const override {
    return Least(jobs, true, [](const auto& a, const auto& b) { return a.asked < b.asked; });
  }
  bool preempts() const override { return false; }
};

}  // namespace varve
