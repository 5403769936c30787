// The CLOCK cache: that a block which was used gets its second chance, and only one.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/clock_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

namespace varve {
namespace {

void Insert(BlockCache* cache, uint32_t block) {
  cache->Insert({1, block}, BlockBytes::Allocate(1000));
}

// Fills the cache until a block is evicted. Then the hand has gone round once, and every block that
// is there, except the newest, counts as not used. Returns one past the newest.
uint32_t FillAndTurn(BlockCache* cache) {
  uint32_t next = 0;
  for (uint64_t bytes = 0; cache->bytes() >= bytes;) {
    bytes = cache->bytes();
    Insert(cache, next++);
    if (bytes == cache->bytes()) break;
  }
  return next;
}

TEST(ClockCache, AUsedBlockOutlivesThoseThatWereNot) {
  const auto cache = NewClockCache(100 << 10);
  const uint32_t next = FillAndTurn(cache.get());
  ASSERT_GT(next, 50u);
  // Every third is used. As many as were not are inserted: none of the used ones may go.
  uint32_t used = 0;
  for (uint32_t i = 0; i < next; i += 3) used += cache->Lookup({1, i}) ? 1 : 0;
  for (uint32_t i = 0; i < next / 2; i++) Insert(cache.get(), next + i);
  uint32_t left = 0;
  for (uint32_t i = 0; i < next; i += 3) left += cache->Lookup({1, i}) ? 1 : 0;
  EXPECT_EQ(left, used);
}

TEST(ClockCache, WhatIsNotUsedAgainGoes) {
  const auto cache = NewClockCache(100 << 10);
  const uint32_t next = FillAndTurn(cache.get());
  for (uint32_t i = 0; i < next; i++) cache->Lookup({1, i});
  for (uint32_t i = 0; i < 3 * next; i++) Insert(cache.get(), next + i);
  for (uint32_t i = 0; i < next; i++) EXPECT_FALSE(cache->Lookup({1, i})) << i;
}

}  // namespace
}  // namespace varve
