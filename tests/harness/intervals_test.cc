// Handing over of samples by clients.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/intervals.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace varve::harness {
namespace {

ClientCounts Reads(uint64_t count) {
  ClientCounts counts;
  counts.operations[0] = count;
  counts.found = count;
  return counts;
}

TEST(Intervals, ASampleIsCompleteWhenEveryClientIsPastIt) {
  Intervals intervals(2);
  const auto latency = std::make_unique<KindHistograms>();
  intervals.Deliver(0, 0, 1, Reads(3), *latency);
  EXPECT_EQ(intervals.Take(0), nullptr);
  intervals.Deliver(1, 0, 4, Reads(2), *latency);
  const auto first = intervals.Take(0);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->counts.total(), 5u);
  EXPECT_EQ(first->counts.found, 5u);
  EXPECT_EQ(intervals.Take(1), nullptr) << "client 0 may still end an operation in it";
}

TEST(Intervals, ASampleInWhichNothingEndedIsEmpty) {
  Intervals intervals(1);
  const auto latency = std::make_unique<KindHistograms>();
  intervals.Deliver(0, 0, 7, Reads(1), *latency);
  ASSERT_NE(intervals.Take(0), nullptr);
  const auto empty = intervals.Take(3);
  ASSERT_NE(empty, nullptr);
  EXPECT_EQ(empty->counts.total(), 0u);
  EXPECT_EQ(intervals.Take(7), nullptr);
}

TEST(Intervals, AFinishedClientHoldsNothingBack) {
  Intervals intervals(2);
  const auto latency = std::make_unique<KindHistograms>();
  intervals.Finish(1);
  intervals.Deliver(0, 0, 1, Reads(1), *latency);
  ASSERT_NE(intervals.Take(0), nullptr);
  intervals.Deliver(0, 1, 2, Reads(4), *latency);
  intervals.Deliver(0, 2, 3, Reads(5), *latency);
  intervals.Finish(0);
  EXPECT_EQ(intervals.TakeRest()->counts.total(), 9u);
  EXPECT_EQ(intervals.TakeRest()->counts.total(), 0u);
}

TEST(Intervals, HistogramsOfAllClientsAreMerged) {
  Intervals intervals(2);
  const auto latency = std::make_unique<KindHistograms>();
  (*latency)[2].Record(100);
  intervals.Deliver(0, 0, 1, {}, *latency);
  (*latency)[2].Record(7);
  intervals.Deliver(1, 0, 1, {}, *latency);
  const auto interval = intervals.Take(0);
  ASSERT_NE(interval, nullptr);
  EXPECT_EQ(interval->latency[2].count(), 3u);
  EXPECT_EQ(interval->latency[2].min_ns(), 7u);
  EXPECT_EQ(interval->latency[0].count(), 0u);
}

TEST(Intervals, NothingIsLostBetweenThreads) {
  constexpr int kClients = 4;
  constexpr uint64_t kSamples = 50;
  Intervals intervals(kClients);
  std::vector<std::jthread> threads;
  for (int client = 0; client < kClients; ++client) {
    threads.emplace_back([&intervals, client] {
      const auto latency = std::make_unique<KindHistograms>();
      for (uint64_t sample = 0; sample < kSamples; ++sample) {
        intervals.Deliver(client, sample, sample + 1, Reads(sample), *latency);
      }
      intervals.Finish(client);
    });
  }
  for (uint64_t sample = 0; sample < kSamples; ++sample) {
    std::unique_ptr<Interval> interval;
    while ((interval = intervals.Take(sample)) == nullptr) std::this_thread::yield();
    ASSERT_EQ(interval->counts.total(), sample * kClients);
  }
}

}  // namespace
}  // namespace varve::harness
