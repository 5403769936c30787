// Tests of the format of Java property files.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/java_properties.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace varve::workloads {
namespace {

// "name=value@line;" for each.
std::string Parsed(std::string_view text) {
  const Result<std::vector<JavaProperty>> properties = ParseJavaProperties(text);
  if (!properties.ok()) return std::string(properties.status().message());
  std::string out;
  for (const JavaProperty& p : *properties) {
    out += p.name + "=" + p.value + "@" + std::to_string(p.line) + ";";
  }
  return out;
}

TEST(JavaProperties, AllSeparatorsWork) {
  EXPECT_EQ(Parsed("a=1\nb:2\nc 3\nd\t=\t4\ne : 5\nf==6\ng"),
            "a=1@1;b=2@2;c=3@3;d=4@4;e=5@5;f==6@6;g=@7;");
}

TEST(JavaProperties, CommentsAndEmptyLinesAreSkipped) {
  EXPECT_EQ(Parsed("# a=1\n  ! b=2\n\n \t \nc=3 # not a comment\n"), "c=3 # not a comment@5;");
}

TEST(JavaProperties, EveryLineEndCountsOnce) {
  EXPECT_EQ(Parsed("a=1\r\nb=2\rc=3\n\nd=4"), "a=1@1;b=2@2;c=3@3;d=4@5;");
}

TEST(JavaProperties, ABackslashContinuesTheLine) {
  EXPECT_EQ(Parsed("a=1,\\\n   2,\\\r\n\t3\nb=4"), "a=1,2,3@1;b=4@4;");
  EXPECT_EQ(Parsed("a=1\\\\\nb=2"), "a=1\\@1;b=2@2;");
  EXPECT_EQ(Parsed("a=1\\"), "a=1@1;");
  EXPECT_EQ(Parsed("# comment \\\nb=2"), "b=2@2;");
}

TEST(JavaProperties, EscapesAreUndone) {
  EXPECT_EQ(Parsed("a\\=b\\ c=\\t\\q\\\\x"), "a=b c=\tq\\x@1;");
  EXPECT_EQ(Parsed("a=\\u0041\\u00e9\\u20AC"), "a=A\u00e9\u20ac@1;");
}

TEST(JavaProperties, ABadUnicodeEscapeIsAnErrorWithItsLine) {
  const char* message = "2: \\u must be followed by 4 hexadecimal digits of a character";
  EXPECT_EQ(Parsed("x=1\na=\\u12"), message);
  EXPECT_EQ(Parsed("x=1\na=\\u12G4"), message);
  EXPECT_EQ(Parsed("x=1\na=\\uD800"), message);
  EXPECT_EQ(Parsed("x=1\na=\\u-123"), message);
}

TEST(JavaProperties, WhiteSpaceAtTheEndOfAValueIsDropped) {
  EXPECT_EQ(Parsed("a=1 \t\nb= \n"), "a=1@1;b=@2;");
}

TEST(JavaProperties, OddInputNeverCrashes) {
  constexpr uint32_t kSeed = 1;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string alphabet("\\\\\\\\u=: \t\f\r\n#!a0\xff\0", 18);
  for (int i = 0; i < 50000; i++) {
    std::string text;
    for (size_t n = random() % 40; n > 0; n--) text += alphabet[random() % alphabet.size()];
    Parsed(text);
    // In memory of exactly its size, so that a sanitizer sees any read behind it.
    const std::vector<char> exact(text.begin(), text.end());
    Parsed({exact.data(), exact.size()});
  }
}

}  // namespace
}  // namespace varve::workloads
