// Range tombstones in merges: the truth table, and what every reader sees after a merge into small
// tables, in parts, with data above and below.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/range_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/compaction/split_merge.h"
#include "engine/util/hash.h"
#include "tests/engine/compaction/merge_testing.h"

namespace varve {
namespace {

using table_testing::Below;
using table_testing::Random;
using table_testing::RandomKey;

std::vector<SequenceNumber> Keep(std::vector<SequenceNumber> newest_first,
                                 std::vector<SequenceNumber> snapshots, bool below) {
  return MergeRules(std::move(snapshots)).KeepRange(newest_first, below);
}

TEST(RangeMergeRules, TruthTableOfTombstonesOverOnePlace) {
  using Sequences = std::vector<SequenceNumber>;
  // Where nothing is below, the oldest stripe hides nothing that is left.
  EXPECT_EQ(Keep({5}, {}, false), Sequences{});
  EXPECT_EQ(Keep({5}, {}, true), Sequences{5});
  EXPECT_EQ(Keep({5}, {5}, false), Sequences{});
  EXPECT_EQ(Keep({5}, {4}, false), Sequences{5}) << "a snapshot may still need what it hides";
  // The newest of a stripe does for all of it.
  EXPECT_EQ(Keep({9, 7, 5}, {}, true), Sequences{9});
  EXPECT_EQ(Keep({9, 7, 5}, {9, 12}, true), Sequences{9});
  EXPECT_EQ(Keep({9, 7, 5}, {8}, true), (Sequences{9, 7}));
  EXPECT_EQ(Keep({9, 7, 5}, {8}, false), Sequences{9});
  EXPECT_EQ(Keep({9, 7, 5}, {5, 8}, true), (Sequences{9, 7, 5}));
  EXPECT_EQ(Keep({9, 7, 5}, {5, 8}, false), (Sequences{9, 7}));
  EXPECT_EQ(Keep({9, 7, 5}, {4}, false), Sequences{9});
}

TEST(RangeMergeRules, TruthTableOfVersionsThatAreCovered) {
  using Verdict = MergeRules::Verdict;
  const auto judge = [](SequenceNumber version, SequenceNumber hidden_by,
                        std::vector<SequenceNumber> snapshots) {
    MergeRules rules(std::move(snapshots));
    return rules.Judge({"key", MakeTag(version, EntryKind::kPut), ""}, true, hidden_by);
  };
  EXPECT_EQ(judge(5, 0, {}), Verdict::kKeep);
  EXPECT_EQ(judge(5, 7, {}), Verdict::kDropHidden);
  EXPECT_EQ(judge(5, 7, {4}), Verdict::kDropHidden) << "no snapshot sees the version";
  EXPECT_EQ(judge(5, 7, {7}), Verdict::kDropHidden) << "every snapshot sees the tombstone";
  EXPECT_EQ(judge(5, 7, {5}), Verdict::kKeep);
  EXPECT_EQ(judge(5, 7, {6}), Verdict::kKeep);
  // What a range tombstone hid does not hide an older version that a snapshot needs.
  MergeRules rules({6});
  EXPECT_EQ(rules.Judge({"key", MakeTag(8, EntryKind::kPut), ""}, true, 9), Verdict::kDropHidden);
  EXPECT_EQ(rules.Judge({"key", MakeTag(5, EntryKind::kPut), ""}, true, 9), Verdict::kKeep);
  EXPECT_EQ(rules.Judge({"key", MakeTag(4, EntryKind::kPut), ""}, true, 9), Verdict::kDropHidden);
}

struct Range {
  std::string begin;
  std::string end;
  SequenceNumber sequence = 0;
};

// Some versions and deleted ranges, in no order.
struct Data {
  std::vector<OwnedEntry> entries;
  std::vector<Range> ranges;

