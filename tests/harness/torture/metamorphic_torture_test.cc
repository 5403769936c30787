// The metamorphic test itself, what it is compared with, and that it finds and reduces failures.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/metamorphic_torture.h"

#include <gtest/gtest.h>

#include <map>

#include "harness/torture/operation_generator.h"
#include "harness/torture/reducer.h"
#include "tests/engine/db_test_util.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

std::vector<std::string> AnswersTo(Subject& subject, const std::string& text) {
  const Result<OperationLog> log = ParseLog(text);
  EXPECT_TRUE(log.ok()) << log.status().ToString();
  return Answers(subject, log->operations);
}

// The meaning of every operation, written by hand; the model and the engine must both have it.
// I6 (snapshots and iterators), I7 (batches).
TEST(Subject, ModelAndEngineMeanTheSameByEveryOperation) {
  const std::string text =
      "put \"b\" 1:1\nput \"d\" 1:3\nput \"f\" 1:5\nsnapshot 0\n"
      "put \"d\" 0:1\ndelete \"b\"\nbatch put \"a\" 1:7 put \"a\" 1:9 delete \"f\"\n"
      "get \"a\"\nget \"b\"\nget \"d\"\nget \"d\" at 0\nget \"a\" at 0\nget \"a\" at 1\n"
      "iterator 0 at 0 from \"b\" to \"f\"\nfirst 0\nnext 0\nnext 0\nnext 0\nlast 0\nprev 0\n"
      "prev 0\nseek 0 \"a\"\nseek 0 \"c\"\nseek 0 \"e\"\nseek_for_prev 0 \"c\"\n"
      "seek_for_prev 0 \"a\"\nseek_for_prev 0 \"z\"\n"
      "iterator 1\nput \"e\" 1:11\nfirst 1\nnext 1\nnext 1\nclose 1\nfirst 1\n"
      "scan\nscan at 0\nscan from \"b\" to \"e\"\nscan at 3\n"
      "flush\ncompact\nsettle\nsync\nverify\nscan\nscan at 0\nseek 0 \"c\"\n"
      "release 0\nget \"d\" at 0\nreopen compaction=tiered\nfirst 0\nscan\n"
      "put \"\\r6b*65537;\" 1:1\nget \"\\r6b*65537;\"\nput \"\\r6b*65536;\" 1:1\n";
  const std::vector<std::string> expected = {"ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "\"j\"",
                                             "absent",
                                             "\"\"",
                                             "\"d\"",
                                             "absent",
                                             "nothing",
                                             "ok",
                                             "\"b\" = \"b\"",
                                             "\"d\" = \"d\"",
                                             "end",
                                             "nothing",
                                             "\"d\" = \"d\"",
                                             "\"b\" = \"b\"",
                                             "end",
                                             "\"b\" = \"b\"",
                                             "\"d\" = \"d\"",
                                             "end",
                                             "\"b\" = \"b\"",
                                             "end",
                                             "\"d\" = \"d\"",
                                             "ok",
                                             "ok",
                                             "\"a\" = \"j\"",
                                             "\"d\" = \"\"",
                                             "end",
                                             "ok",
                                             "nothing",
                                             "{\"a\" = \"j\", \"d\" = \"\", \"e\" = \"l\"}",
                                             "{\"b\" = \"b\", \"d\" = \"d\", \"f\" = \"f\"}",
                                             "{\"d\" = \"\"}",
                                             "nothing",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "{\"a\" = \"j\", \"d\" = \"\", \"e\" = \"l\"}",
                                             "{\"b\" = \"b\", \"d\" = \"d\", \"f\" = \"f\"}",
                                             "\"d\" = \"d\"",
                                             "ok",
                                             "nothing",
                                             "ok",
                                             "nothing",
                                             "{\"a\" = \"j\", \"d\" = \"\", \"e\" = \"l\"}",
                                             "refused",
                                             "absent",
                                             "ok"};
  VersionModel model;
  EXPECT_EQ(AnswersTo(model, text), expected);
  EXPECT_EQ(AnswersTo(*NewMemorySubject(SmallTortureOptions()), text), expected);
}

