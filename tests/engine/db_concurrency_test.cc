// Writers, readers, iterators, snapshots, flushes and compactions at once.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

constexpr int kWriters = 2;
constexpr int kPairs = 200;
constexpr int kWrites = 1500;

std::string Left(int pair) { return "left" + std::to_string(pair); }
std::string Right(int pair) { return "right" + std::to_string(pair); }

// Each batch writes the same value to both halves of a pair: no reader may ever see them differ.
void WritePairs(Db& db, int writer) {
  std::mt19937_64 random(static_cast<uint64_t>(writer));
  for (int i = 0; i < kWrites; ++i) {
    const int pair = static_cast<int>(random() % kPairs);
    const std::string value =
        std::to_string(writer) + "." + std::to_string(i) + std::string(40, '.');
    WriteBatch batch;
    batch.Put(Left(pair), value);
    batch.Put(Right(pair), value);
    ASSERT_OK(db.Write(batch));
  }
}

void ReadPairs(Db& db, const std::atomic<bool>& done) {
  std::mt19937_64 random(99);
  while (!done.load()) {
    const int pair = static_cast<int>(random() % kPairs);
    const std::unique_ptr<const Snapshot> snapshot = db.GetSnapshot();
    const std::string left = GetText(db, Left(pair), snapshot.get());
    ASSERT_EQ(left, GetText(db, Right(pair), snapshot.get()));
  }
}

void ScanPairs(Db& db, const std::atomic<bool>& done) {
  while (!done.load()) {
    const Model seen = Contents(db);
    for (const auto& [key, value] : seen) {
      if (!key.starts_with("left")) continue;
      const auto right = seen.find("right" + key.substr(4));
      ASSERT_NE(right, seen.end());
      ASSERT_EQ(value, right->second);
    }
  }
}

class DbConcurrencyTest : public testing::TestWithParam<std::string> {};

TEST_P(DbConcurrencyTest, BatchesAreSeenWholeWhileEverythingRuns) {
  std::unique_ptr<FileSystem> files = NewMemoryFileSystem();
  Environment environment;
  environment.file_system = files.get();
  Options options = SmallOptions();
  options.memtable = GetParam();
  options.background = "threads";
  options.compaction_threads = 2;
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  std::atomic<bool> done{false};
  {
    std::vector<std::jthread> readers;
    readers.emplace_back([&] { ReadPairs(*db, done); });
    readers.emplace_back([&] { ScanPairs(*db, done); });
    {
      std::vector<std::jthread> writers;
      for (int w = 0; w < kWriters; ++w) writers.emplace_back([&, w] { WritePairs(*db, w); });
      writers.emplace_back([&] {
        for (int i = 0; i < 3; ++i) EXPECT_OK(i == 1 ? db->Compact() : db->Flush());
      });
    }
    done = true;
  }
  ASSERT_OK(db->Settle());
  const Counters counters = db->counters();
  EXPECT_EQ(counters.write_batches, uint64_t{kWriters} * kWrites);
  EXPECT_EQ(counters.puts, 2 * counters.write_batches);
  EXPECT_OK(db->Verify());
}

std::vector<std::string> MemTableNames() {
  std::vector<std::string> names;
  for (const MemTablePart& part : MemTableParts()) names.emplace_back(part.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Every, DbConcurrencyTest, testing::ValuesIn(MemTableNames()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace varve
