// The LRU cache: what it keeps, what it evicts, what it charges.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/lru_cache.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/util/hash.h"

namespace varve {
namespace {

BlockBytes Block(size_t bytes, char fill = 'b') {
  return std::make_shared<const std::string>(bytes, fill);
}

// The contents of a block that say which block it is.
std::string Name(uint64_t table, uint64_t offset) {
  return std::to_string(table) + "/" + std::to_string(offset) + std::string(500, '.');
}

TEST(LruCache, AnInsertedBlockIsFoundUnderItsKeyOnly) {
  const auto cache = NewLruCache(1 << 20);
  cache->Insert({1, 4096}, Block(100, 'x'));
  ASSERT_NE(cache->Lookup({1, 4096}), nullptr);
  EXPECT_EQ(*cache->Lookup({1, 4096}), std::string(100, 'x'));
  EXPECT_EQ(cache->Lookup({1, 0}), nullptr);
  EXPECT_EQ(cache->Lookup({4096, 1}), nullptr);
  cache->Insert({1, 4096}, Block(50, 'y'));
  EXPECT_EQ(*cache->Lookup({1, 4096}), std::string(50, 'y'));
}

TEST(LruCache, AnErasedBlockIsGoneAndItsBytesToo) {
  const auto cache = NewLruCache(1 << 20);
  cache->Insert({1, 0}, Block(10000));
  const uint64_t before = cache->bytes();
  cache->Insert({1, 1}, Block(10000));
  EXPECT_GT(cache->bytes(), before + 10000);
  cache->Erase({1, 1});
  cache->Erase({1, 2});
  EXPECT_EQ(cache->bytes(), before);
  EXPECT_EQ(cache->Lookup({1, 1}), nullptr);
  EXPECT_NE(cache->Lookup({1, 0}), nullptr);
}

TEST(LruCache, TheBlockUsedLeastRecentlyGoesFirst) {
  // One shard: a strict order.
  const auto cache = NewLruCache(100 << 10);
  for (uint64_t i = 0; i < 9; i++) cache->Insert({1, i}, Block(10000));
  EXPECT_NE(cache->Lookup({1, 0}), nullptr);
  EXPECT_NE(cache->Lookup({1, 2}), nullptr);
  for (uint64_t i = 9; i < 12; i++) cache->Insert({1, i}, Block(10000));
  std::string kept;
  for (uint64_t i = 0; i < 12; i++) kept += cache->Lookup({1, i}) != nullptr ? '1' : '0';
  EXPECT_EQ(kept, "101001111111");
}

TEST(LruCache, ABlockThatDoesNotFitIsNotCachedAndEvictsNothing) {
  const auto cache = NewLruCache(100 << 10);
  cache->Insert({1, 0}, Block(10000));
  cache->Insert({1, 1}, Block(100 << 10));
  EXPECT_EQ(cache->Lookup({1, 1}), nullptr);
  EXPECT_NE(cache->Lookup({1, 0}), nullptr);
}

TEST(LruCache, ACacheOfNoBytesKeepsNothing) {
  const auto cache = NewLruCache(0);
  cache->Insert({1, 0}, Block(1));
  EXPECT_EQ(cache->Lookup({1, 0}), nullptr);
  EXPECT_EQ(cache->bytes(), 0u);
}

TEST(LruCache, AReaderKeepsABlockThatWasEvicted) {
  const auto cache = NewLruCache(20 << 10);
  cache->Insert({1, 0}, Block(5000, 'k'));
  const BlockBytes held = cache->Lookup({1, 0});
  for (uint64_t i = 1; i < 20; i++) cache->Insert({1, i}, Block(5000));
  EXPECT_EQ(cache->Lookup({1, 0}), nullptr);
  EXPECT_EQ(*held, std::string(5000, 'k'));
}

TEST(LruCache, TheCapacityIsNeverExceededAndIsUsed) {
  for (const uint64_t bytes_max : {uint64_t{4} << 10, uint64_t{1} << 20, uint64_t{128} << 20}) {
    const auto cache = NewLruCache(bytes_max);
    EXPECT_EQ(cache->bytes_max(), bytes_max);
    std::mt19937_64 random(1);
    // Blocks share their bytes here, so that the test needs little memory.
    const std::vector<BlockBytes> blocks = {Block(1), Block(100), Block(4096), Block(20000)};
    for (uint64_t i = 0; i < 60000; i++) {
      cache->Insert({random() % 3, random() % 100000}, blocks[random() % 4]);
      if (i % 64 == 0) {
        ASSERT_LE(cache->bytes(), bytes_max);
      }
    }
    if (bytes_max == 1 << 20) {
      EXPECT_GT(cache->bytes(), bytes_max * 9 / 10);
    }
  }
}

TEST(LruCache, SmallBlocksAreChargedWithWhatTheyReallyTake) {
  const auto cache = NewLruCache(8 << 20);
  for (uint64_t i = 0; i < 10000; i++) cache->Insert({1, i}, Block(1));
  // A string object with its count, its characters, a node and its slot.
  EXPECT_GT(cache->bytes(), 10000u * (64 + 32 + 48 + 8));
  EXPECT_LT(cache->bytes(), 10000u * 300);
}

// The same in the simplest words.
class ModelLru {
 public:
  explicit ModelLru(size_t count_max) : count_max_(count_max) {}
  bool Lookup(uint64_t key) {
    for (auto it = keys_.begin(); it != keys_.end(); ++it) {
      if (*it == key) {
        keys_.splice(keys_.begin(), keys_, it);
        return true;
      }
    }
    return false;
  }
  void Insert(uint64_t key) {
    keys_.remove(key);
    if (keys_.size() == count_max_) keys_.pop_back();
    keys_.push_front(key);
  }
  void Erase(uint64_t key) { keys_.remove(key); }

