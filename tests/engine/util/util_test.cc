// Tests of the small utilities: clocks and the random generator.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "engine/util/clock.h"
#include "engine/util/random.h"

namespace varve {
namespace {

TEST(Clock, TheRealClockNeverGoesBackAndSleepsAtLeastAsLongAsAsked) {
  Clock* clock = RealClock();
  const uint64_t start_ns = clock->NowNs();
  clock->SleepNs(2'000'000);
  EXPECT_GE(clock->NowNs(), start_ns + 2'000'000);
}

TEST(Clock, AVirtualClockMovesOnlyWhenTold) {
  VirtualClock clock;
  EXPECT_EQ(clock.NowNs(), 0u);
  clock.SleepNs(5);
  clock.Advance(7);
  EXPECT_EQ(clock.NowNs(), 12u);
}

// The vectors that are commonly published for SplitMix64 with this seed.
TEST(Random, GivesThePublishedNumbers) {
  Random random(1234567);
  for (uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u}) {
    EXPECT_EQ(random.Next(), expected);
  }
}

TEST(Random, TheStreamCanBeEnteredAnywhere) {
  Random random(42);
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(random.Next(), SplitMix64(42 + (i + 1) * kSplitMixGamma));
  }
}

TEST(Random, UniformFillsItsRangeEvenly) {
  Random random(1);
  std::array<int, 10> seen{};
  for (int i = 0; i < 100000; ++i) ++seen.at(random.Uniform(10));
  for (int count : seen) EXPECT_NEAR(count, 10000, 500);  // over five standard deviations
}

}  // namespace
}  // namespace varve
