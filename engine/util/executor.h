// Executor: runs background jobs, on threads of its own or inline in the caller.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace varve {

enum class JobPriority { kFlush, kCompaction };

// Thread safe.
class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `job` once. Flushes never wait for compactions. An inline executor has run the job when
  // this returns; a job must therefore be scheduled without holding a lock that it needs.
  virtual void Schedule(JobPriority priority, std::function<void()> job) = 0;

  // Called by a job: runs all of `parts`, and returns when they have run. At the same time, on
  // threads of their own, or one after the other if inline.
  virtual void RunParts(std::vector<std::function<void()>> parts) = 0;

  // True if Schedule runs the job before it returns.
  virtual bool inline_mode() const = 0;

  // CPU time spent in jobs so far, in nanoseconds; on threads, also in those that still run, but
  // for those of their parts that are running now.
  virtual uint64_t cpu_ns() const = 0;
};

// One thread for flushes and `compaction_threads` for compactions. The destructor waits for the
// jobs that have started and drops the others.
std::unique_ptr<Executor> NewThreadExecutor(int compaction_threads);

// Deterministic: runs each job in the caller, in the order given. A job scheduled by a job runs
// after it, not within it. Jobs of several callers take turns.
std::unique_ptr<Executor> NewInlineExecutor();

}  // namespace varve
