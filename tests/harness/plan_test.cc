// Plans and trial specs: the cross product, its order, and identities that do not move.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/experiment_file.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kWorkloads = SourcePath("workloads");

Plan PlanOf(const std::string& text) {
  const Result<Experiment> experiment = ParseExperiment(text, "test.toml");
  EXPECT_TRUE(experiment.ok()) << experiment.status().message();
  if (!experiment.ok()) return Plan();
  Result<Plan> plan = MakePlan(*experiment, kWorkloads);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? std::move(plan).value() : Plan();
}

constexpr char kSweep[] = R"(title = "t"
[trial]
repetitions = 3
seed = 10
store = "map"
[sweep]
"engine.size_ratio" = [2, 4, 8, 16]
[[variant]]
name = "a"
"engine.compaction" = "leveled"
[[variant]]
name = "b"
"engine.compaction" = "tiered"
"engine.level0_runs" = 7
)";

TEST(Plan, IsVariantsTimesSweepTimesRepetitions) {
  const Plan plan = PlanOf(kSweep);
  ASSERT_EQ(plan.trials.size(), 24u);
  EXPECT_EQ(plan.points, 8u);
  const TrialSpec& first = plan.trials[0];
  EXPECT_EQ(first.variant, "a");
  EXPECT_EQ(first.repetition, 1u);
  EXPECT_EQ(first.seed, 10u);
  EXPECT_EQ(plan.trials[2].seed, 12u);
  const TrialSpec& last = plan.trials[23];
  EXPECT_EQ(last.variant, "b");
  EXPECT_EQ(TrialSettingText(last, "engine.size_ratio"), "16");
  EXPECT_EQ(TrialSettingText(last, "engine.compaction"), "tiered");
  EXPECT_THAT(plan.labels, testing::Contains("b, size_ratio 16"));
}

TEST(Plan, EveryPointTellsTheValueOfEverythingThatVaries) {
  const Plan plan = PlanOf(kSweep);
  for (const TrialSpec& trial : plan.trials) {
    ASSERT_EQ(trial.point.size(), 3u);
    EXPECT_EQ(trial.point[0].name, "engine.compaction");
    EXPECT_EQ(trial.point[1].name, "engine.level0_runs");
    EXPECT_EQ(trial.point[1].text, trial.variant == "b" ? "7" : "4");
    EXPECT_EQ(trial.point[2].name, "engine.size_ratio");
  }
}

