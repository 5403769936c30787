// Deletes of ranges in a database: what they hide and from whom, where they are kept, and when they
// are gone. The model tests and the torture mix them with everything else.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/io/memory_file_system.h"
#include "engine/repair/dump.h"
#include "engine/write_batch.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

std::string Key(int number) { return fmt::format("key{:05}", number); }

class DeleteRangeTest : public testing::Test {
 protected:
  DeleteRangeTest() { options_ = SmallOptions(); }

  void Open() {
    db_.reset();
    Environment environment;
    environment.file_system = files_.get();
    db_ = OpenDb(options_, environment, "/db");
    ASSERT_NE(db_, nullptr);
  }

  void Put(int first, int last) {
    for (int i = first; i < last; ++i) {
      const std::string value = std::to_string(++writes_) + std::string(40, 'v');
      ASSERT_OK(db_->Put(Key(i), value));
      model_[Key(i)] = value;
    }
  }
  void DeleteRange(int first, int last) {
    ASSERT_OK(db_->DeleteRange(Key(first), Key(last)));
    model_.erase(model_.lower_bound(Key(first)), model_.lower_bound(Key(last)));
  }

  // Gets, scans in both directions, and the shape of the tree.
  void Check() {
    for (int i = 0; i < kKeys; ++i) {
      const auto expected = model_.find(Key(i));
      ASSERT_EQ(GetText(*db_, Key(i)), expected == model_.end() ? "<absent>" : expected->second);
    }
    ASSERT_EQ(Contents(*db_), model_);
    ASSERT_EQ(Backwards(*db_->NewIterator()), model_);
    ASSERT_EQ(db_->tree().CheckInvariants(), "");
    ASSERT_OK(db_->Verify());
  }

  static constexpr int kKeys = 1200;
  Options options_;
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::unique_ptr<Db> db_;
  Model model_;
  int writes_ = 0;
};

TEST_F(DeleteRangeTest, EmptyAndInvertedRanges) {
  Open();
  Put(0, 3);
  const SequenceNumber before = db_->GetSnapshot()->sequence();
  EXPECT_OK(db_->DeleteRange(Key(1), Key(1)));
  EXPECT_EQ(db_->GetSnapshot()->sequence(), before) << "nothing was written";
  EXPECT_EQ(db_->DeleteRange(Key(2), Key(1)).code(), Status::Code::kInvalidArgument);
  const std::string longest(kKeyBytesMax, 'z');
  EXPECT_EQ(db_->DeleteRange(Key(2), longest + "z").code(), Status::Code::kInvalidArgument);
  WriteBatch batch;
  batch.DeleteRange("b", "a");
  batch.Put("c", "1");
  EXPECT_FALSE(batch.status().ok());
  EXPECT_EQ(db_->Write(batch).code(), Status::Code::kInvalidArgument);
  Check();
  EXPECT_OK(db_->DeleteRange("", longest));
  EXPECT_EQ(db_->GetSnapshot()->sequence(), before + 1);
  model_.clear();
  Check();
  EXPECT_EQ(db_->counters().deletes, 1u);
}

// I7
TEST_F(DeleteRangeTest, TheOrderInABatchCounts) {
  Open();
  Put(0, 10);
  WriteBatch batch;
  batch.Put(Key(3), "hidden");
  batch.DeleteRange(Key(2), Key(6));
  batch.Put(Key(4), "stays");
  EXPECT_EQ(batch.count(), 3u);
  EXPECT_EQ(batch.user_bytes(), 4 * Key(0).size() + 11);
  ASSERT_OK(db_->Write(batch));
  for (const int deleted : {2, 3, 5}) model_.erase(Key(deleted));
  model_[Key(4)] = "stays";
  Check();
  Open();
  Check();
}

// I6
TEST_F(DeleteRangeTest, SnapshotsAndIteratorsBeforeItSeeTheKeys) {
  Open();
  Put(0, 500);
  const Model full = model_;
  const auto snapshot = db_->GetSnapshot();
  const std::unique_ptr<Iterator> iterator = db_->NewIterator();
  DeleteRange(100, 400);
  const Model less = model_;
  for (const bool flush : {false, true}) {
    if (flush) ASSERT_OK(db_->Compact());
    EXPECT_EQ(Contents(*db_, snapshot.get()), full);
    EXPECT_EQ(GetText(*db_, Key(200), snapshot.get()), full.at(Key(200)));
    EXPECT_EQ(Forwards(*iterator), full);
    EXPECT_EQ(Backwards(*iterator), full);
    EXPECT_EQ(Contents(*db_), less);
  }
  Put(200, 210);
  Check();
  ASSERT_OK(db_->Compact());
  Check();
  EXPECT_EQ(Contents(*db_, snapshot.get()), full);
}

