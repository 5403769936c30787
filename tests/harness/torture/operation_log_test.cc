// Operation logs as text: what is written is read back, and what is wrong is refused.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/operation_log.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/util/random.h"
#include "harness/torture/operation_generator.h"

namespace varve::harness {
namespace {

TEST(OperationLog, EveryKindOfOperationReadsBackAsItWas) {
  const std::string text =
      "set compaction=tiered\n"
      "set memtable_bytes=4096\n"
      "put \"a\" 100:7\n"
      "delete \"\"\n"
      "delete_range \"a\" \"\\xff\"\n"
      "batch put \"a\\x20b\" 0:1 delete \"\\x00\\xff\" delete_range \"\" \"b\"\n"
      "batch\n"
      "get \"k\"\n"
      "get \"k\" at 3\n"
      "snapshot 0\n"
      "release 1\n"
      "iterator 2\n"
      "iterator 2 at 1 from \"a\" to \"\\r7a*300;\"\n"
      "first 0\nlast 1\nseek 2 \"a\"\nseek_for_prev 3 \"b\"\nnext 0\nprev 0\nclose 0\n"
      "scan\n"
      "scan at 0 to \"m\"\n"
      "flush\ncompact\nsettle\nsync\nverify\n"
      "reopen\n"
      "reopen compaction=leveled size_ratio=2\n";
  const Result<OperationLog> log = ParseLog(text);
  ASSERT_TRUE(log.ok()) << log.status().ToString();
  EXPECT_EQ(FormatLog(*log), text);
  EXPECT_EQ(log->settings.size(), 2u);
  std::set<LoggedKind> kinds;
  for (const LoggedOperation& operation : log->operations) kinds.insert(operation.kind);
  EXPECT_EQ(kinds.size(), static_cast<size_t>(kLoggedKindCount));
  EXPECT_EQ(log->operations[2].changes[0].end, "\xff");
  EXPECT_EQ(log->operations[3].changes[0].key, "a b");
  EXPECT_EQ(log->operations[3].changes[1].key, std::string("\0\xff", 2));
  EXPECT_EQ(log->operations[3].changes[2].end, "b");
  EXPECT_EQ(log->operations[10].upper, std::string(300, 'z'));
}

TEST(OperationLog, CommentsAndEmptyLinesAreSkipped) {
  const Result<OperationLog> log = ParseLog("# put \"a\" 1:1\n\nflush");
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(FormatLog(*log), "flush\n");
}

TEST(OperationLog, GeneratedOperationsReadBackAsTheyWere) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const OperationLog log{{}, GenerateOperations(seed, 300)};
    const std::string text = FormatLog(log);
    const Result<OperationLog> again = ParseLog(text);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    ASSERT_EQ(again->operations.size(), log.operations.size());
    for (size_t i = 0; i < log.operations.size(); ++i) {
      const LoggedOperation& a = log.operations[i];
      const LoggedOperation& b = again->operations[i];
      ASSERT_TRUE(a.kind == b.kind && a.key == b.key && a.lower == b.lower && a.upper == b.upper &&
                  a.changes == b.changes && a.snapshot == b.snapshot)
          << FormatOperation(a) << "seed " << seed;
    }
    ASSERT_EQ(FormatLog(*again), text);
  }
}

TEST(OperationLog, WhatIsWrongIsRefusedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"flush\nfly", "line 2: fly is no operation"},
      {"put \"a\"", "line 1: the line ends too early"},
      {"put a 1:1", "line 1: a is not a key in quotes"},
      {"put \"a\" 1", "line 1: 1 is not a value such as 100:7"},
      {"put \"a\" 99999999999:1", "line 1: \"99999999999\" is not a number up to 67108864"},
      {"get \"\\q\"", "line 1: an escape that is neither \\xNN nor \\rNN*COUNT;"},
      {"get \"\\r61*9999999;\"", "line 1: \"9999999\" is not a number up to 1048576"},
      {"next 4", "line 1: \"4\" is not a number up to 3"},
      {"flush now", "line 1: now is one word too many"},
      {"set nonsense=1", "line 1: unknown setting \"nonsense\""},
      {"reopen size_ratio", "line 1: size_ratio is not a setting such as size_ratio=4"},
      {"batch flush", "line 1: flush is no change"},
  };
  for (const auto& [text, message] : cases) {
    const Result<OperationLog> log = ParseLog(text);
    ASSERT_FALSE(log.ok()) << text;
    EXPECT_EQ(log.status().message(), message);
  }
}

TEST(OperationLog, NoTextMakesTheParserFail) {
  const std::string whole = FormatLog({{{"size_ratio", "4"}}, GenerateOperations(3, 60)});
  Random random(5);
  uint64_t read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole.substr(random.Uniform(static_cast<uint32_t>(whole.size())));
    text.resize(std::min<size_t>(text.size(), random.Uniform(400)));
    for (int change = 0; change < 3 && !text.empty(); ++change) {
      text[random.Uniform(static_cast<uint32_t>(text.size()))] =
          static_cast<char>(random.Uniform(256));
    }
    const Result<OperationLog> log = ParseLog(text);
    if (!log.ok()) continue;
    ++read;
    EXPECT_TRUE(ParseLog(FormatLog(*log)).ok());
  }
  EXPECT_GT(read, 0u);
}

TEST(OperationLog, ValuesAreNamedByLengthAndSeed) {
  EXPECT_EQ(MakeValue({0, 1}), "");
  EXPECT_EQ(MakeValue({5000, 2}), MakeValue({5000, 2}));
  EXPECT_NE(MakeValue({5000, 2}), MakeValue({5000, 4}));
  EXPECT_EQ(MakeValue({5000, 3}).size(), 5000u);
  EXPECT_TRUE(MakeValue({5000, 2}).starts_with(MakeValue({50, 2})));
}

TEST(OperationLog, SettingsThatDifferFromTheDefaultMakeTheSameOptions) {
  Options options;
  options.memtable_bytes = 16 << 10;
  options.compaction = "tiered";
  const std::vector<SettingText> changed = ChangedSettings(options);
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0].name + "=" + changed[0].text, "memtable_bytes=16KiB");
  Options copy;
  ASSERT_TRUE(ApplySettings(changed, &copy).ok());
  EXPECT_EQ(copy.memtable_bytes, options.memtable_bytes);
  EXPECT_EQ(copy.compaction, "tiered");
}

}  // namespace
}  // namespace varve::harness