TEST(Plan, EachRoundHoldsEveryPointOnceInAnOrderOfItsOwn) {
  const Plan plan = PlanOf(kSweep);
  ASSERT_EQ(plan.order.size(), 24u);
  std::set<std::vector<size_t>> orders;
  for (size_t round = 0; round < 3; ++round) {
    std::vector<size_t> points;
    for (size_t i = 0; i < 8; ++i) {
      const size_t trial = plan.order[round * 8 + i];
      EXPECT_EQ(plan.trials[trial].repetition, round + 1);
      points.push_back(plan.point_of_trial[trial]);
    }
    orders.insert(points);
    std::sort(points.begin(), points.end());
    EXPECT_THAT(points, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  }
  EXPECT_EQ(orders.size(), 3u) << "the rounds are not shuffled";
}

TEST(Plan, IsTheSameEveryTimeAndAnotherForAnotherSeed) {
  const Plan plan = PlanOf(kSweep);
  EXPECT_EQ(PlanOf(kSweep).order, plan.order);
  EXPECT_EQ(PlanOf(kSweep).Hash(), plan.Hash());
  std::string other = kSweep;
  other.replace(other.find("seed = 10"), 9, "seed = 11");
  EXPECT_NE(PlanOf(other).order, plan.order);
  EXPECT_NE(PlanOf(other).Hash(), plan.Hash());
}

TEST(Plan, TheOrderIsPinned) {
  // Results of different machines are comparable only if the order is the same everywhere.
  const Plan plan = PlanOf(
      "title = \"t\"\n[trial]\nseed = 1\n[sweep]\n"
      "\"engine.size_ratio\" = [2, 3, 4, 5, 6, 7]\n");
  EXPECT_THAT(plan.order, ElementsAre(3, 1, 0, 5, 4, 2));
}

TEST(Plan, TrialIdsAreOfWhatIsAskedForAndNothingElse) {
  const Plan plan = PlanOf(kSweep);
  std::set<std::string> ids;
  for (const TrialSpec& trial : plan.trials) {
    EXPECT_EQ(trial.Id().size(), 16u);
    ids.insert(trial.Id());
  }
  EXPECT_EQ(ids.size(), plan.trials.size());
  // More repetitions leave the ids of those that are there.
  std::string more = kSweep;
  more.replace(more.find("repetitions = 3"), 15, "repetitions = 4");
  EXPECT_EQ(PlanOf(more).trials[0].Id(), plan.trials[0].Id());
  EXPECT_EQ(PlanOf(more).trials[5].Id(), plan.trials[4].Id());
}

TEST(Plan, ATrialHoldsItsWholeWorkload) {
  const Plan plan = PlanOf("title = \"t\"\n[trial]\nworkload = \"ycsb_c\"\nrecords = 77\n");
  EXPECT_EQ(TrialSettingText(plan.trials[0], "workload.records"), "77");
  EXPECT_EQ(TrialSettingText(plan.trials[0], "workload.read_proportion"), "1");
}

TEST(Plan, WhatCannotRunIsRefusedBeforeAnythingRuns) {
  const auto error = [](const std::string& text) {
    const Result<Experiment> experiment = ParseExperiment(text, "x.toml");
    if (!experiment.ok()) return std::string(experiment.status().message());
    const Result<Plan> plan = MakePlan(*experiment, kWorkloads);
    return plan.ok() ? std::string("no error") : std::string(plan.status().message());
  };
  EXPECT_EQ(error("title = \"t\"\n[trial]\nstore = \"varv\"\n"),
            "x.toml: unknown store \"varv\", did you mean \"varve\"?");
  EXPECT_THAT(error("title = \"t\"\n[trial]\nworkload = \"ycsb_aa\"\n"),
              testing::AllOf(HasSubstr("x.toml: "), HasSubstr("\"ycsb_a")));
  EXPECT_THAT(
      error("title = \"t\"\n[[variant]]\nname = \"v\"\n\"engine.level0_slowdown_runs\" = 99\n"),
      HasSubstr("x.toml (v): engine: level0_slowdown_runs = 99 must not exceed"));
  EXPECT_THAT(error("title = \"t\"\n[workload]\noperations = 0\n"),
              HasSubstr("x.toml: workload ycsb_a has no end"));
  const std::string fifo = "[engine]\ncompaction = \"fifo\"\nfifo_bytes_max = \"1 MiB\"\n";
  EXPECT_EQ(
      error("title = \"t\"\n" + fifo),
      "x.toml: compaction fifo drops the oldest data (fifo_bytes_max or file_age_max is set), "
      "which would be reported as lost: set trial.verify = false");
  EXPECT_EQ(error("title = \"t\"\n[trial]\nverify = false\n" + fifo), "no error");
  EXPECT_EQ(error("title = \"t\"\n[engine]\ncompaction = \"fifo\"\n"), "no error");
  EXPECT_THAT(error("title = \"t\"\n[trial]\nrepetitions = 1000\n[sweep]\n"
                    "\"engine.size_ratio\" = [2,3,4,5,6,7,8,9,10,11]\n"
                    "\"engine.level0_runs\" = [2,3,4,5,6,7,8,9,10,11,12]\n"),
              HasSubstr("more than 100000 trials"));
}

TEST(TrialSpec, JsonReadsBackAsTheSameTrial) {
  const Plan plan = PlanOf(kSweep);
  for (const TrialSpec& trial : plan.trials) {
    const Result<TrialSpec> again = TrialSpec::FromJson(trial.ToJson());
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(again->ToJson(), trial.ToJson());
    EXPECT_EQ(again->Id(), trial.Id());
  }
}

TEST(TrialSpec, JsonHoldsNumbersAsNumbers) {
  const nlohmann::json json = PlanOf(kSweep).trials[0].ToJson();
  EXPECT_EQ(json["engine"]["memtable_bytes"], 64 << 20);
  EXPECT_EQ(json["engine"]["trivial_moves"], true);
  EXPECT_EQ(json["point"]["engine.size_ratio"], 2);
  EXPECT_EQ(json["trial"]["store"], "map");
  EXPECT_FALSE(json["trial"].contains("repetitions"));
}

TEST(TrialSpec, JsonOfSomethingElseIsRefused) {
  for (const char* text :
       {"null", "3", "[]", "{}", R"({"schema": 2})", R"({"schema": 1})",
        R"({"schema": 1, "trial": {"clients": 0}, "engine": {}, "workload": {}})",
        R"({"schema": 1, "trial": {"x": 1}, "engine": {}, "workload": {}})",
        R"({"schema": 1, "trial": {}, "engine": [], "workload": {}})"}) {
    EXPECT_FALSE(TrialSpec::FromJson(nlohmann::json::parse(text)).ok()) << text;
  }
}

}  // namespace
}  // namespace varve::harness
