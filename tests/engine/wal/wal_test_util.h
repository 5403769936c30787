// What the tests of the log share: write a log into memory, read one back, damage bytes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/wal/wal_reader.h"
#include "engine/wal/wal_writer.h"

namespace varve {

inline constexpr uint64_t kLogNumber = 7;
inline const std::string kLogPath = "log";

inline std::unique_ptr<WalWriter> NewLog(FileSystem& files, const std::string& path = kLogPath,
                                         WriteOptions options = {}, WalPosition previous = {}) {
  auto file = files.NewWritableFile(path, options);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return std::make_unique<WalWriter>(std::move(*file), kLogNumber, previous);
}

// All that a reader says of a log.
struct LogContent {
  std::vector<std::string> records;
  Status status;  // of the last Next
  bool torn = false;
  uint64_t good_bytes = 0;
  WalPosition previous;
};

inline LogContent ReadLog(FileSystem& files, const std::string& path = kLogPath,
                          uint64_t number = kLogNumber) {
  LogContent content;
  auto reader = WalReader::Open(files, path, number);
  content.status = reader.status();
  if (!reader.ok()) return content;
  for (;;) {
    std::string_view payload;
    const Result<bool> more = (*reader)->Next(&payload);
    content.status = more.status();
    if (!more.ok() || !*more) break;
    content.records.emplace_back(payload);
  }
  std::string_view ignored;
  const Result<bool> again = (*reader)->Next(&ignored);
  EXPECT_EQ(again.status().code(), content.status.code()) << "the end stays the end";
  EXPECT_FALSE(again.ok() && *again);
  content.torn = (*reader)->torn();
  content.good_bytes = (*reader)->good_bytes();
  content.previous = (*reader)->previous();
  return content;
}

inline void WriteBytes(FileSystem& files, std::string_view bytes,
                       const std::string& path = kLogPath) {
  auto file = files.NewWritableFile(path, {});
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append({}, bytes).ok());
  ASSERT_TRUE((*file)->Close().ok());
}

inline std::string ReadBytes(FileSystem& files, const std::string& path = kLogPath) {
  auto bytes = ReadWholeFile(files, {}, path);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return bytes.ok() ? *bytes : std::string();
}

inline bool IsPrefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace varve
