// The user's iterator against a map: any snapshot, any bounds, any walk.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/visible_iterator.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/iterator/merging_iterator.h"
#include "tests/engine/iterator/iterator_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words
using iterator_testing::GrowingIterator;
using iterator_testing::VectorIterator;

using Model = std::map<std::string, std::string>;

// The live keys within the bounds at a moment.
Model LiveKeys(const std::vector<OwnedEntry>& entries, const VisibleIteratorOptions& options) {
  Model model;
  for (const OwnedEntry& entry : entries) {
    const std::string& key = entry.key;
    if (key < options.lower_bound) continue;
    if (!options.upper_bound.empty() && key >= options.upper_bound) continue;
    const OwnedEntry* newest = ModelGet(entries, key, options.at);
    if (newest == nullptr || KindOf(newest->tag) == EntryKind::kDelete) continue;
    model[key] = newest->value;
  }
  return model;
}

// One random move of both; `at` is where the model is, end() if not valid.
void Move(Iterator* it, const Model& model, Model::const_iterator* at, Random* random) {
  const bool valid = *at != model.end();
  const std::string key = Below(random, 4) == 0 && valid ? (*at)->first : RandomKey(random, 4);
  switch (Below(random, valid ? 14 : 4)) {
    case 0:
      it->SeekToFirst();
      *at = model.begin();
      return;
    case 1:
      it->SeekToLast();
      *at = model.empty() ? model.end() : std::prev(model.end());
      return;
    case 2:
      it->Seek(key);
      *at = model.lower_bound(key);
      return;
    case 3: {
      it->SeekForPrev(key);
      const auto above = model.upper_bound(key);
      *at = above == model.begin() ? model.end() : std::prev(above);
      return;
    }
    default:
      if (Below(random, 2) == 0) {
        it->Next();
        ++*at;
      } else {
        it->Prev();
        *at = *at == model.begin() ? model.end() : std::prev(*at);
      }
  }
}

void Walk(const std::vector<OwnedEntry>& entries, const VisibleIteratorOptions& options,
          Random* random, int steps) {
  const Model model = LiveKeys(entries, options);
  const auto it = NewVisibleIterator(std::make_unique<VectorIterator>(entries), options);
  EXPECT_FALSE(it->Valid());
  auto at = model.end();
  for (int i = 0; i < steps; i++) {
    Move(it.get(), model, &at, random);
    ASSERT_TRUE(it->status().ok());
    ASSERT_EQ(it->Valid(), at != model.end()) << "step " << i;
    if (!it->Valid()) continue;
    ASSERT_EQ(it->key(), at->first) << "step " << i;
    ASSERT_EQ(it->value(), at->second) << "step " << i;
  }
}

TEST(VisibleIterator, RandomWalksAgreeWithAMapAtAnySnapshotAndBounds) {
  for (uint64_t seed = 1; seed <= 400; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    // Few keys with many versions, or many with few.
    const size_t key_bytes_max = 1 + seed % 4;
    const auto entries = RandomEntries(&random, Below(&random, 300), key_bytes_max, 8, 60);
    VisibleIteratorOptions options;
    options.at = Below(&random, 2) == 0 ? kSequenceMax : Below(&random, 60);
    if (Below(&random, 2) == 0) options.lower_bound = RandomKey(&random, 3);
    if (Below(&random, 2) == 0) options.upper_bound = RandomKey(&random, 3);
    Walk(entries, options, &random, 200);
    if (HasFatalFailure()) return;
  }
}

TEST(VisibleIterator, ManyVersionsOfAKeyAreJumpedOver) {
  std::vector<OwnedEntry> entries = {Put("a", 1, "a")};
  for (SequenceNumber sequence = 500; sequence >= 1; sequence--) {
    entries.push_back(Put("hot", sequence, std::to_string(sequence)));
  }
  entries.push_back(Put("z", 1, "z"));
  for (const SequenceNumber at : {0u, 1u, 5u, 250u, 490u, 499u, 500u, 501u}) {
    Random random(at);
    VisibleIteratorOptions options;
    options.at = at;
    Walk(entries, options, &random, 300);
  }
}

