// Tests of random numbers and permutations.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/random.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/workloads/statistics.h"
#include "workloads/permutation.h"

namespace varve::workloads {
namespace {

TEST(Random, UnmixUndoesMix) {
  uint64_t x = 1;
  for (int i = 0; i < 10000; i++, x = x * 6364136223846793005 + 1442695040888963407) {
    ASSERT_EQ(Unmix(Mix(x)), x);
    ASSERT_EQ(Mix(Unmix(x)), x);
  }
}

TEST(Random, ItsNumbersArePinned) {
  Random random(Random::StreamBase(1, RandomStream::kKey), 7);
  EXPECT_EQ(random.Next(), 7411628255897793979u);
  EXPECT_EQ(random.Next(), 4025485594599796221u);
}

TEST(Random, DrawsOfOneOperationAndOfItsNeighboursAreUniformAndIndependent) {
  // Pairs of (last of three draws of operation i, first draw of operation i + 1), in 16 x 16 boxes.
  const uint64_t base = Random::StreamBase(5, RandomStream::kKey);
  std::vector<uint64_t> counts(256);
  for (uint64_t i = 0; i < 500000; i++) {
    Random here(base, i), next(base, i + 1);
    here.Next();
    here.Next();
    counts[here.Below(16) * 16 + next.Below(16)]++;
  }
  EXPECT_LT(ChiSquareDeviation(counts, std::vector<double>(256, 1.0 / 256)), 4);
}

TEST(Random, StreamsOfOneSeedAreIndependent) {
  std::vector<uint64_t> counts(256);
  for (uint64_t i = 0; i < 500000; i++) {
    Random kind(Random::StreamBase(5, RandomStream::kKind), i);
    Random key(Random::StreamBase(5, RandomStream::kKey), i);
    counts[kind.Below(16) * 16 + key.Below(16)]++;
  }
  EXPECT_LT(ChiSquareDeviation(counts, std::vector<double>(256, 1.0 / 256)), 4);
}

TEST(Permutation, EveryNumberComesOnce) {
  for (const uint64_t n : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 1000u, 1024u, 1025u, 65537u}) {
    const Permutation order(n);
    std::vector<bool> seen(n);
    for (uint64_t i = 0; i < n; i++) {
      const uint64_t at = order.At(i);
      ASSERT_LT(at, n);
      ASSERT_FALSE(seen[at]) << n << " " << i;
      seen[at] = true;
    }
  }
}

TEST(Permutation, TheOrderLooksRandom) {
  // Where the first tenth goes, in tenths.
  constexpr uint64_t kNumbers = 100000;
  const Permutation order(kNumbers);
  std::vector<uint64_t> counts(10);
  for (uint64_t i = 0; i < kNumbers / 10; i++) counts[order.At(i) * 10 / kNumbers]++;
  EXPECT_LT(ChiSquareDeviation(counts, std::vector<double>(10, 0.1)), 4);
}

TEST(Permutation, LargeDomainsWork) {
  const uint64_t n = (uint64_t{1} << 40) + 3;
  const Permutation order(n);
  for (uint64_t i = 0; i < 1000; i++) ASSERT_LT(order.At(i), n);
}

}  // namespace
}  // namespace varve::workloads
