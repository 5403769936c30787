// summary.csv: its columns, their order, and that what was not measured stays empty.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/summary_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

Plan PlanOfTwo() {
  Plan plan;
  TrialSpec spec;
  spec.variant = "a, \"b\"";
  spec.point = {{"engine.memtable_bytes", "1 MiB"}, {"trial.workload", "ycsb_a"}};
  plan.trials = {spec, spec};
  plan.trials[1].repetition = 2;
  return plan;
}

json Measured() {
  return json::parse(R"({
    "settings_used": {"durability": "process"},
    "phases": [{"name": "load", "start_ns": 0, "end_ns": 5},
               {"name": "measure", "start_ns": 1000000000, "end_ns": 3500000000}],
    "operations": {"total": 42}, "throughput_ops_per_second": 16.8,
    "latency": {"read": {"p50_ns": 100, "max_ns": 900}, "all": {"p50_ns": 7}},
    "amplification": {"write_amplification": 2.5, "debt_bytes": 12},
    "cpu": {"user_seconds": 1.5, "system_seconds": 0.25}, "memory": {"peak_bytes": 1000},
    "verified": true, "steady": false, "caveats": ["one", "two, too"]})");
}

TEST(SummaryCsv, HasTheColumnsOfTheDocumentationInTheirOrder) {
  const std::string csv = SummaryCsv(PlanOfTwo(), {Measured(), nullptr});
  EXPECT_THAT(
      csv,
      StartsWith("trial,variant,repetition,store,workload,durability,"
                 "engine.memtable_bytes,trial.workload,operations,seconds,"
                 "throughput_ops_per_second,"
                 "throughput_worst_window_ops_per_second,p99_worst_window_ns,share_of_windows_"
                 "below_half,throughput_interval_width,latency_read_p50_ns,latency_read_p95_ns,"
                 "latency_read_p99_ns,latency_read_p999_ns,latency_read_max_ns,"
                 "latency_all_p50_ns,"));
  EXPECT_THAT(
      csv,
      HasSubstr(",debt_bytes,cpu_seconds,memory_bytes_peak,verified,steady,sustained,not_supported,"
                "caveats\n"));
}

TEST(SummaryCsv, ARowHoldsWhatWasMeasuredAndNothingElse) {
  const Plan plan = PlanOfTwo();
  const std::string csv = SummaryCsv(plan, {Measured(), nullptr});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2) << "a trial without a result has no row";
  EXPECT_THAT(csv, HasSubstr("\n" + plan.trials[0].Id() +
                             ",\"a, \"\"b\"\"\",1,varve,ycsb_a,process,"
                             "1048576,ycsb_a,42,2.5,16.8,,,,,100,,,,900,7,,,,,2.5,,"));
  EXPECT_THAT(csv, HasSubstr(",12,1.75,1000,true,false,,,\"one; two, too\"\n"));
}

TEST(SummaryCsv, ResponsesHaveColumnsIfSomeLoopWasOpen) {
  json paced = Measured();
  paced["response"] = {{"all", {{"p99_ns", 5}}}, {"read", {{"p99_ns", 6}}}};
  const std::string csv = SummaryCsv(PlanOfTwo(), {Measured(), paced});
  EXPECT_THAT(csv, HasSubstr(",latency_all_max_ns,response_read_p50_ns,response_read_p95_ns,"));
  EXPECT_THAT(csv, HasSubstr(",response_all_max_ns,write_amplification,"));
  EXPECT_THAT(csv, HasSubstr(",,,6,,,,,5,,,2.5,"));
}

TEST(SummaryCsv, IsTheSameForTheSameResults) {
  EXPECT_EQ(SummaryCsv(PlanOfTwo(), {Measured(), Measured()}),
            SummaryCsv(PlanOfTwo(), {Measured(), Measured()}));
}

TEST(SummaryCsv, SurvivesResultsOfAnotherShape) {
  for (const char* text : {"3", "[]", "{}", R"({"phases": 3, "latency": [], "caveats": {}})",
                           R"({"phases": [3, {"name": "measure"}], "cpu": 1})"}) {
    const std::string csv = SummaryCsv(PlanOfTwo(), {json::parse(text), nullptr});
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2) << text;
  }
}

}  // namespace
}  // namespace varve::harness
