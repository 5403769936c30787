// Range tombstones against brute force, and as bytes.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/range_tombstones.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "engine/memtable/memtable_ranges.h"

namespace varve {
namespace {

struct Range {
  std::string begin;
  std::string end;
  SequenceNumber sequence = 0;

  RangeTombstone view() const { return {begin, end, sequence}; }
};

// Short keys of few bytes, 0x00 and 0xff among them: many ranges begin and end at the same key.
std::string RandomKey(std::mt19937_64* random) {
  constexpr std::string_view kBytes("\0ab\xff", 4);
  std::string key((*random)() % 4, '\0');
  for (char& byte : key) byte = kBytes[(*random)() % kBytes.size()];
  return key;
}

std::vector<Range> RandomRanges(std::mt19937_64* random, size_t count) {
  std::vector<Range> ranges;
  while (ranges.size() < count) {
    Range range{RandomKey(random), RandomKey(random), ranges.size() + 1};
    if (range.begin > range.end) std::swap(range.begin, range.end);
    if (range.begin != range.end) ranges.push_back(range);
  }
  return ranges;
}

std::vector<RangeTombstone> Views(const std::vector<Range>& ranges) {
  std::vector<RangeTombstone> views;
  for (const Range& range : ranges) views.push_back(range.view());
  return views;
}

SequenceNumber Newest(const std::vector<Range>& ranges, std::string_view key, SequenceNumber at) {
  SequenceNumber newest = 0;
  for (const Range& range : ranges) {
    if (range.begin > key || range.end <= key || range.sequence > at) continue;
    newest = std::max(newest, range.sequence);
  }
  return newest;
}

void ExpectFragments(const RangeTombstones& tombstones) {
  for (size_t i = 0; i < tombstones.size(); ++i) {
    ASSERT_LT(tombstones.begin(i), tombstones.end(i));
    const auto sequences = tombstones.sequences(i);
    ASSERT_FALSE(sequences.empty());
    ASSERT_TRUE(std::is_sorted(sequences.rbegin(), sequences.rend()));
    if (i == 0) continue;
    ASSERT_LE(tombstones.end(i - 1), tombstones.begin(i));
    const bool same = std::ranges::equal(tombstones.sequences(i - 1), sequences);
    ASSERT_FALSE(same && tombstones.end(i - 1) == tombstones.begin(i)) << "they are one";
  }
}

TEST(RangeTombstones, FragmentsCoverWhatTheTombstonesCover) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<Range> ranges = RandomRanges(&random, random() % 12);
    if (!ranges.empty() && random() % 2 == 0) ranges.push_back(ranges.front());  // twice
    std::vector<RangeTombstone> views = Views(ranges);
    std::shuffle(views.begin(), views.end(), random);
    const RangeTombstones tombstones(views);
    ExpectFragments(tombstones);
    for (int i = 0; i < 100; ++i) {
      const std::string key = RandomKey(&random);
      const SequenceNumber at = random() % 15;
      ASSERT_EQ(tombstones.NewestCovering(key, at), Newest(ranges, key, at)) << "at " << at;
    }
    // Cut into pieces and put together again, they are the same.
    std::vector<RangeTombstone> pieces;
    tombstones.AppendTo(&pieces);
    EXPECT_EQ(pieces.size(), tombstones.count());
    EXPECT_EQ(RangeTombstones(pieces), tombstones);
    std::string bytes;
    tombstones.EncodeTo(&bytes);
    const Result<RangeTombstones> read = RangeTombstones::Decode(bytes);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(*read, tombstones);
  }
}