// The same of deletes of ranges. I6.
TEST(Subject, ModelAndEngineMeanTheSameByADeleteOfARange) {
  const std::string text =
      "put \"a\" 1:1\nput \"b\" 1:3\nput \"c\" 1:5\nput \"d\" 1:7\nsnapshot 0\n"
      "delete_range \"b\" \"d\"\nscan\nscan at 0\nget \"b\"\nget \"b\" at 0\n"
      "iterator 0\nlast 0\nprev 0\nprev 0\nnext 0\nseek 0 \"b\"\nseek_for_prev 0 \"c\"\n"
      "batch put \"b\" 1:9 delete_range \"a\" \"c\" put \"a\" 1:11\nscan\n"
      "flush\nscan\nscan at 0\ncompact\nscan\nscan at 0\nget \"c\"\nget \"c\" at 0\n"
      "delete_range \"c\" \"c\"\ndelete_range \"d\" \"c\"\n"
      "delete_range \"a\" \"\\r6b*65537;\"\nscan\nreopen\nscan\n";
  const std::vector<std::string> expected = {"ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "ok",
                                             "{\"a\" = \"b\", \"d\" = \"h\"}",
                                             "{\"a\" = \"b\", \"b\" = \"d\", \"c\" = \"f\", "
                                             "\"d\" = \"h\"}",
                                             "absent",
                                             "\"d\"",
                                             "ok",
                                             "\"d\" = \"h\"",
                                             "\"a\" = \"b\"",
                                             "end",
                                             "nothing",
                                             "\"d\" = \"h\"",
                                             "\"a\" = \"b\"",
                                             "ok",
                                             "{\"a\" = \"l\", \"d\" = \"h\"}",
                                             "ok",
                                             "{\"a\" = \"l\", \"d\" = \"h\"}",
                                             "{\"a\" = \"b\", \"b\" = \"d\", \"c\" = \"f\", "
                                             "\"d\" = \"h\"}",
                                             "ok",
                                             "{\"a\" = \"l\", \"d\" = \"h\"}",
                                             "{\"a\" = \"b\", \"b\" = \"d\", \"c\" = \"f\", "
                                             "\"d\" = \"h\"}",
                                             "absent",
                                             "\"f\"",
                                             "ok",
                                             "refused",
                                             "refused",
                                             "{\"a\" = \"l\", \"d\" = \"h\"}",
                                             "ok",
                                             "{\"a\" = \"l\", \"d\" = \"h\"}"};
  VersionModel model;
  EXPECT_EQ(AnswersTo(model, text), expected);
  EXPECT_EQ(AnswersTo(*NewMemorySubject(SmallTortureOptions()), text), expected);
}

TEST(Generator, IsAPureFunctionAndUsesEveryKindOfOperation) {
  const std::string first = FormatLog({{}, GenerateOperations(1, 500)});
  EXPECT_EQ(first, FormatLog({{}, GenerateOperations(1, 500)}));
  EXPECT_NE(first, FormatLog({{}, GenerateOperations(2, 500)}));
  std::map<LoggedKind, int> sequences_with;
  constexpr int kSequences = 60;
  for (uint64_t seed = 0; seed < kSequences; ++seed) {
    std::map<LoggedKind, int> seen;
    for (const LoggedOperation& operation : GenerateOperations(seed, 500)) ++seen[operation.kind];
    for (const auto& [kind, count] : seen) ++sequences_with[kind];
  }
  EXPECT_EQ(sequences_with.size(), static_cast<size_t>(kLoggedKindCount));
  for (const auto& [kind, count] : sequences_with) EXPECT_GT(count, kSequences / 4);
  EXPECT_LT(sequences_with[LoggedKind::kDelete], kSequences) << "some have no deletes";
}

