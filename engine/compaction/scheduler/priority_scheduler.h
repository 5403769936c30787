// PriorityScheduler: flushes before level 0 before deeper levels, with preemption (SILK: Balmau et
// al., USENIX ATC 2019); the older one among equals.
//
// A compaction of level 0 finds a thread even when deeper ones have taken all of them: it gets one
// more, and they pause. At sustained overload the deeper ones starve; it is for bursts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "engine/compaction/scheduler/scheduler.h"

namespace varve {

class PriorityScheduler final : public Scheduler {
 public:
  bool MayBegin(int level, size_t running, size_t threads) const override {
    return running < threads + (level == 0 ? 1 : 0);
  }
  size_t ThreadsMax(size_t threads) const override { return threads + 1; }

  size_t Next(std::span<const ScheduledJob> jobs) const override {
    return Least(jobs, false, [](const auto& a, const auto& b) { return Rank(a) < Rank(b); });
  }
  bool preempts() const override { return true; }

 private:
  static std::pair<int, uint64_t> Rank(const ScheduledJob& job) {
    return {job.flush ? -1 : job.level, job.number};
  }
};

}  // namespace varve