TEST(RangeTombstones, DamagedBytesAreRefused) {
  using std::string_literals::operator""s;
  const std::pair<std::string, const char*> cases[] = {
      {"\1a\1b\1\5"s, ""},
      {"\1a\1b\2\5\3"s, ""},                      // 5 and 2
      {"\1a\1b\1\5\1b\1c\1\7"s, ""},              // a second one
      {"\1a\1b\1"s, "cut off"},                   // no number
      {"\1a\1b\0"s, "malformed"},                 // no tombstone
      {"\1a\1b\1\0"s, "malformed"},               // number 0
      {"\1a\1b\2\5\5"s, "malformed"},             // 5 and 0
      {"\1a\1b\2\5\0"s, "malformed"},             // 5 twice
      {"\1a\1b\2\5\6"s, "malformed"},             // below 0
      {"\1a\1b\377\377\377\3\5"s, "cut off"},     // more than there is room for
      {"\1b\1a\1\5"s, "out of order"},            // ends before it begins
      {"\1a\1a\1\5"s, "out of order"},            // empty
      {"\1a\1c\1\5\1b\1d\1\7"s, "out of order"},  // overlapping
      {"\1a\2b"s, "cut off"},
      {"\1a\1b\1\377\377\377\377\377\377\377\377\1"s, "malformed"},  // above the largest
  };
  for (const auto& [bytes, what] : cases) {
    const Result<RangeTombstones> read = RangeTombstones::Decode(bytes);
    EXPECT_EQ(read.ok(), *what == '\0') << testing::PrintToString(bytes);
    if (read.ok()) continue;
    EXPECT_EQ(read.status().code(), Status::Code::kCorruption);
    EXPECT_NE(read.status().message().find(what), std::string::npos)
        << read.status().ToString() << testing::PrintToString(bytes);
  }
}

TEST(RangeTombstones, BoundsOfRangesKeepTheirOrder) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string a = RandomKey(&random);
    std::string b = RandomKey(&random);
    if (a > b) std::swap(a, b);
    EXPECT_LE(LastKeyBefore(a), LastKeyBefore(b));
    EXPECT_EQ(LastKeyBefore(KeyAfter(a)), a);
    const std::string key = RandomKey(&random);
    EXPECT_EQ(key > a, key >= KeyAfter(a)) << "nothing is between a key and the one after it";
    if (key < a) {
      EXPECT_LE(key, LastKeyBefore(a));
    }
  }
}

TEST(MemTableRanges, AnswersAndPartsStayWhileMoreAreAdded) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Range> ranges = RandomRanges(&random, 100);
    MemTableRanges added;
    EXPECT_EQ(added.groups(), nullptr) << "one load is all that a reader pays";
    EXPECT_EQ(added.NewestCovering("a", kSequenceMax), 0u);
    const MemTableRanges::Groups* early = nullptr;
    uint64_t bytes = 0;
    for (size_t count = 1; count <= ranges.size(); ++count) {
      const Range& range = ranges[count - 1];
      added.Add({range.begin, MakeTag(range.sequence, EntryKind::kDeleteRange), range.end});
      if (count == 10) early = added.groups();
      EXPECT_EQ(added.count(), count);
      EXPECT_GT(added.bytes(), bytes) << "all of it is charged";
      bytes = added.bytes();
      EXPECT_LE(added.groups()->size(), 8u);
      const std::vector<Range> so_far(ranges.begin(),
                                      ranges.begin() + static_cast<ptrdiff_t>(count));
      const std::string key = RandomKey(&random);
      const SequenceNumber at = random() % 110;
      EXPECT_EQ(added.NewestCovering(key, at), Newest(so_far, key, at));
    }
    std::vector<RangeTombstone> all;
    added.AppendTo(&all);
    EXPECT_EQ(RangeTombstones(all), RangeTombstones(Views(ranges)));
    // A reader that took the groups when there were ten still sees these ten.
    std::vector<RangeTombstone> ten;
    for (const MemTableRanges::Group& group : *early) group.tombstones->AppendTo(&ten);
    EXPECT_EQ(RangeTombstones(ten), RangeTombstones(Views({ranges.begin(), ranges.begin() + 10})));
  }
}

// Each covers half of the one before: fragments times sequence numbers is the square of their
// count.
TEST(MemTableRanges, OverlappingRangesStayWithinTheMemoryThatIsCharged) {
  MemTableRanges added;
  for (uint64_t i = 0; i < 1500; ++i) {
    const std::string begin = std::to_string(100000 + i);
    const std::string end = std::to_string(101500 + i);
    added.Add({begin, MakeTag(i + 1, EntryKind::kDeleteRange), end});
  }
  uint64_t largest = 0;
  for (const MemTableRanges::Group& group : *added.groups()) {
    largest = std::max(largest, group.tombstones->count());
  }
  EXPECT_LE(largest, 4u * (32 << 10));
  EXPECT_EQ(added.NewestCovering("101499", kSequenceMax), 1500u);
  EXPECT_EQ(added.NewestCovering("101499", 700), 700u);
  EXPECT_EQ(added.NewestCovering("102998", kSequenceMax), 1500u);
  EXPECT_EQ(added.NewestCovering("102998", 1499), 0u);
}

}  // namespace
}  // namespace varve
