// Arrivals: their moments, their shares among clients, the settings that are refused; and the
// client that keeps to them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/pacing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "harness/client.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

using testing::HasSubstr;

constexpr double kSecondNs = 1e9;

ArrivalPlan Constant(double rate) {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kConstant;
  plan.rate_ops_per_second = rate;
  return plan;
}

// 2 operations a second for 3 seconds, 10 a second for 2.
ArrivalPlan Bursts() { return {ArrivalPlan::Kind::kBursts, 2, 10, 2, 3}; }

TEST(Pacing, ConstantArrivalsAreEquallyFarApart) {
  Pacing pacing(Constant(4), 0, 1);
  for (int i = 0; i < 10; ++i) EXPECT_DOUBLE_EQ(pacing.NextArrival(), i * 0.25 * kSecondNs);
}

TEST(Pacing, BurstsComeAfterValleysAgainAndAgain) {
  Pacing pacing(Bursts(), 0, 1);
  std::vector<int> arrivals(15);  // by second
  for (double at = pacing.NextArrival(); at < 15 * kSecondNs; at = pacing.NextArrival()) {
    ++arrivals[static_cast<size_t>(at / kSecondNs)];
  }
  EXPECT_EQ(arrivals, (std::vector<int>{2, 2, 2, 10, 10, 2, 2, 2, 10, 10, 2, 2, 2, 10, 10}));
}

TEST(Pacing, AValleyMayBeSilent) {
  ArrivalPlan plan = Bursts();
  plan.rate_ops_per_second = 0;
  Pacing pacing(plan, 0, 1);
  EXPECT_DOUBLE_EQ(pacing.NextArrival(), 3 * kSecondNs);
  for (int i = 1; i < 20; ++i) pacing.NextArrival();
  EXPECT_DOUBLE_EQ(pacing.NextArrival(), 8 * kSecondNs);
}

TEST(Pacing, ClientsTakeTurnsAtTheArrivalsOfOne) {
  Pacing alone(Bursts(), 0, 1);
  std::vector<Pacing> shares;
  for (int client = 0; client < 3; ++client) shares.emplace_back(Bursts(), client, 3);
  for (size_t i = 0; i < 99; ++i) {
    EXPECT_DOUBLE_EQ(shares[i % 3].NextArrival(), alone.NextArrival());
  }
}

TEST(Pacing, SettingsThatCannotGoTogetherAreRefused) {
  struct Case {
    std::vector<SettingText> settings;
    const char* says;  // "": fine
  };
  const std::vector<Case> cases = {
      {{}, ""},
      {{{"arrivals", "constant"}, {"rate_ops_per_second", "10"}}, ""},
      {{{"arrivals", "constnat"}}, "did you mean \"constant\""},
      {{{"arrivals", "constant"}}, "needs trial.rate_ops_per_second"},
      {{{"rate_ops_per_second", "10"}}, "trial.rate_ops_per_second means nothing"},
      {{{"burst_seconds", "10"}}, "mean nothing with trial.arrivals = closed"},
      {{{"arrivals", "bursts"}, {"burst_rate_ops_per_second", "9"}}, "needs trial.burst_seconds"},
      {{{"arrivals", "bursts"},
        {"rate_ops_per_second", "10"},
        {"burst_rate_ops_per_second", "9"},
        {"burst_seconds", "1"},
        {"valley_seconds", "1"}},
       "must be more than"},
      {{{"arrivals", "bursts"},
        {"burst_rate_ops_per_second", "9"},
        {"burst_seconds", "1"},
        {"valley_seconds", "1"}},
       ""},
  };
  for (const Case& one : cases) {
    TrialSpec spec;
    for (const SettingText& setting : one.settings) {
      ASSERT_TRUE(SetTrialSetting(&spec, "trial." + setting.name, setting.text).ok());
    }
    const Status status = CheckArrivals(spec.trial);
    EXPECT_EQ(status.ok(), *one.says == '\0') << status.ToString();
    EXPECT_THAT(status.ToString(), HasSubstr(one.says));
  }
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

}  // namespace
}  // namespace varve::harness
