// FairScheduler: jobs take turns. Quanta are of one size, so each job gets the same share of the
// bandwidth, whatever it does between two quanta (Luo and Carey, PVLDB 13(4), 2019).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/scheduler/scheduler.h"

namespace varve {

class FairScheduler final : public Scheduler {
 public:
  size_t Next(std::span<const ScheduledJob> jobs) const override {
    return Least(jobs, true, [](const auto& a, const auto& b) { return a.served < b.served; });
  }
  bool preempts() const override { return false; }
};

}  // namespace varve
