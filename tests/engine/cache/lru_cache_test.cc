// The LRU cache: that its order is strict.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/lru_cache.h"

#include <gtest/gtest.h>

#include <list>
#include <random>
#include <string>

namespace varve {
namespace {

BlockBytes Block(size_t bytes) { return BlockBytes::Allocate(bytes); }

TEST(LruCache, TheBlockUsedLeastRecentlyGoesFirst) {
  // One shard: a strict order.
  const auto cache = NewLruCache(100 << 10);
  for (uint32_t i = 0; i < 9; i++) cache->Insert({1, i}, Block(10000));
  EXPECT_TRUE(cache->Lookup({1, 0}));
  EXPECT_TRUE(cache->Lookup({1, 2}));
  for (uint32_t i = 9; i < 12; i++) cache->Insert({1, i}, Block(10000));
  std::string kept;
  for (uint32_t i = 0; i < 12; i++) kept += cache->Lookup({1, i}) ? '1' : '0';
  EXPECT_EQ(kept, "101001111111");
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
    for (uint32_t i = 0; i < 300; i++) cache->Insert({9, i}, Block(1000));
    for (uint32_t i = 0; i < 300; i++) fits += cache->Lookup({9, i}) ? 1 : 0;
    for (uint32_t i = 0; i < 300; i++) cache->Erase({9, i});
    ASSERT_GT(fits, 50u);
    ModelLru model(fits);
    for (int i = 0; i < 5000; i++) {
      const uint32_t key = static_cast<uint32_t>(random() % (2 * fits));
      const uint64_t choice = random() % 10;
      if (choice < 5) {
        ASSERT_EQ(static_cast<bool>(cache->Lookup({1, key})), model.Lookup(key)) << i;
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

}  // namespace
}  // namespace varve
