// What every filter policy must do: never a wrong no, wrong yesses as often as theory says.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/parts.h"
#include "tests/engine/filter/filter_testing.h"

namespace varve {
namespace {

using filter_testing::HashesOf;

class FilterConformance : public testing::TestWithParam<FilterPart> {
 protected:
  FilterConformance() : policy_(GetParam().make()) {}

  uint64_t Yesses(const std::vector<uint64_t>& hashes, std::string_view filter) const {
    uint64_t yesses = 0;
    for (const uint64_t hash : hashes) yesses += policy_->MayContain(hash, filter) ? 1 : 0;
    return yesses;
  }

  // Does a copy of `bytes`, which is as long as they are, answer at all?
  void AskCopy(std::string_view bytes) const {
    const std::unique_ptr<char[]> copy(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), copy.get());
    for (const uint64_t hash : HashesOf(0, 10)) {
      policy_->Prefetch(hash, {copy.get(), bytes.size()});
      (void)policy_->MayContain(hash, {copy.get(), bytes.size()});
    }
  }

  const std::unique_ptr<FilterPolicy> policy_;
};

TEST_P(FilterConformance, TheNameLeadsBackToThePolicy) {
  const FilterPolicy* found = FilterPolicyOfName(policy_->name());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name(), policy_->name());
  EXPECT_EQ(FilterPolicyOfName("no such policy"), nullptr);
  EXPECT_EQ(FilterPolicyOfName(""), nullptr);
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

TEST_P(FilterConformance, SetsOfEverySmallSizeHaveAFilterThatDeniesOthers) {
  const std::vector<uint64_t> absent = HashesOf(1 << 30, 1000);
  for (size_t count = 1; count <= 300; count++) {
    const std::vector<uint64_t> hashes = HashesOf(count, count);
    const std::string filter = policy_->Build(hashes, 10);
    ASSERT_EQ(Yesses(hashes, filter), count);
    ASSERT_LT(Yesses(absent, filter), 60u) << count;
  }
}

TEST_P(FilterConformance, HashesMayBeAnyNumbersAndMayRepeat) {
  const std::vector<uint64_t> hashes = {0, 0, 1, ~uint64_t{0}, uint64_t{1} << 63, 0xffffffff};
  const std::string filter = policy_->Build(hashes, 10);
  EXPECT_FALSE(filter.empty());
  EXPECT_EQ(Yesses(hashes, filter), hashes.size());
}

TEST_P(FilterConformance, ManyDuplicatesStillMakeAFilter) {
  const std::vector<uint64_t> absent = HashesOf(1 << 30, 10000);
  for (const size_t copies : {2u, 3u, 256u, 257u}) {
    std::vector<uint64_t> hashes;
    for (const uint64_t hash : HashesOf(0, 1000)) hashes.insert(hashes.end(), copies, hash);
    const std::string filter = policy_->Build(hashes, 10);
    EXPECT_EQ(Yesses(hashes, filter), hashes.size());
    EXPECT_LT(Yesses(absent, filter), 200u) << copies;
  }
}

TEST_P(FilterConformance, WrongYessesComeAsOftenAsTheorySays) {
  constexpr size_t kProbes = 1000000;
  const std::vector<uint64_t> absent = HashesOf(1 << 30, kProbes);
  const std::vector<uint64_t> present = HashesOf(0, 200000);
  for (const double bits : {2.0, 3.3, 4.0, 5.0, 6.0, 8.0, 10.0, 12.5, 14.0, 16.0, 20.0}) {
    if (policy_->fixed_bits_per_key() > 0 && bits != 10) continue;
    const std::string filter = policy_->Build(present, bits);
    const double expected = policy_->ExpectedFalsePositiveRate(bits) * kProbes;
    const double tolerance = std::max(4 * std::sqrt(expected), 0.03 * expected);
    EXPECT_NEAR(static_cast<double>(Yesses(absent, filter)), expected, tolerance)
        << bits << " bits per key";
  }
}

TEST_P(FilterConformance, TheMemoryIsWhatIsStated) {
  constexpr size_t kKeys = 500000;
  const std::vector<uint64_t> hashes = HashesOf(0, kKeys);
  for (const double bits : {0.5, 1.0, 4.0, 7.3, 10.0, 20.0}) {
    const double used = static_cast<double>(policy_->Build(hashes, bits).size()) * 8 / kKeys;
    EXPECT_NEAR(used, policy_->BitsPerKey(bits), 0.02 * policy_->BitsPerKey(bits));
  }
}

TEST_P(FilterConformance, NoKeysOrNoBitsMakeNoFilterAndNoFilterDeniesNothing) {
  EXPECT_TRUE(policy_->Build({}, 10).empty());
  EXPECT_TRUE(policy_->Build(HashesOf(0, 10), 0).empty());
  EXPECT_TRUE(policy_->Build(HashesOf(0, 10), -1).empty());
  EXPECT_TRUE(policy_->MayContain(1, ""));
  EXPECT_EQ(policy_->ExpectedFalsePositiveRate(0), 1);
  EXPECT_EQ(policy_->BitsPerKey(0), 0);
}

TEST_P(FilterConformance, AnyBytesAreSafeToAsk) {
  for (uint64_t seed = 1; seed <= 5000; seed++) {
    std::mt19937_64 random(seed);
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    AskCopy(bytes);
  }
}

TEST_P(FilterConformance, DamagedFiltersAreSafeToAsk) {
  const std::string filter = policy_->Build(HashesOf(0, 500), 10);
  for (size_t length = 0; length < filter.size(); length++) {
    AskCopy(std::string_view(filter).substr(0, length));
    AskCopy(std::string_view(filter).substr(length));
  }
  for (size_t at = filter.size() - std::min<size_t>(filter.size(), 16); at < filter.size(); at++) {
    for (int value = 0; value < 256; value++) {
      std::string damaged = filter;
      damaged[at] = static_cast<char>(value);
      AskCopy(damaged);
    }
  }
}

TEST_P(FilterConformance, TheSameHashesMakeTheSameBytes) {
  const std::vector<uint64_t> hashes = HashesOf(0, 1000);
  EXPECT_EQ(policy_->Build(hashes, 10), policy_->Build(hashes, 10));
}

std::vector<FilterPart> Kinds() {
  std::vector<FilterPart> kinds;
  for (const FilterPart& part : FilterParts()) {
    if (part.make() != nullptr) kinds.push_back(part);
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Policies, FilterConformance, testing::ValuesIn(Kinds()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace varve
