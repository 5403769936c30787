// The trials that sustain makes, and which of their results pass.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/sustain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PrepareSustain, GivesTimesThatWereNotGiven) {
  TrialSpec spec;
  ASSERT_TRUE(PrepareSustain({}, &spec).ok());
  EXPECT_EQ(spec.trial.seconds, 60);
  EXPECT_EQ(spec.trial.warmup_seconds, 10);
  EXPECT_EQ(spec.trial.sample_seconds, 1);
  TrialSpec shorter;
  shorter.trial.seconds = 6;
  shorter.trial.warmup_seconds = 0;
  ASSERT_TRUE(
      PrepareSustain({{"trial.seconds", "6"}, {"trial.warmup_seconds", "0"}}, &shorter).ok());
  EXPECT_EQ(shorter.trial.seconds, 6);
  EXPECT_EQ(shorter.trial.warmup_seconds, 0);
  EXPECT_DOUBLE_EQ(shorter.trial.sample_seconds, 0.2);
}

TEST(PrepareSustain, RefusesWhatItDecidesItselfAndTimesThatAreTooShort) {
  for (const char* name :
       {"trial.arrivals", "trial.rate_ops_per_second", "trial.burst_seconds", "trial.steps",
        "trial.sine_period_seconds", "trial.operations", "trial.repetitions", "trial.think_seconds",
        "trial.interval_width", "trial.stall_seconds"}) {
    TrialSpec spec;
    EXPECT_THAT(PrepareSustain({{name, "1"}}, &spec).ToString(),
                HasSubstr(std::string(name) + " cannot be set"));
  }
  TrialSpec spec;
  EXPECT_TRUE(PrepareSustain({{"trial.arrival_gaps", "poisson"}}, &spec).ok());
  spec.trial.seconds = 11;
  spec.trial.sample_seconds = 1;
  EXPECT_THAT(
      PrepareSustain({{"trial.seconds", "11"}, {"trial.sample_seconds", "1"}}, &spec).ToString(),
      HasSubstr("11 s are too short"));
}

TEST(SustainTrials, OnlyTheOpenLoopHasARateAndTheSchedulerThatWasAskedFor) {
  TrialSpec base;
  base.trial.arrival_gaps = "poisson";
  ASSERT_TRUE(SetTrialSetting(&base, "engine.scheduler", "greedy").ok());
  bool fair = false;
  const TrialSpec maximum = MaximumTrial(base, &fair);
  EXPECT_TRUE(fair);
  EXPECT_EQ(TrialSettingText(maximum, "engine.scheduler"), "fair");
  EXPECT_EQ(maximum.trial.arrivals, "closed");
  EXPECT_EQ(maximum.trial.arrival_gaps, "regular");
  const TrialSpec open = OpenLoopTrial(base, 123, 9);
  EXPECT_EQ(TrialSettingText(open, "engine.scheduler"), "greedy");
  EXPECT_EQ(open.trial.arrivals, "constant");
  EXPECT_EQ(open.trial.arrival_gaps, "poisson");
  EXPECT_EQ(open.trial.rate_ops_per_second, 123);
  EXPECT_EQ(open.trial.seed, 9u);
  ASSERT_TRUE(SetTrialSetting(&base, "engine.scheduler", "single").ok());
  EXPECT_EQ(TrialSettingText(MaximumTrial(base, &fair), "engine.scheduler"), "single");
  EXPECT_FALSE(fair);
}

json Kept() {
  return json::parse(R"({"operations": {"total": 1000}, "sustained": true,
    "trend": {"response_first_third_ns": 1e6, "response_last_third_ns": 2e6,
              "response_grows": false},
    "response": {"all": {"p99_ns": 5000000}, "read": {"p99_ns": 1000}}})");
}

TEST(Shortcomings, OfATrialThatIsFineThereAreNone) {
  EXPECT_THAT(Shortcomings(Kept(), {}), IsEmpty());
  EXPECT_THAT(
      Shortcomings(Kept(), {*ParseObjective("p99 <= 5 ms"), *ParseObjective("read p99 <= 1 us")}),
      IsEmpty());
}

TEST(Shortcomings, EveryOneIsNamed) {
  const std::vector<Objective> objectives = {*ParseObjective("p99 <= 4.9 ms"),
                                             *ParseObjective("update p99 <= 1 s")};
  EXPECT_THAT(Shortcomings(Kept(), objectives),
              ElementsAre("p99 <= 4.9 ms: it was 5 ms", "no update was timed"));
  json result = Kept();
  result["sustained"] = false;
  result["operations"]["unserved"] = 100;
  result["trend"]["response_grows"] = true;
  result["trend"]["pending_compaction_bytes_grow"] = true;
  result["verified"] = false;
  EXPECT_THAT(Shortcomings(result, {}),
              ElementsAre("only 90.9 % of the rate was served", "responses grew from 1 ms to 2 ms",
                          "the debt of compactions grew", "the store gave wrong answers"));
}

TEST(Shortcomings, AFewOperationsThatWereLeftAreOneToo) {
  json result = Kept();
  result["sustained"] = false;
  result["operations"]["unserved"] = 5;
  EXPECT_THAT(Shortcomings(result, {}), ElementsAre("5 operations that were due were left"));
}

TEST(Shortcomings, WhatIsNotKnownDoesNotPass) {
  json result = Kept();
  result.erase("sustained");
  EXPECT_THAT(Shortcomings(result, {}),
              ElementsAre("too few samples had operations to see a trend in"));
  EXPECT_THAT(Shortcomings(json::object(), {}), testing::SizeIs(1));
}

}  // namespace
}  // namespace varve::harness
