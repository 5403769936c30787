// The budget on a virtual clock: how much, who, and how soon it ends.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/scheduler/bandwidth.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

#include "engine/parts.h"

namespace varve {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kQuantum = 64 << 10;
constexpr uint64_t kRate = 16 << 20;  // a quantum is 3.9 ms

// Jobs that write as fast as they may, on a clock of their own.
class Simulation {
 public:
  Simulation(std::string_view scheduler, uint64_t bytes_per_second)
      : scheduler_(FindPart(SchedulerParts(), scheduler)->make()),
        budget_(scheduler_.get(), bytes_per_second) {}

  void Begin(uint64_t number, int level, uint64_t bytes) {
    budget_.Begin({number, level < 0, level, bytes}, now_ns_);
    left_[number] = bytes;
  }

  // Until `end_ns`, or all jobs are done. Each job is away for `away_ns` after each quantum.
  void RunUntil(uint64_t end_ns, uint64_t away_ns = 0) {
    while (now_ns_ < end_ns && !left_.empty()) {
      uint64_t step_ns = 1'000'000;
      const auto jobs = left_;
      for (const auto& [number, bytes] : jobs) {
        if (now_ns_ < back_ns_[number]) continue;
        const uint64_t wait_ns = budget_.Take(number, kQuantum, now_ns_);
        if (wait_ns != 0) {
          step_ns = std::min(step_ns, wait_ns);
          continue;
        }
        spent_[number] += kQuantum;
        back_ns_[number] = now_ns_ + away_ns;
        left_[number] -= kQuantum;
        if (left_[number] != 0) continue;
        budget_.End(number);
        left_.erase(number);
        done_.push_back(number);
      }
      now_ns_ += step_ns;
    }
  }

  uint64_t spent(uint64_t number) { return spent_[number]; }
  const std::vector<uint64_t>& done() const { return done_; }
  uint64_t now_ns() const { return now_ns_; }