TEST(VisibleIterator, ASeekMayTakeTheKeyThatTheIteratorIsAt) {
  const std::vector<OwnedEntry> entries = {Put("a", 1, "1"), Put("b", 1, "2"), Put("c", 1, "3")};
  const auto it = NewVisibleIterator(std::make_unique<VectorIterator>(entries), {});
  it->SeekToFirst();
  it->Next();
  it->Seek(it->key());
  EXPECT_EQ(it->key(), "b");
  it->SeekForPrev(it->key());
  EXPECT_EQ(it->key(), "b");
  it->Seek(it->key());
  EXPECT_EQ(it->key(), "b");
}

// Another thread adds many versions of a key behind the upper bound while an iterator goes to the
// last key before it.
TEST(VisibleIterator, GoesBackFromTheBoundWhateverAMemTableGetsBehindIt) {
  std::vector<OwnedEntry> late;
  for (SequenceNumber sequence = 100; sequence > 1; sequence--) {
    late.push_back(Put("d", sequence, "late"));
  }
  for (const bool with_table : {true, false}) {
    for (const bool for_prev : {true, false}) {
      std::vector<std::unique_ptr<EntryIterator>> children;
      children.push_back(std::make_unique<GrowingIterator>(std::vector{Put("b", 1, "")}, late));
      if (with_table) {
        children.push_back(
            std::make_unique<VectorIterator>(std::vector{Put("a", 1, ""), Put("c", 1, "")}));
      }
      VisibleIteratorOptions options;
      options.at = 1;
      if (!for_prev) options.upper_bound = "c";
      const auto it = NewVisibleIterator(NewMergingIterator(std::move(children)), options);
      for_prev ? it->SeekForPrev("bb") : it->SeekToLast();
      ASSERT_TRUE(it->Valid());
      EXPECT_EQ(it->key(), "b");
      it->Prev();
      EXPECT_EQ(it->Valid(), with_table);
    }
  }
}

TEST(VisibleIterator, KeysAndBytesReturnedAreCounted) {
  const std::vector<OwnedEntry> entries = {Put("a", 2, "11"), Put("a", 1, "22"), Tombstone("b", 2),
                                           Put("c", 1, "333")};
  ReadCounters counters;
  VisibleIteratorOptions options;
  options.counters = &counters;
  const auto it = NewVisibleIterator(std::make_unique<VectorIterator>(entries), options);
  for (it->SeekToFirst(); it->Valid(); it->Next()) continue;
  EXPECT_EQ(counters.iterator_entries.Read(), 2u);
  EXPECT_EQ(counters.user_bytes_read.Read(), 3u + 4u);
  for (it->SeekToLast(); it->Valid(); it->Prev()) continue;
  EXPECT_EQ(counters.iterator_entries.Read(), 4u);
  EXPECT_EQ(counters.user_bytes_read.Read(), 14u);
}

TEST(VisibleIterator, WhatItReadsFromIsPinnedUntilItDies) {
  const auto pinned = std::make_shared<int>(1);
  VisibleIteratorOptions options;
  options.pinned = pinned;
  auto it = NewVisibleIterator(std::make_unique<VectorIterator>(std::vector<OwnedEntry>{}),
                               std::move(options));
  EXPECT_EQ(pinned.use_count(), 2);
  it.reset();
  EXPECT_EQ(pinned.use_count(), 1);
}

TEST(VisibleIterator, AnErrorBelowEndsItAndIsNeverAnAnswer) {
  const std::vector<OwnedEntry> entries = {Put("a", 4, "new"), Put("a", 3, "old"),
                                           Put("b", 4, "new"), Put("b", 3, "old"),
                                           Put("c", 4, "new"), Put("c", 3, "old")};
  for (const bool backward : {false, true}) {
    for (int steps = 0; steps < 6; steps++) {
      const auto it = NewVisibleIterator(std::make_unique<VectorIterator>(entries, steps), {});
      int seen = 0;
      for (backward ? it->SeekToLast() : it->SeekToFirst(); it->Valid(); seen++) {
        ASSERT_EQ(it->value(), "new") << "steps " << steps;
        if (backward) {
          it->Prev();
        } else {
          it->Next();
        }
      }
      EXPECT_LE(seen, 3);
      EXPECT_EQ(it->status().code(), Status::Code::kCorruption);
    }
  }
}

}  // namespace
}  // namespace varve
