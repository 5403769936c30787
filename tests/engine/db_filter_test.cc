// Filters in a database: kinds that change while it lives, prefixes for scans, and how bits are
// spread over runs.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

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
  std::vector<double> bits_per_entry;  // by level, of levels that hold something
  double filter_bytes;
  double entries;
  uint64_t probes_last;
};

// A leveled tree of three levels or more, asked for keys that it lacks. Full after 63 flushes: 3,
// 12 and 48 in the levels.
class DbFilterAllocationTest : public DbFilterTest {
 protected:
  static constexpr uint64_t kFlush = 500;
  static constexpr uint64_t kEntryBytes = 18;  // about, in a table

  Asked Ask(const std::string& allocation, uint64_t flushes = 63) {
    options_.compaction = "leveled";
    options_.granularity = "level";
    options_.table_bytes = 1 << 20;
    options_.flush_merges = true;
    options_.size_ratio = 4;
    options_.level0_runs = 1;
    options_.memtable_entries_max = kFlush;
    options_.level1_bytes = kFlush * kEntryBytes * 37 / 10;
    options_.filter_bits_per_key = 5;
    options_.filter_allocation = allocation;
    Environment environment;
    const auto files = NewMemoryFileSystem();
    environment.file_system = files.get();
    const auto db = OpenDb(options_, environment, "/db");
    for (uint64_t i = 0; i < kFlush * flushes; i++) EXPECT_OK(db->Put(Key(i), "value"));
    EXPECT_OK(db->Flush());
    EXPECT_OK(db->Settle());
    std::string value;
    for (uint64_t i = 0; i < 20000; i++) EXPECT_FALSE(*db->Get(Key(~i), &value));
    const Counters counters = db->counters();
    Asked asked{0, {}, static_cast<double>(counters.filter_bytes), 0, 0};
    for (const LevelReadCounters& level : counters.levels) {
      asked.false_positives += static_cast<double>(level.filter_false_positives);
    }
    const Tree tree = db->tree();
    for (size_t level = 0; level < tree.levels.size(); level++) {
      double entries = 0;
      for (const varve::Run& run : tree.levels[level].runs)
        entries += static_cast<double>(run.entries());
      if (entries == 0) continue;
      asked.entries += entries;
      asked.bits_per_entry.push_back(
          8 * static_cast<double>(counters.filter_bytes_by_level[level]) / entries);
    }
    asked.probes_last = counters.levels[static_cast<size_t>(tree.deepest())].filter_probes;
    return asked;
  }
};

TEST_F(DbFilterAllocationTest, MonkeyHasFewerFalsePositivesInTheSameMemory) {
  const Asked uniform = Ask("uniform");
  const Asked monkey = Ask("monkey");
  ASSERT_EQ(uniform.bits_per_entry.size(), 3u);
  ASSERT_EQ(monkey.bits_per_entry.size(), 3u);
  // Of the model, with whole probes: 0.2755 and 0.1767 for each get.
  EXPECT_NEAR(uniform.false_positives, 0.2755 * 20000, 0.05 * 0.2755 * 20000);
  EXPECT_NEAR(monkey.false_positives, 0.1767 * 20000, 0.07 * 0.1767 * 20000);
  EXPECT_NEAR(monkey.filter_bytes, uniform.filter_bytes, 0.02 * uniform.filter_bytes);
  const double step = 1.38629 / 0.480453;  // ln 4 over the square of ln 2
  EXPECT_NEAR(monkey.bits_per_entry[0] - monkey.bits_per_entry[1], step, 0.1);
  EXPECT_NEAR(monkey.bits_per_entry[1] - monkey.bits_per_entry[2], step, 0.1);
}

TEST_F(DbFilterAllocationTest, MonkeyNeverTakesMoreMemoryThanUniform) {
  for (const uint64_t flushes : {1u, 5u, 17u, 40u, 65u, 110u}) {
    SCOPED_TRACE(flushes);
    const Asked monkey = Ask("monkey", flushes);
    const double uniform = monkey.entries * options_.filter_bits_per_key / 8;
    EXPECT_LT(monkey.filter_bytes, 1.02 * uniform);
    EXPECT_GT(monkey.filter_bytes, 0.6 * uniform);
  }
}

// Tiered: what the memory is spread over are the runs that a level will have, not the first one.
TEST_F(DbFilterAllocationTest, MonkeyCountsRunsThatAreStillToCome) {
  options_.level0_runs = 4;
  options_.compaction = "tiered";
  options_.granularity = "level";
  options_.flush_merges = false;
  options_.size_ratio = 4;
  options_.memtable_entries_max = kFlush;
  options_.table_bytes = 1 << 20;
  options_.filter_allocation = "monkey";
  options_.filter_bits_per_key = 5;
  Open();
  // A full tree: 3 runs of 500 and 3 of 2000.
  for (uint64_t i = 0; i < kFlush * 15; i++) ASSERT_OK(db_->Put(Key(i), "value"));
  ASSERT_OK(db_->Flush());
  ASSERT_EQ(db_->tree().runs(), 6u);
  const double uniform = 5.0 / 8 * kFlush * 15;
  EXPECT_NEAR(static_cast<double>(db_->counters().filter_bytes), uniform, 0.03 * uniform);
}

TEST_F(DbFilterAllocationTest, NotLastLeavesTheLastLevelWithoutFilters) {
  const Asked not_last = Ask("not_last");
  EXPECT_EQ(not_last.probes_last, 0u);
  EXPECT_GT(not_last.filter_bytes, 0);
  EXPECT_LT(not_last.filter_bytes, 0.3 * Ask("uniform").filter_bytes);
}

TEST_F(DbFilterAllocationTest, LevelsGetWhatTheListSays) {
  const Asked uniform = Ask("uniform");
  options_.filter_bits_by_level = "5";
  EXPECT_EQ(Ask("levels").filter_bytes, uniform.filter_bytes);
  options_.filter_bits_by_level = "5,12,8,10";
  const std::vector<double> bits = Ask("levels").bits_per_entry;
  ASSERT_EQ(bits.size(), 3u);
  EXPECT_NEAR(bits[0], 12, 0.2);
  EXPECT_NEAR(bits[1], 8, 0.1);
  EXPECT_NEAR(bits[2], 10, 0.1);
}

}  // namespace
}  // namespace varve
