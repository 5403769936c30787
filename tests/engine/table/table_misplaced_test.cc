// Tables whose parts are intact but do not belong together, and files that fail to read.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/filter/bloom_filter.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_damage.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;
constexpr uint64_t kContext = 0x1234567890abcdef;

TableBuilderOptions SmallOptions() {
  TableBuilderOptions options;
  options.block_bytes = 150;
  options.restart_interval = 4;
  options.filter = &kBloom;
  options.checksum_context = kContext;
  return options;
}

// Entries that all take the same space, so that blocks can change places.
std::vector<OwnedEntry> EvenEntries(char fill, size_t value_bytes = 20) {
  std::vector<OwnedEntry> entries;
  for (int i = 100; i < 200; i++) {
    entries.push_back(Put("key" + std::to_string(i), 100, std::string(value_bytes, fill)));
  }
  return entries;
}

// The places of the data blocks, as the index of the table has them.
TableIndex IndexOf(const BuiltTable& built) {
  TableFooter footer;
  const std::string_view bytes = built.bytes;
  EXPECT_TRUE(
      DecodeFooter(bytes.substr(bytes.size() - kTableFooterBytes), bytes.size(), kContext, &footer)
          .ok());
  std::string scratch;
  std::string_view contents;
  EXPECT_TRUE(OpenBlock(bytes.substr(footer.index_offset(), footer.index_bytes),
                        BlockSeed(kContext, footer.index_offset()), &scratch, &contents)
                  .ok());
  TableIndex index;
  EXPECT_TRUE(TableIndex::Decode(contents, footer.data_bytes, &index).ok());
  return index;
}

TEST(TableMisplaced, AnIntactBlockAtAnotherOffsetIsReported) {
  const std::vector<OwnedEntry> entries = EvenEntries('v');
  const BuiltTable built = Build(entries, SmallOptions());
  const TableIndex index = IndexOf(built);
  ASSERT_GT(index.blocks(), 4u);
  ASSERT_EQ(index.block_bytes(1), index.block_bytes(2));
  std::string bytes = built.bytes;
  const size_t length = index.block_bytes(1);
  const std::string first = bytes.substr(index.offset(1), length);
  bytes.replace(index.offset(1), length, bytes, index.offset(2), length);
  bytes.replace(index.offset(2), length, first);
  EXPECT_TRUE(ReportsDamage(bytes, ReaderOptions(built, kContext), entries));
}

TEST(TableMisplaced, AnIntactBlockOfAnotherTableIsReported) {
  const std::vector<OwnedEntry> entries = EvenEntries('v');
  const BuiltTable built = Build(entries, SmallOptions());
  TableBuilderOptions other_options = SmallOptions();
  other_options.checksum_context = kContext + 1;
  const BuiltTable other = Build(EvenEntries('w'), other_options);
  ASSERT_EQ(built.bytes.size(), other.bytes.size());
  const TableIndex index = IndexOf(built);
  std::string bytes = built.bytes;
  bytes.replace(index.offset(2), index.block_bytes(2), other.bytes, index.offset(2),
                index.block_bytes(2));
  EXPECT_TRUE(ReportsDamage(bytes, ReaderOptions(built, kContext), entries));
}

TEST(TableErrors, AnErrorNamesTheBlockAndASeekElsewhereRecovers) {
  const std::vector<OwnedEntry> entries = EvenEntries('v');
  const BuiltTable built = Build(entries, SmallOptions());
  const TableIndex index = IndexOf(built);
  std::string bytes = built.bytes;
  bytes[index.offset(2) + 5] ^= 1;
  const auto table = OpenTable(bytes, ReaderOptions(built, kContext));
  ASSERT_TRUE(table.ok());
  const auto it = (*table)->NewIterator({});
  for (it->SeekToFirst(); it->Valid();) it->Next();
  EXPECT_NE(it->status().message().find("offset " + std::to_string(index.offset(2))),
            std::string_view::npos)
      << it->status().ToString();
  it->Seek("key199", SeekTag(kSequenceMax));
  ASSERT_TRUE(it->Valid());
  EXPECT_TRUE(it->status().ok());
  EXPECT_EQ(Own(it->entry()), entries.back());
}

