// Bounds: what the engine takes of the process does not grow with what it has stored.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/db.h"
#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/io/test_directory.h"
#include "tests/sanitizers.h"

#if VARVE_SANITIZED
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace varve {
namespace {

namespace fs = std::filesystem;

uint64_t AllocatedBytes() {
#if VARVE_SANITIZED
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

std::string KeyOf(uint64_t record) {
  std::string key = std::to_string(record * 2654435761 % 1000000007);
  return std::string(10 - key.size(), '0') + key;
}

std::unique_ptr<Db> Open(const Options& options, const Environment& environment,
                         const std::string& directory) {
  auto db = Db::Open(options, environment, directory);
  EXPECT_TRUE(db.ok()) << db.status().ToString();
  return db.ok() ? std::move(*db) : nullptr;
}

// I13.
TEST(DbBounds, RecoveryTakesNoMoreMemoryForALongerLog) {
  const TestDirectory directory;
  constexpr uint64_t kLogBytes = 32 << 20;
  constexpr uint64_t kValueBytes = 1000;
  Options options;
  options.memtable_bytes = 2 * kLogBytes;
  {
    const auto db = Open(options, {}, directory.path());
    for (uint64_t i = 0; i * kValueBytes < kLogBytes; i++) {
      ASSERT_TRUE(db->Put(KeyOf(i), std::string(kValueBytes, 'v')).ok());
    }
  }
  options.memtable_bytes = 512 << 10;
  options.background = "inline";
  uint64_t peak = 0;
  FaultyFileSystem watched(PosixFileSystem());
  watched.SetRule([&peak](const FileCallInfo&) {
    peak = std::max(peak, AllocatedBytes());
    return Fault{};
  });
  Environment environment;
  environment.file_system = &watched;
  const uint64_t before = AllocatedBytes();
  peak = before;
  const auto db = Open(options, environment, directory.path());
  // Memtable and what is built from it, what a merge reads ahead, windows and buffers, and the
  // filters and indexes of the tables.
  EXPECT_LT(peak - before, 2 * options.memtable_bytes + (4 << 20) + (4 << 20) + kLogBytes / 20);
  EXPECT_GT(peak - before, options.memtable_bytes / 2);
  std::string value;
  ASSERT_TRUE(db->Get(KeyOf(0), &value).value());
  EXPECT_EQ(value.size(), kValueBytes);
}

// I13.
TEST(DbBounds, ACompactionInPartsTakesNoMemoryForItsInput) {
  constexpr uint64_t kDataBytes = 32 << 20;
  constexpr uint64_t kValueBytes = 1000;
  constexpr uint64_t kParts = 4;
  const TestDirectory directory;
  FaultyFileSystem watched(PosixFileSystem());
  Environment environment;
  environment.file_system = &watched;
  Options options;
  options.memtable_bytes = 4 << 20;
  options.table_bytes = 2 << 20;
  options.level0_runs = 100;
  options.level0_slowdown_runs = 200;
  options.level0_stop_runs = 300;
  options.cache = "none";
  options.subcompactions = kParts;
  const auto db = Open(options, environment, directory.path());
  for (uint64_t i = 0; i * kValueBytes < kDataBytes; i++) {
    ASSERT_TRUE(db->Put(KeyOf(i), std::string(kValueBytes, 'v')).ok());
  }
  ASSERT_TRUE(db->Flush().ok());
  const uint64_t before = AllocatedBytes();
  uint64_t peak = before;
  watched.SetRule([&peak](const FileCallInfo&) {
    peak = std::max(peak, AllocatedBytes());
    return Fault{};
  });
  ASSERT_TRUE(db->Compact().ok());
  watched.SetRule({});
  // What the parts read ahead, together; buffers for each, which a sanitizer's allocator makes
  // larger; and filters and indexes of the tables.
  EXPECT_LT(peak - before, (4 << 20) + kParts * (3 << 19) + kDataBytes / 20);
  EXPECT_GT(peak - before, 1u << 20);
}

// How many files of tables this process has open.
uint64_t OpenTableFiles(const std::string& directory) {
  uint64_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const fs::path target = fs::read_symlink(entry.path(), error);
    if (!error && target.string().starts_with(directory) && target.extension() == ".table") count++;
  }
  return count;
}

TEST(DbBounds, OpenFilesStayWithinTheirLimit) {
  const TestDirectory directory;
  constexpr uint64_t kRecords = 6000;
  constexpr unsigned kReaders = 3;
  Options options;
  options.open_files_max = 8;
  options.memtable_bytes = 64 << 10;
  options.table_bytes = 4 << 10;
  options.block_bytes = 1024;
  options.cache = "none";
  options.compaction_threads = 1;
  const auto db = Open(options, {}, directory.path());
  for (uint64_t i = 0; i < kRecords; i++) {
    ASSERT_TRUE(db->Put(KeyOf(i), std::to_string(i) + std::string(90, 'v')).ok());
  }
  ASSERT_TRUE(db->Settle().ok());
  std::atomic<uint64_t> most{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < kReaders; t++) {
    readers.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 1000; i++) {
        const uint64_t record = random() % kRecords;
        std::string value;
        ASSERT_TRUE(db->Get(KeyOf(record), &value).value());
        ASSERT_TRUE(value.starts_with(std::to_string(record) + "v"));
        if (i % 50 == 0) most = std::max(most.load(), OpenTableFiles(directory.path()));
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  size_t tables = 0;
  for (const Level& level : db->tree().levels) {
    for (const varve::Run& run : level.runs) tables += run.tables.size();
  }
  EXPECT_GT(tables, 100u);
  EXPECT_GE(most.load(), 4u);
  // Each read under way may hold one more.
  EXPECT_LE(most.load(), options.open_files_max + kReaders);
}

TEST(DbBounds, AManifestIsReplacedWhenItHasGrown) {
  const TestDirectory directory;
  Options options;
  options.manifest_bytes = 4 << 10;
  options.memtable_bytes = 8 << 10;
  options.table_bytes = 16 << 10;
  options.background = "inline";
  constexpr uint64_t kRecords = 20000;
  std::set<std::string> manifests;
  uint64_t largest = 0;
  {
    const auto db = Open(options, {}, directory.path());
    for (uint64_t i = 0; i < kRecords; i++) {
      ASSERT_TRUE(db->Put(KeyOf(i % 1000), std::to_string(i)).ok());
      if (i % 100 != 0) continue;
      size_t there = 0;
      for (const auto& entry : fs::directory_iterator(directory.path())) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("manifest-")) continue;
        there++;
        manifests.insert(name);
        largest = std::max<uint64_t>(largest, entry.file_size());
      }
      ASSERT_EQ(there, 1u);
    }
  }
  EXPECT_GT(manifests.size(), 3u);
  EXPECT_LT(largest, 3 * options.manifest_bytes);
  const auto db = Open(options, {}, directory.path());
  for (uint64_t i = 0; i < 1000; i++) {
    std::string value;
    ASSERT_TRUE(db->Get(KeyOf(i), &value).value());
    EXPECT_EQ(value, std::to_string(kRecords - 1000 + i));
  }
}

// Fails call number `fail` of those that concern a manifest or CURRENT; counts them in *seen.
FaultRule FailManifestCall(uint64_t fail, const Status& failure, uint64_t* seen) {
  return [=](const FileCallInfo& info) {
    const bool concerns = info.path.find("manifest-") != std::string_view::npos ||
                          info.path.find("CURRENT") != std::string_view::npos;
    return Fault{concerns && (*seen)++ == fail ? failure : Status()};
  };
}

// Whichever call fails while manifests are written and replaced, the database goes on or says why
// not, and what was acknowledged is there after it is opened again. I1, I4.
TEST(DbBounds, AFailureWhileAManifestIsReplacedLosesNothing) {
  Options options;
  options.manifest_bytes = 4 << 10;
  options.memtable_bytes = 4 << 10;
  options.background = "inline";
  constexpr uint64_t kWrites = 1000;
  // Returns how many calls there were.
  const auto run = [&options](uint64_t fail, const Status& failure) {
    const std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
    FaultyFileSystem files(memory.get());
    Environment environment;
    environment.file_system = &files;
    uint64_t seen = 0;
    files.SetRule(FailManifestCall(fail, failure, &seen));
    std::map<std::string, uint64_t> acknowledged;
    auto opened = Db::Open(options, environment, "db");
    for (uint64_t i = 0; opened.ok() && i < kWrites; i++) {
      const std::string key = KeyOf(i % 100);
      if ((*opened)->Put(key, std::to_string(i)).ok()) acknowledged[key] = i;
    }
    if (opened.ok()) opened->reset();
    files.SetRule({});
    const auto db = Open(options, environment, "db");
    for (const auto& [key, value] : acknowledged) {
      std::string found;
      EXPECT_TRUE(db->Get(key, &found).value()) << fail;
      // A write that failed for good may be there all the same.
      EXPECT_GE(std::stoull("0" + found), value) << fail;
    }
    return seen;
  };
  const uint64_t calls = run(UINT64_MAX, Status());
  ASSERT_GT(calls, 100u);
  std::mt19937_64 random(1);
  for (uint64_t i = 0; i < ScaledCycles(12); i++) {
    run(random() % calls, Status::NoSpace("full"));
    run(random() % calls, Status::IoError("broken"));
  }
}

}  // namespace
}  // namespace varve
