// Which run gets how many bits: the numbers of Monkey's model, and the budget that all keep.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/allocation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace varve {
namespace {

// A tree of full levels: each with so many runs, T times larger together than the one above.
std::vector<RunSize> FullTree(uint64_t ratio, int levels, uint64_t runs_upper, uint64_t runs_last) {
  std::vector<RunSize> runs;
  uint64_t entries = 1'000'000;
  for (int level = 0; level < levels; level++, entries *= ratio) {
    const uint64_t count = level + 1 < levels ? runs_upper : runs_last;
    for (uint64_t i = 0; i < count; i++) runs.push_back({level, entries / count});
  }
  return runs;
}

constexpr double kDecay = std::numbers::ln2 * std::numbers::ln2;

double SumOfRates(const std::vector<double>& bits) {
  double sum = 0;
  for (const double b : bits) sum += std::exp(-kDecay * b);
  return sum;
}

double MonkeyRates(const std::vector<RunSize>& runs, double bits_per_key) {
  return SumOfRates(MonkeyBits(runs, bits_per_key, kDecay));
}

double UniformRates(const std::vector<RunSize>& runs, double bits_per_key) {
  return SumOfRates(std::vector<double>(runs.size(), bits_per_key));
}

double TotalBits(const std::vector<RunSize>& runs, const std::vector<double>& bits) {
  double total = 0;
  for (size_t i = 0; i < runs.size(); i++) total += bits[i] * static_cast<double>(runs[i].entries);
  return total;
}

struct FullTreeRates {
  uint64_t ratio;
  int levels;
  double bits;
  uint64_t runs_upper;
  uint64_t runs_last;
  double uniform;
  double monkey;
};

// Monkey's equations 3 to 6, and Dostoevsky's lazy leveling, solved for full trees.
TEST(MonkeyBits, FalsePositivesOfFullTreesAreThoseOfTheModel) {
  const FullTreeRates cases[] = {
      {10, 3, 10, 1, 1, .02458, .01166}, {10, 3, 10, 9, 9, .2212, .1050},
      {10, 3, 10, 9, 1, .1557, .0145},   {4, 5, 10, 1, 1, .04096, .01721},
      {4, 5, 10, 3, 3, .1229, .0516},    {4, 5, 10, 3, 1, .1065, .0226},
      {2, 9, 5, 1, 1, .8146, .3570},     {4, 5, 5, 1, 1, .4526, .1901},
      {4, 5, 2, 1, 1, 1.913, .803}};
  for (const FullTreeRates& c : cases) {
    const auto runs = FullTree(c.ratio, c.levels, c.runs_upper, c.runs_last);
    SCOPED_TRACE(::testing::Message() << "T " << c.ratio << " L " << c.levels << " b " << c.bits);
    EXPECT_NEAR(UniformRates(runs, c.bits), c.uniform, 0.003 * c.uniform);
    EXPECT_NEAR(MonkeyRates(runs, c.bits), c.monkey, 0.003 * c.monkey);
  }
}

TEST(MonkeyBits, EachLevelUpwardGetsTheSameNumberOfBitsMore) {
  const std::vector<double> ten = MonkeyBits(FullTree(10, 3, 1, 1), 10, kDecay);
  const std::vector<double> ten_expected = {19.1, 14.3, 9.5};
  for (size_t i = 0; i < 3; i++) EXPECT_NEAR(ten[i], ten_expected[i], 0.05) << i;
  const std::vector<double> four = MonkeyBits(FullTree(4, 5, 1, 1), 5, kDecay);
  const std::vector<double> four_expected = {15.6, 12.7, 9.8, 6.9, 4.1};
  for (size_t i = 0; i < 5; i++) EXPECT_NEAR(four[i], four_expected[i], 0.05) << i;
  for (size_t i = 1; i < 5; i++) EXPECT_NEAR(four[i - 1] - four[i], std::log(4) / kDecay, 1e-6);
}

TEST(MonkeyBits, TheLastLevelsShareOfFalsePositivesIsThatOfTheWackyContinuum) {
  const auto runs = FullTree(4, 9, 3, 1);
  const std::vector<double> bits = MonkeyBits(runs, 10, kDecay);
  EXPECT_NEAR(SumOfRates({bits.back()}) / SumOfRates(bits), 0.75, 0.03 * 0.75);
}

TEST(MonkeyBits, TheTotalIsThatOfUniformAndNoOtherSplitIsBetter) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; round++) {
    std::vector<RunSize> runs(1 + random() % 12);
    for (RunSize& run : runs) run.entries = 1 + random() % (uint64_t{1} << random() % 30);
    const double bits_per_key = static_cast<double>(random() % 150) / 10;
    const std::vector<double> bits = MonkeyBits(runs, bits_per_key, kDecay);
    const double wanted = TotalBits(runs, std::vector<double>(runs.size(), bits_per_key));
    ASSERT_NEAR(TotalBits(runs, bits), wanted, 1e-6 * wanted + 1e-3);
    ASSERT_LE(SumOfRates(bits), UniformRates(runs, bits_per_key) + 1e-9);
    // Moving bits from any run to any other makes it no better.
    for (size_t from = 0; from < runs.size(); from++) {
      for (size_t to = 0; to < runs.size(); to++) {
        const double moved = std::min(0.01, bits[from]) * static_cast<double>(runs[from].entries);
        std::vector<double> other = bits;
        other[from] -= moved / static_cast<double>(runs[from].entries);
        other[to] += moved / static_cast<double>(runs[to].entries);
        if (other[to] > kFilterBitsMax) continue;
        ASSERT_GE(SumOfRates(other), SumOfRates(bits) - 1e-9);
      }
    }
  }
}

