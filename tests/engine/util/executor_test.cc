// Tests of the executors: order, independence of flushes, shutdown, and CPU time.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/executor.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace varve {
namespace {

// Uses processor time: the result keeps the loop from being removed.
uint64_t Work() {
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 3'000'000; ++i) sum = sum + i;
  return sum;
}

TEST(ThreadExecutor, RunsEveryJobOnceOnAnotherThread) {
  constexpr int kJobs = 1000;
  std::vector<std::atomic<int>> runs(kJobs);
  std::atomic<bool> on_caller{false};
  const auto caller = std::this_thread::get_id();
  std::latch done(kJobs);
  auto executor = NewThreadExecutor(2);
  EXPECT_FALSE(executor->inline_mode());
  for (size_t i = 0; i < kJobs; ++i) {
    executor->Schedule(i % 2 == 0 ? JobPriority::kFlush : JobPriority::kCompaction, [&, i] {
      ++runs[i];
      if (std::this_thread::get_id() == caller) on_caller = true;
      done.count_down();
    });
  }
  done.wait();
  executor.reset();
  EXPECT_FALSE(on_caller);
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST(ThreadExecutor, FlushesDoNotWaitForCompactions) {
  auto executor = NewThreadExecutor(1);
  std::latch flushed(1);
  std::latch compacted(1);
  // The compaction ends only after the flush that was scheduled behind it.
  executor->Schedule(JobPriority::kCompaction, [&] {
    flushed.wait();
    compacted.count_down();
  });
  executor->Schedule(JobPriority::kFlush, [&] { flushed.count_down(); });
  compacted.wait();
}

TEST(ThreadExecutor, CompactionsRunSideBySide) {
  auto executor = NewThreadExecutor(2);
  std::latch both_started(2);
  std::latch done(2);
  for (int i = 0; i < 2; ++i) {
    executor->Schedule(JobPriority::kCompaction, [&] {
      both_started.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
}

TEST(ThreadExecutor, TheDestructorWaitsForStartedJobsAndDropsTheOthers) {
  auto executor = NewThreadExecutor(1);
  std::latch started(1);
  std::latch release(1);
  std::atomic<int> finished{0};
  executor->Schedule(JobPriority::kFlush, [&] {
    started.count_down();
    release.wait();
    ++finished;
  });
  auto token = std::make_shared<int>(0);
  executor->Schedule(JobPriority::kFlush, [&, token] { finished += 100; });
  started.wait();
  std::latch destroying(1);
  std::thread destroyer([&] {
    destroying.count_down();
    executor.reset();
  });
  destroying.wait();
  // The second job cannot have started; give the destructor time to close the queue.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(finished, 0);
  release.count_down();
  destroyer.join();
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(token.use_count(), 1) << "a dropped job is destroyed";
}

TEST(ThreadExecutor, CpuTimeGrowsWithWork) {
  auto executor = NewThreadExecutor(1);
  const uint64_t before_ns = executor->cpu_ns();
  std::latch done(1);
  executor->Schedule(JobPriority::kCompaction, [&] {
    Work();
    done.count_down();
  });
  done.wait();
  EXPECT_GT(executor->cpu_ns(), before_ns + 100'000);
}

TEST(InlineExecutor, AJobHasRunWhenScheduleReturns) {
  auto executor = NewInlineExecutor();
  EXPECT_TRUE(executor->inline_mode());
  const auto caller = std::this_thread::get_id();
  std::thread::id runner;
  executor->Schedule(JobPriority::kFlush, [&] { runner = std::this_thread::get_id(); });
  EXPECT_EQ(runner, caller);
}

TEST(InlineExecutor, AJobScheduledByAJobRunsAfterItInOrder) {
  auto executor = NewInlineExecutor();
  std::string trace;
  executor->Schedule(JobPriority::kFlush, [&] {
    trace += "a(";
    executor->Schedule(JobPriority::kCompaction, [&] {
      trace += "b(";
      executor->Schedule(JobPriority::kFlush, [&] { trace += "d"; });
      trace += ")";
    });
    executor->Schedule(JobPriority::kFlush, [&] { trace += "c"; });
    trace += ")";
  });
  EXPECT_EQ(trace, "a()b()cd");
}

TEST(InlineExecutor, JobsOfManyCallersTakeTurnsAndEachRunsInItsCaller) {
  auto executor = NewInlineExecutor();
  int running = 0;  // not atomic: taking turns must order the accesses
  uint64_t jobs = 0;
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto caller = std::this_thread::get_id();
      for (int i = 0; i < 500; ++i) {
        const auto job = [&] {
          if (std::this_thread::get_id() != caller || ++running != 1) wrong = true;
          ++jobs;
          --running;
        };
        executor->Schedule(JobPriority::kFlush, [&] {
          job();
          executor->Schedule(JobPriority::kCompaction, job);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
  EXPECT_EQ(jobs, 4000u);
}

TEST(InlineExecutor, CpuTimeIsThatOfTheJobs) {
  auto executor = NewInlineExecutor();
  Work();
  EXPECT_EQ(executor->cpu_ns(), 0u);
  executor->Schedule(JobPriority::kCompaction, [] { Work(); });
  EXPECT_GT(executor->cpu_ns(), 100'000u);
}

uint64_t ThreadCpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

TEST(ThreadExecutor, PartsOfAJobRunAtTheSameTimeAndTheirTimeCounts) {
  auto executor = NewThreadExecutor(1);
  std::latch all_begun(3);
  std::vector<uint64_t> cpu_ns(3);
  std::latch done(1);
  executor->Schedule(JobPriority::kCompaction, [&] {
    std::vector<std::function<void()>> parts;
    for (uint64_t& own_ns : cpu_ns) {
      parts.push_back([&] {
        const uint64_t start_ns = ThreadCpuNs();
        all_begun.arrive_and_wait();
        Work();
        own_ns = ThreadCpuNs() - start_ns;
      });
    }
    executor->RunParts(std::move(parts));
    executor->RunParts({});
    done.count_down();
  });
  done.wait();
  for (const uint64_t own_ns : cpu_ns) EXPECT_GT(own_ns, 0u) << "it has run";
  EXPECT_GE(executor->cpu_ns(), cpu_ns[0] + cpu_ns[1] + cpu_ns[2]);
}

TEST(InlineExecutor, PartsOfAJobRunInOrderInTheCaller) {
  auto executor = NewInlineExecutor();
  std::string trace;
  executor->Schedule(JobPriority::kCompaction, [&] {
    executor->RunParts({[&] { trace += "a"; }, [&] { trace += "b"; }});
    trace += "c";
  });
  EXPECT_EQ(trace, "abc");
}

}  // namespace
}  // namespace varve
