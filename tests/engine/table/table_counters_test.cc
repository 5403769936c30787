// What reads of a table are charged to, and how they are counted.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/cache/lru_cache.h"
#include "engine/filter/bloom_filter.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;

// Answers as told.
class FixedFilter final : public FilterPolicy {
 public:
  std::string_view name() const override { return "test.fixed"; }
  std::string Build(std::span<const uint64_t>, double) const override { return "?"; }
  bool MayContain(uint64_t, std::string_view) const override { return true; }
  double ExpectedFalsePositiveRate(double) const override { return 1; }
};

std::vector<OwnedEntry> NumberedEntries(int count) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < count; i++) {
    entries.push_back(Put("key" + std::to_string(100000 + 2 * i), 50, std::string(100, 'v')));
  }
  return entries;
}

class TableCounters : public testing::Test {
 protected:
  TableCounters() {
    TableBuilderOptions options;
    options.filter = &kBloom;
    built_ = Build(NumberedEntries(2000), options);
    cache_ = NewLruCache(16 << 20);
    TableReaderOptions reader_options = ReaderOptions(built_);
    reader_options.cache = cache_.get();
    table_ = *OpenTable(built_.bytes, reader_options, &log_);
    context_.level = 3;
    context_.counters = &counters_;
  }

  bool Get(const std::string& key, SequenceNumber at = kSequenceMax) {
    TableHit hit;
    const Status status = table_->Get(context_, key, HashKey(key), at, &hit);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return hit.found;
  }

  const LevelReadTallies& tallies() const { return counters_.levels[3]; }

  BuiltTable built_;
  std::unique_ptr<BlockCache> cache_;
  ReadLog log_;
  std::shared_ptr<TableReader> table_;
  ReadCounters counters_;
  ReadContext context_;
};

TEST_F(TableCounters, OpenChargesFooterAndPropertiesToOpenIndexToIndexFilterToFilter) {
  std::vector<IoKind> kinds;
  for (const IoCause& cause : log_.causes) kinds.push_back(cause.kind);
  EXPECT_EQ(kinds,
            (std::vector<IoKind>{IoKind::kOpen, IoKind::kOpen, IoKind::kIndex, IoKind::kFilter}));
}

TEST_F(TableCounters, AGetReadsItsBlockOnceAndThenFromTheCache) {
  log_.causes.clear();
  EXPECT_TRUE(Get("key100100"));
  EXPECT_TRUE(Get("key100100"));
  EXPECT_EQ(tallies().filter_probes.Read(), 2u);
  EXPECT_EQ(tallies().filter_negatives.Read(), 0u);
  EXPECT_EQ(tallies().filter_false_positives.Read(), 0u);
  EXPECT_EQ(tallies().blocks_from_storage.Read(), 1u);
  EXPECT_EQ(tallies().blocks_from_cache.Read(), 1u);
  EXPECT_EQ(tallies().runs_probed.Read(), 0u) << "counted by the caller";
  ASSERT_EQ(log_.causes.size(), 1u);
  EXPECT_EQ(log_.causes[0].kind, IoKind::kGet);
  EXPECT_EQ(log_.causes[0].level, 3);
}

