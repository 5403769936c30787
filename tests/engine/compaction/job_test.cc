// The merge of one job: where it begins, ends and cuts, whom it asks for its pace, and what is left
// after an error.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/job.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/compaction/merge_testing.h"

namespace varve {
namespace {

class CountingPace final : public JobPace {
 public:
  Status Spend(uint64_t bytes) override {
    calls++;
    sum += bytes;
    largest = std::max(largest, bytes);
    return sum >= fail_at ? Status::Busy("stop") : Status();
  }
  int calls = 0;
  uint64_t sum = 0;
  uint64_t largest = 0;
  uint64_t fail_at = ~uint64_t{0};
};

TEST(MergeJob, CutsTablesBySizeAndAtGivenKeys) {
  MergeDirectory directory(20 << 10);
  const std::vector<OwnedEntry> entries = EvenPuts(1000, 100, 1);  // about 110 KiB
  MergeRequest request = directory.Request();
  request.cuts = {"000000", "000101", "000102", "001000", "009999"};
  const MergeOutput output = directory.Write(entries, request);
  EXPECT_EQ(EntriesOf(output), entries);
  std::vector<std::string> first_keys;
  for (const TablePtr& table : output.tables) {
    EXPECT_LT(table->file_bytes, 22u << 10);
    first_keys.push_back(table->smallest);
  }
  for (const char* cut : {"000000", "000102", "001000"}) {
    EXPECT_EQ(std::count(first_keys.begin(), first_keys.end(), cut), 1) << cut;
  }
  EXPECT_GE(output.tables.size(), 7u) << "and by size between them";
  EXPECT_LE(output.tables.size(), 9u);
}

TEST(MergeJob, VersionsOfAKeyStayInOneTable) {
  MergeDirectory directory(4 << 10);
  std::vector<OwnedEntry> entries;
  for (const char* key : {"a", "b", "c"}) {
    for (SequenceNumber sequence = 100; sequence > 0; --sequence) {
      entries.push_back({key, MakeTag(sequence, EntryKind::kPut), std::string(100, 'v')});
    }
  }
  MergeRequest request = directory.Request();
  for (SequenceNumber sequence = 1; sequence < 100; ++sequence) {
    request.snapshots.push_back(sequence);
  }
  request.cuts = {"b", "bb"};
  const MergeOutput output = directory.Write(entries, request);
  EXPECT_EQ(EntriesOf(output), entries);
  EXPECT_EQ(output.tables.size(), 3u);
  for (const TablePtr& table : output.tables) EXPECT_EQ(table->smallest, table->largest);
}

TEST(MergeJob, MergesOnlyKeysWithinItsBounds) {
  MergeDirectory directory(1 << 20);
  const std::vector<OwnedEntry> entries = EvenPuts(100, 10, 1);
  MergeRequest request = directory.Request();
  request.begin = entries[10].key;
  request.end = entries[20].key;
  const MergeOutput output = directory.Write(entries, request);
  EXPECT_EQ(EntriesOf(output), std::vector<OwnedEntry>(entries.begin() + 10, entries.begin() + 20));
  EXPECT_EQ(output.entries_read, 10u);
}

TEST(MergeJob, AsksItsPaceForAllThatItWritesInSmallParts) {
  MergeDirectory directory(300 << 10);
  CountingPace pace;
  MergeRequest request = directory.Request();
  request.pace = &pace;
  const MergeOutput output = directory.Write(EvenPuts(10000, 100, 1), request);
  EXPECT_EQ(output.tables.size(), 4u);
  // The length of an unfinished table is an estimate.
  EXPECT_NEAR(static_cast<double>(pace.sum), static_cast<double>(output.bytes), 4 * 200);
  EXPECT_LT(pace.largest, 80u << 10);
  EXPECT_LT(pace.calls, 25);
}

TEST(MergeJob, EndsWithTheErrorOfItsPaceAndLeavesNoTable) {
  MergeDirectory directory(100 << 10);
  CountingPace pace;
  pace.fail_at = 200 << 10;
  const std::vector<OwnedEntry> entries = EvenPuts(10000, 100, 1);
  VectorIterator input(entries);
  MergeRequest request = directory.Request();
  request.input = &input;
  request.pace = &pace;
  const Result<MergeOutput> output = RunMerge(directory.factory(), request);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), Status::Code::kBusy);
  EXPECT_EQ(directory.FileCount(), 0u);
}

TEST(MergeJob, LeavesNoTableIfTheirNamesCannotBeSynced) {
  MergeDirectory directory(10 << 10);
  directory.files().SetRule([](const FileCallInfo& call) {
    return Fault{call.call == FileCall::kSyncDirectory ? Status::IoError("no") : Status()};
  });
  const std::vector<OwnedEntry> entries = EvenPuts(1000, 100, 1);
  VectorIterator input(entries);
  MergeRequest request = directory.Request();
  request.input = &input;
  EXPECT_FALSE(RunMerge(directory.factory(), request).ok());
  EXPECT_EQ(directory.FileCount(), 0u);
}

}  // namespace
}  // namespace varve
