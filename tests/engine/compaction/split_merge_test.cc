// A merge in parts: the parts are about equal, make what one merge makes, and fail as one.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/split_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/iterator/merging_iterator.h"
#include "engine/util/executor.h"
#include "tests/engine/compaction/merge_testing.h"

namespace varve {
namespace {

using Keys = std::vector<std::string>;

TEST(SplitKeys, CutsIntoAboutEqualParts) {
  EXPECT_EQ(SplitKeys({}, 4), Keys());
  EXPECT_EQ(SplitKeys({{"a", 10}, {"b", 10}, {"c", 10}, {"d", 10}}, 1), Keys());
  EXPECT_EQ(SplitKeys({{"a", 10}, {"b", 10}, {"c", 10}, {"d", 10}}, 2), Keys{"b"});
  EXPECT_EQ(SplitKeys({{"c", 10}, {"a", 10}, {"d", 10}, {"b", 10}}, 4), (Keys{"a", "b", "c"}));
  EXPECT_EQ(SplitKeys({{"a", 10}, {"b", 70}, {"c", 10}, {"d", 10}}, 4), Keys{"b"});
}

TEST(SplitKeys, NeverGivesAKeyTwiceNorTheEmptyOne) {
  EXPECT_EQ(SplitKeys({{"a", 10}, {"a", 10}, {"a", 10}, {"b", 10}}, 4), Keys{"a"});
  EXPECT_EQ(SplitKeys({{"", 10}, {"b", 10}, {"c", 1}}, 2), Keys{"b"});
  EXPECT_EQ(SplitKeys({{"a", 1}}, 16), Keys());
}

TEST(SharedKeyBytes, AreThoseOfTheSmallestAndTheLargestKeyOfAllInputs) {
  const auto table = [](std::string smallest, std::string largest) {
    TableInfo info;
    info.smallest = std::move(smallest);
    info.largest = std::move(largest);
    return std::make_shared<const TableInfo>(info);
  };
  CompactionPlan plan;
  EXPECT_EQ(SharedKeyBytes(plan), 0u);
  plan.inputs.push_back({0, 1, {table("user13", "user17")}});
  EXPECT_EQ(SharedKeyBytes(plan), 5u);
  plan.inputs.push_back({1, 2, {table("user12", "user14"), table("user15", "user2")}});
  EXPECT_EQ(SharedKeyBytes(plan), 4u) << "the largest of the last table";
  plan.inputs.push_back({1, 3, {table("us", "user16")}});
  EXPECT_EQ(SharedKeyBytes(plan), 2u) << "a key that is a part of the others";
}

// Random versions of few keys in three runs of one table each.
class SplitMergeTest : public testing::Test {
 protected:
  SplitMergeTest() {
    std::mt19937_64 random(5);
    std::vector<std::vector<OwnedEntry>> runs(3);
    for (SequenceNumber sequence = 1; sequence <= 9000; ++sequence) {
      const std::string key = "key" + std::to_string(random() % 1500);
      const bool put = random() % 4 != 0;
      const size_t value_bytes = put ? random() % 100 : 0;
      runs[sequence / 3001].push_back(
          {key, MakeTag(sequence, put ? EntryKind::kPut : EntryKind::kDelete),
           std::string(value_bytes, 'v')});
    }
    MergeRequest request = directory_.Request();
    for (SequenceNumber sequence = 1; sequence < 9000; ++sequence) {
      request.snapshots.push_back(sequence);
    }
    for (std::vector<OwnedEntry>& run : runs) {
      std::sort(run.begin(), run.end(), [](const OwnedEntry& a, const OwnedEntry& b) {
        return CompareEntries(a.key, a.tag, b.key, b.tag) < 0;
      });
      inputs_.push_back(large_.Write(run, request));
      EXPECT_EQ(inputs_.back().tables.size(), 1u);
    }
  }

  SplitMergeRequest Request(size_t parts) {
    SplitMergeRequest request;
    request.merge = directory_.Request();
    request.merge.snapshots = {1000, 4000, 4001};
    std::vector<TablePiece> pieces;
    for (const MergeOutput& input : inputs_) Reader(input).AppendPieces(4096, &pieces);
    request.bounds = SplitKeys(std::move(pieces), parts);
    request.new_input = [this](std::string_view, std::string_view) {
      std::vector<std::unique_ptr<EntryIterator>> children;
      for (const MergeOutput& input : inputs_) children.push_back(Reader(input).NewIterator({}));
      return NewMergingIterator(std::move(children));
    };
    request.run_parts = [this](auto parts_to_run) { executor_->RunParts(std::move(parts_to_run)); };
    return request;
  }

  static const TableReader& Reader(const MergeOutput& input) {
    return input.open.front().table->reader();
  }

