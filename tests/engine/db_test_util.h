// What the tests of the whole engine share: small options, a temporary directory, a model.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "engine/db.h"
#include "tests/engine/audited_db.h"

namespace varve {

#define ASSERT_OK(expression)                                  \
  do {                                                         \
    const Status status_of_it = (expression);                  \
    ASSERT_TRUE(status_of_it.ok()) << status_of_it.ToString(); \
  } while (false)

#define EXPECT_OK(expression)                                  \
  do {                                                         \
    const Status status_of_it = (expression);                  \
    EXPECT_TRUE(status_of_it.ok()) << status_of_it.ToString(); \
  } while (false)

using Model = std::map<std::string, std::string>;

// Options so small that a few thousand entries make several levels.
inline Options SmallOptions() {
  Options options;
  options.memtable_bytes = 32 << 10;
  options.table_bytes = 16 << 10;
  options.block_bytes = 512;
  options.cache_bytes = 64 << 10;
  options.size_ratio = 3;
  options.level0_runs = 2;
  options.background = "inline";
  options.seed = 7;
  return options;
}

// Options so small that a hundred entries make several levels.
inline Options TinyOptions() {
  Options options = SmallOptions();
  options.memtable_bytes = 8 << 10;
  options.table_bytes = 8 << 10;
  options.size_ratio = 2;
  return options;
}

// A directory on the real file system that is removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "varve_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The database, audited when it is closed.
inline std::unique_ptr<Db> OpenDb(const Options& options, const Environment& environment,
                                  const std::string& directory) {
  auto db = Db::Open(options, environment, directory);
  EXPECT_TRUE(db.ok()) << db.status().ToString();
  return db.ok() ? std::make_unique<AuditedDb>(std::move(db).value()) : nullptr;
}

// "value", or "<absent>", or the error.
inline std::string GetText(Db& db, std::string_view key, const Snapshot* snapshot = nullptr) {
  std::string value;
  ReadOptions options;
  options.snapshot = snapshot;
  const Result<bool> found = db.Get(key, &value, options);
  if (!found.ok()) return found.status().ToString();
  return *found ? value : "<absent>";
}

// All that an iterator sees, forwards.
inline Model Forwards(Iterator& iterator) {
  Model seen;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    EXPECT_TRUE(seen.empty() || seen.rbegin()->first < iterator.key()) << "out of order";
    seen[std::string(iterator.key())] = std::string(iterator.value());
  }
  EXPECT_TRUE(iterator.status().ok()) << iterator.status().ToString();
  return seen;
}

// All that an iterator sees, backwards.
inline Model Backwards(Iterator& iterator) {
  Model seen;
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) {
    EXPECT_TRUE(seen.empty() || seen.begin()->first > iterator.key()) << "out of order";
    seen[std::string(iterator.key())] = std::string(iterator.value());
  }
  EXPECT_TRUE(iterator.status().ok()) << iterator.status().ToString();
  return seen;
}

inline Model Contents(Db& db, const Snapshot* snapshot = nullptr) {
  ReadOptions options;
  options.snapshot = snapshot;
  return Forwards(*db.NewIterator(options));
}

}  // namespace varve
