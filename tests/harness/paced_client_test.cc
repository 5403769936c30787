// The client of an open loop, of one that thinks, and of a store that stalls.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "harness/client.h"
#include "harness/stall_store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

constexpr double kSecondNs = 1e9;

ArrivalPlan Constant(double rate) {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kSteps;
  plan.steps = {{rate, std::numeric_limits<double>::infinity()}};
  return plan;
}

// A client of a store that answers at once, with as many updates as are asked for.
class PacedClientTest : public testing::Test {
 protected:
  void Run(const ArrivalPlan& plan, uint64_t operations, const ClientSchedule& schedule) {
    workloads::Workload workload;
    workload.records = 10;
    workload.update_proportion = 1;
    state_ = std::make_unique<workloads::WorkloadState>(workload);
    workloads::StreamOptions options;
    options.operations = operations;
    const auto stream = NewRunStream(workload, options, state_.get());
    Pacing pacing(plan, 0, 1);
    ClientParts parts;
    parts.store = &store_;
    parts.stream = stream.get();
    parts.workload = state_.get();
    parts.intervals = &intervals_;
    parts.stop = &stop_;
    parts.pacing = &pacing;
    EXPECT_TRUE(std::make_unique<Client>(parts)->Run(schedule).ok());
    all_ = intervals_.TakeRest();
  }

  // A phase that began so long ago.
  ClientSchedule Ago(double seconds) const {
    ClientSchedule schedule;
    schedule.start = clock_.Start() - clock_.TicksOf(seconds * kSecondNs);
    return schedule;
  }
  const Histogram& response() const {
    return all_->paced->response[static_cast<size_t>(workloads::OperationKind::kUpdate)];
  }

  const OperationClock& clock_ = OperationClock::Best();
  std::unique_ptr<workloads::WorkloadState> state_;
  std::atomic<bool> stop_{false};
  LyingStore store_;
  Intervals intervals_{1};
  std::unique_ptr<Interval> all_;
};

// As after a stall of ten seconds: who should have begun first has waited longest.
TEST_F(PacedClientTest, ResponseCountsFromTheIntendedStart) {
  Run(Constant(100), 500, Ago(10));
  EXPECT_EQ(all_->counts.total(), 500u);
  ASSERT_NE(all_->paced, nullptr);
  EXPECT_EQ(response().count(), 500u);
  EXPECT_GE(response().max_ns(), 10e9);
  EXPECT_GE(response().min_ns(), 5e9);
  EXPECT_GE(response().sum_ns(), all_->paced->queueing.sum_ns());
  EXPECT_EQ(all_->paced->queueing.count(), 500u);
  EXPECT_EQ(all_->paced->lag.count(), 0u) << "the generator never slept";
  EXPECT_EQ(all_->counts.unserved, 0u) << "the stream had an end";
}

TEST_F(PacedClientTest, WhatWasDueAndNeverBegunIsCounted) {
  ClientSchedule schedule = Ago(10);
  schedule.end = schedule.start + clock_.TicksOf(7.995 * kSecondNs);
  Run(Constant(100), UINT64_MAX, schedule);
  EXPECT_EQ(all_->counts.total(), 1u);
  EXPECT_EQ(all_->counts.unserved, 799u);
}

TEST_F(PacedClientTest, WhatTheStreamDoesNotHoldIsNotDue) {
  ClientSchedule schedule = Ago(10);
  schedule.end = schedule.start + clock_.TicksOf(1e6 * kSecondNs);
  Run(Constant(100), 3, schedule);
  EXPECT_EQ(all_->counts.total(), 3u);
  EXPECT_EQ(all_->counts.unserved, 0u);
}

TEST_F(PacedClientTest, NoOperationBeginsBeforeItsTime) {
  uint64_t puts = 0, early = 0;
  const ClientSchedule schedule = Ago(0);
  store_.put = [&](std::string_view, std::string_view, Store*) {
    const double due_ns = static_cast<double>(puts++) * 1e6;
    if (clock_.End() < schedule.start + clock_.TicksOf(due_ns)) ++early;
    return Status();
  };
  Run(Constant(1000), 20, schedule);
  EXPECT_EQ(puts, 20u);
  EXPECT_EQ(early, 0u);
  EXPECT_GT(all_->paced->lag.count(), 0u);
}

TEST_F(PacedClientTest, AWaitingClientCanBeStopped) {
  std::thread stopper([this] { stop_.store(true); });
  Run(Constant(0.001), 2, Ago(1));
  stopper.join();
  EXPECT_LE(all_->counts.total(), 1u);
}

TEST(ThinkingClient, ThinksAfterEachOperation) {
  const OperationClock& clock = OperationClock::Best();
  workloads::Workload workload;
  workload.records = 10;
  workload.update_proportion = 1;
  workloads::WorkloadState state(workload);
  workloads::StreamOptions options;
  options.operations = 20;
  const auto stream = NewRunStream(workload, options, &state);
  std::atomic<bool> stop{false};
  LyingStore store;
  uint64_t left = 0, puts = 0, hasty = 0;
  store.put = [&](std::string_view, std::string_view, Store*) {
    if (puts++ > 0 && clock.End() < left + clock.TicksOf(2e6)) ++hasty;
    left = clock.Start();
    return Status();
  };
  ClientParts parts;
  parts.store = &store;
  parts.stream = stream.get();
  parts.workload = &state;
  parts.stop = &stop;
  parts.think_seconds = 2e-3;
  ClientSchedule schedule;
  schedule.start = clock.Start();
  EXPECT_TRUE(std::make_unique<Client>(parts)->Run(schedule).ok());
  EXPECT_EQ(puts, 20u);
  EXPECT_EQ(hasty, 0u);
}

