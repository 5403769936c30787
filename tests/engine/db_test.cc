// What a user of Db relies on, one sentence a test.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/db.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/io/memory_file_system.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

class DbTest : public testing::Test {
 protected:
  void Open(const Options& options = SmallOptions()) {
    db_.reset();
    Environment environment;
    environment.file_system = files_.get();
    db_ = OpenDb(options, environment, "/db");
    ASSERT_NE(db_, nullptr);
  }
  void Reopen() { Open(options_); }

  // Writes enough to make several levels.
  void Fill(int records, int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < records; ++i) {
        const std::string key = "key" + std::to_string(i * 7919 % records);
        const std::string value = std::to_string(round) + std::string(100, 'v');
        ASSERT_OK(db_->Put(key, value));
        model_[key] = value;
      }
    }
  }

  Options options_ = SmallOptions();
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::unique_ptr<Db> db_;
  Model model_;
};

TEST_F(DbTest, APutIsReadBack) {
  Open();
  ASSERT_OK(db_->Put("a", "1"));
  EXPECT_EQ(GetText(*db_, "a"), "1");
  EXPECT_EQ(GetText(*db_, "b"), "<absent>");
}

TEST_F(DbTest, TheNewestWriteWins) {
  Open();
  ASSERT_OK(db_->Put("a", "1"));
  ASSERT_OK(db_->Put("a", "2"));
  EXPECT_EQ(GetText(*db_, "a"), "2");
  ASSERT_OK(db_->Flush());
  ASSERT_OK(db_->Put("a", "3"));
  EXPECT_EQ(GetText(*db_, "a"), "3");
}

TEST_F(DbTest, ADeletedKeyIsAbsentWhereverItsValueLies) {
  Open();
  ASSERT_OK(db_->Put("a", "1"));
  ASSERT_OK(db_->Compact());
  ASSERT_OK(db_->Delete("a"));
  EXPECT_EQ(GetText(*db_, "a"), "<absent>");
  ASSERT_OK(db_->Flush());
  EXPECT_EQ(GetText(*db_, "a"), "<absent>");
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(GetText(*db_, "a"), "<absent>");
  EXPECT_EQ(db_->tree().tables(), 0u) << "nothing is left of a deleted key";
}

TEST_F(DbTest, ABatchHappensInOrderAndLaterOperationsWin) {
  Open();
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("b", "2");
  batch.Delete("a");
  batch.Put("c", "3");
  batch.Put("c", "4");
  ASSERT_OK(db_->Write(batch));
  EXPECT_EQ(Contents(*db_), (Model{{"b", "2"}, {"c", "4"}}));
}

TEST_F(DbTest, AnEmptyKeyAnEmptyValueAndZeroBytesAreLegal) {
  Open();
  const std::string zeros("\0\0\0", 3);
  ASSERT_OK(db_->Put("", "empty key"));
  ASSERT_OK(db_->Put("empty value", ""));
  ASSERT_OK(db_->Put(zeros, zeros));
  ASSERT_OK(db_->Put("\xff\xff", "high"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        Contents(*db_),
        (Model{{"", "empty key"}, {zeros, zeros}, {"empty value", ""}, {"\xff\xff", "high"}}));
    EXPECT_EQ(GetText(*db_, ""), "empty key");
    ASSERT_OK(db_->Compact());
  }
}

