// The merge of many iterators, and of the tables of a run, against sorted vectors.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/merging_iterator.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/engine/iterator/iterator_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words
using iterator_testing::GrowingIterator;
using iterator_testing::VectorIterator;
using iterator_testing::WalkAgainstModel;

// Deals entries to children at random.
std::vector<std::vector<OwnedEntry>> Deal(const std::vector<OwnedEntry>& entries, size_t children,
                                          Random* random) {
  std::vector<std::vector<OwnedEntry>> hands(children);
  for (const OwnedEntry& entry : entries) hands[Below(random, children)].push_back(entry);
  return hands;
}

std::unique_ptr<EntryIterator> Merge(const std::vector<std::vector<OwnedEntry>>& hands) {
  std::vector<std::unique_ptr<EntryIterator>> children;
  for (const auto& hand : hands) children.push_back(std::make_unique<VectorIterator>(hand));
  return NewMergingIterator(std::move(children));
}

TEST(MergingIterator, RandomWalksOverAnyNumberOfChildrenAgreeWithAModel) {
  for (const size_t children : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 13u, 33u}) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
      SCOPED_TRACE(std::to_string(children) + " children, seed " + std::to_string(seed));
      Random random(seed);
      const auto entries = RandomEntries(&random, 1 + Below(&random, 120), 4, 10, 30);
      const auto merged = Merge(Deal(entries, children, &random));
      EXPECT_EQ(Drain(merged.get()), entries);
      auto backward = DrainBackward(merged.get());
      std::reverse(backward.begin(), backward.end());
      EXPECT_EQ(backward, entries);
      WalkAgainstModel(merged.get(), entries, &random, 300);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(MergingIterator, KeysWithTheSameFirstEightBytesAreOrderedByTheRest) {
  const std::string eight = "12345678";
  const std::vector<OwnedEntry> entries = {Put("1234567", 1, ""),
                                           Put(std::string("1234567\0", 8), 1, ""),
                                           Put(eight, 3, ""),
                                           Put(eight, 2, ""),
                                           Put(eight + "a", 9, ""),
                                           Put(eight + "b", 1, ""),
                                           Put(std::string(8, '\xff'), 1, ""),
                                           Put(std::string(9, '\xff'), 1, "")};
  for (uint64_t seed = 1; seed <= 50; seed++) {
    Random random(seed);
    const auto merged = Merge(Deal(entries, 3, &random));
    EXPECT_EQ(Drain(merged.get()), entries);
    WalkAgainstModel(merged.get(), entries, &random, 100);
  }
}

TEST(MergingIterator, WhatAllKeysShareNeedNotBeCompared) {
  const std::vector<OwnedEntry> entries = {Put("user", 1, ""),          Put("user1", 1, ""),
                                           Put("user12345", 5, ""),     Put("user12345", 4, ""),
                                           Put("user123456789", 1, ""), Put("user2", 1, "")};
  for (uint64_t seed = 1; seed <= 50; seed++) {
    Random random(seed);
    std::vector<std::unique_ptr<EntryIterator>> children;
    for (auto& hand : Deal(entries, 3, &random)) {
      children.push_back(std::make_unique<VectorIterator>(std::move(hand)));
    }
    const auto merged = NewMergingIterator(std::move(children), 4);
    EXPECT_EQ(Drain(merged.get()), entries);
    WalkAgainstModel(merged.get(), entries, &random, 100);
  }
}

TEST(MergingIterator, NoChildrenMakeAnEmptyIterator) {
  const auto merged = NewMergingIterator({});
  merged->SeekToFirst();
  EXPECT_FALSE(merged->Valid());
  merged->Seek("a", 1);
  EXPECT_FALSE(merged->Valid());
  merged->SeekToLast();
  EXPECT_FALSE(merged->Valid());
  EXPECT_TRUE(merged->status().ok());
}