TEST(StallStore, HoldsCallsWhileTheStallLastsAndOnlyThose) {
  VirtualClock clock;
  StallStore store(MakeMapStore(), &clock);
  std::string value;
  ASSERT_TRUE(store.Put("a", "1").ok());
  store.Arm(100, 300);
  ASSERT_TRUE(store.Put("b", "2").ok());
  EXPECT_EQ(clock.NowNs(), 0u) << "it has not begun";
  clock.Advance(150);
  EXPECT_TRUE(*store.Get("b", &value));
  EXPECT_EQ(value, "2");
  EXPECT_EQ(clock.NowNs(), 300u);
  EXPECT_EQ(store.held(), 1u);
  EXPECT_TRUE(store.Delete("a").ok());
  EXPECT_FALSE(*store.Get("a", &value));
  EXPECT_EQ(*store.Scan("", 10, nullptr), 1u);
  EXPECT_EQ(clock.NowNs(), 300u) << "it is over";
  EXPECT_EQ(store.held(), 1u);
}

TEST(StallStore, EveryCallIsHeldAndADisarmedStoreHoldsNone) {
  VirtualClock clock;
  StallStore store(MakeMapStore(), &clock);
  std::string value;
  const std::pair<std::string_view, std::string_view> entry = {"k", "v"};
  const std::vector<std::function<void()>> calls = {
      [&] { EXPECT_TRUE(store.Put("a", "1").ok()); },
      [&] {
        EXPECT_TRUE(store.PutBatch({&entry, 1}).ok());
      },
      [&] { EXPECT_TRUE(*store.Get("k", &value)); },
      [&] { EXPECT_EQ(*store.Scan("", 9, nullptr), 2u); },
      [&] { EXPECT_EQ(*store.ScanReverse("z", 9, nullptr), 2u); },
      [&] { EXPECT_TRUE(store.Delete("k").ok()); },
      [&] { EXPECT_TRUE(store.DeleteRange("a", "z").ok()); },
  };
  for (const auto& call : calls) {
    const uint64_t end_ns = clock.NowNs() + 10;
    store.Arm(clock.NowNs(), end_ns);
    call();
    EXPECT_EQ(clock.NowNs(), end_ns);
  }
  EXPECT_EQ(store.held(), 7u);
  store.Arm(clock.NowNs(), clock.NowNs() + 10);
  store.Disarm();
  calls[0]();
  EXPECT_EQ(store.held(), 7u);
}

// Five clients for 0.3 s, and a store that does not answer from 0.05 s to 0.15 s.
class StallTest : public testing::Test {
 protected:
  static constexpr int kClients = 5;

  void Run(const ArrivalPlan& plan) {
    workloads::Workload workload;
    workload.records = 10;
    workload.update_proportion = 1;
    workloads::WorkloadState state(workload);
    std::atomic<bool> stop{false};
    const OperationClock& clock = OperationClock::Best();
    ClientSchedule schedule;
    schedule.start = clock.Start();
    schedule.end = schedule.start + clock.TicksOf(0.3 * kSecondNs);
    const uint64_t now_ns = RealClock()->NowNs();
    store_.Arm(now_ns + 50'000'000, now_ns + 150'000'000);
    std::vector<std::jthread> threads;
    for (int client = 0; client < kClients; ++client) {
      threads.emplace_back([&, client] {
        const workloads::StreamOptions options{1, client, kClients, UINT64_MAX, 0};
        const auto stream = NewRunStream(workload, options, &state);
        std::unique_ptr<Pacing> pacing;
        ClientParts parts;
        parts.store = &store_;
        parts.stream = stream.get();
        parts.workload = &state;
        parts.intervals = &intervals_;
        parts.stop = &stop;
        parts.client = client;
        parts.think_seconds = plan.think_seconds;
        if (plan.kind != ArrivalPlan::Kind::kClosed) {
          pacing = std::make_unique<Pacing>(plan, client, kClients);
          parts.pacing = pacing.get();
        }
        EXPECT_TRUE(std::make_unique<Client>(parts)->Run(schedule).ok());
      });
    }
    threads.clear();
    all_ = intervals_.TakeRest();
  }

  StallStore store_{MakeMapStore(), RealClock()};
  Intervals intervals_{kClients};
  std::unique_ptr<Interval> all_;
};

// What is due in the stall cannot return before its end, however busy the machine is: of the 100
// operations 90 wait for 10 ms and more, and all of them for 50 ms on average.
TEST_F(StallTest, AnOpenLoopSeesItInEveryOperationThatWasDue) {
  Run(Constant(1000));
  EXPECT_LE(store_.held(), 5u);
  ASSERT_NE(all_->paced, nullptr);
  const Histogram& response =
      all_->paced->response[static_cast<size_t>(workloads::OperationKind::kUpdate)];
  const Histogram::Tail waited = response.TailFrom(10'000'000);
  EXPECT_GE(waited.count, 89u);
  EXPECT_GE(waited.mean_ns * static_cast<double>(waited.count), 4.8e9);
}

TEST_F(StallTest, AClosedLoopSeesItOnceForEachClient) {
  ArrivalPlan plan;
  plan.think_seconds = 0.005;
  Run(plan);
  EXPECT_EQ(all_->paced, nullptr);
  EXPECT_LE(store_.held(), 5u);
  EXPECT_LE(all_->latency[static_cast<size_t>(workloads::OperationKind::kUpdate)]
                .TailFrom(101'000'000)
                .count,
            5u);
}

}  // namespace
}  // namespace varve::harness
