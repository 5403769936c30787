// The clock of operations.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/clock.h"

#include <gtest/gtest.h>

namespace varve::harness {
namespace {

TEST(OperationClock, NeverRunsBackwards) {
  const OperationClock& clock = OperationClock::Best();
  EXPECT_EQ(clock.ElapsedNs(100, 99), 0u);
  EXPECT_EQ(clock.ElapsedNs(100, 100), 0u);
  uint64_t last = clock.End();
  for (int i = 0; i < 100000; ++i) {
    const uint64_t now = clock.End();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(OperationClock, TicksAndNanosecondsConvertBothWays) {
  for (const OperationClock& clock : {OperationClock::Best(), OperationClock::Monotonic()}) {
    const uint64_t ticks = clock.TicksOf(1e9);
    EXPECT_NEAR(static_cast<double>(clock.ElapsedNs(1000, 1000 + ticks)), 1e9, 100);
    EXPECT_GT(clock.ns_per_tick(), 0);
  }
  EXPECT_EQ(OperationClock::Monotonic().ElapsedNs(5, 1005), 1000u);
}

// Both clocks around the same work: if the calibration were wrong by much, neither of the two
// bounds could hold.
TEST(OperationClock, AgreesWithTheMonotonicClock) {
  const OperationClock& clock = OperationClock::Best();
  const OperationClock monotonic = OperationClock::Monotonic();
  const uint64_t outer_start = monotonic.Start();
  const uint64_t start = clock.Start();
  const uint64_t inner_start = monotonic.End();
  while (monotonic.End() - inner_start < 20'000'000) {
  }
  const uint64_t inner_end = monotonic.End();
  const uint64_t end = clock.End();
  const uint64_t outer_end = monotonic.End();
  const auto elapsed = static_cast<double>(clock.ElapsedNs(start, end));
  EXPECT_GE(elapsed, static_cast<double>(inner_end - inner_start) * 0.99);
  EXPECT_LE(elapsed, static_cast<double>(outer_end - outer_start) * 1.01);
}

}  // namespace
}  // namespace varve::harness
