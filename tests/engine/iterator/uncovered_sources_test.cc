// Sources without what range tombstones hide, against brute force, in both directions.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/uncovered_sources.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/iterator/merging_iterator.h"
#include "tests/engine/iterator/iterator_testing.h"

namespace varve {
namespace {

using iterator_testing::VectorIterator;
using iterator_testing::WalkAgainstModel;
using table_testing::Below;
using table_testing::OwnedEntry;
using table_testing::Random;

struct Range {
  std::string begin;
  std::string end;
  SequenceNumber sequence = 0;
};

struct Source {
  std::vector<OwnedEntry> entries;
  std::vector<Range> ranges;
};

std::string AnyKey(Random* random) { return table_testing::RandomKey(random, 3); }

// Newest first: each source has larger sequence numbers than those after it.
std::vector<Source> RandomSources(Random* random) {
  std::vector<Source> sources(1 + Below(random, 4));
  SequenceNumber sequence = 1;
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
    for (uint64_t count = Below(random, 40); count > 0; --count, ++sequence) {
      if (Below(random, 5) != 0) {
        source->entries.push_back(table_testing::Put(AnyKey(random), sequence, "v"));
        continue;
      }
      Range range{AnyKey(random), AnyKey(random), sequence};
      if (range.begin > range.end) std::swap(range.begin, range.end);
      if (range.begin != range.end) source->ranges.push_back(range);
    }
    table_testing::SortEntries(&source->entries);
  }
  return sources;
}

bool IsHidden(const OwnedEntry& entry, const std::vector<Source>& sources, SequenceNumber at) {
  for (const Source& source : sources) {
    for (const Range& range : source.ranges) {
      if (range.sequence <= at && range.sequence > SequenceOf(entry.tag) &&
          range.begin <= entry.key && entry.key < range.end) {
        return true;
      }
    }
  }
  return false;
}

// The tombstones of a source as one list, as one for each tombstone, or cut into lists in key
// order.
std::vector<UncoveredSources::Lists> ListsOf(const Source& source, Random* random,
                                             std::deque<RangeTombstones>* owned) {
  std::vector<RangeTombstone> all;
  for (const Range& range : source.ranges) all.push_back({range.begin, range.end, range.sequence});
  if (all.empty()) return {};
  std::vector<UncoveredSources::Lists> lists;
  if (Below(random, 3) == 0) {
    for (const RangeTombstone& one : all) {
      lists.push_back({&owned->emplace_back(std::span(&one, 1))});
    }
    return lists;
  }
  const RangeTombstones whole(all);
  lists.emplace_back();
  RangeTombstones* last = nullptr;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (last == nullptr || Below(random, 3) == 0) {
      last = &owned->emplace_back();
      lists.back().push_back(last);
    }
    last->Append(whole.begin(i), whole.end(i), whole.sequences(i));
  }
  return lists;
}

TEST(UncoveredSources, WhatIsLeftIsWhatNoTombstoneHides) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<Source> sources = RandomSources(&random);
    const SequenceNumber at = Below(&random, 2) == 0 ? kSequenceMax : Below(&random, 60);
    std::deque<RangeTombstones> owned;
    UncoveredSources uncovered(at);
    std::vector<OwnedEntry> model;
    for (const Source& source : sources) {
      // A reader may need none of the entries; the tombstones count all the same.
      const bool left_out = Below(&random, 6) == 0;
      auto entries = std::make_unique<VectorIterator>(source.entries);
      uncovered.Add(ListsOf(source, &random, &owned), left_out ? nullptr : std::move(entries));
      for (const OwnedEntry& entry : source.entries) {
        if (!left_out && !IsHidden(entry, sources, at)) model.push_back(entry);
      }
    }
    table_testing::SortEntries(&model);
    const auto merged = NewMergingIterator(uncovered.Take());
    const std::vector<OwnedEntry> forward = table_testing::Drain(merged.get());
    ASSERT_EQ(forward, model);
    if (!model.empty()) WalkAgainstModel(merged.get(), model, &random, 200);
    if (HasFatalFailure()) return;
  }
}

// Counts the steps of what it forwards to.
class CountingIterator final : public EntryIterator {
 public:
  CountingIterator(std::vector<OwnedEntry> entries, int* steps)
      : below_(std::move(entries)), steps_(steps) {}
  void SeekToFirst() override {
    Do([this] { below_.SeekToFirst(); });
  }
  void SeekToLast() override {
    Do([this] { below_.SeekToLast(); });
  }
  void Seek(std::string_view key, Tag tag) override {
    Do([&] { below_.Seek(key, tag); });
  }
  void Next() override {
    Do([this] { below_.Next(); });
  }
  void Prev() override {
    Do([this] { below_.Prev(); });
  }

 private:
  template <class Move>
  void Do(Move move) {
    ++*steps_;
    move();
    valid_ = below_.Valid();
    if (valid_) entry_ = below_.entry();
  }
  VectorIterator below_;
  int* const steps_;
};

TEST(UncoveredSources, ACoveredSpanIsJumpedOver) {
  std::vector<OwnedEntry> entries;
  for (int i = 1000; i < 3000; ++i) entries.push_back(table_testing::Put(std::to_string(i), 1, ""));
  const RangeTombstone wide{"1001", "2999", 5};
  const RangeTombstones tombstones(std::span(&wide, 1));
  int steps = 0;
  UncoveredSources sources(kSequenceMax);
  sources.Add({{&tombstones}}, nullptr);
  sources.Add({}, std::make_unique<CountingIterator>(entries, &steps));
  auto iterators = sources.Take();
  ASSERT_EQ(iterators.size(), 1u);
  iterators[0]->SeekToFirst();
  iterators[0]->Next();
  ASSERT_TRUE(iterators[0]->Valid());
  EXPECT_EQ(iterators[0]->entry().key, "2999");
  EXPECT_LT(steps, 20) << "of 2000 entries";
  steps = 0;
  iterators[0]->Prev();
  ASSERT_TRUE(iterators[0]->Valid());
  EXPECT_EQ(iterators[0]->entry().key, "1000");
  EXPECT_LT(steps, 20);
}

TEST(UncoveredSources, WithoutTombstonesIteratorsAreHandedThrough) {
  UncoveredSources sources(kSequenceMax);
  auto entries = std::make_unique<VectorIterator>(std::vector<OwnedEntry>());
  const EntryIterator* const same = entries.get();
  sources.Add({}, std::move(entries));
  EXPECT_EQ(sources.Take().front().get(), same);
}

}  // namespace
}  // namespace varve
