// The symbols of a place: their order is the order of entries, and none begins another.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/memtable/art_key.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace varve {
namespace {

std::string Symbols(const ArtKey& key) {
  std::string symbols;
  for (size_t i = 0; i < key.size(); ++i) symbols += static_cast<char>(key[i]);
  return symbols;
}

std::vector<std::string> Keys() {
  std::vector<std::string> keys = {""};
  for (const char* letters : {"\0", "\x01", "a", "\xff"}) {
    for (size_t bytes = 1; bytes < 20; ++bytes) {
      keys.push_back(std::string(bytes, letters[0]));
      keys.push_back(std::string(bytes, letters[0]) + "b");
      keys.push_back(std::string(bytes, letters[0]) + '\0');
    }
  }
  return keys;
}

TEST(ArtKey, IsWrittenAsItsHeaderSays) {
  const std::string tag = "\xff\xff\xff\xff\xff\xff\xfe\xfd";
  EXPECT_EQ(Symbols({"", 0x102}), std::string(9, '\0') + tag);
  EXPECT_EQ(Symbols({"abc", 0x102}), std::string("abc\0\0\0\0\0\x03", 9) + tag);
  EXPECT_EQ(Symbols({"abcdefgh", 0x102}), "abcdefgh\x08" + tag);
  EXPECT_EQ(Symbols({"abcdefghi", 0x102}),
            std::string("abcdefgh\x09i\0\0\0\0\0\0\0\x01", 18) + tag);
}

TEST(ArtKey, OrderAndFirstDifferenceAreThoseOfTheSymbols) {
  const std::vector<std::string> keys = Keys();
  const Tag tags[] = {0, 1, 0xff, 0x100, 0x12345678, SeekTag(kSequenceMax), UINT64_MAX};
  std::mt19937_64 random(1);
  for (const std::string& a : keys) {
    for (const std::string& b : keys) {
      const Tag a_tag = tags[random() % std::size(tags)];
      const Tag b_tag = tags[random() % std::size(tags)];
      const ArtKey a_key(a, a_tag);
      const ArtKey b_key(b, b_tag);
      const std::string a_symbols = Symbols(a_key);
      const std::string b_symbols = Symbols(b_key);
      const int order = CompareEntries(a, a_tag, b, b_tag);
      ASSERT_EQ(a_symbols < b_symbols, order < 0)
          << testing::PrintToString(a) << " and " << testing::PrintToString(b);
      ASSERT_EQ(a_symbols == b_symbols, order == 0);
      size_t first = 0;
      while (first < a_symbols.size() && first < b_symbols.size() &&
             a_symbols[first] == b_symbols[first]) {
        ++first;
      }
      ASSERT_EQ(a_key.FirstDifference(b_key), first)
          << testing::PrintToString(a) << " and " << testing::PrintToString(b);
      ASSERT_EQ(first < a_symbols.size(), order != 0) << "one begins the other";
    }
  }
}

}  // namespace
}  // namespace varve
