// Scheduler: which of the running jobs may write next.
//
// A scheduler is a pure policy, without clock, thread or lock: it is shown the running jobs and
// names one. BandwidthBudget (bandwidth.h) asks it before each quantum, about 64 KiB of output, so
// a job that is not named pauses between two quanta; nothing else is needed for preemption.
//
//   fifo      whoever asked first; what happens when nobody schedules
//   single    the same, but one compaction at a time: a long one holds up all others
//   fair      jobs take turns, so that each gets the same share
//   greedy    all to the job with the least left to write, which is thereby done soonest: of all
//             policies it leaves the fewest runs waiting (Luo and Carey, PVLDB 13(4), 2019, Thm 2)
//   priority  flushes, then compactions of level 0, then deeper ones, each of which pauses while
//             a more urgent one has work (SILK: Balmau et al., USENIX ATC 2019)
//
// A flush is a job like the others, except that it has a thread to itself.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace varve {

// A running job, as schedulers see it. A value.
struct ScheduledJob {
  uint64_t number = 0;  // jobs are numbered in the order in which they begin; never 0
  bool flush = false;
  int level = 0;            // of a compaction: the shallowest it reads
  uint64_t bytes_left = 0;  // its input less what it has written: never too small
  uint64_t asked = 0;       // number of its present request, ascending; 0: it is at work
  uint64_t served = 0;      // number of its last quantum, ascending; 0: none yet
};

// Immutable; thread safe.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // May a compaction that reads from `level` begin, with `running` others, where the settings allow
  // `threads` at a time? Asked again whenever a job ends.
  virtual bool MayBegin(int /*level*/, size_t running, size_t threads) const {
    return running < threads;
  }
  // The most compactions that MayBegin lets run at a time.
  virtual size_t ThreadsMax(size_t threads) const { return threads; }

  // The job that the next quantum is for, as an index. If that job has not asked, nobody writes
  // until it does, or until it has been away for too long and is not shown any more.
  // REQUIRES: some job has asked.
  virtual size_t Next(std::span<const ScheduledJob> jobs) const = 0;

  // True if jobs must wait for others even where bandwidth is not limited.
  virtual bool preempts() const = 0;

 protected:
  // The first job among the least by `before`; with `only_asked`, of those that have asked.
  template <class Before>
  static size_t Least(std::span<const ScheduledJob> jobs, bool only_asked, Before before) {
    size_t least = jobs.size();
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (only_asked && jobs[i].asked == 0) continue;
      if (least == jobs.size() || before(jobs[i], jobs[least])) least = i;
    }
    return least;
  }
};

}  // namespace varve
