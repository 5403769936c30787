// Histograms: error bound, exactness of what is promised to be exact, layout of HdrHistogram.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace varve::harness {
namespace {

// Values of every magnitude.
std::vector<uint64_t> RandomValues(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> values;
  for (size_t i = 0; i < count; ++i) values.push_back(random() >> (20 + random() % 44));
  return values;
}

uint64_t ExactPercentile(std::vector<uint64_t> values, double percent) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(percent * static_cast<double>(values.size()) / 100 - 1e-9);
  return values[static_cast<size_t>(std::max(1.0, rank)) - 1];
}

TEST(Histogram, BucketsAreThoseOfHdrHistogramWithTwoDigits) {
  // Its definition, with subBucketCount 256: the bucket is the position of the leading bit above
  // the sub-bucket bits, the sub-bucket what is left of the value after shifting.
  for (const uint64_t value : RandomValues(100000, 7)) {
    size_t bucket = 0;
    while ((value >> bucket) >= 256) ++bucket;
    const size_t sub_bucket = value >> bucket;
    const size_t index = sub_bucket + bucket * 128;
    ASSERT_EQ(Histogram::IndexOf(value), index) << value;
    ASSERT_LE(Histogram::LowestOf(index), value);
    ASSERT_GE(Histogram::HighestOf(index), value);
  }
}

TEST(Histogram, BucketsTouchAndCoverEverything) {
  EXPECT_EQ(Histogram::LowestOf(0), 0u);
  for (size_t index = 1; index < Histogram::kBuckets; ++index) {
    ASSERT_EQ(Histogram::LowestOf(index), Histogram::HighestOf(index - 1) + 1) << index;
  }
  EXPECT_EQ(Histogram::HighestOf(Histogram::kBuckets - 1), Histogram::kTrackableMax);
}

TEST(Histogram, PercentilesAreNeverTooSmallAndAtMostThePromisedErrorTooLarge) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const std::vector<uint64_t> values = RandomValues(997, seed);
    Histogram histogram;
    for (const uint64_t value : values) histogram.Record(value);
    for (const double percent : {0.01, 1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      const auto exact = static_cast<double>(ExactPercentile(values, percent));
      const auto given = static_cast<double>(histogram.PercentileNs(percent));
      ASSERT_GE(given, exact) << percent;
      ASSERT_LE(given, exact * 1.008) << percent;
    }
  }
}

TEST(Histogram, PercentileIsTheRankThatItsDefinitionSays) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 200; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.PercentileNs(50), 100u);
  EXPECT_EQ(histogram.PercentileNs(99), 198u);
  EXPECT_EQ(histogram.PercentileNs(99.5), 199u);
  EXPECT_EQ(histogram.PercentileNs(99.51), 200u);
  EXPECT_EQ(histogram.PercentileNs(0.5), 1u);
  EXPECT_EQ(histogram.PercentileNs(1e-9), 1u);
}

TEST(Histogram, PercentileOfAThousandIsNotMovedByRounding) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.Record(1);
  histogram.Record(100);
  EXPECT_EQ(histogram.PercentileNs(99.9), 1u);
  EXPECT_EQ(histogram.PercentileNs(99.91), 100u);
}

TEST(Histogram, CountSumMinimumAndMaximumAreExact) {
  const std::vector<uint64_t> values = RandomValues(1000, 3);
  Histogram histogram;
  uint64_t sum = 0;
  for (const uint64_t value : values) {
    histogram.Record(value);
    sum += value;
  }
  EXPECT_EQ(histogram.count(), 1000u);
  EXPECT_EQ(histogram.sum_ns(), sum);
  EXPECT_DOUBLE_EQ(histogram.mean_ns(), static_cast<double>(sum) / 1000);
  EXPECT_EQ(histogram.min_ns(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(histogram.max_ns(), *std::max_element(values.begin(), values.end()));
  EXPECT_EQ(histogram.PercentileNs(100), histogram.max_ns());
}

TEST(Histogram, AnEmptyOneAnswersZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min_ns(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0u);
  EXPECT_EQ(histogram.PercentileNs(99), 0u);
  EXPECT_EQ(histogram.mean_ns(), 0);
}

TEST(Histogram, WhatIsTooLongToTrackKeepsItsMaximum) {
  Histogram histogram;
  histogram.Record(5);
  histogram.Record(uint64_t{1} << 60);
  EXPECT_EQ(histogram.max_ns(), uint64_t{1} << 60);
  EXPECT_EQ(histogram.PercentileNs(100), uint64_t{1} << 60);
  EXPECT_EQ(histogram.PercentileNs(50), 5u);
  histogram.Clear();
  EXPECT_EQ(histogram.CountAt(Histogram::kBuckets - 1), 0u);
}

TEST(Histogram, MergingEqualsRecordingEverythingInOne) {
  Histogram one, two, both;
  for (const uint64_t value : RandomValues(500, 11)) {
    one.Record(value);
    both.Record(value);
  }
  for (const uint64_t value : RandomValues(500, 12)) {
    two.Record(value / 1000);
    both.Record(value / 1000);
  }
  one.Merge(two);
  one.Merge(Histogram());
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.sum_ns(), both.sum_ns());
  EXPECT_EQ(one.min_ns(), both.min_ns());
  EXPECT_EQ(one.max_ns(), both.max_ns());
  for (size_t index = 0; index < Histogram::kBuckets; ++index) {
    ASSERT_EQ(one.CountAt(index), both.CountAt(index)) << index;
  }
}

TEST(Histogram, ClearingLeavesNothing) {
  Histogram histogram;
  for (const uint64_t value : RandomValues(500, 5)) histogram.Record(value);
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.sum_ns(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0u);
  for (size_t index = 0; index < Histogram::kBuckets; ++index) {
    ASSERT_EQ(histogram.CountAt(index), 0u) << index;
  }
  histogram.Record(9);
  EXPECT_EQ(histogram.min_ns(), 9u);
}

}  // namespace
}  // namespace varve::harness
