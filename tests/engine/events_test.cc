// The ledger of compactions: entries, differences, and the check against bytes by cause.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/events.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr auto kSaturation = CompactionReason::kLevelSaturation;
constexpr auto kRuns = CompactionReason::kRunCount;

TEST(CompactionLedgerTest, HasOneEntryForEachSourceTargetAndReasonInTheirOrder) {
  CompactionLedger ledger;
  EntryOf(&ledger, 1, 2, kRuns).jobs = 1;
  EntryOf(&ledger, kMemTableLevel, 1, kRuns).jobs = 2;
  EntryOf(&ledger, 1, 2, kSaturation).jobs = 3;
  EntryOf(&ledger, 1, 1, kRuns).jobs = 4;
  EntryOf(&ledger, 1, 2, kRuns).jobs += 10;
  ASSERT_EQ(ledger.size(), 4u);
  EXPECT_EQ(ledger[0].from_level, kMemTableLevel);
  EXPECT_EQ(ledger[1].to_level, 1);
  EXPECT_EQ(ledger[2].reason, kSaturation);
  EXPECT_EQ(ledger[3].jobs, 11u);
}

TEST(CompactionLedgerTest, ADifferenceHoldsWhatWasAdded) {
  CompactionLedger before;
  EntryOf(&before, 0, 1, kRuns).bytes_read = 5;
  EntryOf(&before, 2, 3, kRuns).bytes_read = 5;
  CompactionLedger after = before;
  CompactionCounters& grown = EntryOf(&after, 0, 1, kRuns);
  grown.bytes_read += 2;
  grown.bytes_overlap = 1;
  EntryOf(&after, 1, 2, kSaturation).trivial_moves = 7;
  const CompactionLedger difference = Difference(after, before);
  ASSERT_EQ(difference.size(), 2u) << "nothing was added to the third";
  EXPECT_EQ(difference[0].bytes_read, 2u);
  EXPECT_EQ(difference[0].bytes_overlap, 1u);
  EXPECT_EQ(difference[1].from_level, 1);
  EXPECT_EQ(difference[1].trivial_moves, 7u);
}

class CheckCompactionsTest : public testing::Test {
 protected:
  CheckCompactionsTest() {
    // Two sources of one target share its cell.
    for (const int from : {0, 1}) {
      CompactionCounters& entry = EntryOf(&counters_.compactions, from, 1, kRuns);
      entry.bytes_read = 30;
      entry.bytes_written = 20;
    }
    cell().bytes_read = 60;
    cell().bytes_written = 40;
  }
  IoCounts& cell(CompactionReason reason = kRuns) {
    return ledger_.cells[static_cast<size_t>(IoKind::kCompaction)][1][static_cast<size_t>(reason)];
  }

  Counters counters_;
  LedgerSnapshot ledger_;
};

TEST_F(CheckCompactionsTest, IsContentWhereEveryByteIsInBoth) {
  EXPECT_EQ(CheckCompactions(counters_, ledger_), "");
}

TEST_F(CheckCompactionsTest, NamesTheCellThatDiffers) {
  cell().bytes_read = 61;
  EXPECT_EQ(CheckCompactions(counters_, ledger_),
            "compactions to level 1 for reason 2 read 60 and wrote 40 bytes, the ledger has 61 "
            "and 40");
  cell().bytes_read = 60;
  cell(kSaturation).bytes_written = 1;
  EXPECT_NE(CheckCompactions(counters_, ledger_), "") << "bytes for a reason that no job had";
}

TEST_F(CheckCompactionsTest, WhileAJobRunsOrHasFailedTheLedgerMayHoldMoreButNotLess) {
  cell().bytes_written = 45;
  EXPECT_NE(CheckCompactions(counters_, ledger_), "");
  counters_.jobs_failed = 1;
  EXPECT_EQ(CheckCompactions(counters_, ledger_), "");
  counters_.jobs_failed = 0;
  counters_.jobs_running = 1;
  EXPECT_EQ(CheckCompactions(counters_, ledger_), "");
  cell().bytes_written = 39;
  EXPECT_NE(CheckCompactions(counters_, ledger_), "");
}

}  // namespace
}  // namespace varve