TEST(MonkeyBits, LonelyEmptyAndVeryUnequalRunsAreFine) {
  EXPECT_TRUE(MonkeyBits({}, 10, kDecay).empty());
  EXPECT_NEAR(MonkeyBits(std::vector<RunSize>{{0, 5}}, 10, kDecay)[0], 10, 1e-9);
  EXPECT_EQ(MonkeyBits(std::vector<RunSize>{{0, 5}}, 0, kDecay)[0], 0);
  const std::vector<RunSize> runs = {{0, 0}, {0, 1}, {3, 1'000'000'000'000'000}};
  const std::vector<double> bits = MonkeyBits(runs, 10, kDecay);
  EXPECT_EQ(bits[0], 0);
  EXPECT_EQ(bits[1], kFilterBitsMax);
  EXPECT_NEAR(bits[2], 10, 1e-6);
}

TEST(BitsPerKeyOf, FollowsTheAllocation) {
  const std::vector<RunSize> runs = {{0, 100}, {1, 1000}, {3, 10000}, {4, 0}};
  const auto bits = [&](const FilterBudget& budget) {
    std::vector<double> all;
    for (size_t run = 0; run < 3; run++) all.push_back(BitsPerKeyOf(budget, runs, run));
    return all;
  };
  FilterBudget budget;
  budget.bits_per_key = 8;
  EXPECT_EQ(bits(budget), (std::vector<double>{8, 8, 8}));
  budget.allocation = FilterAllocation::kNotLast;
  EXPECT_EQ(bits(budget), (std::vector<double>{8, 8, 0})) << "a level of empty runs is none";
  budget.allocation = FilterAllocation::kByLevel;
  EXPECT_EQ(bits(budget), (std::vector<double>{8, 8, 8}));
  budget.bits_by_level = {14, 0.5, 3};
  EXPECT_EQ(bits(budget), (std::vector<double>{14, 0.5, 3}));
  budget.allocation = FilterAllocation::kMonkey;
  EXPECT_EQ(bits(budget)[1], MonkeyBits(runs, 8, budget.decay)[1]);
}

TEST(BitsPerKeyOf, LevelZeroAloneHasFilters) {
  FilterBudget budget;
  budget.allocation = FilterAllocation::kNotLast;
  EXPECT_EQ(BitsPerKeyOf(budget, std::vector<RunSize>{{0, 7}, {0, 9}}, 1), 10);
}

}  // namespace
}  // namespace varve