TEST(TableErrors, AFailedReadIsPassedOnAndLeavesNothingBehind) {
  const std::vector<OwnedEntry> entries = EvenEntries('v', 1000);
  const BuiltTable built = Build(entries, SmallOptions());
  ReadLog log;
  const auto table = OpenTable(built.bytes, ReaderOptions(built, kContext), &log);
  ASSERT_TRUE(table.ok());
  for (const bool fill_cache : {true, false}) {
    log.fail = false;
    const auto it = (*table)->NewIterator({.kind = IoKind::kScan, .fill_cache = fill_cache});
    it->SeekToLast();
    ASSERT_TRUE(it->Valid());
    log.fail = true;
    it->SeekToFirst();
    EXPECT_FALSE(it->Valid());
    EXPECT_EQ(it->status().code(), Status::Code::kIoError);
    TableHit hit;
    EXPECT_EQ((*table)->Get({}, "key100", HashKey("key100"), 100, &hit).code(),
              Status::Code::kIoError);
    log.fail = false;
    it->SeekToLast();
    ASSERT_TRUE(it->Valid()) << it->status().ToString();
    EXPECT_EQ(Own(it->entry()), entries.back());
  }
  log.fail = true;
  EXPECT_EQ(OpenTable(built.bytes, ReaderOptions(built, kContext), &log).status().code(),
            Status::Code::kIoError);
}

// The contents of the four parts of a table, to be put together again with changes.
struct Parts {
  std::string data;
  std::string filter;
  std::string index;
  TableProperties properties;
};

std::string ContentsAt(std::string_view bytes, uint64_t offset, uint64_t length) {
  std::string scratch;
  std::string_view contents;
  EXPECT_TRUE(
      OpenBlock(bytes.substr(offset, length), BlockSeed(kContext, offset), &scratch, &contents)
          .ok());
  return std::string(contents);
}

Parts TakeApart(std::string_view bytes) {
  TableFooter footer;
  EXPECT_TRUE(
      DecodeFooter(bytes.substr(bytes.size() - kTableFooterBytes), bytes.size(), kContext, &footer)
          .ok());
  Parts parts;
  parts.data = bytes.substr(0, footer.data_bytes);
  parts.filter = ContentsAt(bytes, footer.filter_offset(), footer.filter_bytes);
  parts.index = ContentsAt(bytes, footer.index_offset(), footer.index_bytes);
  const std::string properties =
      ContentsAt(bytes, footer.properties_offset(), footer.properties_bytes);
  EXPECT_TRUE(DecodeProperties(properties, &parts.properties).ok());
  return parts;
}

uint64_t AppendSealed(const std::string& contents, std::string* bytes) {
  const size_t start = bytes->size();
  std::string scratch;
  bytes->append(contents);
  SealBlock(nullptr, BlockSeed(kContext, start), start, bytes, &scratch);
  return bytes->size() - start;
}

// Opens the table made of these parts, all with right checksums.
Status VerifyParts(const Parts& parts) {
  BuiltTable built;
  TableFooter footer;
  built.bytes = parts.data;
  footer.data_bytes = parts.data.size();
  footer.filter_bytes = AppendSealed(parts.filter, &built.bytes);
  footer.index_bytes = AppendSealed(parts.index, &built.bytes);
  footer.properties_bytes = AppendSealed(EncodeProperties(parts.properties), &built.bytes);
  AppendFooter(footer, kContext, &built.bytes);
  const auto table = OpenTable(built.bytes, ReaderOptions(built, kContext));
  return table.ok() ? (*table)->Verify() : table.status();
}

TEST(TableVerify, PartsThatContradictTheEntriesAreReported) {
  const BuiltTable built = Build(EvenEntries('v'), SmallOptions());
  const Parts good = TakeApart(built.bytes);
  ASSERT_TRUE(VerifyParts(good).ok());

  Parts filter = good;
  std::fill(filter.filter.begin(), filter.filter.end() - 1, '\0');
  EXPECT_NE(VerifyParts(filter).message().find("filter denies"), std::string_view::npos);

  Parts properties = good;
  properties.properties.info.entries++;
  EXPECT_NE(VerifyParts(properties).message().find("do not describe"), std::string_view::npos);

  Parts index = good;
  const TableIndex places = IndexOf(built);
  TableIndexBuilder rows;
  for (size_t block = 0; block < places.blocks(); block++) {
    rows.Add("key" + std::to_string(101 + block), 0, places.block_bytes(block));
  }
  index.index = rows.contents();
  EXPECT_NE(VerifyParts(index).message().find("index does not lead"), std::string_view::npos);

  Parts data = good;
  data.data.resize(data.data.size() - 1);
  EXPECT_EQ(VerifyParts(data).code(), Status::Code::kCorruption);
}

}  // namespace
}  // namespace varve