TEST_F(DeleteRangeTest, AMemTableOfNothingElseIsFlushedAndReplayed) {
  options_.level0_runs = 8;  // the run of a flush stays to be looked at
  Open();
  Put(0, 300);
  ASSERT_OK(db_->Compact());
  DeleteRange(50, 250);
  Open();  // from the log
  Check();
  DeleteRange(10, 60);
  ASSERT_OK(db_->Flush());
  const Tree tree = db_->tree();
  ASSERT_FALSE(tree.levels[0].runs.empty());
  const TableInfo& info = *tree.levels[0].runs[0].tables[0];
  EXPECT_EQ(info.smallest, Key(10));
  EXPECT_EQ(info.largest, Key(60));
  EXPECT_EQ(info.tombstones, info.entries);
  EXPECT_GT(info.oldest_tombstone, 300u);
  Check();
  Open();  // from the table
  Check();
  DeleteRange(0, kKeys);
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(db_->tree().deepest(), -1) << "nothing is left of either";
  Check();
}

TEST_F(DeleteRangeTest, ADumpShowsThem) {
  options_.level0_runs = 8;
  Open();
  Put(0, 3);
  DeleteRange(1, 3);
  const auto dump = [this](const std::string& part) {
    std::string text;
    const auto names = files_->List("/db");
    for (const std::string& name : *names) {
      if (name.find(part) == std::string::npos) continue;
      EXPECT_OK(DumpDatabaseFile(*files_, "/db/" + name, {.entries = true},
                                 [&text](std::string_view piece) { text += piece; }));
    }
    return text;
  };
  db_.reset();
  EXPECT_NE(dump(".wal").find("4 delete_range key00001 key00003"), std::string::npos)
      << dump(".wal");
  Open();
  DeleteRange(0, 1);
  ASSERT_OK(db_->Flush());
  db_.reset();
  const std::string table = dump(".table");
  EXPECT_NE(table.find("\"key00000\" to \"key00001\" @5"), std::string::npos) << table;
}

// The filters of newer runs deny the keys, and the prefix, that their tombstones delete.
TEST_F(DeleteRangeTest, FiltersHideNoTombstone) {
  options_.compaction = "tiered";
  options_.size_ratio = 100;
  options_.level0_slowdown_runs = options_.level0_stop_runs = 1000;
  options_.filter_prefix_bytes = 6;
  Open();
  Put(0, 400);
  ASSERT_OK(db_->Flush());
  DeleteRange(100, 200);
  ASSERT_OK(db_->Put("other", "1"));
  model_["other"] = "1";
  ASSERT_OK(db_->Flush());
  Check();
  ReadOptions options;
  options.lower_bound = "key001";
  options.upper_bound = "key002";
  const auto iterator = db_->NewIterator(options);
  EXPECT_EQ(Forwards(*iterator), Model());
  EXPECT_EQ(Backwards(*iterator), Model());
  uint64_t denied = 0;
  for (const LevelReadCounters& level : db_->counters().levels) {
    denied += level.scan_filter_negatives;
  }
  EXPECT_GT(denied, 0u) << "else the table was not left out";
}

// I5
TEST_F(DeleteRangeTest, OneThatLiesAcrossManyTablesIsCutWithThem) {
  options_.table_bytes = 4096;
  Open();
  Put(0, 1000);
  const Model full = model_;
  auto snapshot = db_->GetSnapshot();
  DeleteRange(5, 995);
  Put(400, 420);
  ASSERT_OK(db_->Compact());
  const Tree tree = db_->tree();
  ASSERT_EQ(tree.runs(), 1u);
  ASSERT_GT(tree.tables(), 10u);
  uint64_t with_tombstones = 0;
  for (const Level& level : tree.levels) {
    for (const auto& run : level.runs) {
      for (const TablePtr& table : run.tables) with_tombstones += table->tombstones;
    }
  }
  EXPECT_GE(with_tombstones, tree.tables() - 2) << "each has its piece";
  Check();
  EXPECT_EQ(Contents(*db_, snapshot.get()), full);
  snapshot.reset();
  Open();
  Check();
}