  void Add(const Data& other) {
    entries.insert(entries.end(), other.entries.begin(), other.entries.end());
    ranges.insert(ranges.end(), other.ranges.begin(), other.ranges.end());
  }
  std::vector<RangeTombstone> views() const {
    std::vector<RangeTombstone> views;
    for (const Range& range : ranges) views.push_back({range.begin, range.end, range.sequence});
    return views;
  }
};

Data RandomData(Random* random, SequenceNumber from, SequenceNumber to, uint64_t ranges_in_ten) {
  Data data;
  for (SequenceNumber sequence = from; sequence < to; ++sequence) {
    std::string key = RandomKey(random, 2);
    if (Below(random, 10) < ranges_in_ten) {
      std::string end = RandomKey(random, 2);
      if (key == end) continue;
      data.ranges.push_back({std::min(key, end), std::max(key, end), sequence});
    } else if (Below(random, 4) == 0) {
      data.entries.push_back(table_testing::Tombstone(std::move(key), sequence));
    } else {
      data.entries.push_back(table_testing::Put(std::move(key), sequence, "value of some bytes"));
    }
  }
  table_testing::SortEntries(&data.entries);
  return data;
}

// The number of the put that a reader at `at` sees; 0: the key is absent.
SequenceNumber Read(const Data& data, std::string_view key, SequenceNumber at) {
  SequenceNumber newest = 0;
  bool put = false;
  for (const OwnedEntry& entry : data.entries) {
    const SequenceNumber sequence = SequenceOf(entry.tag);
    if (entry.key != key || sequence > at || sequence < newest) continue;
    newest = sequence;
    put = KindOf(entry.tag) == EntryKind::kPut;
  }
  for (const Range& range : data.ranges) {
    const bool covers = range.begin <= key && key < range.end && range.sequence <= at;
    if (covers && range.sequence > newest) return 0;
  }
  return put ? newest : 0;
}

// Some tables that say that they hold what is below.
Tree TreeOf(const Data& below, Random* random) {
  Tree tree;
  tree.levels.resize(1);
  std::set<std::string> keys;
  for (const OwnedEntry& entry : below.entries) keys.insert(entry.key);
  Run run;
  for (auto key = keys.begin(); key != keys.end();) {
    TableInfo info;
    info.smallest = *key;
    for (uint64_t left = Below(random, 4); left > 0 && std::next(key) != keys.end(); --left) ++key;
    info.largest = *key++;
    run.tables.push_back(std::make_shared<const TableInfo>(info));
  }
  if (!run.tables.empty()) tree.levels[0].runs.push_back(run);
  return tree;
}

// What the tables hold, and that they are one run.
Data Contents(const MergeOutput& output) {
  Data data;
  data.entries = EntriesOf(output);
  const TableInfo* before = nullptr;
  for (size_t i = 0; i < output.tables.size(); ++i) {
    const TableInfo& info = *output.tables[i];
    EXPECT_LE(info.smallest, info.largest);
    if (before != nullptr) {
      EXPECT_LT(before->largest, info.smallest) << "table " << i;
    }
    before = &info;
    const TableReader& reader = output.open[i].table->reader();
    EXPECT_TRUE(reader.Verify().ok()) << reader.Verify().ToString();
    if (reader.range_tombstones() == nullptr) continue;
    std::vector<RangeTombstone> all;
    reader.range_tombstones()->AppendTo(&all);
    for (const RangeTombstone& one : all) {
      data.ranges.push_back({std::string(one.begin), std::string(one.end), one.sequence});
    }
  }
  return data;
}

// What a get of the run finds, by the ranges of its tables. 0: a delete; nullopt: nothing.
std::optional<SequenceNumber> Get(const MergeOutput& output, std::string_view key,
                                  SequenceNumber at) {
  for (size_t i = 0; i < output.tables.size(); ++i) {
    if (!output.tables[i]->Overlaps(key, key)) continue;
    TableHit hit;
    EXPECT_TRUE(output.open[i].table->reader().Get({}, key, HashKey(key), at, &hit).ok());
    if (!hit.found) return std::nullopt;
    return KindOf(hit.tag) == EntryKind::kPut ? SequenceOf(hit.tag) : 0;
  }
  return std::nullopt;
}

Result<MergeOutput> MergeInParts(const MergeDirectory& directory, const MergeRequest& merge,
                                 const Data& merged, Random* random) {
  SplitMergeRequest request;
  request.merge = merge;
  std::set<std::string> bounds;
  for (uint64_t left = Below(random, 4); left > 0; --left) bounds.insert(RandomKey(random, 2));
  bounds.erase("");
  request.bounds.assign(bounds.begin(), bounds.end());
  request.new_input = [&merged](std::string_view, std::string_view) {
    return std::make_unique<VectorIterator>(merged.entries);
  };
  request.run_parts = [](const std::vector<std::function<void()>>& parts) {
    for (const auto& part : parts) part();
  };
  return RunSplitMerge(directory.factory(), request);
}

// I5, I6
TEST(RangeMerge, EveryReaderSeesTheSameAfterTheMerge) {
  for (uint64_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Data below = Below(&random, 2) == 0 ? Data() : RandomData(&random, 1, 15, 0);
    const Data merged = RandomData(&random, 15, 20 + Below(&random, 40), 1 + Below(&random, 10));
    const Data above = RandomData(&random, 60, 65, 2);
    std::set<SequenceNumber> snapshots;
    for (uint64_t left = Below(&random, 4); left > 0; --left) snapshots.insert(Below(&random, 66));
    // A table for each key, or for a few.
    MergeDirectory directory(Below(&random, 2) == 0 ? 1 : 500);
    OlderData older(TreeOf(below, &random));
    const RangeTombstones tombstones(merged.views());
    MergeRequest request = directory.Request();
    request.older = &older;
    request.snapshots.assign(snapshots.begin(), snapshots.end());
    if (!tombstones.empty()) request.tombstones = &tombstones;
    const Result<MergeOutput> output = MergeInParts(directory, request, merged, &random);
    ASSERT_TRUE(output.ok()) << output.status().ToString();
    Data before = below, after = below;
    before.Add(merged);
    before.Add(above);
    const Data run = Contents(*output);
    after.Add(run);
    after.Add(above);
    snapshots.insert(kSequenceMax);
    for (const SequenceNumber at : snapshots) {
      for (const OwnedEntry& entry : before.entries) {
        ASSERT_EQ(Read(before, entry.key, at), Read(after, entry.key, at)) << "at " << at;
        const std::optional<SequenceNumber> got = Get(*output, entry.key, at);
        ASSERT_EQ(got.value_or(0), Read(run, entry.key, at)) << "at " << at;
      }
    }
  }
}

TEST(RangeMerge, WhatNothingNeedsIsGone) {
  MergeDirectory directory(1 << 20);
  Data data;
  data.entries = EvenPuts(500, 20, 1);
  data.ranges = {{"000000", "000999", 1000}};
  const RangeTombstones tombstones(data.views());
  OlderData nothing{Tree()};
  MergeRequest request = directory.Request();
  request.older = &nothing;
  request.tombstones = &tombstones;
  const MergeOutput output = directory.Write(data.entries, request);
  EXPECT_EQ(output.entries_dropped, 500u);
  EXPECT_TRUE(output.tables.empty());
  EXPECT_EQ(directory.FileCount(), 0u);
  // Where older data may be, the tombstone stays, in a table of its own.
  OlderData everything = OlderData::Everything();
  request.older = &everything;
  const MergeOutput kept = directory.Write(data.entries, request);
  ASSERT_EQ(kept.tables.size(), 1u);
  EXPECT_EQ(kept.tables[0]->smallest, "000000");
  EXPECT_EQ(kept.tables[0]->largest, "000999");
  EXPECT_EQ(kept.tables[0]->oldest_tombstone, 1000u);
  EXPECT_EQ(EntriesOf(kept), std::vector{table_testing::Tombstone("000000", 1000)});
}

// The longest key has no successor at which a range could be cut.
TEST(RangeMerge, ARangeIsNotCutAfterTheLongestKey) {
  MergeDirectory directory(1);
  const std::string longest(kKeyBytesMax, 'b');
  Data data;
  data.entries = {table_testing::Put("a", 9, "1"), table_testing::Put(longest, 9, "2"),
                  table_testing::Put("c", 9, "3")};
  data.ranges = {{"a", "d", 5}};
  const RangeTombstones tombstones(data.views());
  MergeRequest request = directory.Request();
  request.tombstones = &tombstones;
  const MergeOutput output = directory.Write(data.entries, request);
  ASSERT_EQ(output.tables.size(), 2u);
  EXPECT_EQ(output.tables[0]->largest, "a");
  EXPECT_EQ(output.tables[1]->smallest, KeyAfter("a"));
  EXPECT_EQ(output.tables[1]->largest, "d");
  EXPECT_EQ(Contents(output).entries, data.entries);
}

}  // namespace
}  // namespace varve
