// The worked example of engine/FORMAT.md, "Table": these bytes never change under this version.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "engine/filter/bloom_filter.h"
#include "tests/engine/table/table_testing.h"
#include "tests/hex.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

TEST(TableBytes, TheWorkedExampleIsWhatTheBuilderWrites) {
  const BloomFilterPolicy bloom;
  TableBuilderOptions options;
  options.filter = &bloom;
  options.checksum_context = 1;
  const BuiltTable built =
      Build({Put("apple", 5, "red"), Tombstone("apricot", 6), Put("apricot", 3, "old")}, options);
  EXPECT_EQ(Hex(built.bytes),
            "000503296170706c65726564"
            "020500307269636f74"
            "070003196f6c64"
            "0000000001000000"
            "0094d6308b0d4f117d"
            "112990080882440807"
            "00a6e08dbb2d044800"
            "0007002d61707269636f74"
            "00f0b4faf7204329c1"
            "010103020101030113"
            "040106050103060106"
            "070106080110090100"
            "0a056170706c65"
            "0b0761707269636f74"
            "0c0d76617276652e626c6f6f6d2e31"
            "00212b1a1d1cc3d20a"
            "2d000000000000001200000000000000"
            "14000000000000004300000000000000"
            "0100000035ebb33af3a42884"
            "566172766554626c");
  EXPECT_TRUE((*OpenTable(built.bytes, ReaderOptions(built, 1)))->Verify().ok());
}

TEST(TableBytes, OfATableOfRangeTombstonesAsWell) {
  TableBuilderOptions options;
  options.checksum_context = 1;
  const RangeTombstone all[] = {{"a", "c", 7}, {"b", "d", 9}};
  const BuiltTable built = Build({}, options, RangeTombstones(all));
  EXPECT_EQ(Hex(built.bytes),
            "0001003861"
            "0000000001000000"
            "006dfe369b47d535e0"
            "0001001661"
            "005285496ee9885cc8"
            "010105020105030105040104"
            "050107060109070107080110090100"
            "0a01610b01640c00"
            "1013"
            "016101620107"
            "01620163020902"
            "016301640109"
            "004225b5655c2d64ab"
            "16000000000000000000000000000000"
            "0e000000000000004100000000000000"
            "02000000c3e8c63779912c57"
            "566172766554626c");
  const auto table = *OpenTable(built.bytes, ReaderOptions(built, 1));
  EXPECT_TRUE(table->Verify().ok()) << table->Verify().ToString();
}

}  // namespace
}  // namespace varve