  MergeDirectory large_{64 << 20};
  MergeDirectory directory_{16 << 10};
  std::vector<MergeOutput> inputs_;
  std::unique_ptr<Executor> executor_ = NewThreadExecutor(1);
};

TEST_F(SplitMergeTest, MakesTheEntriesOfOneMergeInOneRun) {
  const Result<MergeOutput> whole = RunSplitMerge(directory_.factory(), Request(1));
  ASSERT_TRUE(whole.ok());
  const std::vector<OwnedEntry> expected = EntriesOf(*whole);
  EXPECT_GT(whole->entries_dropped, 1000u);
  for (const size_t parts : {2u, 3u, 7u, 16u}) {
    const SplitMergeRequest request = Request(parts);
    EXPECT_EQ(request.bounds.size(), parts - 1);
    const Result<MergeOutput> split = RunSplitMerge(directory_.factory(), request);
    ASSERT_TRUE(split.ok());
    EXPECT_TRUE(EntriesOf(*split) == expected) << parts;
    EXPECT_EQ(split->entries_read, whole->entries_read);
    EXPECT_EQ(split->entries_dropped, whole->entries_dropped);
    EXPECT_EQ(split->tombstones_dropped, whole->tombstones_dropped);
    ASSERT_EQ(split->open.size(), split->tables.size());
    uint64_t bytes = 0;
    for (size_t i = 0; i < split->tables.size(); ++i) {
      bytes += split->tables[i]->file_bytes;
      EXPECT_EQ(split->open[i].number, split->tables[i]->number);
      if (i > 0) {
        EXPECT_LT(split->tables[i - 1]->largest, split->tables[i]->smallest);
      }
    }
    EXPECT_EQ(split->bytes, bytes);
  }
}

TEST_F(SplitMergeTest, PartsHaveAboutEqualBytes) {
  SplitMergeRequest request = Request(4);
  std::vector<uint64_t> entries;
  for (size_t part = 0; part < 4; ++part) {
    MergeRequest merge = request.merge;
    if (part > 0) merge.begin = request.bounds[part - 1];
    if (part < 3) merge.end = request.bounds[part];
    const auto input = request.new_input({}, {});
    merge.input = input.get();
    entries.push_back(RunMerge(directory_.factory(), merge)->entries_read);
  }
  for (const uint64_t count : entries) EXPECT_NEAR(static_cast<double>(count), 2250, 450);
}

TEST_F(SplitMergeTest, OlderDataIsAskedFromTheStartInEachPart) {
  // The lower half of the keys may be below: its tombstones stay.
  SplitMergeRequest request = Request(3);
  request.merge.snapshots.clear();
  TableInfo info;
  info.smallest = "key";
  info.largest = "key5";
  Tree tree;
  tree.levels.resize(1);
  tree.levels[0].runs.push_back({1, {std::make_shared<const TableInfo>(info)}});
  OlderData older(tree);
  request.merge.older = &older;
  request.run_parts = [](const std::vector<std::function<void()>>& parts) {
    for (size_t part = parts.size(); part > 0; --part) parts[part - 1]();
  };
  const Result<MergeOutput> output = RunSplitMerge(directory_.factory(), request);
  ASSERT_TRUE(output.ok());
  size_t tombstones_below = 0;
  for (const OwnedEntry& entry : EntriesOf(*output)) {
    if (KindOf(entry.tag) == EntryKind::kPut) continue;
    EXPECT_LE(entry.key, "key5");
    ++tombstones_below;
  }
  EXPECT_GT(tombstones_below, 50u);
}

TEST_F(SplitMergeTest, AnErrorInOnePartLeavesNoTableOfAny) {
  for (const bool on_threads : {false, true}) {
    executor_ = on_threads ? NewThreadExecutor(1) : NewInlineExecutor();
    for (uint64_t failing = 0; failing < 40; ++failing) {
      MergeDirectory target(16 << 10);
      SplitMergeRequest request = Request(4);
      request.merge.new_number = target.new_number();
      target.files().FailCall(failing, Status::NoSpace("full"));
      const Result<MergeOutput> output = RunSplitMerge(target.factory(), request);
      if (target.files().calls() <= failing) break;
      ASSERT_FALSE(output.ok()) << failing;
      EXPECT_NE(output.status().ToString().find("full"), std::string::npos)
          << output.status().ToString();
      EXPECT_EQ(target.FileCount(), 0u) << failing;
    }
  }
}

TEST_F(SplitMergeTest, AfterAnErrorTheOtherPartsGiveUp) {
  // Part 1 fails when part 0 has written half of its tables, and part 2 has not begun.
  SplitMergeRequest request = Request(3);
  uint64_t tables = 0;
  const auto new_number = request.merge.new_number;
  std::function<void()> fail_part_1;
  request.merge.new_number = [&] {
    if (++tables == 2) fail_part_1();
    return new_number();
  };
  request.run_parts = [&](const std::vector<std::function<void()>>& parts) {
    fail_part_1 = [&] {
      directory_.files().FailFrom(0, Status::NoSpace("full"));
      parts[1]();
      directory_.files().SetRule({});
    };
    parts[0]();
    parts[2]();
  };
  const size_t files = directory_.FileCount();
  const Result<MergeOutput> output = RunSplitMerge(directory_.factory(), request);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), Status::Code::kNoSpace) << "the first error";
  // Two of part 0, of about nine, and one of part 1.
  EXPECT_EQ(tables, 3u);
  EXPECT_EQ(directory_.FileCount(), files);
}

TEST_F(SplitMergeTest, StopsAllPartsWhenAsked) {
  const std::atomic<bool> stopping{true};
  SplitMergeRequest request = Request(4);
  request.merge.stopping = &stopping;
  const size_t files = directory_.FileCount();
  const Result<MergeOutput> output = RunSplitMerge(directory_.factory(), request);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), Status::Code::kBusy);
  EXPECT_EQ(directory_.FileCount(), files);
}

}  // namespace
}  // namespace varve
