// Intervals of means: how often they hold the true one; trends: what is one and what is not.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace varve::harness {
namespace {

// mean + x_t, where x_t = keeps * x_(t-1) + noise of variance 1.
std::vector<double> Autoregressive(uint64_t seed, size_t samples, double mean, double keeps) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  double x = noise(random) / std::sqrt(1 - keeps * keeps);
  std::vector<double> series;
  for (size_t i = 0; i < samples; ++i) {
    series.push_back(mean + x);
    const double step = noise(random);
    x = keeps * x + step;
  }
  return series;
}

// How many of 500 intervals hold the mean, in percent.
double Coverage(size_t samples, double keeps) {
  constexpr double kMean = 100;
  double held = 0, made = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    const auto interval = IntervalOfMean(Autoregressive(seed, samples, kMean, keeps));
    if (!interval) continue;
    ++made;
    held += interval->low <= kMean && kMean <= interval->high ? 1 : 0;
  }
  EXPECT_GE(made, 450);
  return 100 * held / made;
}

TEST(IntervalOfMean, HoldsTheMeanOfIndependentSamplesNineteenTimesOutOfTwenty) {
  EXPECT_NEAR(Coverage(20, 0), 95, 3);
  EXPECT_NEAR(Coverage(200, 0), 95, 3);
}

// An interval that took them for independent ones would hold it every other time.
TEST(IntervalOfMean, HoldsThatOfDependentSamplesNearlyAsOften) {
  EXPECT_GE(Coverage(400, 0.8), 90);
  EXPECT_LE(Coverage(400, 0.8), 98);
}

TEST(IntervalOfMean, CountsEffectiveSamples) {
  // (1 - keeps) / (1 + keeps) of them.
  const auto interval = IntervalOfMean(Autoregressive(7, 2000, 10, 0.5));
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->effective_samples, 2000 / 3.0, 150);
}

TEST(IntervalOfMean, OfEqualSamplesIsAPoint) {
  const auto interval = IntervalOfMean(std::vector<double>(20, 5.0));
  ASSERT_TRUE(interval);
  EXPECT_DOUBLE_EQ(interval->mean, 5);
  EXPECT_DOUBLE_EQ(interval->width(), 0);
}

TEST(IntervalOfMean, IsThatOfTheTextbook) {
  // 1 to 20, shuffled so that no neighbours are alike: t(19) * s / sqrt(n), s^2 = 35.
  const std::vector<double> series = {10, 11, 1, 20, 6,  15, 12, 9, 19, 2,
                                      14, 7,  5, 16, 17, 4,  13, 8, 3,  18};
  const auto interval = IntervalOfMean(series);
  ASSERT_TRUE(interval);
  EXPECT_DOUBLE_EQ(interval->mean, 10.5);
  EXPECT_DOUBLE_EQ(interval->effective_samples, 20);
  EXPECT_NEAR(interval->high - interval->mean, 2.093 * std::sqrt(35.0 / 20), 0.01);
}

TEST(IntervalOfMean, ThereIsNoneOfAFewSamplesOrOfASlope) {
  EXPECT_FALSE(IntervalOfMean(std::vector<double>(19, 5.0)));
  std::vector<double> slope;
  for (int i = 0; i < 100; ++i) slope.push_back(1000 - i);
  EXPECT_FALSE(IntervalOfMean(slope));
}

TEST(IntervalOfMean, ALongSeriesIsShortenedWithoutMovingItsMean) {
  const auto interval = IntervalOfMean(Autoregressive(3, 1 << 14, 50, 0.9));
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->mean, 50, 0.3);
  // The variance of the mean is 1 / (1 - keeps)^2 / n.
  EXPECT_NEAR(interval->high - interval->low, 2 * 1.96 * 10 / 128, 0.07);
}

std::vector<double> Slope(size_t samples, double by) {
  std::vector<double> series = Autoregressive(5, samples, 0, 0);
  for (size_t i = 0; i < samples; ++i) series[i] += by * static_cast<double>(i);
  return series;
}

TEST(Grows, ASlopeGrowsIfItIsWorthMentioning) {
  EXPECT_TRUE(Grows(Slope(90, 0.1), 3));
  EXPECT_FALSE(Grows(Slope(90, 0.1), 20));
  EXPECT_FALSE(Grows(Slope(90, -0.1), 0));
  EXPECT_FALSE(Grows(Slope(90, 0), 0));
}

TEST(Grows, AFewHighSamplesAtTheEndAreNoTrend) {
  std::vector<double> series(60, 1.0);
  for (size_t i = 52; i < 60; ++i) series[i] = 1000;
  EXPECT_FALSE(Grows(series, 0.5));
  for (size_t i = 40; i < 60; ++i) series[i] = 1000;
  EXPECT_TRUE(Grows(series, 0.5));
}

TEST(Grows, ASawtoothDoesNot) {
  std::vector<double> series;
  for (int i = 0; i < 90; ++i) series.push_back(i % 9);
  EXPECT_FALSE(Grows(series, 0));
}

TEST(Grows, OfTooFewSamplesNothingIsSaid) {
  EXPECT_FALSE(ThirdsOf(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_FALSE(Grows(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}, 0));
  const auto thirds = ThirdsOf(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  ASSERT_TRUE(thirds);
  EXPECT_EQ(thirds->first, 2);
  EXPECT_EQ(thirds->last, 8);
}

}  // namespace
}  // namespace varve::harness
