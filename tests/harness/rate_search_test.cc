// The search for a rate, against systems that are simulated.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/rate_search.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

namespace varve::harness {
namespace {

// Carries the search out; returns the rates that were tried.
std::vector<double> Search(RateSearch* search, const std::function<bool(double)>& passes) {
  std::vector<double> tried;
  while (const auto rate = search->Next()) {
    tried.push_back(*rate);
    search->Report(*rate, passes(*rate));
    if (tried.size() > 1000) break;
  }
  return tried;
}

TEST(RateSearch, FindsEveryLimitToWithinItsPrecision) {
  for (double limit = 3; limit < 1e7; limit *= 1.37) {
    RateSearch search({});
    const std::vector<double> tried = Search(&search, [&](double rate) { return rate <= limit; });
    ASSERT_TRUE(search.confirmed()) << limit;
    ASSERT_LE(search.highest_pass(), limit);
    ASSERT_GT(search.lowest_fail(), limit);
    ASSERT_LE(search.lowest_fail(), search.highest_pass() * 1.05);
    ASSERT_EQ(search.TriesOf(search.highest_pass()), 2u);
    ASSERT_LE(tried.size(), 22u);
  }
}

TEST(RateSearch, DoublesThenHalvesTheRatioThenConfirms) {
  RateSearch search({1000, 0.2, 1});
  EXPECT_EQ(Search(&search, [](double rate) { return rate <= 3000; }),
            (std::vector<double>{1000, 2000, 4000, 2828, 3363, 2828}));
  EXPECT_EQ(search.highest_pass(), 2828);
  EXPECT_EQ(search.lowest_fail(), 3363);
}

TEST(RateSearch, AnAnswerThatFailsWhenItIsTriedAgainIsNone) {
  RateSearch search({1000, 0.2, 2});
  std::vector<double> tries;
  Search(&search, [&](double rate) {
    const bool again = std::find(tries.begin(), tries.end(), rate) != tries.end();
    tries.push_back(rate);
    return rate <= 3000 && !(again && rate > 2500);
  });
  EXPECT_TRUE(search.confirmed());
  EXPECT_LT(search.highest_pass(), 2500);
  EXPECT_EQ(search.TriesOf(search.highest_pass()), 3u);
  EXPECT_LE(search.lowest_fail(), 2828);
}

TEST(RateSearch, WithoutAPassThereIsNoAnswer) {
  RateSearch search({});
  const std::vector<double> tried = Search(&search, [](double) { return false; });
  EXPECT_EQ(tried.front(), 1000);
  EXPECT_EQ(tried.back(), 1) << "the lowest rate there is";
  EXPECT_FALSE(search.confirmed());
  EXPECT_EQ(search.highest_pass(), 0);
  EXPECT_EQ(search.lowest_fail(), 1);
}

TEST(RateSearch, ASystemWithoutALimitEndsAtTheHighestRateThereIs) {
  RateSearch search({1000, 0.05, 1, 40, 1, 50'000});
  Search(&search, [](double) { return true; });
  EXPECT_TRUE(search.confirmed());
  EXPECT_EQ(search.highest_pass(), 50'000);
  EXPECT_EQ(search.lowest_fail(), 0);
}

TEST(RateSearch, ProbesAreNotMoreThanAllowed) {
  RateSearch search({1000, 0.05, 1, 3});
  EXPECT_EQ(Search(&search, [](double rate) { return rate < 1e6; }).size(), 3u);
  EXPECT_FALSE(search.confirmed());
  EXPECT_EQ(search.highest_pass(), 4000);
}

// A system that passes with a probability that falls from 1 to 0 between 900 and 1,100.
TEST(RateSearch, ChanceNearTheLimitLeavesAnAnswerNearIt) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    RateSearch search({100, 0.05, 1});
    Search(&search, [&](double rate) {
      const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
      return uniform < (1100 - rate) / 200;
    });
    ASSERT_TRUE(search.confirmed()) << seed;
    ASSERT_LT(search.highest_pass(), 1100) << seed;
    ASSERT_GT(search.highest_pass(), 900 / 1.05) << seed;
  }
}

}  // namespace
}  // namespace varve::harness