 private:
  const size_t count_max_;
  std::list<uint64_t> keys_;
};

TEST(LruCache, RandomOperationsAgreeWithAModel) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto cache = NewLruCache(100 << 10);
    size_t fits = 0;
    for (uint64_t i = 0; i < 300; i++) cache->Insert({9, i}, Block(1000));
    for (uint64_t i = 0; i < 300; i++) fits += cache->Lookup({9, i}) != nullptr ? 1 : 0;
    for (uint64_t i = 0; i < 300; i++) cache->Erase({9, i});
    ASSERT_GT(fits, 50u);
    ModelLru model(fits);
    for (int i = 0; i < 5000; i++) {
      const uint64_t key = random() % (2 * fits);
      const uint64_t choice = random() % 10;
      if (choice < 5) {
        ASSERT_EQ(cache->Lookup({1, key}) != nullptr, model.Lookup(key)) << i;
      } else if (choice < 9) {
        cache->Insert({1, key}, Block(1000));
        model.Insert(key);
      } else {
        cache->Erase({1, key});
        model.Erase(key);
      }
    }
  }
}

TEST(LruCache, BlocksWhoseHashesCollideAreToldApart) {
  // The cache compares 32 bits of this hash before it compares keys.
  std::unordered_map<uint32_t, uint64_t> seen;
  uint64_t offset = 0;
  for (;; offset++) {
    const auto [it, fresh] = seen.emplace(static_cast<uint32_t>(Mix64(1, offset)), offset);
    if (fresh) continue;
    const auto cache = NewLruCache(1 << 20);
    cache->Insert({1, it->second}, Block(10, 'a'));
    EXPECT_EQ(cache->Lookup({1, offset}), nullptr);
    cache->Insert({1, offset}, Block(10, 'b'));
    EXPECT_EQ(*cache->Lookup({1, it->second}), std::string(10, 'a'));
    cache->Erase({1, it->second});
    EXPECT_EQ(*cache->Lookup({1, offset}), std::string(10, 'b'));
    break;
  }
}

TEST(LruCache, ThreadsSeeOnlyTheBlocksTheyAskFor) {
  const auto cache = NewLruCache(64 << 20);  // two shards
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; t++) {
    threads.emplace_back([&cache, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 8000; i++) {
        const BlockKey key = {random() % 2, random() % 300};
        const BlockBytes found = cache->Lookup(key);
        if (found != nullptr) {
          ASSERT_EQ(*found, Name(key.table, key.offset));
        } else {
          cache->Insert(key, std::make_shared<const std::string>(Name(key.table, key.offset)));
        }
        if (i % 10 == 0) cache->Erase({random() % 2, random() % 300});
        if (i % 100 == 0) {
          EXPECT_LE(cache->bytes(), cache->bytes_max());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace varve
