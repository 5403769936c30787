// Strategies in a database: ages of tombstones, flushes that merge, strategies that change while
// the database is open, and FIFO's drops beside snapshots. I5, I6.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "engine/strategy_of.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

std::string Key(uint64_t number) { return "key" + std::to_string(1000 + number); }

Options SmallOptions(const std::string& background) {
  Options options;
  options.background = background;
  options.memtable_bytes = 16 << 10;
  options.table_bytes = 8 << 10;
  options.level1_bytes = 32 << 10;
  options.size_ratio = 3;
  options.durability = "none";
  return options;
}

uint64_t OldestTombstone(const Tree& tree) {
  uint64_t oldest = 0;
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& table : run.tables) {
        if (table->oldest_tombstone == 0) continue;
        oldest = oldest == 0 ? table->oldest_tombstone : std::min(oldest, table->oldest_tombstone);
      }
    }
  }
  return oldest;
}

// Random puts and deletes; the answers of a map.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {}

  void Step(Db* db, uint64_t keys) {
    const std::string key = Key(random_() % keys);
    const bool deletes = random_() % 4 == 0;
    ++operations_;
    if (deletes) {
      ASSERT_TRUE(db->Delete(key).ok());
      expected_.erase(key);
    } else {
      expected_[key] = std::string(40, static_cast<char>('a' + random_() % 26));
      ASSERT_TRUE(db->Put(key, expected_[key]).ok());
    }
  }

  void Check(Db* db) const {
    const std::unique_ptr<Iterator> iterator = db->NewIterator();
    iterator->SeekToFirst();
    for (const auto& [key, value] : expected_) {
      ASSERT_TRUE(iterator->Valid()) << key;
      ASSERT_EQ(iterator->key(), key);
      ASSERT_EQ(iterator->value(), value);
      iterator->Next();
    }
    ASSERT_FALSE(iterator->Valid());
  }

  uint64_t operations() const { return operations_; }

 private:
  std::mt19937_64 random_;
  uint64_t operations_ = 0;
  std::map<std::string, std::string> expected_;
};

class DbStrategy : public testing::Test {
 protected:
  std::unique_ptr<Db> Open(const Options& options) {
    Environment environment;
    environment.file_system = files_.get();
    environment.clock = &clock_;
    Result<std::unique_ptr<Db>> db = Db::Open(options, environment, "/db");
    EXPECT_TRUE(db.ok()) << db.status().ToString();
    return db.ok() ? std::move(*db) : nullptr;
  }

  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  VirtualClock clock_;
};

// The age of every tombstone in a table, after every write.
void ExpectAges(Db* db, History* history, uint64_t age_max, uint64_t writes) {
  uint64_t seen = 0;
  for (uint64_t i = 0; i < writes; ++i) {
    history->Step(db, 500);
    if (testing::Test::HasFatalFailure()) return;
    const uint64_t oldest = OldestTombstone(db->tree());
    if (oldest == 0) continue;
    ++seen;
    ASSERT_LE(history->operations() - oldest, age_max) << "after write " << i;
  }
  EXPECT_GT(seen, 0U);
}

TEST_F(DbStrategy, NoTombstoneOutlivesItsLimitWhateverTheStrategy) {
  for (const CompactionPart& part : CompactionParts()) {
    for (const uint64_t age_max : {200U, 3000U}) {
      SCOPED_TRACE(std::string(part.name) + " " + std::to_string(age_max));
      Options options = SmallOptions("inline");
      options.compaction = part.name;
      options.tombstone_age_max = age_max;
      if (!CheckOptions(options).ok()) continue;
      files_ = NewMemoryFileSystem();
      const std::unique_ptr<Db> db = Open(options);
      History history(age_max);
      ExpectAges(db.get(), &history, age_max, 8000);
      if (HasFatalFailure()) return;
      history.Check(db.get());
    }
  }
}

