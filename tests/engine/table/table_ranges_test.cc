// Tables with range tombstones: gets, bounds, damage and what can be salvaged.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/filter/bloom_filter.h"
#include "engine/table/table_format.h"
#include "engine/table/table_salvage.h"
#include "engine/util/coding.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_damage.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;
constexpr TableIdentity kIdentity = {5, 7};

TableBuilderOptions SmallOptions() {
  TableBuilderOptions options;
  options.block_bytes = 150;
  options.filter = &kBloom;
  options.identity = kIdentity.identity;
  options.number = kIdentity.number;
  options.checksum_context = kIdentity.ChecksumContext();
  return options;
}

TableReaderOptions Options(const BuiltTable& built) {
  return ReaderOptions(built, kIdentity.ChecksumContext());
}

std::vector<OwnedEntry> SmallEntries() {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 10; i < 40; i++) {
    entries.push_back(Put("key" + std::to_string(i), i, "value " + std::to_string(i)));
  }
  return entries;
}

RangeTombstones SmallRanges() {
  const RangeTombstone all[] = {{"key05", "key12", 50}, {"key20", "key30", 25}, {"key3", "kez", 8}};
  return RangeTombstones(all);
}

TEST(TableRanges, AGetTakesTheNewerOfEntryAndRange) {
  const BuiltTable built = Build(SmallEntries(), SmallOptions(), SmallRanges());
  EXPECT_EQ(built.info.smallest, "key05");
  EXPECT_EQ(built.info.largest, "kez");
  EXPECT_EQ(built.info.entries, 35u);
  EXPECT_EQ(built.info.tombstones, 5u);
  EXPECT_EQ(built.info.oldest_tombstone, 8u);
  EXPECT_EQ(built.info.sequence_min, 8u);
  EXPECT_EQ(built.info.sequence_max, 50u);
  const auto table = *OpenTable(built.bytes, Options(built));
  EXPECT_TRUE(table->Verify().ok()) << table->Verify().ToString();
  EXPECT_EQ(table->info(), [&] {
    TableInfo info = built.info;
    info.number = 7;
    return info;
  }());
  struct Case {
    const char* key;
    SequenceNumber at;
    const char* expected;
  };
  const Case cases[] = {
      {"key11", kSequenceMax, "delete 50"},
      {"key11", 49, "put 11"},
      {"key11", 9, ""},
      {"key06", kSequenceMax, "delete 50"},  // no entry, and the filter says no
      {"key06", 49, ""},
      {"key12", kSequenceMax, "put 12"},  // the end is not deleted
      {"key24", kSequenceMax, "delete 25"},
      {"key25", kSequenceMax, "put 25"},  // of the same number, which none has in truth
      {"key26", kSequenceMax, "put 26"},  // newer
      {"key26", 25, "delete 25"},
      {"key39", kSequenceMax, "put 39"},
      {"key9", kSequenceMax, "delete 8"},
      {"kez", kSequenceMax, ""},
  };
  for (const Case& one : cases) {
    TableHit hit;
    ASSERT_TRUE(table->Get({}, one.key, HashKey(one.key), one.at, &hit).ok());
    std::string found;
    if (hit.found) {
      found = (KindOf(hit.tag) == EntryKind::kPut ? "put " : "delete ") +
              std::to_string(SequenceOf(hit.tag));
    }
    EXPECT_EQ(found, one.expected) << one.key << " at " << one.at;
  }
  EXPECT_NE(table->DumpText(true).find("\"key20\" to \"key3\" @25"), std::string::npos)
      << table->DumpText(true);
}

TEST(TableRanges, WithoutEntriesThereIsADeleteOfTheFirstKey) {
  const BuiltTable built = Build({}, SmallOptions(), SmallRanges());
  EXPECT_EQ(built.info.entries, 6u);
  const auto table = *OpenTable(built.bytes, Options(built));
  EXPECT_TRUE(table->Verify().ok());
  EXPECT_EQ(Drain(table->NewIterator({}).get()), std::vector{Tombstone("key05", 50)});
}

TEST(TableRanges, EveryFlippedBitIsReported) {
  const std::vector<OwnedEntry> entries = SmallEntries();
  const RangeTombstone newer[] = {{"key05", "key12", 50}, {"key3", "kez", 60}};
  const BuiltTable built = Build(entries, SmallOptions(), RangeTombstones(newer));
  EXPECT_FALSE(ReportsDamage(built.bytes, Options(built), entries));
  for (size_t bit = 0; bit < built.bytes.size() * 8; bit++) {
    std::string bytes = built.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    ASSERT_TRUE(ReportsDamage(bytes, Options(built), entries)) << "bit " << bit;
    ASSERT_FALSE(HasFailure()) << "bit " << bit;
  }
}

