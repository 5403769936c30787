// Tests of the ledger: its sums, and that they equal what the file system below saw.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"

namespace varve {
namespace {

// What passed through to the file system below: counted independently, as a rule that fails
// nothing.
struct Seen {
  std::map<FileCall, uint64_t> calls;
  std::map<FileCall, uint64_t> bytes;
};

TEST(Ledger, EqualsWhatTheFileSystemSaw) {
  const unsigned seed = 5;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  auto memory = NewMemoryFileSystem();
  FaultyFileSystem below(memory.get());
  Seen seen;
  below.SetRule([&](const FileCallInfo& info) {
    ++seen.calls[info.call];
    seen.bytes[info.call] += info.bytes;
    return Fault{};
  });
  Ledger ledger;
  auto files = NewLedgerFileSystem(&below, &ledger);
  const auto cause = [&] {
    return IoCause{static_cast<IoKind>(random() % kIoKindCount),
                   static_cast<uint8_t>(random() % kLevelsMax),
                   static_cast<uint8_t>(random() % kIoReasonsMax)};
  };
  for (int f = 0; f < 10; ++f) {
    const std::string path = "f" + std::to_string(f);
    auto file = files->NewWritableFile(path, {});
    ASSERT_TRUE(file.ok());
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE((*file)->Append(cause(), std::string(random() % 500, 'x')).ok());
      if (i % 10 != 0) continue;
      ASSERT_TRUE((*file)->Sync(cause()).ok());
    }
    ASSERT_TRUE((*file)->Close().ok());
    ASSERT_TRUE(files->SyncDirectory(cause(), "/").ok());
    ASSERT_TRUE(ReadWholeFile(*files, cause(), path).ok());
  }
  const LedgerSnapshot snapshot = ledger.Snapshot();
  const IoCounts total = snapshot.Total();
  EXPECT_EQ(total.bytes_written, seen.bytes[FileCall::kAppend]);
  EXPECT_EQ(total.writes, seen.calls[FileCall::kAppend]);
  EXPECT_EQ(total.bytes_read, seen.bytes[FileCall::kRead]);
  EXPECT_EQ(total.bytes_read, total.bytes_written);
  EXPECT_EQ(total.reads, seen.calls[FileCall::kRead]);
  EXPECT_EQ(total.syncs, seen.calls[FileCall::kSync] + seen.calls[FileCall::kSyncDirectory]);
  IoCounts sum;
  for (int kind = 0; kind < kIoKindCount; ++kind) {
    for (int level = 0; level < kLevelsMax; ++level) {
      sum += snapshot.OfKindAndLevel(static_cast<IoKind>(kind), level);
    }
  }
  EXPECT_EQ(sum, total);
}

TEST(Ledger, EachCauseHasItsOwnCell) {
  Ledger ledger;
  ledger.AddWrite({IoKind::kCompaction, 3, 2}, 100);
  ledger.AddRead({IoKind::kCompaction, 3, 1}, 10);
  ledger.AddSync({IoKind::kWal}, 7);
  const LedgerSnapshot snapshot = ledger.Snapshot();
  EXPECT_EQ(snapshot.cells[2][3][2], (IoCounts{0, 100, 0, 1, 0, 0}));
  EXPECT_EQ(snapshot.cells[2][3][1], (IoCounts{10, 0, 1, 0, 0, 0}));
  EXPECT_EQ(snapshot.OfKindAndLevel(IoKind::kCompaction, 3), (IoCounts{10, 100, 1, 1, 0, 0}));
  EXPECT_EQ(snapshot.OfKindAndLevel(IoKind::kCompaction, 2), IoCounts());
  EXPECT_EQ(snapshot.OfKind(IoKind::kWal), (IoCounts{0, 0, 0, 0, 1, 7}));
}

TEST(Ledger, TheDifferenceOfTwoMomentsIsWhatHappenedBetween) {
  Ledger ledger;
  ledger.AddWrite({IoKind::kFlush}, 5);
  const LedgerSnapshot before = ledger.Snapshot();
  ledger.AddWrite({IoKind::kFlush}, 11);
  ledger.AddSync({IoKind::kFlush}, 3);
  const LedgerSnapshot between = ledger.Snapshot() - before;
  EXPECT_EQ(between.Total(), (IoCounts{0, 11, 0, 1, 1, 3}));
}

TEST(Ledger, WhatFailsIsNotCounted) {
  auto memory = NewMemoryFileSystem();
  FaultyFileSystem below(memory.get());
  Ledger ledger;
  auto files = NewLedgerFileSystem(&below, &ledger);
  auto file = files->NewWritableFile("f", {});
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append({}, "abc").ok());
  auto reader = files->OpenFile("f");
  const LedgerSnapshot before = ledger.Snapshot();
  below.FailFrom(below.calls(), Status::IoError("injected"));
  char buffer[3];
  EXPECT_FALSE((*file)->Append({}, "abc").ok());
  EXPECT_FALSE((*file)->Sync({}).ok());
  EXPECT_FALSE((*reader)->Read({}, 0, 3, buffer).ok());
  EXPECT_FALSE(files->SyncDirectory({}, "/").ok());
  EXPECT_EQ((ledger.Snapshot() - before).Total(), IoCounts());
}

TEST(Ledger, NothingIsLostBetweenThreads) {
  Ledger ledger;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) ledger.AddWrite({IoKind::kWal}, 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger.Snapshot().Total(), (IoCounts{0, 80000, 0, 40000, 0, 0}));
}

}  // namespace
}  // namespace varve
