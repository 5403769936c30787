// What one kind of filter promises and the others do not: its theory, its bytes, its damage.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "engine/filter/blocked_bloom_filter.h"
#include "engine/filter/bloom_filter.h"
#include "engine/filter/fuse_filter.h"
#include "engine/filter/ribbon_filter.h"
#include "engine/filter/xor_filter.h"
#include "tests/engine/filter/filter_testing.h"
#include "tests/hex.h"

namespace varve {
namespace {

using filter_testing::HashesOf;
using filter_testing::SumOfBytes;

struct Rate {
  double bits;
  double rate;
};

// The last byte of a filter is the number of its probes; these are none that it may have.
void ExpectYesAfterDamageOfProbes(const FilterPolicy& policy, const std::vector<int>& wrong) {
  std::string filter = policy.Build(HashesOf(0, 100), 10);
  ASSERT_FALSE(policy.MayContain(HashKey("absent"), filter));
  for (const int probes : wrong) {
    filter.back() = static_cast<char>(probes);
    EXPECT_TRUE(policy.MayContain(HashKey("absent"), filter)) << probes;
  }
}

TEST(BloomFilter, TheoryIsThatOfTheTextbookWithAWholeNumberOfProbes) {
  const BloomFilterPolicy bloom;
  const std::vector<Rate> rates = {{2, .3935},    {4, .1469},    {5, .0918},    {6, .0561},
                                   {8, .02158},   {10, .008194}, {12, .003142}, {14, .001201},
                                   {16, .000459}, {20, .0000671}};
  for (const auto& [bits, rate] : rates) {
    EXPECT_NEAR(bloom.ExpectedFalsePositiveRate(bits), rate, 0.002 * rate) << bits;
  }
}

TEST(BloomFilter, DamageInTheNumberOfProbesAnswersYes) {
  ExpectYesAfterDamageOfProbes(BloomFilterPolicy(), {0, 45, 255});
}

TEST(BloomFilter, TheBytesNeverChange) {
  const BloomFilterPolicy bloom;
  EXPECT_EQ(bloom.name(), "varve.bloom.1");
  const std::string filter = bloom.Build(HashesOf(0, 3), 16);
  EXPECT_EQ(Hex(filter), "92d88c71d496322c0b");
}

// The example of engine/FORMAT.md.
TEST(FuseFilter, TheBytesNeverChange) {
  EXPECT_EQ(Hex(Fuse8FilterPolicy().Build(HashesOf(0, 3), 10)),
            "0000480052000000"
            "000000000000f400"
            "0000000000000000"
            "0000000000000000"
            "03");
}

// The bytes of the others are too many to be read: their hash never changes.
TEST(FilterKinds, TheBytesNeverChange) {
  const BlockedBloomFilterPolicy blocked;
  EXPECT_EQ(blocked.name(), "varve.blocked_bloom.1");
  EXPECT_EQ(SumOfBytes(blocked, 10), 364678057482926190u);
  const RibbonFilterPolicy ribbon;
  EXPECT_EQ(ribbon.name(), "varve.ribbon.1");
  EXPECT_EQ(SumOfBytes(ribbon, 7.5), 24147416046604022u);
  const XorFilterPolicy xor8;
  EXPECT_EQ(xor8.name(), "varve.xor8.1");
  EXPECT_EQ(SumOfBytes(xor8, 10), 16009495304226330302u);
  const Fuse8FilterPolicy fuse8;
  EXPECT_EQ(fuse8.name(), "varve.fuse8.1");
  EXPECT_EQ(SumOfBytes(fuse8, 10), 12100723620582938554u);
  const Fuse16FilterPolicy fuse16;
  EXPECT_EQ(fuse16.name(), "varve.fuse16.1");
  EXPECT_EQ(SumOfBytes(fuse16, 10), 1818354609347030790u);
}

TEST(FilterKinds, LengthsThatNoFilterHasAnswerYes) {
  const BlockedBloomFilterPolicy blocked;
  const RibbonFilterPolicy ribbon;
  const XorFilterPolicy xor8;
  const Fuse8FilterPolicy fuse8;
  const Fuse16FilterPolicy fuse16;
  const std::vector<const FilterPolicy*> policies = {&blocked, &ribbon, &xor8, &fuse8, &fuse16};
  for (const FilterPolicy* policy : policies) {
    const std::vector<uint64_t> absent = HashesOf(1 << 30, 50);
    const std::string filter = policy->Build(HashesOf(0, 100), 10);
    size_t denied = 0;
    for (const uint64_t hash : absent) {
      denied += policy->MayContain(hash, filter) ? 0 : 1;
      EXPECT_TRUE(policy->MayContain(hash, std::string_view(filter).substr(1))) << policy->name();
      EXPECT_TRUE(policy->MayContain(hash, filter.back() + filter)) << policy->name();
    }
    EXPECT_GT(denied, 40u) << policy->name();
  }
}

TEST(BlockedBloomFilter, DamageInTheNumberOfProbesAnswersYes) {
  ExpectYesAfterDamageOfProbes(BlockedBloomFilterPolicy(), {0, 17, 255});
}

TEST(BlockedBloomFilter, BothWaysToProbeGiveTheSameAnswers) {
  const BlockedBloomFilterPolicy blocked;
  size_t yesses = 0;
  size_t asked = 0;
  for (int probes = 0; probes <= BlockedBloomFilterPolicy::kProbesMax + 1; probes++) {
    std::mt19937_64 random(static_cast<uint64_t>(probes));
    // Of any alignment, and so full that many bits are looked at.
    std::string filter(3 * 64 + 1, '\0');
    for (char& c : filter) c = static_cast<char>(random() | random() | random());
    filter.back() = static_cast<char>(probes);
    for (int i = 0; i < 20000; i++, asked++) {
      const uint64_t hash = random();
      const bool answer = blocked.MayContain(hash, filter);
      ASSERT_EQ(answer, BlockedBloomFilterPolicy::MayContainPortable(hash, filter)) << probes;
      yesses += answer ? 1 : 0;
    }
  }
  EXPECT_GT(yesses, asked / 10);
  EXPECT_LT(yesses, asked / 2);
}

// Beside those of the standard filter: what it costs to keep to one line (Putze et al., figure 1).
TEST(BlockedBloomFilter, TheoryIsThatOfBlocksWithDifferentNumbersOfKeys) {
  const BlockedBloomFilterPolicy blocked;
  const std::vector<Rate> rates = {{2, .3935},   {4, .1481},   {5, .0931},    {8, .02326},
                                   {10, .00966}, {12, .00413}, {16, .000844}, {20, .0001978}};
  for (const auto& [bits, rate] : rates) {
    EXPECT_NEAR(blocked.ExpectedFalsePositiveRate(bits), rate, 0.002 * rate) << bits;
  }
}

TEST(BlockedBloomFilter, NoOtherNumberOfProbesIsBetter) {
  for (double bits = 0.5; bits < 38; bits += 0.25) {
    const int best = BlockedBloomFilterPolicy::BestProbes(bits);
    const double rate = BlockedBloomFilterPolicy::Rate(bits, best) * 0.9995;
    if (best > 1) {
      EXPECT_LT(rate, BlockedBloomFilterPolicy::Rate(bits, best - 1)) << bits;
    }
    EXPECT_LT(rate, BlockedBloomFilterPolicy::Rate(bits, best + 1)) << bits;
  }
}

TEST(RibbonFilter, ABitLessDoublesTheRate) {
  const RibbonFilterPolicy ribbon;
  // 7 bits do what 10 bits of a Bloom filter do not quite; fractions lie between whole numbers.
  EXPECT_NEAR(ribbon.ExpectedFalsePositiveRate(7), 0.01, 0.0003);
  double last = 1;
  for (double bits = 0.25; bits <= 64; bits += 0.25) {
    const double rate = ribbon.ExpectedFalsePositiveRate(bits);
    EXPECT_LT(rate, last);
    EXPECT_GT(rate, 0.75 * last) << bits;
    last = rate;
  }
}

TEST(RibbonFilter, DamageInTheShapeAnswersYes) {
  const RibbonFilterPolicy ribbon;
  const std::string filter = ribbon.Build(HashesOf(0, 1000), 10);
  ASSERT_FALSE(ribbon.MayContain(HashKey("absent"), filter));
  for (size_t from_end = 1; from_end <= 5; from_end++) {
    std::string damaged = filter;
    damaged[filter.size() - from_end] = static_cast<char>(0xff);
    EXPECT_TRUE(ribbon.MayContain(HashKey("absent"), damaged)) << from_end;
  }
}

TEST(FuseFilter, DamageInTheSegmentsAnswersYes) {
  const Fuse8FilterPolicy fuse;
  std::string filter = fuse.Build(HashesOf(0, 1000), 10);
  ASSERT_FALSE(fuse.MayContain(HashKey("absent"), filter));
  for (const int segment_bits : {18, 19, 64, 255}) {
    filter.back() = static_cast<char>(segment_bits);
    EXPECT_TRUE(fuse.MayContain(HashKey("absent"), filter)) << segment_bits;
  }
}

TEST(FuseFilter, SlotsOfAKeyAreDifferentAndThere) {
  std::mt19937_64 random(3);
  for (const size_t keys : {1u, 2u, 10u, 1000u, 300000u}) {
    const FuseLayout fuse = FuseLayout::For(keys);
    const XorLayout xor8 = XorLayout::For(keys);
    for (int i = 0; i < 10000; i++) {
      const uint64_t x = i == 0 ? 0 : i == 1 ? ~uint64_t{0} : random();
      const auto [a, b, c] = fuse.SlotsOf(x);
      ASSERT_TRUE(a < b && b < c && c < fuse.slots()) << keys;
      const auto [d, e, f] = xor8.SlotsOf(x);
      ASSERT_TRUE(d < e && e < f && f < xor8.slots()) << keys;
    }
  }
}

}  // namespace
}  // namespace varve