 private:
  const std::unique_ptr<Scheduler> scheduler_;
  BandwidthBudget budget_;
  uint64_t now_ns_ = kSecondNs;
  std::map<uint64_t, uint64_t> left_, spent_, back_ns_;
  std::vector<uint64_t> done_;
};

TEST(BandwidthBudget, TheSumOverJobsIsTheRateWhateverTheScheduler) {
  for (const SchedulerPart& part : SchedulerParts()) {
    Simulation simulation(part.name, kRate);
    for (uint64_t job = 1; job <= 3; ++job) {
      simulation.Begin(job, static_cast<int>(job) - 2, 640 * kQuantum);
    }
    simulation.RunUntil(5 * kSecondNs);
    const uint64_t sum = simulation.spent(1) + simulation.spent(2) + simulation.spent(3);
    // What was unused for up to kPatienceNs before the begin is there, too.
    EXPECT_NEAR(static_cast<double>(sum), 4.01 * kRate, 2 * kQuantum) << part.name;
  }
}

TEST(BandwidthBudget, BandwidthIsNotSavedForLongerThanAJobMayBeAway) {
  Simulation simulation("fifo", kRate);
  simulation.RunUntil(100 * kSecondNs);
  simulation.Begin(1, 1, 6400 * kQuantum);
  const uint64_t begin_ns = simulation.now_ns();
  simulation.RunUntil(begin_ns + kSecondNs);
  EXPECT_LE(simulation.spent(1), kRate + kRate / 100 + kQuantum);
}

TEST(BandwidthBudget, FairGivesAllTheSame) {
  Simulation simulation("fair", kRate);
  simulation.Begin(1, 0, 6400 * kQuantum);
  simulation.RunUntil(2 * kSecondNs);
  const uint64_t alone = simulation.spent(1);
  simulation.Begin(2, 5, 6400 * kQuantum);
  simulation.Begin(3, -1, 6400 * kQuantum);
  simulation.RunUntil(5 * kSecondNs);
  EXPECT_NEAR(static_cast<double>(simulation.spent(2)), 1.0 * kRate, 2 * kQuantum);
  EXPECT_NEAR(static_cast<double>(simulation.spent(3)), 1.0 * kRate, 2 * kQuantum);
  EXPECT_NEAR(static_cast<double>(simulation.spent(1) - alone), 1.0 * kRate, 2 * kQuantum);
}

TEST(BandwidthBudget, GreedyEndsTheJobWithTheLeastLeftFirstAndTheOthersWait) {
  Simulation simulation("greedy", kRate);
  simulation.Begin(1, 3, 300 * kQuantum);
  simulation.RunUntil(kSecondNs + kSecondNs / 2);
  const uint64_t before = simulation.spent(1);
  EXPECT_GT(before, 0u);
  simulation.Begin(2, 2, 200 * kQuantum);  // more than job 1 has left: it waits
  simulation.Begin(3, 1, 20 * kQuantum);   // less: job 1 waits
  simulation.RunUntil(100 * kSecondNs);
  EXPECT_EQ(simulation.done(), (std::vector<uint64_t>{3, 1, 2}));
}

TEST(BandwidthBudget, PriorityPausesDeepJobsWhileAFlushHasWork) {
  Simulation simulation("priority", kRate);
  simulation.Begin(1, 2, 6400 * kQuantum);
  simulation.RunUntil(2 * kSecondNs);
  const uint64_t before = simulation.spent(1);
  simulation.Begin(2, -1, 256 * kQuantum);  // a second of bandwidth
  simulation.RunUntil(2 * kSecondNs + kSecondNs / 2);
  EXPECT_EQ(simulation.spent(1), before);
  simulation.RunUntil(4 * kSecondNs);
  EXPECT_EQ(simulation.done(), (std::vector<uint64_t>{2}));
  EXPECT_NEAR(static_cast<double>(simulation.spent(1) - before), 1.0 * kRate, 2 * kQuantum);
}

TEST(BandwidthBudget, WithoutALimitAMoreUrgentJobStillGoesFirst) {
  Simulation simulation("priority", 0);
  simulation.Begin(1, 2, 64 * kQuantum);
  simulation.Begin(2, 0, 64 * kQuantum);
  simulation.RunUntil(100 * kSecondNs, 1'000'000);
  EXPECT_EQ(simulation.done(), (std::vector<uint64_t>{2, 1}));
}

// A job between two quanta is not overtaken, and costs nobody bandwidth.
TEST(BandwidthBudget, AJobThatIsSoonBackKeepsItsPlace) {
  Simulation simulation("greedy", kRate);
  simulation.Begin(1, 2, 6400 * kQuantum);
  simulation.Begin(2, 0, 256 * kQuantum);
  simulation.RunUntil(kSecondNs + kSecondNs / 2, BandwidthBudget::kPatienceNs / 5);
  EXPECT_EQ(simulation.spent(1), 0u);
  EXPECT_NEAR(static_cast<double>(simulation.spent(2)), 0.51 * kRate, 3 * kQuantum);
}

TEST(BandwidthBudget, AJobThatIsAwayForLongHoldsNobodyUp) {
  const auto scheduler = FindPart(SchedulerParts(), "greedy")->make();
  BandwidthBudget budget(scheduler.get(), 0);
  budget.Begin({1, false, 2, 100 * kQuantum}, 0);
  budget.Begin({2, false, 0, 10 * kQuantum}, 0);
  EXPECT_EQ(budget.Take(2, kQuantum, kSecondNs), 0u);
  const uint64_t back_ns = kSecondNs + BandwidthBudget::kPatienceNs;
  EXPECT_EQ(budget.Take(1, kQuantum, back_ns - 1), 1u);
  EXPECT_EQ(budget.Take(1, kQuantum, back_ns + 1), 0u);
}

TEST(JobPacer, ALoneJobTakesAsLongAsTheRateSays) {
  VirtualClock clock;
  const auto scheduler = FindPart(SchedulerParts(), "fifo")->make();
  const std::atomic<bool> stopping{false};
  JobPacer pacer(scheduler.get(), kRate, &clock, &stopping);
  const auto pace = pacer.Begin({1, false, 1, kRate});
  const uint64_t begin_ns = clock.NowNs();
  for (int i = 0; i < 257; ++i) ASSERT_TRUE(pace->Spend(kQuantum).ok());
  // 256 quanta are one second; the last is paid for by who comes after it.
  EXPECT_NEAR(static_cast<double>(clock.NowNs() - begin_ns), 1e9, 1e6);
}

TEST(JobPacer, AfterTheEndOfAJobTheNextGoesOn) {
  VirtualClock clock;
  const auto scheduler = FindPart(SchedulerParts(), "priority")->make();
  const std::atomic<bool> stopping{false};
  JobPacer pacer(scheduler.get(), 0, &clock, &stopping);
  auto urgent = pacer.Begin({1, true, 0, kRate});
  const auto deep = pacer.Begin({2, false, 4, kRate});
  ASSERT_TRUE(urgent->Spend(kQuantum).ok());
  urgent.reset();
  const uint64_t before_ns = clock.NowNs();
  ASSERT_TRUE(deep->Spend(kQuantum).ok());
  EXPECT_EQ(clock.NowNs(), before_ns);
}

// The clock of a database that begins to close while a job sleeps for the second time.
class ClosingClock final : public Clock {
 public:
  explicit ClosingClock(std::atomic<bool>* stopping) : stopping_(stopping) {}
  uint64_t NowNs() override { return now_ns_; }
  void SleepNs(uint64_t nanoseconds) override {
    now_ns_ += nanoseconds;
    if (++sleeps_ == 2) stopping_->store(true);
  }
  uint64_t UnixSeconds() override { return 0; }
  int sleeps() const { return sleeps_; }

 private:
  std::atomic<bool>* const stopping_;
  uint64_t now_ns_ = 0;
  int sleeps_ = 0;
};

TEST(JobPacer, ClosingEndsAPausedJobAfterOneShortSleep) {
  std::atomic<bool> stopping{false};
  ClosingClock clock(&stopping);
  const auto scheduler = FindPart(SchedulerParts(), "fair")->make();
  JobPacer pacer(scheduler.get(), 1, &clock, &stopping);
  const auto pace = pacer.Begin({1, false, 1, kRate});
  ASSERT_TRUE(pace->Spend(kQuantum).ok());
  EXPECT_EQ(pace->Spend(kQuantum).code(), Status::Code::kBusy);
  EXPECT_EQ(clock.sleeps(), 2);
  EXPECT_LE(clock.NowNs(), 2 * kSecondNs / 1000);
}

TEST(JobPacer, ThreadsShareIt) {
  VirtualClock clock;
  const std::atomic<bool> stopping{false};
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto scheduler = part.make();
    JobPacer pacer(scheduler.get(), 1 << 30, &clock, &stopping);
    std::vector<std::thread> threads;
    for (uint64_t job = 1; job <= 4; ++job) {
      threads.emplace_back([&pacer, job] {
        const auto pace = pacer.Begin({job, job == 1, static_cast<int>(job), 50 * kQuantum});
        for (int i = 0; i < 50; ++i) ASSERT_TRUE(pace->Spend(kQuantum).ok());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace varve
