// Tests of the counter of inserts.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/acknowledged_counter.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace varve::workloads {
namespace {

TEST(AcknowledgedCounter, TheLimitWaitsForTheOldest) {
  AcknowledgedCounter counter(100);
  EXPECT_EQ(counter.limit(), 100u);
  EXPECT_EQ(counter.Take(), 100u);
  EXPECT_EQ(counter.Take(), 101u);
  EXPECT_EQ(counter.Take(), 102u);
  EXPECT_TRUE(counter.Acknowledge(101).ok());
  EXPECT_EQ(counter.limit(), 100u);
  EXPECT_TRUE(counter.Acknowledge(100).ok());
  EXPECT_EQ(counter.limit(), 102u);
  EXPECT_TRUE(counter.Acknowledge(102).ok());
  EXPECT_EQ(counter.limit(), 103u);
}

TEST(AcknowledgedCounter, NumbersBelowTheStartHaveNoEffect) {
  AcknowledgedCounter counter(100);
  EXPECT_TRUE(counter.Acknowledge(99).ok());
  EXPECT_EQ(counter.limit(), 100u);
}

TEST(AcknowledgedCounter, TheWindowIsTwoToTheTwenty) {
  AcknowledgedCounter counter(5);
  for (uint64_t i = 1; i < AcknowledgedCounter::kWindow; i++) {
    ASSERT_TRUE(counter.Acknowledge(5 + i).ok());
  }
  const Status status = counter.Acknowledge(5 + AcknowledgedCounter::kWindow);
  EXPECT_EQ(status.message(), "record 5 was not acknowledged, but 1048576 after it were");
  EXPECT_TRUE(counter.Acknowledge(5).ok());
  EXPECT_EQ(counter.limit(), 5 + AcknowledgedCounter::kWindow);
  EXPECT_TRUE(counter.Acknowledge(5 + AcknowledgedCounter::kWindow).ok());
}

TEST(AcknowledgedCounter, ManyThreadsLoseNoAcknowledgement) {
  constexpr int kThreads = 4;
  constexpr uint64_t kEach = 50000;
  AcknowledgedCounter counter(0);
  std::vector<std::thread> threads;
  std::atomic<bool> ahead = false;
  for (int t = 0; t < kThreads; t++) {
    threads.emplace_back([&] {
      for (uint64_t i = 0; i < kEach; i++) {
        const uint64_t number = counter.Take();
        if (counter.limit() > number) ahead = true;
        if (!counter.Acknowledge(number).ok()) ahead = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(ahead);
  EXPECT_EQ(counter.limit(), kThreads * kEach);
}

}  // namespace
}  // namespace varve::workloads
