// Tests of the arena: alignment, no overlap, and an account that the allocator agrees with.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/arena.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstring>
#include <map>
#include <new>
#include <random>
#include <vector>

namespace varve {
namespace {

TEST(Arena, AnEmptyArenaTakesNothing) {
  Arena arena;
  EXPECT_EQ(arena.bytes(), 0u);
}

TEST(Arena, NoBytesAreSomewhereToo) {
  Arena arena;
  EXPECT_NE(arena.Allocate(0), nullptr);
  EXPECT_NE(arena.Allocate(0, 1), nullptr);
}

TEST(Arena, AllocationsAreAlignedAndDoNotOverlap) {
  const unsigned seed = 7;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  Arena arena(64 << 10);
  std::map<char*, size_t> taken;
  for (int i = 0; i < 20000; ++i) {
    const size_t alignment = size_t{1} << (random() % 8);
    const size_t bytes = random() % 100 == 0 ? random() % 100000 : random() % 200 + 1;
    char* at = arena.Allocate(bytes, alignment);
    ASSERT_NE(at, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % alignment, 0u);
    std::memset(at, i, bytes);  // address sanitizer sees a write past a block
    taken[at] = bytes;
  }
  const char* end = nullptr;
  for (const auto& [at, bytes] : taken) {
    ASSERT_GE(at, end);
    end = at + bytes;
  }
}

TEST(Arena, LargeAlignmentsWorkInEveryState) {
  Arena arena;
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{5000}, size_t{100}, size_t{1 << 20}}) {
    char* at = arena.Allocate(bytes, 4096);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(at) % 4096, 0u);
    std::memset(at, 1, bytes);
    arena.Allocate(3, 1);
  }
}

TEST(Arena, TooMuchIsBadAllocAndHarmless) {
  Arena arena;
  volatile size_t too_much = SIZE_MAX;
  EXPECT_THROW(arena.Allocate(too_much), std::bad_alloc);
  EXPECT_THROW(arena.Allocate(too_much - 4096, 4096), std::bad_alloc);
  std::memset(arena.Allocate(100), 0, 100);
  EXPECT_LT(arena.bytes(), 10000u);
}

TEST(Arena, BytesAgreeWithTheAllocatorWithinTwoPercent) {
  for (size_t target : {size_t{20} << 10, size_t{1} << 20, size_t{40} << 20}) {
    const struct mallinfo2 before = mallinfo2();
    Arena arena;
    size_t used = 0;
    while (used < target) {
      arena.Allocate(140);
      used += 144;
    }
    const struct mallinfo2 after = mallinfo2();
    const double given = static_cast<double>(after.uordblks + after.hblkhd) -
                         static_cast<double>(before.uordblks + before.hblkhd);
    if (given == 0) GTEST_SKIP() << "a sanitizer replaces the allocator";
    EXPECT_NEAR(static_cast<double>(arena.bytes()), given, 0.02 * given) << target;
  }
}

TEST(Arena, LittleIsWastedAtAnySize) {
  Arena arena;
  size_t used = 0;
  while (used < 64 << 20) {
    arena.Allocate(140, 8);
    used += 144;
    if (used < 64 << 10) continue;
    ASSERT_LT(static_cast<double>(arena.bytes()), 1.17 * static_cast<double>(used)) << used;
  }
  EXPECT_LT(static_cast<double>(arena.bytes()), 1.03 * static_cast<double>(used));
}

TEST(Arena, UsedIsTheSumOfWhatWasAskedFor) {
  for (const ArenaPages pages : {ArenaPages::kNormal, ArenaPages::kHuge}) {
    Arena arena(1 << 20, pages);
    uint64_t used = 0;
    for (size_t bytes : {1U, 100U, 5000U, 3U, 100000U, 1U << 20, 3U << 20, 7U}) {
      arena.Allocate(bytes, 16);
      used += bytes;
      EXPECT_EQ(arena.used(), used);
      EXPECT_GE(arena.bytes(), used);
    }
  }
}

TEST(Arena, HugePagesAreTakenWholeAndAligned) {
  Arena arena(1 << 20, ArenaPages::kHuge);
  EXPECT_EQ(arena.bytes(), 0u);
  char* first = arena.Allocate(100);
  EXPECT_LT(reinterpret_cast<uintptr_t>(first) % Arena::kHugePageBytes, 64u);
  EXPECT_EQ(arena.bytes(), Arena::kHugePageBytes);
  std::memset(arena.Allocate(1 << 20), 1, 1 << 20);
  EXPECT_EQ(arena.bytes(), Arena::kHugePageBytes);
  // More than half of a page, which does not fit any more, is elsewhere; the page is still filled.
  std::memset(arena.Allocate(1100000), 1, 1100000);
  EXPECT_LT(arena.bytes(), Arena::kHugePageBytes + 1200000);
  const uint64_t bytes = arena.bytes();
  std::memset(arena.Allocate(5 << 20, 4096), 1, 5 << 20);
  EXPECT_EQ(arena.bytes(), bytes + 3 * Arena::kHugePageBytes);
  EXPECT_LT(arena.Allocate(100), first + Arena::kHugePageBytes);
  EXPECT_GT(arena.Allocate(100), first);
}

TEST(Arena, AnOversizedAllocationDoesNotEndTheBlockBeingFilled) {
  Arena arena;
  char* first = arena.Allocate(16);
  arena.Allocate(1 << 20);
  char* second = arena.Allocate(16);
  EXPECT_EQ(second, first + 16);
}

}  // namespace
}  // namespace varve
