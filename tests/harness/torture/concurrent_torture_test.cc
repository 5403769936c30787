// Writers, readers, iterators, snapshots, flushes, compactions and close, all at once.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/concurrent_torture.h"

#include <gtest/gtest.h>

#include "engine/parts.h"
#include "harness/torture/configurations.h"
#include "harness/torture/numbered_writes.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

TEST(NumberedWrites, TheStateAfterEachWriteIsKnown) {
  const NumberedWrites writes(1, 200);
  EXPECT_EQ(writes.After(0), NumberedWrites::State{});
  uint64_t changed = 0;
  for (uint64_t n = 1; n <= 200; ++n) {
    WriteBatch batch;
    writes.AddTo(&batch, n);
    EXPECT_EQ(batch.count(), n % 5 == 0 ? 2u : 1u);
    changed += writes.After(n) == writes.After(n - 1) ? 0 : 1;
    EXPECT_EQ(writes.Find(writes.After(n), n, n), n);
  }
  EXPECT_GT(changed, 190u) << "nearly every write can be told from the one before";
  EXPECT_EQ(writes.After(30)[8], 30u);
  EXPECT_EQ(writes.After(30)[9], 30u) << "both keys of the pair";
  EXPECT_EQ(writes.After(35)[8], 0u);
  EXPECT_EQ(writes.Find(writes.After(30), 31, 200), std::nullopt);
  EXPECT_EQ(writes.IndexOf(writes.KeyOf(3)), 3u);
  EXPECT_EQ(writes.Parse(3, "1 3 nonsense"), std::nullopt);
}

// I6, I7 for every memtable on threads, where tables are small and many; run under the thread
// sanitizer, also I8's data structures.
class ConcurrentMemTableTest : public testing::TestWithParam<std::string> {};

TEST_P(ConcurrentMemTableTest, EveryReaderSeesAPrefixOfEveryWriter) {
  Options options = SmallTortureOptions();
  options.memtable = GetParam();
  options.background = "threads";
  options.compaction_threads = 2;
  options.memtable_bytes = 4096;
  for (const bool told : {true, false}) {
    ConcurrentSize size;
    size.writes_per_round = 1600 / kSanitizerSlowdown;
    size.told = told;
    TortureReport report;
    EXPECT_EQ(RunConcurrently({options}, size, 1, &report), "");
    EXPECT_EQ(report.counts.at(0).second, 6 * size.writes_per_round);
  }
}

std::vector<std::string> MemTableNames() {
  std::vector<std::string> names;
  for (const MemTablePart& part : MemTableParts()) names.emplace_back(part.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Every, ConcurrentMemTableTest, testing::ValuesIn(MemTableNames()),
                         [](const auto& tested) { return tested.param; });

// I1, I6, I7 under random settings; I1 because each round ends by closing and opening again.
TEST(ConcurrentTorture, RandomConfigurationsHold) {
  TortureOptions options;
  options.seed = 20260703;
  options.cycles = ScaledCycles(30);
  const TortureReport report = RunConcurrentTorture(options);
  EXPECT_EQ(report.failure, "") << "cycle " << report.failed_cycle;
  EXPECT_EQ(report.cycles, options.cycles);
}

}  // namespace
}  // namespace varve::harness
