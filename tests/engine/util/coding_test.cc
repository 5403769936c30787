// Tests of the integer codings: round trips at every length, and refusal of what is cut off.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/coding.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace varve {
namespace {

std::vector<uint64_t> Edges() {
  std::vector<uint64_t> values;
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    for (uint64_t value : {power - 1, power, power + 1}) values.push_back(value);
  }
  values.push_back(UINT64_MAX);
  return values;
}

TEST(Coding, VarintsComeBackWithTheLengthThatWasForetold) {
  std::string bytes;
  for (uint64_t value : Edges()) {
    const size_t before = bytes.size();
    PutVarint(&bytes, value);
    EXPECT_EQ(bytes.size() - before, static_cast<size_t>(VarintBytes(value))) << value;
  }
  std::string_view rest = bytes;
  for (uint64_t expected : Edges()) {
    uint64_t value = 0;
    ASSERT_TRUE(GetVarint(&rest, &value));
    EXPECT_EQ(value, expected);
  }
  EXPECT_TRUE(rest.empty());
}

TEST(Coding, PaddedVarintsAllHaveTheSameLengthAndComeBack) {
  for (uint64_t expected : Edges()) {
    std::string bytes;
    PutPaddedVarint(&bytes, expected);
    EXPECT_EQ(bytes.size(), static_cast<size_t>(kVarintBytesMax)) << expected;
    std::string_view rest = bytes;
    uint64_t value = 0;
    ASSERT_TRUE(GetVarint(&rest, &value)) << expected;
    EXPECT_EQ(value, expected);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(Coding, AVarintThatIsCutOffOrTooLongIsRefused) {
  uint64_t value;
  for (uint64_t edge : Edges()) {
    std::string bytes;
    PutVarint(&bytes, edge);
    bytes.pop_back();
    std::string_view rest = bytes;
    EXPECT_FALSE(GetVarint(&rest, &value)) << edge;
  }
  std::string_view eleven = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
  EXPECT_FALSE(GetVarint(&eleven, &value));
  std::string_view beyond_64_bits = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  EXPECT_FALSE(GetVarint(&beyond_64_bits, &value));
}

TEST(Coding, FixedIntegersAreLittleEndian) {
  std::string bytes;
  PutFixed32(&bytes, 0x04030201);
  PutFixed64(&bytes, 0x0c0b0a0908070605);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
  std::string_view rest = bytes;
  uint32_t small;
  uint64_t large;
  ASSERT_TRUE(GetFixed32(&rest, &small));
  ASSERT_TRUE(GetFixed64(&rest, &large));
  EXPECT_EQ(small, 0x04030201u);
  EXPECT_EQ(large, 0x0c0b0a0908070605u);
  EXPECT_FALSE(GetFixed32(&rest, &small));
  rest = "1234567";
  EXPECT_FALSE(GetFixed64(&rest, &large));
}

TEST(Coding, ALengthBeyondTheEndIsRefused) {
  std::string bytes;
  PutLengthPrefixed(&bytes, "abc");
  std::string_view rest = bytes;
  std::string_view found;
  ASSERT_TRUE(GetLengthPrefixed(&rest, &found));
  EXPECT_EQ(found, "abc");
  for (size_t length = 0; length < bytes.size(); ++length) {
    rest = std::string_view(bytes).substr(0, length);
    EXPECT_FALSE(GetLengthPrefixed(&rest, &found)) << length;
  }
  bytes.clear();
  PutVarint(&bytes, UINT64_MAX);
  rest = bytes;
  EXPECT_FALSE(GetLengthPrefixed(&rest, &found));
}

}  // namespace
}  // namespace varve
