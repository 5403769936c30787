// What RocksDB tells of its flushes, compactions, stalls and reads is right, and each byte is told
// once.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <thread>

#include "tests/harness/stores/rocksdb_testing.h"

namespace varve::harness {
namespace {

using testing::Contains;
using testing::HasSubstr;

// Level, universal, FIFO and none: all keep everything.
TEST_F(RocksDbStoreTest, StylesShapeTheTreeAsTheirNamesSay) {
  constexpr uint64_t kEntries = 30000;
  for (const std::string style : {"level", "universal", "fifo", "none"}) {
    SCOPED_TRACE(style);
    const FreshDirectory directory;
    StoreOptions options;
    options.directory = directory.path();
    // One sealed memtable at most: several would be flushed into one table.
    options.settings = {{"memtable_bytes", "64 KiB"}, {"memtables_max", "2"}};
    options.own_settings = {{"compaction_style", style}};
    store_ = kind_->Open(options).value();
    Fill(kEntries);
    ASSERT_TRUE(store_->Settle().ok());
    const StoreState state = store_->State();
    ExpectEntries(kEntries);
    const bool compacts = style == "level" || style == "universal";
    EXPECT_EQ(!state.counters.compactions.empty(), compacts);
    EXPECT_EQ(state.levels[0].tables > 36, !compacts);  // beyond where writes would stop
    EXPECT_GT(state.counters.flushes, 30u);
    const auto deeper =
        std::accumulate(state.levels.begin() + 1, state.levels.end(), uint64_t{0},
                        [](uint64_t sum, const LevelShape& level) { return sum + level.tables; });
    EXPECT_EQ(deeper > 0, compacts);
    const char* told = style == "none" ? "never compacts" : "drops nothing";
    EXPECT_EQ(testing::Value(Caveats(), Contains(HasSubstr(told))), !compacts);
    store_.reset();
  }
}

TEST_F(RocksDbStoreTest, AFifoThatDropsSaysSo) {
  const Settings keeps = {{"compaction_style", "fifo"}};
  Settings drops = keeps;
  drops.push_back({"compaction_options_fifo.max_table_files_size", "1M"});
  EXPECT_FALSE(kind_->library->drops_data(keeps));
  EXPECT_TRUE(kind_->library->drops_data(drops));
  EXPECT_FALSE(kind_->library->drops_data({}));
  Open(kSmall, drops);
  EXPECT_THAT(Caveats(), Contains(HasSubstr("drops the oldest data")));
  Fill(20000);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState state = store_->State();
  EXPECT_LT(state.file_bytes, 2u << 20);
  ASSERT_FALSE(state.counters.compactions.empty());
  EXPECT_EQ(state.counters.compactions[0].reason, CompactionReason::kExpired);
}

// RocksDB's own table of compactions holds flushes as what was written to level 0, and in its sum.
TEST_F(RocksDbStoreTest, EveryByteIsInTheLedgerOnce) {
  Open({{"memtable_bytes", "64 KiB"}}, {{"target_file_size_base", "64K"},
                                        {"max_bytes_for_level_base", "256K"},
                                        {"level_compaction_dynamic_level_bytes", "false"}});
  Fill(40000);
  Fill(20000, 10000);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState state = store_->State();
  ASSERT_TRUE(state.has_ledger && state.has_counters);
  const uint64_t flush = state.ledger.OfKind(IoKind::kFlush).bytes_written;
  const uint64_t compaction = state.ledger.OfKind(IoKind::kCompaction).bytes_written;
  const uint64_t theirs = OwnCounter("compaction.Sum.Write bytes");
  EXPECT_NEAR(static_cast<double>(flush + compaction), static_cast<double>(theirs), 4096);
  EXPECT_EQ(state.counters.flush_bytes_written, flush);
  EXPECT_EQ(CheckCompactions(state.counters, state.ledger), "");
  EXPECT_GT(compaction, flush);
  uint64_t moves = 0, jobs = 0, level2 = 0, dropped = 0;
  for (const CompactionCounters& entry : state.counters.compactions) {
    moves += entry.trivial_moves;
    jobs += entry.jobs;
    dropped += entry.entries_dropped;
    if (entry.from_level == 1) {
      level2 += entry.bytes_overlap;
      EXPECT_EQ(entry.reason, CompactionReason::kLevelSaturation);
    }
    EXPECT_LE(entry.bytes_overlap, entry.bytes_read);
  }
  EXPECT_GT(jobs, 5u);
  EXPECT_GT(level2, 0u);
  EXPECT_GT(dropped, 10000u);
  EXPECT_EQ(state.counters.puts, 60000u);
  EXPECT_EQ(state.counters.flush_entries_written, 60000u);
  const uint64_t left = 60000 - dropped;
  EXPECT_EQ(state.counters.table_data_bytes, left * (9 + kValueBytes));
  uint64_t entries = 0;
  for (const LevelShape& level : state.levels) entries += level.entries;
  EXPECT_EQ(entries, left);
  const std::lock_guard lock(jobs_.mutex);
  const auto flushes = std::count_if(jobs_.events.begin(), jobs_.events.end(),
                                     [](const JobEvent& event) { return event.flush; });
  EXPECT_EQ(static_cast<uint64_t>(flushes), state.counters.flushes);
  EXPECT_EQ(jobs_.events.size(), state.counters.flushes + jobs + moves);
}

TEST_F(RocksDbStoreTest, AscendingKeysAreMovedAndNotRewritten) {
  Open({{"memtable_bytes", "64 KiB"}});
  for (uint64_t i = 0; i < 20000; ++i) {
    ASSERT_TRUE(
        store_->Put("key" + std::to_string(100000 + i), std::string(kValueBytes, 'v')).ok());
  }
  ASSERT_TRUE(store_->Settle().ok());
  uint64_t moves = 0;
  for (const auto& entry : store_->State().counters.compactions) moves += entry.trivial_moves;
  EXPECT_GT(moves, 0u);
}

TEST_F(RocksDbStoreTest, TheLogIsCountedWithItsHeaders) {
  Open({});
  Fill(5000);
  const uint64_t counted = store_->State().ledger.OfKind(IoKind::kWal).bytes_written;
  uint64_t on_disk = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (entry.path().extension() == ".log") on_disk += entry.file_size();
  }
  EXPECT_NEAR(static_cast<double>(counted), static_cast<double>(on_disk),
              static_cast<double>(on_disk) / 1000);
}

TEST_F(RocksDbStoreTest, StallsAreToldByCause) {
  Open({{"memtable_bytes", "64 KiB"}}, {{"level0_file_num_compaction_trigger", "2"},
                                        {"level0_slowdown_writes_trigger", "2"},
                                        {"level0_stop_writes_trigger", "3"},
                                        {"delayed_write_rate", "8M"}});
  Fill(60000);
  ASSERT_TRUE(store_->Settle().ok());
  const Counters counters = store_->State().counters;
  constexpr auto kLevel0 = static_cast<size_t>(StallCause::kLevel0Runs);
  EXPECT_GT(counters.stalls[kLevel0], 0u);
  EXPECT_GT(counters.stall_ns[kLevel0], 0u);
  EXPECT_EQ(counters.stalls[static_cast<size_t>(StallCause::kPendingBytes)], 0u);
  const uint64_t sum =
      std::accumulate(counters.stall_ns.begin(), counters.stall_ns.end(), uint64_t{0});
  EXPECT_EQ(sum, OwnCounter("db.user_write_stall_micros") * 1000);
  const std::lock_guard lock(jobs_.mutex);
  const auto of_level0 = [](const StallEvent& stall) {
    return stall.cause == StallCause::kLevel0Runs && stall.end_ns > stall.start_ns;
  };
  EXPECT_TRUE(std::any_of(jobs_.stalls.begin(), jobs_.stalls.end(), of_level0));
}

TEST_F(RocksDbStoreTest, WhatReadsDoIsKnownWithTickersOnly) {
  Open(kSmall);
  Fill(5000);
  ASSERT_TRUE(store_->Settle().ok());
  StoreState state = store_->State();
  EXPECT_FALSE(state.has_filter_counters);
  EXPECT_TRUE(state.ledger_lacks_reads && state.counters_lack_tombstone_age);
  EXPECT_EQ(Used("rocksdb.statistics"), "none");
  Open(kSmall, {{"statistics", "tickers"}});
  std::string value;
  for (uint64_t i = 0; i < 5000; ++i) {
    EXPECT_TRUE(store_->Get(Key(i), &value).value());
    EXPECT_FALSE(store_->Get(Key(i) + "x", &value).value());
  }
  state = store_->State();
  ASSERT_TRUE(state.has_filter_counters);
  EXPECT_EQ(state.filter_counters.gets, 10000u);
  EXPECT_GT(state.filter_counters.negatives, 4000u);
  EXPECT_LT(state.filter_counters.false_positives, 500u);
  EXPECT_EQ(OwnCounter("rocksdb.number.keys.read"), 10000u);
  EXPECT_EQ(Used("rocksdb.statistics"), "tickers");
  EXPECT_THAT(Caveats(), Contains(HasSubstr("rocksdb.statistics was set")));
  Open(kSmall, {{"statistics", "all"}});
  EXPECT_EQ(Used("rocksdb.statistics"), "all");
  static_cast<void>(store_->Get("x", &value));
  EXPECT_EQ(OwnCounter("rocksdb.db.get.micros.count"), 1u);
}

TEST_F(RocksDbStoreTest, TablesOfBeforeAreKnownWhenItIsOpenedAgain) {
  Open(kSmall);
  Fill(10000);
  for (uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(store_->Delete(Key(i)).ok());
  ASSERT_TRUE(store_->DeleteRange("key100000", "key100002").ok());
  EXPECT_EQ(store_->State().counters.deletes, 51u);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState before = store_->State();
  Open(kSmall);
  const StoreState after = store_->State();
  EXPECT_EQ(after.file_bytes, before.file_bytes);
  EXPECT_EQ(after.counters.table_data_bytes, before.counters.table_data_bytes);
  EXPECT_EQ(after.counters.tombstones, before.counters.tombstones);
  EXPECT_EQ(after.counters.filter_bytes, before.counters.filter_bytes);
  ASSERT_FALSE(after.levels.empty());
  EXPECT_GT(after.counters.index_bytes, 0u);
}

TEST_F(RocksDbStoreTest, SettledMeansThatTheDebtIsPaid) {
  Open({{"memtable_bytes", "64 KiB"}});
  Fill(30000);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState state = store_->State();
  EXPECT_EQ(state.counters.jobs_running, 0u);
  EXPECT_EQ(state.counters.pending_compaction_bytes, 0u);
  EXPECT_EQ(state.counters.sealed_memtables, 0u);
  EXPECT_LT(state.levels[0].tables, 4u);
  const uint64_t written = state.ledger.Total().bytes_written;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(store_->State().ledger.Total().bytes_written, written);
}

}  // namespace
}  // namespace varve::harness