TEST_F(DeleteRangeTest, WhatIsDeletedTakesNoSpaceOnceItIsMerged) {
  Open();
  Put(0, 1000);
  ASSERT_OK(db_->Flush());
  DeleteRange(0, 990);
  ASSERT_OK(db_->Compact());
  const Counters counters = db_->counters();
  EXPECT_EQ(counters.tombstones, 0u);
  EXPECT_LT(counters.table_data_bytes, 1000u);
  Check();
}

TEST_F(DeleteRangeTest, TheyFillTheMemTable) {
  Open();
  for (int i = 0; i < 2000; ++i) DeleteRange(i % kKeys, i % kKeys + 1 + i % 7);
  EXPECT_GT(db_->counters().flushes, 2u);
  EXPECT_LT(db_->counters().memtable_bytes, 2 * options_.memtable_bytes);
  Put(0, 5);
  Check();
}

// The promise of tombstone_age_max holds for them as well.
TEST_F(DeleteRangeTest, NoneOutlivesTheTombstoneAge) {
  for (const char* compaction : {"leveled", "tiered", "lazy_leveled", "universal"}) {
    SCOPED_TRACE(compaction);
    db_.reset();
    files_ = NewMemoryFileSystem();
    model_.clear();
    options_ = SmallOptions();
    options_.compaction = compaction;
    options_.tombstone_age_max = 3000;
    Open();
    Put(0, kKeys);
    ASSERT_OK(db_->Flush());
    uint64_t oldest = 0;
    for (int round = 0; round < 40; ++round) {
      DeleteRange(round * 25, round * 25 + 60);
      for (int i = 0; i < 200; ++i)
        Put((round * 37 + i * 11) % kKeys, (round * 37 + i * 11) % kKeys + 1);
      oldest = std::max(oldest, db_->counters().tombstone_age_max);
      ASSERT_LE(oldest, 3000u);
    }
    EXPECT_GT(oldest, 100u);
    Check();
  }
}

TEST_F(DeleteRangeTest, WhereDataIsDroppedByAgeOrSizeTheyDeleteAllTheSame) {
  for (const char* compaction : {"fifo", "time_window"}) {
    SCOPED_TRACE(compaction);
    db_.reset();
    files_ = NewMemoryFileSystem();
    model_.clear();
    options_ = SmallOptions();
    options_.compaction = compaction;
    Open();
    for (int round = 0; round < 6; ++round) {
      Put(round * 100, round * 100 + 150);
      DeleteRange(round * 100 - 20, round * 100 + 30);
      ASSERT_OK(db_->Flush());
      Check();
    }
    Open();
    Check();
  }
}

// I5: a flush that merges takes all tables that its ranges lie across, not only those of its keys.
TEST_F(DeleteRangeTest, AFlushThatMergesTakesWhatItsRangesTouch) {
  for (const char* compaction : {"leveled", "tiered"}) {
    SCOPED_TRACE(compaction);
    db_.reset();
    files_ = NewMemoryFileSystem();
    model_.clear();
    options_ = SmallOptions();
    options_.table_bytes = 4096;
    options_.compaction = compaction;
    options_.flush_merges = true;
    Open();
    Put(0, 900);
    for (int round = 0; round < 12; ++round) {
      DeleteRange(round * 60, round * 60 + 400);
      Put(round * 60 + 200, round * 60 + 210);
      ASSERT_OK(db_->Flush());
      ASSERT_EQ(db_->tree().CheckInvariants(), "");
      Put(round * 60 + 190, round * 60 + 380);
    }
    Check();
  }
}

TEST_F(DeleteRangeTest, BoundedIteratorsStayWithinTheirBounds) {
  options_.table_bytes = 4096;
  Open();
  Put(0, 600);
  ASSERT_OK(db_->Flush());
  DeleteRange(100, 300);
  Put(150, 160);
  ASSERT_OK(db_->Flush());
  DeleteRange(250, 350);
  for (int lower = 0; lower < 600; lower += 45) {
    for (const int width : {1, 10, 120, 300}) {
      const std::string from = Key(lower), to = Key(lower + width);
      ReadOptions options;
      options.lower_bound = from;
      options.upper_bound = to;
      const auto iterator = db_->NewIterator(options);
      const Model expected(model_.lower_bound(from), model_.lower_bound(to));
      ASSERT_EQ(Forwards(*iterator), expected);
      ASSERT_EQ(Backwards(*iterator), expected);
    }
  }
}

}  // namespace
}  // namespace varve
