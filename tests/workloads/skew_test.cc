// Tests of the effective skew against shares that are known.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/skew.h"

#include <gtest/gtest.h>

#include <cmath>

namespace varve::workloads {
namespace {

Workload Choosing(std::string chooser, uint64_t records) {
  Workload workload;
  workload.records = records;
  workload.read_proportion = 1;
  workload.key_chooser = std::move(chooser);
  return workload;
}

TEST(Skew, OfUniformIsNone) {
  for (const uint64_t records : {1000u, 100'000u, 1'000'000u, 100'000'000u}) {
    const Skew skew = MeasureSkew(Choosing("uniform", records));
    EXPECT_NEAR(skew.hottest_record, 1 / static_cast<double>(records), 0.0003) << records;
    EXPECT_NEAR(skew.hottest_permille, 0.001, 0.0003) << records;
    EXPECT_NEAR(skew.hottest_percent, 0.01, 0.001) << records;
    EXPECT_NEAR(skew.hottest_tenth, 0.1, 0.003) << records;
  }
}

TEST(Skew, OfAHotSpotIsItsTwoShares) {
  Workload workload = Choosing("hotspot", 100'000);
  workload.hotspot_data_fraction = 0.01;
  workload.hotspot_operation_fraction = 0.9;
  const Skew skew = MeasureSkew(workload);
  EXPECT_NEAR(skew.hottest_permille, 0.09, 0.003);
  EXPECT_NEAR(skew.hottest_percent, 0.9, 0.002);
  EXPECT_NEAR(skew.hottest_tenth, 0.909, 0.003);
}

TEST(Skew, OfZipfIsKnownAndNeverTooLarge) {
  const Skew skew = MeasureSkew(Choosing("zipfian_scrambled", 1'000'000));
  EXPECT_NEAR(skew.hottest_record, 0.0650, 0.001);
  EXPECT_NEAR(skew.hottest_percent, 0.664, 0.01);
  EXPECT_LT(skew.hottest_percent, 0.666);
  EXPECT_NEAR(skew.hottest_tenth, 0.830, 0.06);
  EXPECT_LT(skew.hottest_tenth, 0.832);
}

TEST(Skew, OfTwoRecordsIsThatOfTheHotterOne) {
  Workload workload = Choosing("pareto", 2);
  const Skew skew = MeasureSkew(workload);
  EXPECT_NEAR(skew.hottest_record, std::pow(0.5, std::log(0.8) / std::log(0.2)), 0.002);
  EXPECT_EQ(skew.hottest_tenth, skew.hottest_record);
  EXPECT_EQ(MeasureSkew(Choosing("pareto", 1)).hottest_record, 1);
}

}  // namespace
}  // namespace varve::workloads
