// What the tests of merges share: a directory of tables in memory, and what is in them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/compaction/job.h"
#include "engine/filter/bloom_filter.h"
#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/iterator/iterator_testing.h"
#include "tests/engine/table/table_testing.h"

namespace varve {

using iterator_testing::VectorIterator;
using table_testing::OwnedEntry;

// A directory in memory, whose calls can be made to fail, and how tables are made in it.
class MergeDirectory {
 public:
  explicit MergeDirectory(uint64_t table_bytes) {
    EXPECT_TRUE(memory_->CreateDirectory("/d").ok());
    factory_.file_system = &files_;
    factory_.files = &handles_;
    factory_.directory = "/d";
    factory_.table_bytes = table_bytes;
    factory_.builder.block_bytes = 512;
    factory_.builder.filter = &filter_;
  }

  const TableFactory& factory() const { return factory_; }
  FaultyFileSystem& files() { return files_; }
  std::function<uint64_t()> new_number() {
    return [this] { return next_number_.fetch_add(1); };
  }

  // A merge of everything, into which the caller puts an input.
  MergeRequest Request() {
    MergeRequest request;
    request.older = &older_;
    request.new_number = new_number();
    return request;
  }

  // Merges sorted entries into tables.
  MergeOutput Write(const std::vector<OwnedEntry>& entries, MergeRequest request) {
    VectorIterator input(entries);
    request.input = &input;
    Result<MergeOutput> output = RunMerge(factory_, request);
    EXPECT_TRUE(output.ok()) << output.status().ToString();
    return output.ok() ? *std::move(output) : MergeOutput();
  }

  size_t FileCount() { return memory_->List("/d").value().size(); }

 private:
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FaultyFileSystem files_{memory_.get()};
  FileHandles handles_{&files_, 100};
  const BloomFilterPolicy filter_;
  TableFactory factory_;
  OlderData older_ = OlderData::Everything();
  std::atomic<uint64_t> next_number_{1};
};

// What the tables hold, one after the other.
inline std::vector<OwnedEntry> EntriesOf(const MergeOutput& output) {
  std::vector<OwnedEntry> entries;
  for (const Version::NumberedTable& open : output.open) {
    const auto it = open.table->reader().NewIterator({});
    const std::vector<OwnedEntry> of_table = table_testing::Drain(it.get());
    entries.insert(entries.end(), of_table.begin(), of_table.end());
  }
  return entries;
}

// `count` puts of keys "000000", "000002", …: the same every time.
inline std::vector<OwnedEntry> EvenPuts(size_t count, size_t value_bytes, SequenceNumber sequence) {
  std::vector<OwnedEntry> entries;
  for (size_t i = 0; i < count; ++i) {
    std::string key = std::to_string(2 * i);
    key.insert(0, 6 - key.size(), '0');
    const std::string value(value_bytes, static_cast<char>('a' + i % 26));
    entries.push_back(table_testing::Put(key, sequence + i, value));
  }
  return entries;
}

}  // namespace varve