TEST_F(DbStrategy, WithThreadsWritersWaitForTombstonesThatAreTooOld) {
  Options options = SmallOptions("threads");
  options.tombstone_age_max = 400;
  const std::unique_ptr<Db> db = Open(options);
  History history(7);
  ExpectAges(db.get(), &history, 400, 6000);
  if (HasFatalFailure()) return;
  history.Check(db.get());
}

TEST_F(DbStrategy, ASnapshotKeepsItsTombstonesAndWritersGoOn) {
  Options options = SmallOptions("inline");
  options.tombstone_age_max = 300;
  const std::unique_ptr<Db> db = Open(options);
  ASSERT_TRUE(db->Put(Key(1), "old").ok());
  const std::unique_ptr<const Snapshot> snapshot = db->GetSnapshot();
  ASSERT_TRUE(db->Delete(Key(1)).ok());
  for (uint64_t i = 0; i < 3000; ++i) ASSERT_TRUE(db->Put(Key(2 + i % 100), "new").ok());
  ReadOptions at;
  at.snapshot = snapshot.get();
  std::string value;
  const Result<bool> found = db->Get(Key(1), &value, at);
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ(value, "old");
  EXPECT_GT(OldestTombstone(db->tree()), 0U);
}

TEST_F(DbStrategy, AgesInSecondsSurviveARestart) {
  Options options = SmallOptions("inline");
  options.tombstone_age_max = 1600;
  options.age_unit = "seconds";
  const auto advance = [this](uint64_t seconds) { clock_.Advance(seconds * 1'000'000'000); };
  std::unique_ptr<Db> db = Open(options);
  advance(100);
  ASSERT_TRUE(db->Put(Key(1), "x").ok());
  ASSERT_TRUE(db->Put(Key(3), "x").ok());
  ASSERT_TRUE(db->Compact().ok());
  ASSERT_TRUE(db->Delete(Key(2)).ok());
  ASSERT_TRUE(db->Flush().ok());
  advance(700);
  ASSERT_TRUE(db->Put(Key(4), "y").ok());
  EXPECT_GT(OldestTombstone(db->tree()), 0U);
  db.reset();
  db = Open(options);
  advance(700);
  ASSERT_TRUE(db->Put(Key(5), "y").ok());
  EXPECT_GT(OldestTombstone(db->tree()), 0U) << "too early";
  advance(200);
  ASSERT_TRUE(db->Put(Key(6), "y").ok());
  EXPECT_EQ(OldestTombstone(db->tree()), 0U);
}

TEST_F(DbStrategy, ALivingDatabaseTakesAnyOtherStrategy) {
  for (const char* background : {"inline", "threads"}) {
    files_ = NewMemoryFileSystem();
    const std::unique_ptr<Db> db = Open(SmallOptions(background));
    History history(11);
    for (const CompactionPart& part : CompactionParts()) {
      SCOPED_TRACE(part.name);
      for (int i = 0; i < 1500; ++i) history.Step(db.get(), 800);
      const Status changed = db->SetOptions({{"compaction", std::string(part.name)}});
      ASSERT_TRUE(changed.ok()) << changed.ToString();
      EXPECT_EQ(db->options().compaction, part.name);
      for (int i = 0; i < 500; ++i) history.Step(db.get(), 800);
      ASSERT_TRUE(db->Settle().ok());
      EXPECT_EQ(db->tree().CheckInvariants(), "");
      EXPECT_EQ(db->counters().pending_compaction_bytes, 0U);
      history.Check(db.get());
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(DbStrategy, SettingsThatCannotChangeOrGoTogetherAreRefusedAndNothingChanges) {
  const std::unique_ptr<Db> db = Open(SmallOptions("inline"));
  const auto refused = [&](std::vector<SettingText> settings, const std::string& why) {
    const Status status = db->SetOptions(settings);
    EXPECT_EQ(status.code(), Status::Code::kInvalidArgument);
    EXPECT_NE(status.ToString().find(why), std::string::npos) << status.ToString();
    EXPECT_EQ(db->options().size_ratio, 3U);
  };
  refused({{"size_ratio", "5"}, {"memtable", "vector"}}, "memtable: cannot change");
  refused({{"size_ratio", "5"}, {"compactoin", "tiered"}}, "did you mean \"compaction\"");
  refused({{"size_ratio", "1"}}, "size_ratio");
  refused({{"size_ratio", "5"}, {"compaction", "tiered"}, {"level_sizes", "dynamic"}},
          "level_sizes = dynamic cannot go with compaction = tiered");
}

TEST_F(DbStrategy, AFlushThatMergesWritesTheLevelOnce) {
  Options options = SmallOptions("inline");
  options.level0_runs = 1;
  options.granularity = "level";
  options.merge_mode = "preemptive";
  options.flush_merges = true;
  options.memtable_entries_max = 100;
  const std::unique_ptr<Db> db = Open(options);
  History history(5);
  for (int i = 0; i < 5000; ++i) {
    history.Step(db.get(), 400);
    const Tree tree = db->tree();
    ASSERT_TRUE(tree.levels.empty() || tree.levels[0].runs.empty()) << "a run of level 0";
  }
  history.Check(db.get());
  const Counters counters = db->counters();
  EXPECT_EQ(counters.flush_bytes_written, 0U);
  EXPECT_EQ(counters.flushes, 49U);
  uint64_t jobs = 0;
  for (const CompactionCounters& entry : counters.compactions) {
    EXPECT_EQ(entry.from_level, kMemTableLevel);
    jobs += entry.jobs;
  }
  EXPECT_EQ(jobs, 49U);
}

TEST_F(DbStrategy, FifoDropsTheOldestRunsButNoneThatASnapshotSees) {
  Options options = SmallOptions("inline");
  options.compaction = "fifo";
  options.fifo_bytes_max = 64 << 10;
  const std::unique_ptr<Db> db = Open(options);
  const std::string value(100, 'v');
  const auto fill = [&](uint64_t first, uint64_t last) {
    for (uint64_t i = first; i < last; ++i) ASSERT_TRUE(db->Put(Key(i), value).ok());
  };
  fill(0, 100);
  std::unique_ptr<const Snapshot> snapshot = db->GetSnapshot();
  fill(100, 3000);
  std::string got;
  ReadOptions at;
  at.snapshot = snapshot.get();
  Result<bool> found = db->Get(Key(0), &got, at);
  EXPECT_TRUE(found.ok() && *found);
  EXPECT_GT(db->tree().bytes(), 128U << 10);
  snapshot.reset();
  fill(3000, 3200);
  EXPECT_LE(db->tree().bytes(), 64U << 10);
  found = db->Get(Key(0), &got);
  EXPECT_TRUE(found.ok() && !*found);
  found = db->Get(Key(3199), &got);
  EXPECT_TRUE(found.ok() && *found);
}

TEST_F(DbStrategy, TablesThatAreReadOftenAreMergedDownward) {
  Options options = SmallOptions("inline");
  options.level1_bytes = 1 << 20;
  options.triggers = "read_count,saturation";
  options.level0_runs = 2;
  const std::unique_ptr<Db> db = Open(options);
  for (uint64_t i = 0; i < 300; ++i) ASSERT_TRUE(db->Put(Key(i), std::string(40, 'v')).ok());
  ASSERT_TRUE(db->Compact().ok());
  for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(db->Put(Key(i * 60), "new").ok());
  ASSERT_TRUE(db->Flush().ok());
  ASSERT_EQ(db->tree().levels[0].runs.size(), 1U);
  std::string value;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db->Get(Key(60), &value).ok());
  ASSERT_TRUE(db->Settle().ok());
  EXPECT_EQ(db->tree().levels[0].runs.size(), 0U);
}

}  // namespace
}  // namespace varve
