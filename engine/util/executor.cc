// The two executors: threads with one queue for flushes and one for compactions, and inline.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/executor.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "engine/util/mutex.h"

namespace varve {
namespace {

using Job = std::function<void()>;

uint64_t ClockNs(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

// Jobs of one priority, taken in order by any number of threads.
class JobQueue {
 public:
  void Push(Job job) {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.NotifyOne();
  }

  // Waits for a job. An empty function means that the queue was closed.
  Job Pop() {
    MutexLock lock(mutex_);
    while (jobs_.empty() && !closed_) changed_.Wait(mutex_);
    if (closed_) return {};
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(int compaction_threads) {
    threads_.emplace_back(RunJobs, &flushes_);
    for (int i = 0; i < std::max(1, compaction_threads); ++i) {
      threads_.emplace_back(RunJobs, &compactions_);
    }
  }

  ~ThreadExecutor() override {
    flushes_.Close();
    compactions_.Close();
    for (std::thread& thread : threads_) thread.join();
  }

  void Schedule(JobPriority priority, Job job) override {
    (priority == JobPriority::kFlush ? flushes_ : compactions_).Push(std::move(job));
  }

  // The first part runs in the caller.
  void RunParts(std::vector<Job> parts) override {
    std::vector<std::thread> helpers;
    for (size_t part = 1; part < parts.size(); ++part) {
      helpers.emplace_back([this, &job = parts[part]] {
        job();
        helpers_cpu_ns_.fetch_add(ClockNs(CLOCK_THREAD_CPUTIME_ID), std::memory_order_relaxed);
      });
    }
    if (!parts.empty()) parts.front()();
    for (std::thread& helper : helpers) helper.join();
  }

  bool inline_mode() const override { return false; }

  // The clocks of the threads, which do nothing but jobs: a job that is still running counts, too.
  uint64_t cpu_ns() const override {
    uint64_t sum = helpers_cpu_ns_.load(std::memory_order_relaxed);
    for (const std::thread& thread : threads_) {
      clockid_t clock;
      // native_handle() is not const, but only reads.
      const pthread_t handle = const_cast<std::thread&>(thread).native_handle();
      if (pthread_getcpuclockid(handle, &clock) == 0) sum += ClockNs(clock);
    }
    return sum;
  }

 private:
  static void RunJobs(JobQueue* queue) {
    while (Job job = queue->Pop()) job();
  }

  JobQueue flushes_;
  JobQueue compactions_;
  std::atomic<uint64_t> helpers_cpu_ns_{0};  // of parts that have run in threads of their own
  std::vector<std::thread> threads_;         // last: they use the queues
};

// Jobs of different callers take turns, so that there is never more at once than on one thread.
class InlineExecutor final : public Executor {
 public:
  void Schedule(JobPriority /*priority*/, Job job) override {
    if (!Begin(std::move(job))) return;
    const uint64_t start_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID);
    while (Job next = NextOrEnd()) next();
    cpu_ns_.fetch_add(ClockNs(CLOCK_THREAD_CPUTIME_ID) - start_ns, std::memory_order_relaxed);
  }

  void RunParts(std::vector<Job> parts) override {
    for (const Job& part : parts) part();
  }

  bool inline_mode() const override { return true; }
  uint64_t cpu_ns() const override { return cpu_ns_.load(std::memory_order_relaxed); }

 private:
  // Queues the job. True if the caller must run the queue; false if it does so already, further up
  // its stack.
  bool Begin(Job job) {
    MutexLock lock(mutex_);
    const std::thread::id self = std::this_thread::get_id();
    const bool nested = runner_ == self;
    while (!nested && runner_ != std::thread::id()) turn_.Wait(mutex_);
    runner_ = self;
    jobs_.push_back(std::move(job));
    return !nested;
  }

  Job NextOrEnd() {
    MutexLock lock(mutex_);
    if (jobs_.empty()) {
      runner_ = std::thread::id();
      turn_.NotifyOne();
      return {};
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  Mutex mutex_;
  CondVar turn_;
  std::thread::id runner_ GUARDED_BY(mutex_);  // who is inside Schedule
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> cpu_ns_{0};
};

}  // namespace

std::unique_ptr<Executor> NewThreadExecutor(int compaction_threads) {
  return std::make_unique<ThreadExecutor>(compaction_threads);
}

std::unique_ptr<Executor> NewInlineExecutor() { return std::make_unique<InlineExecutor>(); }

}  // namespace varve