// The sequences would prove little if they did not reach deep trees and full iterators.
TEST(Generator, SequencesReachWhatTheyAreMeantToReach) {
  uint64_t found = 0, absent = 0, places = 0, ends = 0, scans = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const std::vector<LoggedOperation> operations = GenerateOperations(seed, 400);
    VersionModel model;
    const std::vector<std::string> answers = Answers(model, operations);
    for (size_t i = 0; i < answers.size(); ++i) {
      const LoggedKind kind = operations[i].kind;
      if (kind == LoggedKind::kGet) ++(answers[i] == "absent" ? absent : found);
      const bool moves = kind == LoggedKind::kNext || kind == LoggedKind::kPrev;
      if (moves) ++(answers[i] == "end" ? ends : places);
      if (kind == LoggedKind::kScan && answers[i] != "{}") ++scans;
    }
  }
  EXPECT_GT(found, 300u);
  EXPECT_GT(absent, 100u);
  EXPECT_GT(places, 500u);
  EXPECT_GT(ends, 100u);
  EXPECT_GT(scans, 30u);
}

// I5, I6, I7, I11 under all configurations; I1 over reopening. Split, so that shards share it.
class MetamorphicTest : public testing::TestWithParam<uint64_t> {};

TEST_P(MetamorphicTest, AllConfigurationsGiveTheSameAnswers) {
  TemporaryDirectory directory;
  TortureOptions options;
  options.seed = 20260701;
  options.first_cycle = GetParam();
  options.cycles = 1;
  // Waiting for a device to sync is most of the time of a cycle with real files.
  if (options.first_cycle == 1) options.directory = directory.path();
  const TortureReport report = RunMetamorphicTorture(options);
  EXPECT_EQ(report.failure, "") << report.replay;
  EXPECT_EQ(report.cycles, 1u);
  // Configurations, operations, flushes, compactions, and those into levels from 2 on.
  ASSERT_EQ(report.counts.size(), 5u);
  EXPECT_GT(report.counts[0].second, 80u);
  for (const auto& [name, count] : report.counts) EXPECT_GT(count, 20u) << name;
}

INSTANTIATE_TEST_SUITE_P(Cycles, MetamorphicTest, testing::Range<uint64_t>(1, 1 + ScaledCycles(8)));

TEST(MinimizeByDeltas, LeavesExactlyWhatIsNeeded) {
  std::vector<int> items(200);
  for (size_t i = 0; i < items.size(); ++i) items[i] = static_cast<int>(i);
  const StillFails<int> fails = [](const std::vector<int>& candidate) {
    int needed = 0;
    for (const int item : candidate) needed += item == 3 || item == 77 || item == 199 ? 1 : 0;
    return needed == 3;
  };
  ReduceBudget budget;
  EXPECT_EQ(MinimizeByDeltas(items, fails, &budget), (std::vector<int>{3, 77, 199}));
  EXPECT_GT(budget.runs, 3800u) << "in few runs";
  budget.runs = 5;
  const std::vector<int> partly = MinimizeByDeltas(items, fails, &budget);
  EXPECT_TRUE(fails(partly)) << "a spent budget leaves something that fails";
  EXPECT_EQ(budget.runs, 0u);
}

TEST(MinimizeByDeltas, MayLeaveNothing) {
  ReduceBudget budget;
  const StillFails<int> always = [](const std::vector<int>&) { return true; };
  EXPECT_TRUE(MinimizeByDeltas({1, 2, 3, 4}, always, &budget).empty());
}

// A database in which a compaction brings deleted keys back, if the memtable is a vector.
class ForgetfulSubject final : public Subject {
 public:
  explicit ForgetfulSubject(const Options& options) : options_(options) {}
  std::string Apply(const LoggedOperation& operation) override {
    if (operation.kind == LoggedKind::kCompact && options_.memtable == "vector") {
      for (const LoggedOperation& put : lost_) model_.Apply(put);
    }
    for (const LoggedChange& change : operation.changes) {
      const auto before = values_.find(change.key);
      if (!change.put && before != values_.end()) {
        LoggedOperation& put = lost_.emplace_back();
        put.kind = LoggedKind::kPut;
        put.changes = {{true, change.key, before->second}};
      }
      if (change.put) values_[change.key] = change.value;
    }
    return model_.Apply(operation);
  }

