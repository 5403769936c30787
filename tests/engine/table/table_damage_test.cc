// Damaged tables: every flipped bit, every truncation, blocks in the wrong place. The answer is
// right, or kCorruption; never wrong.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/table/table_damage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/filter/bloom_filter.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;
constexpr uint64_t kContext = 0x1234567890abcdef;

std::vector<OwnedEntry> SmallEntries() {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 10; i < 40; i++) {
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

TEST_P(TableDamage, AnIntactFileOfAnotherLengthThanPromisedIsReported) {
  TableReaderOptions options = Options();
  options.file_bytes--;
  const auto table = OpenTable(built_.bytes, options);
  ASSERT_FALSE(table.ok());
  EXPECT_TRUE(IsCorruption(table.status())) << table.status().ToString();
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

}  // namespace
}  // namespace varve
