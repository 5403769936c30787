// BandwidthBudget and JobPacer: background output at no more than so many bytes a second, in the
// order that a scheduler says.
//
// The budget is a virtual device that is busy until some moment; a quantum moves that moment on by
// its length divided by the bandwidth. What is spent is the output of flushes and compactions: the
// tables that they write. Input is not spent (Luo and Carey limit writes, too); a device that
// charges for both is modelled by engine/io/device_file_system.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/compaction/job_pace.h"
#include "engine/compaction/scheduler/scheduler.h"
#include "engine/util/clock.h"
#include "engine/util/mutex.h"

namespace varve {

// Who has what of the bandwidth. Time is an argument, in nanoseconds, and never goes back. Not
// thread safe.
class BandwidthBudget {
 public:
  // A job that has asked for nothing for so long is away, and others go on without it. Bandwidth
  // that nobody used for up to so long is not lost, so that a job need not be back at once.
  static constexpr uint64_t kPatienceNs = 10'000'000;

  // 0 bytes per second: no limit, only an order. `scheduler` outlives the budget.
  BandwidthBudget(const Scheduler* scheduler, uint64_t bytes_per_second)
      : scheduler_(scheduler), bytes_per_second_(bytes_per_second) {}

  void Begin(const ScheduledJob& job, uint64_t now_ns);
  void End(uint64_t number);

  // Asks for `bytes` on behalf of a job that has begun, or asks again. 0: the job has them.
  // Otherwise it goes on asking, and this is how long nothing changes at most, unless another job
  // begins, asks or ends.
  uint64_t Take(uint64_t number, uint64_t bytes, uint64_t now_ns);

 private:
  struct Job {
    ScheduledJob shown;
    uint64_t away_since_ns = 0;  // if it has not asked
  };
  Job& Find(uint64_t number);
  // The number of the job that may write now.
  uint64_t Chosen(uint64_t now_ns) const;

  const Scheduler* const scheduler_;
  const uint64_t bytes_per_second_;
  std::vector<Job> jobs_;
  uint64_t busy_until_ns_ = 0;
  uint64_t requests_ = 0;
  uint64_t quanta_ = 0;
};

// Makes the threads of jobs wait for what the budget says. Thread safe.
class JobPacer {
 public:
  // All outlive the pacer. Once *stopping is set, jobs get kBusy instead of bandwidth.
  JobPacer(const Scheduler* scheduler, uint64_t bytes_per_second, Clock* clock,
           const std::atomic<bool>* stopping);

  // The pace of one job, which ends with it. The pacer must outlive it.
  std::unique_ptr<JobPace> Begin(const ScheduledJob& job) EXCLUDES_LOCK(mutex_);

 private:
  class Pace;
  Status Spend(uint64_t number, uint64_t bytes) EXCLUDES_LOCK(mutex_);
  void End(uint64_t number) EXCLUDES_LOCK(mutex_);

  Clock* const clock_;
  const std::atomic<bool>* const stopping_;
  Mutex mutex_;
  BandwidthBudget budget_ GUARDED_BY(mutex_);
};

// As the constructor; nullptr if no job would ever wait.
std::unique_ptr<JobPacer> NewJobPacer(const Scheduler* scheduler, uint64_t bytes_per_second,
                                      Clock* clock, const std::atomic<bool>* stopping);

}  // namespace varve
