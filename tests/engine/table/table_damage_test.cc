// Damaged tables: every flipped bit, every truncation, blocks in the wrong place. The answer is
// right, or kCorruption; never wrong.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/filter/bloom_filter.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;
constexpr uint64_t kContext = 0x1234567890abcdef;

std::vector<OwnedEntry> SmallEntries() {
  std::vector<OwnedEntry> entries;
  for (int i = 10; i < 40; i++) {
    entries.push_back(Put("key" + std::to_string(i), 60 + i, "value " + std::to_string(i)));
    if (i % 3 == 0) entries.push_back(Tombstone("key" + std::to_string(i), 5));
  }
  return entries;
}

TableBuilderOptions SmallOptions(const Compression* compression) {
  TableBuilderOptions options;
  options.block_bytes = 150;
  options.restart_interval = 4;
  options.filter = &kBloom;
  options.compression = compression;
  options.checksum_context = kContext;
  return options;
}

bool IsCorruption(const Status& status) {
  return status.code() == Status::Code::kCorruption &&
         status.message().find("table 7") != std::string_view::npos &&
         status.message().find("offset") != std::string_view::npos;
}

// Opens and reads everything. Fails on a wrong answer; returns whether damage was reported.
bool ReportsDamage(const std::string& bytes, const TableReaderOptions& options,
                   const std::vector<OwnedEntry>& entries) {
  const auto table = OpenTable(bytes, options);
  if (!table.ok()) {
    EXPECT_TRUE(IsCorruption(table.status())) << table.status().ToString();
    return true;
  }
  bool reported = false;
  for (const OwnedEntry& entry : entries) {
    TableHit hit;
    const Status status =
        (*table)->Get({}, entry.key, HashKey(entry.key), SequenceOf(entry.tag), &hit);
    if (!status.ok()) {
      EXPECT_TRUE(IsCorruption(status)) << status.ToString();
      EXPECT_FALSE(hit.found);
      reported = true;
      continue;
    }
    EXPECT_TRUE(hit.found && hit.tag == entry.tag && hit.value == entry.value) << "a wrong answer";
  }
  for (const bool backward : {false, true}) {
    const auto it = (*table)->NewIterator({});
    std::vector<OwnedEntry> seen = backward ? DrainBackward(it.get()) : Drain(it.get());
    std::vector<OwnedEntry> expected = entries;
    if (backward) std::reverse(expected.begin(), expected.end());
    if (it->status().ok()) {
      EXPECT_EQ(seen, expected) << "a wrong answer";
    } else {
      EXPECT_TRUE(IsCorruption(it->status())) << it->status().ToString();
      expected.resize(seen.size());
      EXPECT_EQ(seen, expected) << "a wrong answer before the error";
      reported = true;
    }
  }
  const Status verified = (*table)->Verify();
  EXPECT_EQ(!verified.ok(), reported) << verified.ToString();
  (void)(*table)->DumpText(true);
  return reported;
}

class TableDamage : public testing::TestWithParam<const Compression*> {
 protected:
  TableDamage() : entries_(SmallEntries()), built_(Build(entries_, SmallOptions(GetParam()))) {}

  TableReaderOptions Options() const { return ReaderOptions(built_, kContext); }

  const std::vector<OwnedEntry> entries_;
  const BuiltTable built_;
};

TEST_P(TableDamage, AnIntactTableReportsNothing) {
  EXPECT_FALSE(ReportsDamage(built_.bytes, Options(), entries_));
}

TEST_P(TableDamage, EveryFlippedBitIsReported) {
  for (size_t bit = 0; bit < built_.bytes.size() * 8; bit++) {
    std::string bytes = built_.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    ASSERT_TRUE(ReportsDamage(bytes, Options(), entries_)) << "bit " << bit;
    ASSERT_FALSE(HasFailure()) << "bit " << bit;
  }
}

TEST_P(TableDamage, EveryTruncationIsReportedWhateverLengthIsPromised) {
  for (size_t length = 0; length < built_.bytes.size(); length++) {
    const std::string bytes = built_.bytes.substr(0, length);
    ASSERT_FALSE(OpenTable(bytes, Options()).ok()) << length;
    TableReaderOptions believed = Options();
    believed.file_bytes = length;
    const auto table = OpenTable(bytes, believed);
    ASSERT_FALSE(table.ok()) << length;
    ASSERT_TRUE(IsCorruption(table.status())) << table.status().ToString();
  }
}

TEST_P(TableDamage, BytesAfterTheEndAreReported) {
  TableReaderOptions options = Options();
  EXPECT_FALSE(OpenTable(built_.bytes + "x", options).ok());
  options.file_bytes++;
  EXPECT_FALSE(OpenTable(built_.bytes + "x", options).ok());
}

TEST_P(TableDamage, ATableUnderAnotherContextIsReported) {
  TableReaderOptions options = Options();
  options.checksum_context++;
  const auto table = OpenTable(built_.bytes, options);
  ASSERT_FALSE(table.ok());
  EXPECT_TRUE(IsCorruption(table.status()));
}

INSTANTIATE_TEST_SUITE_P(Compressions, TableDamage,
                         testing::Values(NoCompression(), Lz4Compression()), [](const auto& test) {
                           return test.param->id() == 0 ? std::string("None") : std::string("Lz4");
                         });

// Entries that all take the same space, so that blocks can change places.
std::vector<OwnedEntry> EvenEntries(char fill) {
  std::vector<OwnedEntry> entries;
  for (int i = 100; i < 200; i++) {
    entries.push_back(Put("key" + std::to_string(i), 100, std::string(20, fill)));
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
  const BuiltTable built = Build(entries, SmallOptions(nullptr));
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
  const BuiltTable built = Build(entries, SmallOptions(nullptr));
  TableBuilderOptions other_options = SmallOptions(nullptr);
  other_options.checksum_context = kContext + 1;
  const BuiltTable other = Build(EvenEntries('w'), other_options);
  ASSERT_EQ(built.bytes.size(), other.bytes.size());
  const TableIndex index = IndexOf(built);
  std::string bytes = built.bytes;
  bytes.replace(index.offset(2), index.block_bytes(2), other.bytes, index.offset(2),
                index.block_bytes(2));
  EXPECT_TRUE(ReportsDamage(bytes, ReaderOptions(built, kContext), entries));
}

TEST(TableMisplaced, AnErrorNamesTheBlockAndASeekElsewhereRecovers) {
  const std::vector<OwnedEntry> entries = EvenEntries('v');
  const BuiltTable built = Build(entries, SmallOptions(nullptr));
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

}  // namespace
}  // namespace varve
