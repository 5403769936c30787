// What every block cache must do: a row in engine/parts.cc is enough to be tested here.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/block_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/cache/sharded_cache.h"
#include "engine/parts.h"

namespace varve {
namespace {

BlockBytes BlockOf(std::string_view contents) {
  BlockBytes block = BlockBytes::Allocate(contents.size());
  contents.copy(block.data(), contents.size());
  return block;
}

BlockBytes Block(size_t bytes, char fill = 'b') { return BlockOf(std::string(bytes, fill)); }

uint32_t Below(std::mt19937_64& random, uint64_t end) {
  return static_cast<uint32_t>(random() % end);
}

// The contents of a block that say which block it is.
std::string Name(uint64_t table, uint32_t block) {
  return std::to_string(table) + "/" + std::to_string(block) + std::string(500, '.');
}

class BlockCacheTest : public testing::TestWithParam<CachePart> {
 protected:
  static std::unique_ptr<BlockCache> New(uint64_t bytes_max) { return GetParam().make(bytes_max); }
};

TEST_P(BlockCacheTest, AnInsertedBlockIsFoundUnderItsKeyOnly) {
  const auto cache = New(1 << 20);
  cache->Insert({1, 4096}, Block(100, 'x'));
  ASSERT_TRUE(cache->Lookup({1, 4096}));
  EXPECT_EQ(cache->Lookup({1, 4096}).view(), std::string(100, 'x'));
  EXPECT_FALSE(cache->Lookup({1, 0}));
  EXPECT_FALSE(cache->Lookup({4096, 1}));
  cache->Insert({1, 4096}, Block(50, 'y'));
  EXPECT_EQ(cache->Lookup({1, 4096}).view(), std::string(50, 'y'));
}

TEST_P(BlockCacheTest, AnErasedBlockIsGoneAndItsBytesToo) {
  const auto cache = New(1 << 20);
  cache->Insert({1, 0}, Block(10000));
  const uint64_t before = cache->bytes();
  cache->Insert({1, 1}, Block(10000));
  EXPECT_GT(cache->bytes(), before + 10000);
  cache->Erase({1, 1});
  cache->Erase({1, 2});
  EXPECT_EQ(cache->bytes(), before);
  EXPECT_FALSE(cache->Lookup({1, 1}));
  EXPECT_TRUE(cache->Lookup({1, 0}));
}

TEST_P(BlockCacheTest, ABlockThatDoesNotFitIsNotCachedAndEvictsNothing) {
  const auto cache = New(100 << 10);
  cache->Insert({1, 0}, Block(10000));
  cache->Insert({1, 1}, Block(100 << 10));
  EXPECT_FALSE(cache->Lookup({1, 1}));
  EXPECT_TRUE(cache->Lookup({1, 0}));
}

TEST_P(BlockCacheTest, ACacheOfNoBytesKeepsNothing) {
  const auto cache = New(0);
  cache->Insert({1, 0}, Block(1));
  EXPECT_FALSE(cache->Lookup({1, 0}));
  EXPECT_EQ(cache->bytes(), 0u);
}

TEST_P(BlockCacheTest, AReaderKeepsABlockThatWasEvicted) {
  const auto cache = New(20 << 10);
  cache->Insert({1, 0}, Block(5000, 'k'));
  const BlockBytes held = cache->Lookup({1, 0});
  for (uint32_t i = 1; i < 20; i++) cache->Insert({1, i}, Block(5000));
  EXPECT_FALSE(cache->Lookup({1, 0}));
  EXPECT_EQ(held.view(), std::string(5000, 'k'));
}

TEST_P(BlockCacheTest, TheCapacityIsNeverExceededAndIsUsed) {
  for (const uint64_t bytes_max : {uint64_t{4} << 10, uint64_t{1} << 20, uint64_t{128} << 20}) {
    const auto cache = New(bytes_max);
    EXPECT_EQ(cache->bytes_max(), bytes_max);
    std::mt19937_64 random(1);
    // Blocks share their bytes here, so that the test needs little memory.
    const std::vector<BlockBytes> blocks = {Block(1), Block(100), Block(4096), Block(20000)};
    for (uint32_t i = 0; i < 60000; i++) {
      cache->Insert({random() % 3, Below(random, 100000)}, blocks[random() % 4]);
      if (i % 64 == 0) {
        ASSERT_LE(cache->bytes(), bytes_max);
      }
    }
    if (bytes_max == 1 << 20) {
      EXPECT_GT(cache->bytes(), bytes_max * 9 / 10);
    }
  }
}

TEST_P(BlockCacheTest, SmallBlocksAreChargedWithWhatTheyReallyTake) {
  const auto cache = New(8 << 20);
  for (uint32_t i = 0; i < 10000; i++) cache->Insert({1, i}, Block(1));
  // The bytes with their header and the allocator's, and what the cache needs to find them.
  EXPECT_GT(cache->bytes(), 10000u * (48 + 24));
  EXPECT_LT(cache->bytes(), 10000u * 300);
}

TEST_P(BlockCacheTest, BlocksWhoseHashesCollideAreToldApart) {
  // The cache compares 32 bits of this hash before it compares keys.
  std::unordered_map<uint32_t, uint32_t> seen;
  uint32_t block = 0;
  for (;; block++) {
    const auto [it, fresh] = seen.emplace(static_cast<uint32_t>(HashBlockKey({1, block})), block);
    if (fresh) continue;
    const auto cache = New(1 << 20);
    cache->Insert({1, it->second}, Block(10, 'a'));
    EXPECT_FALSE(cache->Lookup({1, block}));
    cache->Insert({1, block}, Block(10, 'b'));
    EXPECT_EQ(cache->Lookup({1, it->second}).view(), std::string(10, 'a'));
    cache->Erase({1, it->second});
    EXPECT_EQ(cache->Lookup({1, block}).view(), std::string(10, 'b'));
    break;
  }
}

// Half of the lookups go to a tenth of the blocks, and a tenth fits: what is asked for often must
// be there more often than chance would have it.
TEST_P(BlockCacheTest, WhatIsUsedOftenStays) {
  const auto cache = New(1 << 20);
  constexpr uint64_t kBlocks = 10000;
  std::mt19937_64 random(3);
  uint64_t often = 0;
  uint64_t often_found = 0;
  for (int i = 0; i < 200000; i++) {
    const bool hot = random() % 2 == 0;
    const uint32_t block = Below(random, hot ? kBlocks / 10 : kBlocks);
    const bool found = static_cast<bool>(cache->Lookup({1, block}));
    if (!found) cache->Insert({1, block}, Block(1000));
    if (hot && i > 50000) {
      often++;
      often_found += found ? 1 : 0;
    }
  }
  EXPECT_GT(static_cast<double>(often_found), 0.35 * static_cast<double>(often));
}

TEST_P(BlockCacheTest, ThreadsSeeOnlyTheBlocksTheyAskFor) {
  const auto cache = New(64 << 20);  // two shards
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; t++) {
    threads.emplace_back([&cache, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 8000; i++) {
        const BlockKey key = {random() % 2, Below(random, 300)};
        const BlockBytes found = cache->Lookup(key);
        if (found) {
          ASSERT_EQ(found.view(), Name(key.table, key.block));
        } else {
          cache->Insert(key, BlockOf(Name(key.table, key.block)));
        }
        if (i % 10 == 0) cache->Erase({random() % 2, Below(random, 300)});
        if (i % 100 == 0) {
          EXPECT_LE(cache->bytes(), cache->bytes_max());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::vector<CachePart> Caches() {
  std::vector<CachePart> caches;
  for (const CachePart& part : CacheParts()) {
    if (part.make(1 << 20) != nullptr) caches.push_back(part);
  }
  return caches;
}

INSTANTIATE_TEST_SUITE_P(Parts, BlockCacheTest, testing::ValuesIn(Caches()),
                         [](const auto& part) { return std::string(part.param.name); });

}  // namespace
}  // namespace varve
