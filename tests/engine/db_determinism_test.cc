// With background = inline, the same operations leave bit-identical directories behind. I10.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

using Files = std::map<std::string, std::string>;

Files ReadDirectory(FileSystem& file_system, const std::string& path) {
  Files files;
  const auto names = file_system.List(path);
  EXPECT_TRUE(names.ok());
  for (const std::string& name : *names) {
    const auto bytes = ReadWholeFile(file_system, {IoKind::kVerify}, path + "/" + name);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    files[name] = *bytes;
  }
  return files;
}

Files RunOnce(const Options& options, FileSystem& file_system, const std::string& path) {
  Environment environment;
  environment.file_system = &file_system;
  std::unique_ptr<Db> db = OpenDb(options, environment, path);
  std::mt19937_64 random(1);
  for (int i = 0; i < 6000; ++i) {
    const std::string key = std::to_string(random() % 1500);
    EXPECT_OK(random() % 5 == 0 ? db->Delete(key) : db->Put(key, std::string(random() % 80, 'x')));
    if (i == 3000) {
      db.reset();
      db = OpenDb(options, environment, path);
    }
  }
  db.reset();
  return ReadDirectory(file_system, path);
}

Files RunInMemory(const Options& options) {
  return RunOnce(options, *NewMemoryFileSystem(), "/db");
}

TEST(DbDeterminism, InlineModeLeavesIdenticalDirectories) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const MemTablePart& memtable : MemTableParts()) parts.emplace_back(memtable.name, "leveled");
  for (const CompactionPart& compaction : CompactionParts()) {
    parts.emplace_back(Options().memtable, compaction.name);
  }
  for (const auto& [memtable, compaction] : parts) {
    Options options = SmallOptions();
    options.memtable = memtable;
    options.compaction = compaction;
    // A job in parts.
    options.table_bytes = 4 << 10;
    options.subcompactions = 3;
    const Files first = RunInMemory(options);
    const Files second = RunInMemory(options);
    EXPECT_GT(first.size(), 4u);
    EXPECT_TRUE(first == second) << memtable << " with " << compaction;
  }
}

TEST(DbDeterminism, SoDoesARealFileSystem) {
  TemporaryDirectory first;
  TemporaryDirectory second;
  const Options options = SmallOptions();
  EXPECT_TRUE(RunOnce(options, *PosixFileSystem(), first.path()) ==
              RunOnce(options, *PosixFileSystem(), second.path()));
}

TEST(DbDeterminism, AnotherSeedMakesAnotherDirectory) {
  Options options = SmallOptions();
  const Files first = RunInMemory(options);
  options.seed = 8;
  EXPECT_FALSE(first == RunInMemory(options)) << "the comparison sees differences";
}

}  // namespace
}  // namespace varve