TEST(MergingIterator, OneChildIsGivenBackAsItIs) {
  auto child = std::make_unique<VectorIterator>(std::vector<OwnedEntry>{});
  const EntryIterator* address = child.get();
  std::vector<std::unique_ptr<EntryIterator>> children;
  children.push_back(std::move(child));
  EXPECT_EQ(NewMergingIterator(std::move(children)).get(), address);
}

TEST(MergingIterator, AFailedChildEndsTheMergeAtOnceAndInEitherDirection) {
  const std::vector<OwnedEntry> entries = {Put("a", 1, ""), Put("c", 1, ""), Put("e", 1, "")};
  const std::vector<OwnedEntry> others = {Put("b", 1, ""), Put("d", 1, ""), Put("f", 1, "")};
  for (int steps = 0; steps < 4; steps++) {
    for (const bool backward : {false, true}) {
      std::vector<std::unique_ptr<EntryIterator>> children;
      children.push_back(std::make_unique<VectorIterator>(entries, steps));
      children.push_back(std::make_unique<VectorIterator>(others));
      const auto merged = NewMergingIterator(std::move(children));
      const auto seen = backward ? DrainBackward(merged.get()) : Drain(merged.get());
      // A child of n steps gives at most n entries, with the other's up to there.
      EXPECT_LE(seen.size(), static_cast<size_t>(2 * steps));
      EXPECT_FALSE(merged->Valid());
      EXPECT_EQ(merged->status().code(), Status::Code::kCorruption);
    }
  }
}

TEST(MergingIterator, AChildThatFailsWhileTurningRoundEndsTheMerge) {
  const std::vector<OwnedEntry> entries = {Put("a", 1, ""), Put("c", 1, ""), Put("e", 1, "")};
  const std::vector<OwnedEntry> others = {Put("b", 1, ""), Put("d", 1, ""), Put("f", 1, "")};
  for (int steps = 2; steps < 4; steps++) {
    std::vector<std::unique_ptr<EntryIterator>> children;
    children.push_back(std::make_unique<VectorIterator>(entries));
    children.push_back(std::make_unique<VectorIterator>(others, steps));
    const auto merged = NewMergingIterator(std::move(children));
    merged->SeekToFirst();
    merged->Next();
    merged->Next();
    ASSERT_TRUE(merged->Valid());
    EXPECT_EQ(merged->entry().key, "c");
    merged->Prev();
    EXPECT_FALSE(merged->Valid());
    EXPECT_EQ(merged->status().code(), Status::Code::kCorruption);
  }
}

TEST(MergingIterator, TurningBackIgnoresWhatAMemTableGotBehindThePlace) {
  std::vector<std::unique_ptr<EntryIterator>> children;
  children.push_back(
      std::make_unique<VectorIterator>(std::vector{Put("a", 1, ""), Put("c", 1, "")}));
  children.push_back(std::make_unique<GrowingIterator>(
      std::vector{Put("b", 1, "")}, std::vector{Put("bb", 2, ""), Put("d", 2, "")}));
  const auto merged = NewMergingIterator(std::move(children));
  merged->Seek("c", MakeTag(1, EntryKind::kPut));
  ASSERT_TRUE(merged->Valid());
  EXPECT_EQ(merged->entry().key, "c");
  std::vector<std::string> seen;
  for (merged->Prev(); merged->Valid(); merged->Prev()) seen.emplace_back(merged->entry().key);
  EXPECT_EQ(seen, (std::vector<std::string>{"bb", "b", "a"}));
}

// A run cut from sorted entries, all versions of a key in one table.
struct CutRun {
  std::vector<TablePtr> tables;
  std::vector<std::vector<OwnedEntry>> entries;
};

CutRun Cut(const std::vector<OwnedEntry>& entries, Random* random) {
  CutRun run;
  for (const OwnedEntry& entry : entries) {
    const bool same_key = !run.entries.empty() && run.entries.back().back().key == entry.key;
    if (run.entries.empty() || (!same_key && Below(random, 5) == 0)) run.entries.emplace_back();
    run.entries.back().push_back(entry);
  }
  for (const auto& part : run.entries) {
    auto info = std::make_shared<TableInfo>();
    info->smallest = part.front().key;
    info->largest = part.back().key;
    run.tables.push_back(std::move(info));
  }
  return run;
}