TEST_F(DbTest, TheLongestKeyAndALongValueWorkAndLongerOnesAreErrors) {
  Open();
  const std::string key(kKeyBytesMax, 'k');
  const std::string value(20 << 20, 'v');
  ASSERT_OK(db_->Put(key, value));
  ASSERT_OK(db_->Put(key.substr(1) + "l", "neighbour"));
  EXPECT_EQ(GetText(*db_, key), value);
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(GetText(*db_, key), value);
  Reopen();
  EXPECT_EQ(GetText(*db_, key), value);
  EXPECT_EQ(db_->Put(key + "k", "").code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(db_->Delete(key + "k").code(), Status::Code::kInvalidArgument);
}

TEST_F(DbTest, WhatWasWrittenIsThereAfterReopening) {
  Open();
  Fill(500, 3);
  Reopen();
  EXPECT_EQ(Contents(*db_), model_);
  ASSERT_OK(db_->Put("new", "1"));
  model_["new"] = "1";
  Reopen();
  EXPECT_EQ(Contents(*db_), model_);
}

TEST_F(DbTest, ADatabaseThatIsNeverFlushedLivesInItsLog) {
  options_.memtable_bytes = 64 << 20;
  Open(options_);
  Fill(200, 1);
  EXPECT_EQ(db_->tree().tables(), 0u);
  Reopen();
  EXPECT_EQ(Contents(*db_), model_);
}

TEST_F(DbTest, ALogLongerThanTheMemtableIsReplayedInPieces) {
  options_.memtable_bytes = 64 << 20;
  Open(options_);
  Fill(2000, 2);
  options_.memtable_bytes = 32 << 10;
  Reopen();
  EXPECT_EQ(Contents(*db_), model_);
  EXPECT_EQ(db_->tree().CheckInvariants(), "");
}

TEST_F(DbTest, WithoutALogOnlyFlushedWritesSurvive) {
  options_.durability = "none";
  Open(options_);
  ASSERT_OK(db_->Put("flushed", "1"));
  ASSERT_OK(db_->Flush());
  ASSERT_OK(db_->Put("lost", "2"));
  Reopen();
  EXPECT_EQ(Contents(*db_), (Model{{"flushed", "1"}}));
  EXPECT_EQ(db_->ledger().OfKind(IoKind::kWal).bytes_written, 0u);
}

TEST_F(DbTest, ASnapshotSeesItsMomentThroughFlushAndCompaction) {
  Open();
  Fill(300, 1);
  const Model then = model_;
  std::unique_ptr<const Snapshot> snapshot = db_->GetSnapshot();
  Fill(300, 3);
  ASSERT_OK(db_->Delete("key1"));
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(Contents(*db_, snapshot.get()), then);
  EXPECT_EQ(GetText(*db_, "key1", snapshot.get()), then.at("key1"));
  EXPECT_EQ(GetText(*db_, "key1"), "<absent>");
  snapshot.reset();
  ASSERT_OK(db_->Put("key1", "back"));
  ASSERT_OK(db_->Compact());
  uint64_t entries = 0;
  for (const Level& level : db_->tree().levels) {
    for (const auto& run : level.runs) entries += run.entries();
  }
  EXPECT_EQ(entries, 300u) << "without snapshots one version a key is left";
}

TEST_F(DbTest, AnIteratorSeesItsMomentWhileTheDatabaseMovesOn) {
  Open();
  Fill(300, 2);
  std::unique_ptr<Iterator> iterator = db_->NewIterator();
  const Model then = model_;
  Fill(300, 3);
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(Forwards(*iterator), then);
  EXPECT_EQ(Backwards(*iterator), then);
}

TEST_F(DbTest, BoundsLimitAnIteratorInBothDirections) {
  Open();
  for (const char* key : {"a", "b", "c", "d", "e"}) ASSERT_OK(db_->Put(key, key));
  ReadOptions options;
  options.lower_bound = "b";
  options.upper_bound = "d";
  std::unique_ptr<Iterator> iterator = db_->NewIterator(options);
  EXPECT_EQ(Forwards(*iterator), (Model{{"b", "b"}, {"c", "c"}}));
  EXPECT_EQ(Backwards(*iterator), (Model{{"b", "b"}, {"c", "c"}}));
  iterator->Seek("a");
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(iterator->key(), "b");
  iterator->Seek("d");
  EXPECT_FALSE(iterator->Valid());
  iterator->SeekForPrev("z");
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(iterator->key(), "c");
}

TEST_F(DbTest, SettleLeavesNoWorkAndTheTreeInShape) {
  options_.background = "threads";
  Open(options_);
  Fill(3000, 2);
  ASSERT_OK(db_->Settle());
  const Counters counters = db_->counters();
  EXPECT_EQ(counters.sealed_memtables, 0u);
  EXPECT_GT(counters.flushes, 0u);
  EXPECT_EQ(db_->tree().CheckInvariants(), "");
  EXPECT_LT(db_->tree().levels[0].runs.size(), options_.level0_runs);
  EXPECT_EQ(Contents(*db_), model_);
  EXPECT_OK(db_->Verify());
}

TEST_F(DbTest, CompactLeavesOneRun) {
  Open();
  Fill(1000, 3);
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(db_->tree().runs(), 1u);
  EXPECT_EQ(Contents(*db_), model_);
}

TEST_F(DbTest, SyncWorksInEveryDurabilityClass) {
  for (const char* durability : {"none", "process", "power"}) {
    options_.durability = durability;
    Open(options_);
    ASSERT_OK(db_->Put(durability, "1"));
    ASSERT_OK(db_->Sync());
    Reopen();
    EXPECT_EQ(GetText(*db_, durability), "1");
  }
}

TEST_F(DbTest, ADatabaseThatIsOpenIsRefusedASecondTime) {
  Open();
  Environment environment;
  environment.file_system = files_.get();
  auto second = Db::Open(options_, environment, "/db");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Status::Code::kBusy);
  EXPECT_EQ(second.status().message(), "/db is open already");
}

TEST_F(DbTest, AMissingDatabaseIsAnErrorUnlessItMayBeMade) {
  options_.create_if_missing = false;
  Environment environment;
  environment.file_system = files_.get();
  auto db = Db::Open(options_, environment, "/db");
  ASSERT_FALSE(db.ok());
  EXPECT_EQ(db.status().code(), Status::Code::kNotFound);
  EXPECT_EQ(db.status().message(), "/db is not a database: it has no CURRENT file");
  EXPECT_FALSE(files_->Exists("/db")) << "a refused open leaves nothing behind";
}

TEST_F(DbTest, AnUnknownPartIsRefusedAtOpenWithTheNearestName) {
  options_.memtable = "skiplst";
  Environment environment;
  environment.file_system = files_.get();
  auto db = Db::Open(options_, environment, "/db");
  ASSERT_FALSE(db.ok());
  EXPECT_EQ(db.status().code(), Status::Code::kInvalidArgument);
  EXPECT_NE(db.status().message().find("skiplist"), std::string_view::npos)
      << db.status().ToString();
}

TEST_F(DbTest, CountersTellWhatHappened) {
  Open();
  ASSERT_OK(db_->Put("a", "12345"));
  ASSERT_OK(db_->Delete("b"));
  EXPECT_EQ(GetText(*db_, "a"), "12345");
  EXPECT_EQ(GetText(*db_, "b"), "<absent>");
  ASSERT_OK(db_->Flush());
  EXPECT_EQ(GetText(*db_, "a"), "12345");
  const Counters counters = db_->counters();
  EXPECT_EQ(counters.puts, 1u);
  EXPECT_EQ(counters.deletes, 1u);
  EXPECT_EQ(counters.user_bytes_written, 7u);
  EXPECT_EQ(counters.gets_found, 2u);
  EXPECT_EQ(counters.gets_absent, 1u);
  EXPECT_EQ(counters.gets_from_memtable, 2u) << "the tombstone answers too";
  EXPECT_EQ(counters.levels[0].runs_probed, 1u);
  EXPECT_EQ(counters.levels[0].blocks_from_cache + counters.levels[0].blocks_from_storage, 1u);
}

}  // namespace
}  // namespace varve