 private:
  const Options options_;
  VersionModel model_;
  std::map<std::string, ValueSpec> values_;
  std::vector<LoggedOperation> lost_;
};

std::unique_ptr<Subject> NewForgetfulSubject(const Options& options) {
  return std::make_unique<ForgetfulSubject>(options);
}

TEST(Reducer, BringsAFailureToTheFewOperationsAndSettingsThatMakeIt) {
  Options options = SmallTortureOptions();
  options.memtable = "vector";
  OperationLog log{ChangedSettings(options), {}};
  std::optional<Difference> difference;
  for (uint64_t seed = 0; !difference.has_value() && seed < 50; ++seed) {
    log.operations = GenerateOperations(seed, 400);
    difference = RunLog(log, NewForgetfulSubject, 1);
  }
  ASSERT_TRUE(difference.has_value());
  const LogFails fails = [](const OperationLog& candidate) {
    return RunLog(candidate, NewForgetfulSubject, 1).has_value();
  };
  const OperationLog reduced = ReduceLog(log, fails);
  const std::string text = FormatLog(reduced);
  EXPECT_LE(reduced.operations.size(), 5u) << text;
  ASSERT_EQ(reduced.settings.size(), 1u) << text;
  EXPECT_EQ(reduced.settings[0].text, "vector");
  // The text is enough to repeat it.
  const Result<OperationLog> again = ParseLog(text);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(fails(*again)) << text;
}

// Data that is lost once a memtable's worth was written after it: all writes that fill the memtable
// are needed, until one of them is enough.
class LeakySubject final : public Subject {
 public:
  std::string Apply(const LoggedOperation& operation) override {
    for (const LoggedChange& change : operation.changes) bytes_ += change.value.bytes;
    if (operation.kind == LoggedKind::kGet && bytes_ > 20000) return "lost";
    return model_.Apply(operation);
  }

 private:
  VersionModel model_;
  uint64_t bytes_ = 0;
};

TEST(Reducer, ReplacesManyWritesByALargeOne) {
  const MakeSubject make = [](const Options&) { return std::make_unique<LeakySubject>(); };
  const LogFails fails = [&](const OperationLog& log) { return RunLog(log, make, 1).has_value(); };
  OperationLog log;
  for (uint32_t i = 0; i < 200; ++i) {
    LoggedOperation& put = log.operations.emplace_back();
    put.kind = LoggedKind::kPut;
    put.changes = {{true, "key", {300, i}}};
  }
  log.operations.emplace_back().kind = LoggedKind::kGet;
  ASSERT_TRUE(fails(log));
  const OperationLog reduced = ReduceLog(log, fails);
  EXPECT_EQ(reduced.operations.size(), 2u) << FormatLog(reduced);
}

TEST(Replay, RunsTheTextOfALog) {
  TortureOptions options;
  options.cycles = 3;
  const TortureReport report =
      ReplayMetamorphic("set memtable_bytes=4KiB\nput \"a\" 10:1\nflush\nscan\n", options);
  EXPECT_EQ(report.failure, "");
  EXPECT_EQ(report.cycles, 3u);
  EXPECT_EQ(report.counts.at(0).second, 9u) << "three operations a cycle";
}

TEST(Replay, OfAWrongTextSaysWhatIsWrong) {
  EXPECT_NE(ReplayMetamorphic("fly\n", {}).failure.find("line 1"), std::string::npos);
  EXPECT_NE(ReplayMetamorphic("set level0_stop_runs=1\n", {}).failure.find("level0_stop_runs"),
            std::string::npos);
}

}  // namespace
}  // namespace varve::harness