TEST(RunIterator, RandomWalksAgreeWithAModel) {
  for (uint64_t seed = 1; seed <= 100; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto entries = RandomEntries(&random, 1 + Below(&random, 100), 4, 10, 10);
    const CutRun run = Cut(entries, &random);
    const auto it =
        NewRunIterator(run.tables, [&run](size_t index) -> Result<std::unique_ptr<EntryIterator>> {
          return std::unique_ptr<EntryIterator>(new VectorIterator(run.entries[index]));
        });
    EXPECT_EQ(Drain(it.get()), entries);
    auto backward = DrainBackward(it.get());
    std::reverse(backward.begin(), backward.end());
    EXPECT_EQ(backward, entries);
    WalkAgainstModel(it.get(), entries, &random, 300);
    if (HasFatalFailure()) return;
  }
}

TEST(RunIterator, ARunWithoutTablesIsEmpty) {
  const auto it = NewRunIterator({}, [](size_t) -> Result<std::unique_ptr<EntryIterator>> {
    return Status::NotFound("not to be called");
  });
  it->SeekToFirst();
  EXPECT_FALSE(it->Valid());
  it->SeekToLast();
  EXPECT_FALSE(it->Valid());
  it->Seek("a", 1);
  EXPECT_FALSE(it->Valid());
  EXPECT_TRUE(it->status().ok());
}

TEST(RunIterator, OnlyTablesThatAreReachedAreOpened) {
  Random random(1);
  const std::vector<OwnedEntry> entries = {Put("a", 1, ""), Put("b", 1, ""), Put("c", 1, "")};
  CutRun run;
  for (const OwnedEntry& entry : entries) {
    run.entries.push_back({entry});
    auto info = std::make_shared<TableInfo>();
    info->smallest = info->largest = entry.key;
    run.tables.push_back(std::move(info));
  }
  std::vector<size_t> opened;
  const auto it =
      NewRunIterator(run.tables, [&](size_t index) -> Result<std::unique_ptr<EntryIterator>> {
        opened.push_back(index);
        return std::unique_ptr<EntryIterator>(new VectorIterator(run.entries[index]));
      });
  it->Seek("b", SeekTag(kSequenceMax));
  EXPECT_EQ(opened, (std::vector<size_t>{1}));
  it->Next();
  EXPECT_EQ(opened, (std::vector<size_t>{1, 2}));
  it->Seek("d", SeekTag(kSequenceMax));
  EXPECT_FALSE(it->Valid());
  EXPECT_EQ(opened, (std::vector<size_t>{1, 2}));
}

TEST(RunIterator, ATableThatCannotBeOpenedOrReadEndsTheScanWithItsError) {
  const std::vector<OwnedEntry> entries = {Put("a", 1, ""), Put("b", 1, "")};
  for (const bool opens : {false, true}) {
    std::vector<TablePtr> tables;
    for (const OwnedEntry& entry : entries) {
      auto info = std::make_shared<TableInfo>();
      info->smallest = info->largest = entry.key;
      tables.push_back(std::move(info));
    }
    const auto it =
        NewRunIterator(tables, [&](size_t index) -> Result<std::unique_ptr<EntryIterator>> {
          if (index == 1 && !opens) return Status::IoError("cannot open");
          const int steps = index == 1 ? 0 : -1;
          return std::unique_ptr<EntryIterator>(new VectorIterator({entries[index]}, steps));
        });
    it->SeekToFirst();
    ASSERT_TRUE(it->Valid());
    it->Next();
    EXPECT_FALSE(it->Valid());
    EXPECT_EQ(it->status().code(), opens ? Status::Code::kCorruption : Status::Code::kIoError);
    it->SeekToFirst();
    EXPECT_TRUE(it->Valid());
    EXPECT_TRUE(it->status().ok());
  }
}

}  // namespace
}  // namespace varve
