// What every filter policy must do: never a wrong no, wrong yesses as often as theory says.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/filter/bloom_filter.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

struct Policy {
  const char* name;
  std::unique_ptr<FilterPolicy> (*make)();
};

class FilterConformance : public testing::TestWithParam<Policy> {
 protected:
  FilterConformance() : policy_(GetParam().make()) {}
  const std::unique_ptr<FilterPolicy> policy_;
};

std::vector<uint64_t> HashesOf(uint64_t first, size_t count) {
  std::vector<uint64_t> hashes;
  for (uint64_t i = first; i < first + count; i++) {
    hashes.push_back(HashKey("user" + std::to_string(i)));
  }
  return hashes;
}

TEST_P(FilterConformance, TheNameLeadsBackToThePolicy) {
  const FilterPolicy* found = FilterPolicyOfName(policy_->name());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name(), policy_->name());
  EXPECT_EQ(FilterPolicyOfName("no such policy"), nullptr);
}

TEST_P(FilterConformance, NoKeyOfTheSetIsEverDenied) {
  for (const double bits : {0.1, 0.9, 1.0, 2.5, 5.0, 10.0, 16.3, 40.0, 64.0}) {
    for (const size_t count : {1u, 2u, 7u, 100u, 5000u}) {
      const std::vector<uint64_t> hashes = HashesOf(count, count);
      const std::string filter = policy_->Build(hashes, bits);
      for (const uint64_t hash : hashes) ASSERT_TRUE(policy_->MayContain(hash, filter)) << bits;
    }
  }
}

TEST_P(FilterConformance, HashesMayBeAnyNumbersAndMayRepeat) {
  const std::vector<uint64_t> hashes = {0, 0, 1, ~uint64_t{0}, uint64_t{1} << 63, 0xffffffff};
  const std::string filter = policy_->Build(hashes, 10);
  for (const uint64_t hash : hashes) EXPECT_TRUE(policy_->MayContain(hash, filter));
}

TEST_P(FilterConformance, WrongYessesComeAsOftenAsTheorySays) {
  constexpr size_t kKeys = 100000;
  constexpr size_t kProbes = 400000;
  const std::vector<uint64_t> absent = HashesOf(1 << 30, kProbes);
  const std::vector<uint64_t> present = HashesOf(0, kKeys);
  for (const double bits : {2.0, 5.0, 8.0, 10.0, 16.0}) {
    const std::string filter = policy_->Build(present, bits);
    double yesses = 0;
    for (const uint64_t hash : absent) yesses += policy_->MayContain(hash, filter) ? 1 : 0;
    const double expected = policy_->ExpectedFalsePositiveRate(bits) * kProbes;
    // Four standard deviations of a binomial, and 1.5 % because the set itself is a sample too.
    const double tolerance = 4 * std::sqrt(expected) + 0.015 * expected;
    EXPECT_NEAR(yesses, expected, tolerance) << bits << " bits per key";
  }
}

TEST_P(FilterConformance, TheMemoryIsWhatWasAskedFor) {
  const std::vector<uint64_t> hashes = HashesOf(0, 10000);
  for (const double bits : {1.0, 4.0, 10.0, 20.0}) {
    const auto size = static_cast<double>(policy_->Build(hashes, bits).size());
    EXPECT_NEAR(size * 8 / 10000, bits, 0.05 * bits + 0.05);
  }
}

TEST_P(FilterConformance, NoKeysOrNoBitsMakeNoFilterAndNoFilterDeniesNothing) {
  EXPECT_TRUE(policy_->Build({}, 10).empty());
  EXPECT_TRUE(policy_->Build(HashesOf(0, 10), 0).empty());
  EXPECT_TRUE(policy_->Build(HashesOf(0, 10), -1).empty());
  EXPECT_TRUE(policy_->MayContain(1, ""));
  EXPECT_EQ(policy_->ExpectedFalsePositiveRate(0), 1);
}

TEST_P(FilterConformance, AnyBytesAreSafeToAsk) {
  for (uint64_t seed = 1; seed <= 2000; seed++) {
    std::mt19937_64 random(seed);
    const size_t size = random() % 70;
    const std::unique_ptr<char[]> bytes(new char[size]);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<char>(random());
    for (int i = 0; i < 10; i++) (void)policy_->MayContain(random(), {bytes.get(), size});
  }
}

TEST_P(FilterConformance, TheSameHashesMakeTheSameBytes) {
  const std::vector<uint64_t> hashes = HashesOf(0, 1000);
  EXPECT_EQ(policy_->Build(hashes, 10), policy_->Build(hashes, 10));
}

INSTANTIATE_TEST_SUITE_P(Policies, FilterConformance,
                         testing::Values(Policy{"bloom",
                                                []() -> std::unique_ptr<FilterPolicy> {
                                                  return std::make_unique<BloomFilterPolicy>();
                                                }}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(BloomFilter, TheoryIsThatOfTheTextbookWithAWholeNumberOfProbes) {
  const BloomFilterPolicy bloom;
  const std::vector<std::pair<double, double>> rates = {
      {2, .3935},    {4, .1469},    {5, .0918},    {6, .0561},    {8, .02158},
      {10, .008194}, {12, .003142}, {14, .001201}, {16, .000459}, {20, .0000671}};
  for (const auto& [bits, rate] : rates) {
    EXPECT_NEAR(bloom.ExpectedFalsePositiveRate(bits), rate, 0.002 * rate) << bits;
  }
}

TEST(BloomFilter, DamageInTheNumberOfProbesAnswersYes) {
  const BloomFilterPolicy bloom;
  std::string filter = bloom.Build(HashesOf(0, 100), 10);
  ASSERT_FALSE(bloom.MayContain(HashKey("absent"), filter));
  for (const int probes : {0, 45, 255}) {
    filter.back() = static_cast<char>(probes);
    EXPECT_TRUE(bloom.MayContain(HashKey("absent"), filter)) << probes;
  }
}

TEST(BloomFilter, TheBytesNeverChange) {
  const BloomFilterPolicy bloom;
  EXPECT_EQ(bloom.name(), "varve.bloom.1");
  const std::string filter = bloom.Build(HashesOf(0, 3), 16);
  std::string hex;
  for (const char c : filter) {
    hex.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
    hex.push_back("0123456789abcdef"[static_cast<unsigned char>(c) & 15]);
  }
  EXPECT_EQ(hex, "92d88c71d496322c0b");
}

}  // namespace
}  // namespace varve