// Checksums are right, but the parts do not fit together.
TEST(TableRanges, RangesThatCannotBeAreRefused) {
  TableProperties properties;
  properties.info.smallest = "b";
  properties.info.largest = "m";
  const auto read = [&properties](const char* begin, const char* end) {
    const RangeTombstone one{begin, end, 5};
    properties.tombstones = RangeTombstones(std::span(&one, 1));
    TableProperties again;
    return DecodeProperties(EncodeProperties(properties), &again);
  };
  EXPECT_TRUE(read("b", "m").ok());
  EXPECT_FALSE(read("a", "m").ok());
  EXPECT_FALSE(read("b", "n").ok());
  // A footer that says that there are none.
  BuiltTable built = Build(SmallEntries(), SmallOptions(), SmallRanges());
  TableFooter footer;
  const size_t at = built.bytes.size() - kTableFooterBytes;
  ASSERT_TRUE(
      DecodeFooter(built.bytes.substr(at), built.bytes.size(), kIdentity.ChecksumContext(), &footer)
          .ok());
  EXPECT_TRUE(footer.has_ranges);
  footer.has_ranges = false;
  built.bytes.resize(at);
  AppendFooter(footer, kIdentity.ChecksumContext(), &built.bytes);
  EXPECT_FALSE(OpenTable(built.bytes, Options(built)).ok());
}

// What is lost where, of a table that the manifest knows and of one that it does not.
TEST(TableRanges, SalvageSaysWhatRangesMayHaveDeleted) {
  BuiltTable built = Build(SmallEntries(), SmallOptions(), SmallRanges());
  built.info.number = kIdentity.number;
  const auto examine = [&](size_t flipped, bool known) {
    std::string bytes = built.bytes;
    if (flipped < bytes.size()) bytes[flipped] = static_cast<char>(bytes[flipped] ^ 1);
    return ExamineTable(StringFile(bytes), kIdentity, known ? &built.info : nullptr);
  };
  const size_t footer = built.bytes.size() - kTableFooterBytes;
  for (const bool known : {false, true}) {
    SCOPED_TRACE(known ? "known" : "unknown");
    const TableExamination intact = examine(built.bytes.size(), known);
    EXPECT_TRUE(intact.intact());
    EXPECT_EQ(intact.tombstones, SmallRanges());
    EXPECT_EQ(intact.found.entries, 35u);
    // A block: the ranges are there.
    const TableExamination block = examine(3, known);
    EXPECT_EQ(block.tombstones, SmallRanges());
    EXPECT_EQ(block.found.smallest, "key05");
    // The properties: what they had deleted may be back.
    const TableExamination properties = examine(footer - 20, known);
    EXPECT_TRUE(properties.tombstones.empty());
    ASSERT_EQ(properties.lost.size(), 1u);
    EXPECT_TRUE(properties.lost[0].Holds("key05") && properties.lost[0].Holds("key9"));
    EXPECT_EQ(properties.lost[0].to_end, !known);
    // The footer, but not the length of the properties in it.
    const TableExamination there = examine(footer + 40, known);
    EXPECT_FALSE(there.intact());
    EXPECT_EQ(there.tombstones, SmallRanges());
    EXPECT_EQ(there.lost.empty(), known) << "all that was promised is there";
    // That length.
    const TableExamination gone = examine(footer + kFooterPropertiesBytesAt, known);
    EXPECT_TRUE(gone.tombstones.empty());
    ASSERT_EQ(gone.lost.size(), 1u);
    EXPECT_TRUE(gone.lost[0].Holds("key05") && gone.lost[0].Holds("key9"));
  }
  // Of a table without ranges the entries are all that was promised.
  BuiltTable plain = Build(SmallEntries(), SmallOptions());
  plain.info.number = kIdentity.number;
  plain.bytes[plain.bytes.size() - kTableFooterBytes + kFooterPropertiesBytesAt] ^= 1;
  EXPECT_TRUE(ExamineTable(StringFile(plain.bytes), kIdentity, &plain.info).lost.empty());
}

}  // namespace
}  // namespace varve
