// Files in strings, and tables in them: what the tests of tables and iterators share.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/entry.h"
#include "engine/io/file_system.h"
#include "engine/table/table_builder.h"
#include "engine/table/table_reader.h"

namespace varve::table_testing {

// Appends to a string that outlives it.
class StringWritableFile final : public WritableFile {
 public:
  explicit StringWritableFile(std::string* bytes) : bytes_(bytes) {}

  Status Append(IoCause cause, std::string_view data) override {
    appends++;
    last_cause = cause;
    if (bytes_->size() + data.size() > fail_beyond) return Status::NoSpace("no space in the test");
    bytes_->append(data);
    return {};
  }
  Status Sync(IoCause) override { return {}; }
  Status Truncate(uint64_t length) override {
    bytes_->resize(length);
    return {};
  }
  Status Close() override { return {}; }
  uint64_t length() const override { return bytes_->size(); }

  int appends = 0;
  IoCause last_cause;
  uint64_t fail_beyond = ~uint64_t{0};

 private:
  std::string* const bytes_;
};

// What a file was asked for; and whether it fails.
struct ReadLog {
  bool fail = false;
  std::vector<IoCause> causes;
  uint64_t bytes = 0;
};

// Reads a string of its own.
class StringFile final : public RandomAccessFile {
 public:
  explicit StringFile(std::string bytes, ReadLog* log = nullptr)
      : bytes_(std::move(bytes)), log_(log) {}

  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    if (log_ != nullptr) {
      log_->causes.push_back(cause);
      log_->bytes += bytes;
      if (log_->fail) {
        std::fill_n(buffer, bytes, '?');
        return Status::IoError("failed in the test");
      }
    }
    if (offset > bytes_.size() || bytes > bytes_.size() - offset) {
      return Status::Corruption("read beyond the end");
    }
    bytes_.copy(buffer, bytes, offset);
    return {};
  }
  Result<uint64_t> Length() const override { return uint64_t{bytes_.size()}; }

 private:
  const std::string bytes_;
  ReadLog* const log_;
};

// An entry that owns its bytes.
struct OwnedEntry {
  std::string key;
  Tag tag = 0;
  std::string value;

  Entry view() const { return {key, tag, value}; }
  bool operator==(const OwnedEntry&) const = default;
};
inline OwnedEntry Own(const Entry& entry) {
  return {std::string(entry.key), entry.tag, std::string(entry.value)};
}
inline std::ostream& operator<<(std::ostream& out, const OwnedEntry& entry) {
  return out << '"' << entry.key << "\" @" << SequenceOf(entry.tag)
             << (KindOf(entry.tag) == EntryKind::kPut ? " put " : " delete ")
             << entry.value.substr(0, 20);
}

inline OwnedEntry Put(std::string key, SequenceNumber sequence, std::string value) {
  return {std::move(key), MakeTag(sequence, EntryKind::kPut), std::move(value)};
}
inline OwnedEntry Tombstone(std::string key, SequenceNumber sequence) {
  return {std::move(key), MakeTag(sequence, EntryKind::kDelete), ""};
}

// In entry order, without equal (key, tag).
inline void SortEntries(std::vector<OwnedEntry>* entries) {
  std::sort(entries->begin(), entries->end(), [](const OwnedEntry& a, const OwnedEntry& b) {
    return CompareEntries(a.key, a.tag, b.key, b.tag) < 0;
  });
  const auto same = [](const OwnedEntry& a, const OwnedEntry& b) {
    return a.key == b.key && a.tag == b.tag;
  };
  entries->erase(std::unique(entries->begin(), entries->end(), same), entries->end());
}

using Random = std::mt19937_64;

inline uint64_t Below(Random* random, uint64_t limit) { return (*random)() % limit; }

// Keys of a small alphabet that share prefixes, extend one another, and have several versions.
inline std::string RandomKey(Random* random, size_t bytes_max) {
  std::string key;
  for (uint64_t left = Below(random, bytes_max + 1); left > 0; left--) {
    key.push_back("\0abc\xff"[Below(random, 5)]);
  }
  return key;
}

inline std::vector<OwnedEntry> RandomEntries(Random* random, size_t count, size_t key_bytes_max,
                                             size_t value_bytes_max, uint64_t sequences) {
  std::vector<OwnedEntry> entries;
  for (size_t i = 0; i < count; i++) {
    std::string key = RandomKey(random, key_bytes_max);
    const SequenceNumber sequence = Below(random, sequences);
    if (Below(random, 4) == 0) {
      entries.push_back(Tombstone(std::move(key), sequence));
    } else {
      std::string value(Below(random, value_bytes_max + 1), static_cast<char>('a' + i % 26));
      entries.push_back(Put(std::move(key), sequence, std::move(value)));
    }
  }
  SortEntries(&entries);
  return entries;
}

// A table in a string.
struct BuiltTable {
  std::string bytes;
  TableInfo info;
};

inline BuiltTable Build(const std::vector<OwnedEntry>& entries, const TableBuilderOptions& options,
                        const RangeTombstones& ranges = {}) {
  BuiltTable built;
  StringWritableFile file(&built.bytes);
  TableBuilder builder(options, &file, {IoKind::kFlush, 0, 0});
  for (const OwnedEntry& entry : entries) {
    const Status status = builder.Add(entry.view());
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  for (size_t i = 0; i < ranges.size(); ++i) {
    builder.AddRange(ranges.begin(i), ranges.end(i), ranges.sequences(i));
  }
  Result<TableInfo> info = builder.Finish();
  EXPECT_TRUE(info.ok()) << info.status().ToString();
  if (info.ok()) built.info = *info;
  return built;
}

inline Result<std::shared_ptr<TableReader>> OpenTable(const std::string& bytes,
                                                      const TableReaderOptions& options,
                                                      ReadLog* log = nullptr) {
  return TableReader::Open(std::make_unique<StringFile>(bytes, log), options,
                           {.kind = IoKind::kOpen});
}

// Of a table that is as long as it should be.
inline TableReaderOptions ReaderOptions(const BuiltTable& built, uint64_t checksum_context = 0) {
  TableReaderOptions options;
  options.number = 7;
  options.file_bytes = built.bytes.size();
  options.checksum_context = checksum_context;
  return options;
}

// Everything that an iterator yields, forward.
inline std::vector<OwnedEntry> Drain(EntryIterator* it) {
  std::vector<OwnedEntry> entries;
  for (it->SeekToFirst(); it->Valid(); it->Next()) entries.push_back(Own(it->entry()));
  return entries;
}

// The same, backward.
inline std::vector<OwnedEntry> DrainBackward(EntryIterator* it) {
  std::vector<OwnedEntry> entries;
  for (it->SeekToLast(); it->Valid(); it->Prev()) entries.push_back(Own(it->entry()));
  return entries;
}

// The entry that a get at `at` should find, or nullptr.
inline const OwnedEntry* ModelGet(const std::vector<OwnedEntry>& entries, std::string_view key,
                                  SequenceNumber at) {
  for (const OwnedEntry& entry : entries) {
    if (entry.key == key && SequenceOf(entry.tag) <= at) return &entry;
  }
  return nullptr;
}

}  // namespace varve::table_testing
