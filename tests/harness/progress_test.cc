// Estimates of time, and the texts that people see.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/progress.h"

#include <gtest/gtest.h>

namespace varve::harness {
namespace {

Plan TwoPointsTwice() {
  Plan plan;
  plan.points = 2;
  plan.point_of_trial = {0, 0, 1, 1};
  return plan;
}

TEST(TimeEstimate, KnowsNothingBeforeTheFirstTrialHasEnded) {
  TimeEstimate estimate(TwoPointsTwice());
  EXPECT_FALSE(estimate.SecondsLeft().has_value());
}

TEST(TimeEstimate, TakesTheMeanOfAPointOrOfAllPoints) {
  TimeEstimate estimate(TwoPointsTwice());
  estimate.TrialEnded(0, 10);
  EXPECT_DOUBLE_EQ(*estimate.SecondsLeft(), 30);  // one more of point 0, two of the unknown point
  estimate.TrialEnded(2, 2);
  EXPECT_DOUBLE_EQ(*estimate.SecondsLeft(), 12);
  estimate.TrialEnded(1, 20);
  EXPECT_DOUBLE_EQ(*estimate.SecondsLeft(), 2);
  estimate.TrialGivenUp(3);
  EXPECT_DOUBLE_EQ(*estimate.SecondsLeft(), 0);
}

TEST(DurationText, IsShort) {
  EXPECT_EQ(DurationText(0.24), "0.2 s");
  EXPECT_EQ(DurationText(9.96), "10 s");
  EXPECT_EQ(DurationText(99), "99 s");
  EXPECT_EQ(DurationText(101), "2 min");
  EXPECT_EQ(DurationText(3 * 3600), "3 h 0 min");
}

TEST(CountText, HasThreeDigits) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(999.6), "1.00 K");
  EXPECT_EQ(CountText(12345), "12.3 K");
  EXPECT_EQ(CountText(123456), "123 K");
  EXPECT_EQ(CountText(9.995e6), "10.0 M");
  EXPECT_EQ(CountText(1.23e9), "1.23 G");
}

}  // namespace
}  // namespace varve::harness