TEST_F(TableCounters, EveryFilterAnswerIsCountedAsWhatItWas) {
  uint64_t found = 0;
  for (int i = 100000; i < 104000; i++) found += Get("key" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(found, 2000u);
  const uint64_t negatives = tallies().filter_negatives.Read();
  const uint64_t false_positives = tallies().filter_false_positives.Read();
  EXPECT_EQ(tallies().filter_probes.Read(), 4000u);
  EXPECT_EQ(negatives + false_positives, 2000u);
  EXPECT_LT(false_positives, 60u);
  EXPECT_GT(false_positives, 0u);
  const uint64_t blocks = tallies().blocks_from_cache.Read() + tallies().blocks_from_storage.Read();
  EXPECT_EQ(blocks, 2000 + false_positives);
}

TEST_F(TableCounters, AVersionTooNewToBeSeenIsNoFalsePositive) {
  EXPECT_FALSE(Get("key100100", 49));
  EXPECT_EQ(tallies().filter_false_positives.Read(), 0u);
}

TEST_F(TableCounters, AScanCountsItsBlocksApartFromGets) {
  const auto it = table_->NewIterator(context_);
  EXPECT_EQ(Drain(it.get()).size(), 2000u);
  const uint64_t blocks = tallies().scan_blocks_from_storage.Read();
  EXPECT_GT(blocks, 40u);
  EXPECT_EQ(tallies().scan_blocks_from_cache.Read(), 0u);
  EXPECT_EQ(Drain(table_->NewIterator(context_).get()).size(), 2000u);
  EXPECT_EQ(tallies().scan_blocks_from_storage.Read(), blocks);
  EXPECT_EQ(tallies().scan_blocks_from_cache.Read(), blocks);
  EXPECT_EQ(tallies().blocks_from_cache.Read() + tallies().blocks_from_storage.Read(), 0u);
}

TEST_F(TableCounters, ACompactionReadsManyBlocksAtATimePastTheCache) {
  EXPECT_TRUE(Get("key100000"));
  context_.kind = IoKind::kCompaction;
  context_.reason = 2;
  context_.fill_cache = false;
  const uint64_t cached = cache_->bytes();
  log_.causes.clear();
  log_.bytes = 0;
  EXPECT_EQ(Drain(table_->NewIterator(context_).get()).size(), 2000u);
  EXPECT_EQ(tallies().scan_blocks_from_cache.Read(), 0u);
  EXPECT_EQ(log_.causes.size(), (built_.bytes.size() + (256 << 10) - 1) / (256 << 10));
  EXPECT_EQ(log_.causes[0].kind, IoKind::kCompaction);
  EXPECT_EQ(log_.causes[0].reason, 2);
  EXPECT_LT(log_.bytes, built_.bytes.size()) << "no block is read twice";
  EXPECT_EQ(cache_->bytes(), cached);
}

TEST_F(TableCounters, AScanThatDoesNotFillTheCacheStillUsesIt) {
  EXPECT_TRUE(Get("key100000"));
  const uint64_t cached = cache_->bytes();
  context_.kind = IoKind::kScan;
  context_.fill_cache = false;
  const auto it = table_->NewIterator(context_);
  it->SeekToFirst();
  EXPECT_EQ(tallies().scan_blocks_from_cache.Read(), 1u);
  EXPECT_EQ(tallies().scan_blocks_from_storage.Read(), 0u);
  while (it->Valid()) it->Next();
  EXPECT_GT(tallies().scan_blocks_from_storage.Read(), 0u);
  EXPECT_EQ(cache_->bytes(), cached);
}

TEST_F(TableCounters, BackwardScansReadNoBlockTwiceEither) {
  context_.kind = IoKind::kScan;
  context_.fill_cache = false;
  log_.bytes = 0;
  EXPECT_EQ(DrainBackward(table_->NewIterator(context_).get()).size(), 2000u);
  EXPECT_LT(log_.bytes, built_.bytes.size());
}

TEST_F(TableCounters, AValueStaysWhileItIsPinned) {
  TableHit hit;
  ASSERT_TRUE(table_->Get(context_, "key100000", HashKey("key100000"), kSequenceMax, &hit).ok());
  cache_.reset();
  table_.reset();
  EXPECT_EQ(hit.value, std::string(100, 'v'));
}

TEST(TableFilter, ATableWithAFilterOfUnknownKindIsReadWithoutIt) {
  const FixedFilter unknown;
  TableBuilderOptions options;
  options.filter = &unknown;
  const BuiltTable built = Build(NumberedEntries(10), options);
  const auto table = OpenTable(built.bytes, ReaderOptions(built));
  ASSERT_TRUE(table.ok());
  ReadCounters counters;
  TableHit hit;
  ASSERT_TRUE(
      (*table)
          ->Get({.counters = &counters}, "key100000", HashKey("key100000"), kSequenceMax, &hit)
          .ok());
  EXPECT_TRUE(hit.found);
  ASSERT_TRUE(
      (*table)->Get({.counters = &counters}, "absent", HashKey("absent"), kSequenceMax, &hit).ok());
  EXPECT_FALSE(hit.found);
  EXPECT_EQ(counters.levels[0].filter_probes.Read(), 0u);
  EXPECT_EQ(counters.levels[0].filter_false_positives.Read(), 0u);
  EXPECT_TRUE((*table)->Verify().ok());
}

}  // namespace
}  // namespace varve
