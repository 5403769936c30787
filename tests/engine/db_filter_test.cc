// Filters in a database: kinds that change while it lives, prefixes for scans, and how bits are
// spread over runs.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "engine/tree/file_names.h"
#include "engine/util/random.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

constexpr uint64_t kNumbers = 3000;

// Eight bytes that differ from the first on, in no order.
std::string Key(uint64_t number) { return fmt::format("{:08x}", SplitMix64(number) >> 32); }

class DbFilterTest : public testing::Test {
 protected:
  DbFilterTest() {
    options_.background = "inline";
    options_.memtable_bytes = 1 << 20;
    options_.table_bytes = 4 << 10;
    options_.block_bytes = 256;
    options_.size_ratio = 100;
    options_.compaction = "tiered";
    options_.level0_slowdown_runs = options_.level0_stop_runs = 1000;
    options_.cache = "none";
  }

  void Open() {
    db_.reset();
    Environment environment;
    environment.file_system = files_.get();
    db_ = OpenDb(options_, environment, "/db");
    ASSERT_NE(db_, nullptr);
  }

  // One run of random keys, a tenth of them deleted.
  void WriteRun(int count) {
    for (int i = 0; i < count; i++) {
      const std::string key = Key(random_() % kNumbers);
      const std::string value = std::to_string(random_());
      if (random_() % 10 == 0) {
        ASSERT_OK(db_->Delete(key));
        model_.erase(key);
      } else {
        ASSERT_OK(db_->Put(key, value));
        model_[key] = value;
      }
    }
    ASSERT_OK(db_->Flush());
  }

  void CheckGets() {
    for (uint64_t number = 0; number < kNumbers + 500; number++) {
      const auto expected = model_.find(Key(number));
      std::string value;
      const Result<bool> found = db_->Get(Key(number), &value);
      ASSERT_TRUE(found.ok()) << found.status().ToString();
      ASSERT_EQ(*found, expected != model_.end());
      ASSERT_EQ(value, *found ? expected->second : "");
    }
  }

  void CheckScan(const std::string& lower, const std::string& upper) {
    ReadOptions read;
    read.lower_bound = lower;
    read.upper_bound = upper;
    const std::unique_ptr<Iterator> it = db_->NewIterator(read);
    const auto first = model_.lower_bound(lower);
    const auto last = upper.empty() ? model_.end() : model_.lower_bound(upper);
    auto expected = first;
    for (it->SeekToFirst(); it->Valid(); it->Next(), ++expected) {
      ASSERT_NE(expected, last) << it->key();
      ASSERT_EQ(it->key(), expected->first);
      ASSERT_EQ(it->value(), expected->second);
    }
    ASSERT_EQ(expected, last);
    for (it->SeekToLast(); it->Valid(); it->Prev()) ASSERT_EQ(it->key(), (--expected)->first);
    ASSERT_EQ(expected, first);
    ASSERT_OK(it->status());
  }

  void CheckScans() {
    CheckScan("", "");
    for (int i = 0; i < 300; i++) {
      std::string lower = Key(random_() % kNumbers).substr(0, 1 + random_() % 8);
      std::string upper = lower;
      upper.back() = static_cast<char>(upper.back() + 1);
      if (random_() % 3 == 0) lower += "8";
      CheckScan(lower, upper);
    }
  }

  uint64_t Count(uint64_t LevelReadCounters::*counter) const {
    uint64_t sum = 0;
    for (const LevelReadCounters& level : db_->counters().levels) sum += level.*counter;
    return sum;
  }

