// The AVL and the red-black memtable keep what makes them balanced, after each of many adds.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <type_traits>

#include "engine/memtable/avl_memtable.h"
#include "engine/memtable/rbtree_memtable.h"

namespace varve {
namespace {

template <class Tree>
class TreeMemTableTest : public testing::Test {
 protected:
  void Add(uint64_t number) {
    char key[32];
    std::snprintf(key, sizeof key, "%020llu", static_cast<unsigned long long>(number));
    tree_.Add({key, MakeTag(tree_.entries() + 1, EntryKind::kPut), "value"});
  }

  // Adds order(0) … order(count - 1); looks after each of the first few, then now and then.
  template <class Order>
  void AddAndCheck(uint64_t count, Order order) {
    constexpr uint64_t kEachOf = 500;
    constexpr uint64_t kThenEvery = 5000;
    for (uint64_t i = 0; i < count; ++i) {
      Add(order(i));
      if (i >= kEachOf && i % kThenEvery != 0) continue;
      ASSERT_TRUE(tree_.CheckInvariants()) << "add " << i;
    }
    ASSERT_TRUE(tree_.CheckInvariants());
    ASSERT_EQ(tree_.entries(), count);
  }

  Tree tree_{MemTableOptions{}};
};

using Trees = testing::Types<AvlMemTable, RbTreeMemTable>;
class TreeNames {
 public:
  template <class Tree>
  static std::string GetName(int) {
    return std::is_same_v<Tree, AvlMemTable> ? "avl" : "rbtree";
  }
};
TYPED_TEST_SUITE(TreeMemTableTest, Trees, TreeNames);

TYPED_TEST(TreeMemTableTest, IsBalancedWhenEmpty) { EXPECT_TRUE(this->tree_.CheckInvariants()); }

TYPED_TEST(TreeMemTableTest, IsBalancedAfterRisingKeys) {
  this->AddAndCheck(20000, [](uint64_t i) { return i; });
}

TYPED_TEST(TreeMemTableTest, IsBalancedAfterFallingKeys) {
  this->AddAndCheck(20000, [](uint64_t i) { return 20000 - i; });
}

TYPED_TEST(TreeMemTableTest, IsBalancedAfterKeysFromBothEnds) {
  this->AddAndCheck(20000, [](uint64_t i) { return i % 2 == 0 ? i : 40000 - i; });
}

TYPED_TEST(TreeMemTableTest, IsBalancedAfterRandomKeys) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  this->AddAndCheck(50000, [&random](uint64_t) { return random(); });
}

TYPED_TEST(TreeMemTableTest, IsBalancedAfterVersionsOfOneKey) {
  this->AddAndCheck(5000, [](uint64_t) { return uint64_t{42}; });
}

}  // namespace
}  // namespace varve
