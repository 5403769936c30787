// The texts of LevelDB, as its 1.23 writes them, and texts that nobody wrote.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/leveldb/text_of_leveldb.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace varve::harness {
namespace {

constexpr std::string_view kStats =
    "                               Compactions\n"
    "Level  Files Size(MB) Time(sec) Read(MB) Write(MB)\n"
    "--------------------------------------------------\n"
    "  0        3        4         1        0        11\n"
    "  2       11       10        17      246       245\n";

TEST(TextOfLevelDb, StatsAreTheRowsOfNumbers) {
  const std::vector<LevelDbLevel> rows = ParseLevelDbStats(kStats);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].level, 0u);
  EXPECT_EQ(rows[0].write_mb, 11u);
  EXPECT_EQ(rows[1].level, 2u);
  EXPECT_EQ(rows[1].files, 11u);
  EXPECT_EQ(rows[1].size_mb, 10u);
  EXPECT_EQ(rows[1].time_sec, 17u);
  EXPECT_EQ(rows[1].read_mb, 246u);
  EXPECT_EQ(rows[1].write_mb, 245u);
}

TEST(TextOfLevelDb, LevelsFromStatsHaveRoundedSizes) {
  const std::vector<LevelShape> levels = RoundedLevelDbLevels(ParseLevelDbStats(kStats));
  ASSERT_EQ(levels.size(), 7u);
  EXPECT_EQ(levels[0].runs, 3u);
  EXPECT_EQ(levels[0].bytes, uint64_t{4} << 20);
  EXPECT_EQ(levels[1].runs, 0u);
  EXPECT_EQ(levels[2].tables, 11u);
  EXPECT_EQ(levels[2].runs, 1u);
}

TEST(TextOfLevelDb, TablesHaveTheirExactSizes) {
  const std::vector<LevelShape> levels = ParseLevelDbTables(
      "--- level 0 ---\n"
      " 17:123['a:9[' @ 5 : 1 .. 'd' @ 6 : 0]\n"
      " 18:77['a' @ 5 : 1 .. '--- level 3 ---' @ 6 : 1]\n"
      "--- level 1 ---\n"
      "--- level 2 ---\n"
      " 5:23288['\\x00' @ 1 : 1 .. 'key99819' @ 102 : 1]\n"
      " 6:12['m' @ 1 : 1 .. 'n' @ 102 : 1]\n");
  ASSERT_EQ(levels.size(), 7u);
  EXPECT_EQ(levels[0].tables, 2u);
  EXPECT_EQ(levels[0].runs, 2u);
  EXPECT_EQ(levels[0].bytes, 200u);
  EXPECT_EQ(levels[1].tables, 0u);
  EXPECT_EQ(levels[2].tables, 2u);
  EXPECT_EQ(levels[2].runs, 1u);
  EXPECT_EQ(levels[2].bytes, 23300u);
  EXPECT_FALSE(levels[2].has_entries);
}

TEST(TextOfLevelDb, LinesOfOtherKindsAreNothing) {
  for (const std::string_view text :
       {"", "\n\n", "1 2 3 4 5\n", "1 2 3 4 5 6 7\n", "9 1 1 1 1 1\n", "1 2 3 4 5 x\n",
        "1 2 3 4 5 -6\n", "99999999999999999999 1 1 1 1 1\n"}) {
    EXPECT_TRUE(ParseLevelDbStats(text).empty()) << text;
  }
  for (const std::string_view text :
       {"", " 1:5[\n", "--- level 7 ---\n 1:5[\n", "--- level -1 ---\n 1:5[\n",
        "--- level 0 ---\n--- level 8 ---\n 1:5[\n", "--- level 0 ---\n--- level x ---\n 1:5[\n",
        "--- level 0 ---\n1:5[\n", "--- level 0 ---\n x:5[\n", "--- level 0 ---\n 1:[\n",
        "--- level 0 ---\n 1:99999999999999999999[\n"}) {
    for (const LevelShape& level : ParseLevelDbTables(text)) EXPECT_EQ(level.tables, 0u) << text;
  }
}

TEST(TextOfLevelDb, AnyBytesAreReadSafely) {
  constexpr uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  constexpr std::string_view kLetters = "- :[\n0123456789level";
  for (int round = 0; round < 2000; ++round) {
    std::string text = "--- level 0 ---\n";
    const uint64_t length = random() % 100;
    while (text.size() < length) text += kLetters[random() % kLetters.size()];
    EXPECT_EQ(ParseLevelDbTables(text).size(), 7u);
    for (const LevelDbLevel& row : ParseLevelDbStats(text)) EXPECT_LT(row.level, 7u);
  }
}

}  // namespace
}  // namespace varve::harness