  // The bytes of all tables, end to end.
  std::string Tables() const {
    std::string bytes;
    for (const Level& level : db_->tree().levels) {
      for (const auto& run : level.runs) {
        for (const TablePtr& table : run.tables) {
          bytes += *ReadWholeFile(*files_, {}, TableFileName("/db", table->number));
        }
      }
    }
    return bytes;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  Options options_;
  std::unique_ptr<Db> db_;
  Model model_;
  std::mt19937_64 random_{11};
};

TEST_F(DbFilterTest, TablesOfEveryKindAreReadTogether) {
  for (const uint64_t prefix_bytes : {0u, 3u, 5u}) {
    for (const FilterPart& part : FilterParts()) {
      options_.filter = part.name;
      options_.filter_prefix_bytes = prefix_bytes;
      Open();
      WriteRun(400);
    }
  }
  const std::string tables = Tables();
  for (const FilterPart& part : FilterParts()) {
    const auto policy = part.make();
    if (policy == nullptr) continue;
    EXPECT_NE(tables.find(policy->name()), std::string::npos) << part.name;
  }
  EXPECT_EQ(db_->tree().runs(), 3 * FilterParts().size()) << "nothing was merged";
  CheckGets();
  CheckScans();
  EXPECT_OK(db_->Verify());
  options_.filter = "ribbon";
  Open();
  ASSERT_OK(db_->Compact());
  EXPECT_EQ(Tables().find("varve.bloom.1"), std::string::npos);
  CheckGets();
  CheckScans();
}

TEST_F(DbFilterTest, AScanWithinAPrefixReadsOnlyRunsThatHaveIt) {
  options_.filter_prefix_bytes = 4;
  options_.table_bytes = 1 << 20;
  Open();
  for (char run = '0'; run < '8'; run++) {
    for (const std::string prefix : {"aaaa", "zzzz", "pre"}) {
      const std::string key = prefix + run + "-key";
      ASSERT_OK(db_->Put(key, "value"));
      model_[key] = "value";
    }
    ASSERT_OK(db_->Flush());
  }
  ASSERT_EQ(db_->tree().runs(), 8u);
  CheckScan("pre3", "pre4");
  EXPECT_GE(Count(&LevelReadCounters::scan_filter_negatives), 6u);
  EXPECT_EQ(Count(&LevelReadCounters::scan_filter_probes), 8u);
  const uint64_t blocks = Count(&LevelReadCounters::scan_blocks_from_storage);
  EXPECT_LE(blocks, 4u) << "there and back, in one run or, by mistake, in two";
  CheckScan("pre", "prf");
  EXPECT_EQ(Count(&LevelReadCounters::scan_filter_probes), 8u) << "shorter than the prefix";
  CheckScan("pre3-", "pre3-z");
  EXPECT_EQ(Count(&LevelReadCounters::scan_filter_probes), 16u);
  CheckScan("pre9", "pre:");
  CheckScan("", "");
  EXPECT_EQ(Count(&LevelReadCounters::filter_probes), 0u) << "gets are counted apart";
}

TEST_F(DbFilterTest, ADeletedKeyStaysDeletedWhenAScanLeavesRunsOut) {
  options_.filter_prefix_bytes = 4;
  Open();
  ASSERT_OK(db_->Put("pre1-a", "old"));
  ASSERT_OK(db_->Put("zzzz", "old"));
  ASSERT_OK(db_->Flush());
  ASSERT_OK(db_->Delete("pre1-a"));
  ASSERT_OK(db_->Put("aaaa", "new"));
  ASSERT_OK(db_->Flush());
  model_ = {{"aaaa", "new"}, {"zzzz", "old"}};
  CheckScan("pre1", "pre2");
  CheckScan("", "");
}

struct Asked {
  double false_positives;
  double filter_bytes;
  uint64_t probes_last;
};

// A leveled tree of several levels, asked for keys that it lacks.
class DbFilterAllocationTest : public DbFilterTest {
 protected:
  Asked Ask(const std::string& allocation) {
    options_.compaction = "leveled";
    options_.granularity = "level";
    options_.size_ratio = 4;
    options_.level0_runs = 1;
    options_.memtable_entries_max = 250;
    options_.level1_bytes = 10 << 10;
    options_.filter_bits_per_key = 5;
    options_.filter_allocation = allocation;
    Environment environment;
    const auto files = NewMemoryFileSystem();
    environment.file_system = files.get();
    const auto db = OpenDb(options_, environment, "/db");
    for (uint64_t i = 0; i < 250 * 110; i++) EXPECT_OK(db->Put(Key(i), "value"));
    EXPECT_OK(db->Settle());
    std::string value;
    for (uint64_t i = 0; i < 20000; i++) EXPECT_FALSE(*db->Get(Key(~i), &value));
    const Counters counters = db->counters();
    Asked asked{0, static_cast<double>(counters.filter_bytes), 0};
    for (const LevelReadCounters& level : counters.levels) {
      asked.false_positives += static_cast<double>(level.filter_false_positives);
    }
    const auto deepest = static_cast<size_t>(db->tree().deepest());
    EXPECT_GE(deepest, 2u);
    asked.probes_last = counters.levels[deepest].filter_probes;
    return asked;
  }
};

TEST_F(DbFilterAllocationTest, MonkeyHasFewerFalsePositivesInTheSameMemory) {
  const Asked uniform = Ask("uniform");
  const Asked monkey = Ask("monkey");
  EXPECT_LT(monkey.false_positives, 0.7 * uniform.false_positives);
  EXPECT_GT(monkey.false_positives, 0.2 * uniform.false_positives);
  EXPECT_NEAR(monkey.filter_bytes, uniform.filter_bytes, 0.1 * uniform.filter_bytes);
}

TEST_F(DbFilterAllocationTest, NotLastLeavesTheLastLevelWithoutFilters) {
  const Asked not_last = Ask("not_last");
  EXPECT_EQ(not_last.probes_last, 0u);
  EXPECT_GT(not_last.filter_bytes, 0);
  EXPECT_LT(not_last.filter_bytes, 0.6 * Ask("uniform").filter_bytes);
}

TEST_F(DbFilterAllocationTest, LevelsGetWhatTheListSays) {
  const Asked uniform = Ask("uniform");
  options_.filter_bits_by_level = "5";
  EXPECT_EQ(Ask("levels").filter_bytes, uniform.filter_bytes);
  options_.filter_bits_by_level = "5,5,5,10";
  EXPECT_GT(Ask("levels").filter_bytes, 1.4 * uniform.filter_bytes);
}

}  // namespace
}  // namespace varve
