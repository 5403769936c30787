// The fast copy is the simple one, at every place and length.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/xor_copy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "workloads/random.h"

namespace varve::workloads {
namespace {

TEST(XorCopy, IsExclusiveOrOfEveryWord) {
  constexpr size_t kRoom = 512;
  std::vector<char> from(kRoom), to(kRoom);
  for (size_t i = 0; i < kRoom; i++) from[i] = static_cast<char>(Mix(i));
  const uint64_t pattern = Mix(12345);
  for (size_t begin = 0; begin < 70; begin++) {
    for (const size_t bytes : {0u, 1u, 7u, 8u, 63u, 64u, 65u, 200u}) {
      XorCopy(to.data() + begin / 2, from.data() + begin, bytes, pattern);
      for (size_t i = 0; i < bytes; i++) {
        const auto of_pattern = static_cast<char>(pattern >> (8 * (i % 8)));
        ASSERT_EQ(to[begin / 2 + i], static_cast<char>(from[begin + i] ^ of_pattern))
            << begin << " " << bytes << " " << i;
      }
    }
  }
}

TEST(XorCopy, StaysWithinWholeBlocks) {
  std::vector<char> from(256, 1), to(256, 9);
  XorCopy(to.data(), from.data(), 65, 0);
  EXPECT_EQ(to[127], 1);
  EXPECT_EQ(to[128], 9);
}

}  // namespace
}  // namespace varve::workloads
