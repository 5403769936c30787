// Names of database files: one spelling, there and back.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/file_names.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(FileNames, AreWrittenAsTheHeaderSays) {
  EXPECT_EQ(CurrentFileName("/d"), "/d/CURRENT");
  EXPECT_EQ(LockFileName("/d"), "/d/LOCK");
  EXPECT_EQ(ManifestFileName("/d", 7), "/d/manifest-000007");
  EXPECT_EQ(WalFileName("/d", 12), "/d/000012.wal");
  EXPECT_EQ(TableFileName("/d", 13), "/d/000013.table");
  EXPECT_EQ(TableFileName("/d", 12345678), "/d/12345678.table");
}

TEST(FileNames, AreReadBack) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{7}, uint64_t{1234567}, UINT64_MAX}) {
    const auto is = [number](const std::string& path, FileType type) {
      const auto parsed = ParseFileName(std::string_view(path).substr(1));
      return parsed.has_value() && parsed->type == type && parsed->number == number;
    };
    EXPECT_TRUE(is(ManifestFileName("", number), FileType::kManifest));
    EXPECT_TRUE(is(WalFileName("", number), FileType::kWal));
    EXPECT_TRUE(is(TableFileName("", number), FileType::kTable));
  }
  EXPECT_EQ(ParseFileName("CURRENT")->type, FileType::kCurrent);
  EXPECT_EQ(ParseFileName("LOCK")->type, FileType::kLock);
  EXPECT_EQ(ParseFileName("CURRENT.tmp")->type, FileType::kTemporary);
  EXPECT_EQ(ParseFileName("000001.table.tmp")->type, FileType::kTemporary);
}

TEST(FileNames, OtherNamesAreNotOurs) {
  for (const char* name :
       {"", "current", "CURRENT ", "manifest-", "manifest-7", "manifest-0000007", "manifest-00000x",
        "manifest--00007", "manifest-000007 ", "7.wal", "0000012.wal", ".wal", "-00001.wal",
        "+00001.wal", "99999999999999999999.wal", "18446744073709551616.table", "000001.Table",
        "000001.table~", "notes.txt"}) {
    EXPECT_FALSE(ParseFileName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace varve
