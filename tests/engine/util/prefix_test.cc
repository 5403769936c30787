// Ranges of keys that all begin with the same bytes.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/prefix.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace varve {
namespace {

TEST(RangeHasPrefix, KnowsTheLeastKeyAfterAllWithThePrefix) {
  using std::string_literals::operator""s;
  EXPECT_TRUE(RangeHasPrefix("ab", "ac", 2));
  EXPECT_TRUE(RangeHasPrefix("ab", "abz", 2));
  EXPECT_TRUE(RangeHasPrefix("abx", "ac", 2));
  EXPECT_TRUE(RangeHasPrefix("abx", "aby", 2));
  EXPECT_TRUE(RangeHasPrefix("a\xff", "b", 2));
  EXPECT_TRUE(RangeHasPrefix("\xff\xff", "", 2));
  EXPECT_TRUE(RangeHasPrefix("\xff\xff", "\xff\xff\x01", 2));
  EXPECT_TRUE(RangeHasPrefix("a\0"s, "a\1"s, 2));
  EXPECT_TRUE(RangeHasPrefix("a\x7f", "a\x80", 2));
  EXPECT_FALSE(RangeHasPrefix("ab", "ad", 2));
  EXPECT_FALSE(RangeHasPrefix("ab", "ac\0"s, 2)) << "\"ac\" is in the range";
  EXPECT_FALSE(RangeHasPrefix("ab", "b", 2));
  EXPECT_FALSE(RangeHasPrefix("ab", "", 2)) << "no bound";
  EXPECT_FALSE(RangeHasPrefix("a", "b", 2)) << "\"a\" itself is too short";
  EXPECT_FALSE(RangeHasPrefix("", "", 1));
  EXPECT_FALSE(RangeHasPrefix("a\xff", "c", 2));
  EXPECT_FALSE(RangeHasPrefix("\xfe\xff", "", 2));
}

std::vector<std::string> KeysUpTo(size_t length) {
  std::vector<std::string> keys = {""};
  for (size_t i = 0; i < keys.size(); i++) {
    if (keys[i].size() == length) continue;
    for (const char c : {'\0', 'a', '\xfe', '\xff'}) keys.push_back(keys[i] + c);
  }
  return keys;
}

TEST(RangeHasPrefix, IsTrueOnlyIfEachKeyOfTheRangeHasIt) {
  const std::vector<std::string> keys = KeysUpTo(4);
  const std::vector<std::string> bounds = KeysUpTo(3);
  size_t ranges = 0;
  for (const std::string& lower : bounds) {
    for (const std::string& upper : bounds) {
      for (size_t bytes = 1; bytes <= 3; bytes++) {
        if (!RangeHasPrefix(lower, upper, bytes)) continue;
        ranges++;
        const std::string_view prefix = std::string_view(lower).substr(0, bytes);
        for (const std::string& key : keys) {
          const bool inside = key >= lower && (upper.empty() || key < upper);
          ASSERT_TRUE(!inside || key.starts_with(prefix));
        }
      }
    }
  }
  EXPECT_GT(ranges, 100u);
}

}  // namespace
}  // namespace varve
