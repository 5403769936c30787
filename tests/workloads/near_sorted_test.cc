// (K, L)-sortedness: a bijection, with the share and the distance that were asked for.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/near_sorted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace varve::workloads {
namespace {

struct Measured {
  double share = 0;       // of numbers out of place
  uint64_t distance = 0;  // the largest
  bool bijection = false;
};

Measured Measure(double k, uint64_t l, uint64_t count) {
  const NearSorted order(k, l, count);
  std::vector<bool> seen(count);
  Measured measured;
  measured.bijection = true;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t number = order.At(i);
    if (number >= count || seen[number]) {
      measured.bijection = false;
      return measured;
    }
    seen[number] = true;
    measured.share += number == i ? 0 : 1.0 / static_cast<double>(count);
    measured.distance = std::max(measured.distance, number > i ? number - i : i - number);
  }
  return measured;
}

TEST(NearSorted, HasTheShareAndTheDistanceThatWereAskedFor) {
  for (const double k : {0.0, 0.01, 0.1, 0.5, 1.0}) {
    for (const uint64_t l : {1u, 2u, 10u, 99u, 1000u}) {
      const Measured measured = Measure(k, l, 100003);
      ASSERT_TRUE(measured.bijection) << k << " " << l;
      // Of an odd block one number has no partner: with K = 1 it stays.
      const double most =
          (l + 1) % 2 == 0 ? 1 : static_cast<double>(l) / static_cast<double>(l + 1);
      EXPECT_NEAR(measured.share, std::min(k, most), 0.02) << k << " " << l;
      EXPECT_LE(measured.distance, l);
      if (k >= 0.1) {
        EXPECT_GE(measured.distance, l * 9 / 10);
      }
    }
  }
}

TEST(NearSorted, OfFewNumbersAndOfAnEndlessStream) {
  for (uint64_t count = 0; count < 40; count++) {
    EXPECT_TRUE(Measure(0.7, 12, count).bijection) << count;
  }
  const NearSorted endless(0.5, 10, ~uint64_t{0});
  for (const uint64_t i : {uint64_t{1} << 40, (uint64_t{1} << 40) + 3}) {
    EXPECT_EQ(endless.At(endless.At(i)), i);
  }
}

TEST(NearSorted, NoTwoBlocksAreAlike) {
  const NearSorted order(0.5, 99, 100000);
  int alike = 0;
  for (uint64_t i = 0; i < 100; i++) alike += order.At(i) + 100 == order.At(i + 100) ? 1 : 0;
  EXPECT_LT(alike, 60);  // if they were: 100
}

TEST(Permutation, HasAnInverse) {
  for (const uint64_t n : {1u, 2u, 3u, 7u, 8u, 9u, 1000u, 1u << 20, (1u << 20) + 1}) {
    const Permutation order(n);
    for (uint64_t i = 0; i < n; i += std::max<uint64_t>(1, n / 1000)) {
      ASSERT_EQ(order.Inverse(order.At(i)), i) << n;
    }
  }
  const Permutation whole(~uint64_t{0});
  for (uint64_t i = 0; i < 1000; i++) ASSERT_EQ(whole.Inverse(whole.At(i * i)), i * i);
}

}  // namespace
}  // namespace varve::workloads
