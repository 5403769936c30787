// The ledger's sum is what the file system saw, for reads, writes and syncs. I9.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "engine/io/ledger.h"
#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

TEST(DbLedger, SumsToWhatTheFileSystemSaw) {
  for (const CompactionPart& compaction : CompactionParts()) {
    std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
    Ledger below;  // under the database's own
    std::unique_ptr<FileSystem> counted = NewLedgerFileSystem(memory.get(), &below);
    Environment environment;
    environment.file_system = counted.get();
    Options options = SmallOptions();
    options.compaction = compaction.name;
    options.durability = "power";
    std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
    std::mt19937_64 random(3);
    uint64_t user_bytes = 0;
    for (int i = 0; i < 5000; ++i) {
      const std::string key = std::to_string(random() % 2000);
      ASSERT_OK(db->Put(key, std::string(50, 'v')));
      user_bytes += key.size() + 50;
      GetText(*db, std::to_string(random() % 4000));
    }
    Contents(*db);
    ASSERT_OK(db->Settle());

    const LedgerSnapshot ours = db->ledger();
    const IoCounts seen = below.Snapshot().Total();
    const IoCounts sum = ours.Total();
    EXPECT_EQ(sum.bytes_written, seen.bytes_written);
    EXPECT_EQ(sum.bytes_read, seen.bytes_read);
    EXPECT_EQ(sum.writes, seen.writes);
    EXPECT_EQ(sum.reads, seen.reads);
    EXPECT_EQ(sum.syncs, seen.syncs);

    const Counters counters = db->counters();
    EXPECT_EQ(counters.user_bytes_written, user_bytes);
    EXPECT_EQ(ours.OfKind(IoKind::kFlush).bytes_written, counters.flush_bytes_written);
    uint64_t compacted = 0;
    for (const CompactionCounters& entry : counters.compactions) compacted += entry.bytes_written;
    EXPECT_EQ(ours.OfKind(IoKind::kCompaction).bytes_written, compacted);
    EXPECT_EQ(compacted > 0, options.compaction != "fifo");
    EXPECT_EQ(CheckCompactions(counters, ours), "");
    EXPECT_GT(ours.OfKind(IoKind::kWal).bytes_written, user_bytes);
  }
}

TEST(DbLedger, FileBytesAreTheFilesOfTheDirectory) {
  TemporaryDirectory directory;
  Options options = SmallOptions();
  std::unique_ptr<Db> db = OpenDb(options, {}, directory.path());
  for (int i = 0; i < 3000; ++i) ASSERT_OK(db->Put(std::to_string(i), std::string(50, 'v')));
  const uint64_t told = db->file_bytes();
  db.reset();
  uint64_t there = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename() != "CURRENT") there += entry.file_size();
  }
  EXPECT_EQ(told, there);
}

}  // namespace
}  // namespace varve
