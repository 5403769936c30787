// Stalls of RocksDB: changes of condition in the order in which they happened, whenever they are
// heard of, with the cause that was counted and the time that was waited.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/stall_changes.h"

#include <gtest/gtest.h>

#include "harness/store.h"

namespace varve::harness {
namespace {

using Condition = StallChanges::Condition;

constexpr auto kMemtables = static_cast<size_t>(StallCause::kMemtables);
constexpr auto kLevel0 = static_cast<size_t>(StallCause::kLevel0Runs);

class StallChangesTest : public testing::Test {
 protected:
  std::vector<StallEvent> Change(Condition before, Condition after, uint64_t now_ns) {
    return stalls_.Change(before, after, counts_, now_ns);
  }
  StallCounts counts_;
  StallChanges stalls_;
};

TEST_F(StallChangesTest, InOrderTheyLastFromChangeToChange) {
  counts_.delays[kLevel0] = 3;
  EXPECT_TRUE(Change(Condition::kNormal, Condition::kDelayed, 100).empty());
  counts_.micros = 7;
  counts_.stops[kLevel0] = 1;
  const auto delayed = Change(Condition::kDelayed, Condition::kStopped, 200);
  ASSERT_EQ(delayed.size(), 1u);
  EXPECT_EQ(delayed[0].cause, StallCause::kLevel0Runs);
  EXPECT_FALSE(delayed[0].stopped);
  EXPECT_EQ(delayed[0].start_ns, 100u);
  EXPECT_EQ(delayed[0].end_ns, 200u);
  const auto stopped = Change(Condition::kStopped, Condition::kNormal, 300);
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_TRUE(stopped[0].stopped);
  counts_.micros = 20;  // the last wait, counted after the stall
  stalls_.Count(counts_);
  EXPECT_EQ(stalls_.begun()[kLevel0], 2u);
  EXPECT_EQ(stalls_.waited_ns()[kLevel0], 20'000u);
  EXPECT_EQ(stalls_.waited_ns()[kMemtables], 0u);
}

TEST_F(StallChangesTest, TheBeginThatIsHeardOfAfterTheEndBelongsToIt) {
  counts_.delays[kLevel0] = 1;
  Change(Condition::kNormal, Condition::kDelayed, 1000);
  Change(Condition::kDelayed, Condition::kNormal, 2000);
  counts_.stops[kMemtables] = 1;
  EXPECT_TRUE(Change(Condition::kStopped, Condition::kNormal, 90'000).empty());
  counts_.micros = 40;
  stalls_.Count(counts_);
  EXPECT_EQ(stalls_.waited_ns()[kLevel0], 0u);
  const auto stopped = Change(Condition::kNormal, Condition::kStopped, 95'000);
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_EQ(stopped[0].cause, StallCause::kMemtables);
  EXPECT_EQ(stopped[0].start_ns, 50'000u);
  EXPECT_EQ(stopped[0].end_ns, 90'000u);
  EXPECT_EQ(stalls_.begun()[kMemtables], 1u);
  EXPECT_EQ(stalls_.waited_ns()[kMemtables], 40'000u);
}

TEST_F(StallChangesTest, AChangeThatWasNeverHeardOfDoesNotHoldUpTheOthersForEver) {
  for (uint64_t i = 0; i < 20; ++i) {
    Change(Condition::kStopped, Condition::kDelayed, 100 * i);
    counts_.stops[kMemtables] = i;
    Change(Condition::kDelayed, Condition::kStopped, 100 * i + 50);
  }
  EXPECT_GT(stalls_.begun()[kMemtables], 0u);
}

}  // namespace
}  // namespace varve::harness
