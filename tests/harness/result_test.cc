// result.json as a whole: what is there, what is left out, and which doubts are named.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/device_settings.h"

namespace varve::harness {
namespace {

using nlohmann::json;

TEST(Steadiness, NeedsTenSamples) {
  EXPECT_EQ(JudgeSteadiness({}), Steadiness::kUnknown);
  EXPECT_EQ(JudgeSteadiness(std::vector<double>(9, 5.0)), Steadiness::kUnknown);
  EXPECT_EQ(JudgeSteadiness(std::vector<double>(10, 5.0)), Steadiness::kSteady);
}

TEST(Steadiness, IsLostWhenTheHalvesDifferByAFifth) {
  std::vector<double> falling(20, 100.0);
  std::fill(falling.begin() + 10, falling.end(), 79.0);
  EXPECT_EQ(JudgeSteadiness(falling), Steadiness::kNotSteady);
  std::fill(falling.begin() + 10, falling.end(), 81.0);
  EXPECT_EQ(JudgeSteadiness(falling), Steadiness::kSteady);
  std::reverse(falling.begin(), falling.end());
  std::fill(falling.begin(), falling.begin() + 10, 50.0);
  EXPECT_EQ(JudgeSteadiness(falling), Steadiness::kNotSteady);
}

std::unique_ptr<PhaseRecord> Phase(const std::string& name) {
  auto phase = std::make_unique<PhaseRecord>();
  phase->name = name;
  phase->end_ns = 2'000'000'000;
  return phase;
}

// A trial of a store that knows nothing of itself.
TrialOutcome PlainOutcome() {
  TrialOutcome outcome;
  outcome.store = "map";
  outcome.settings_used = {{"durability", "process"}};
  for (const char* name : {"load", "settle", "measure", "drain", "verify"}) {
    outcome.phases.push_back(Phase(name));
  }
  ClientCounts& counts = outcome.phases[2]->counts;
  counts.operations[0] = 10;
  counts.operations[6] = 30;
  counts.found = 9;
  counts.absent = 1;
  outcome.phases[2]->stream_hash = 0xabc;
  outcome.measured = std::make_unique<SampleSummary>();
  for (int i = 0; i < 10; ++i) outcome.measured->latency[0].Record(100);
  for (int i = 0; i < 30; ++i) outcome.measured->latency[6].Record(200);
  outcome.measured->throughputs.assign(10, 20.0);
  outcome.verdict.checked = true;
  return outcome;
}

json ResultOf(const TrialOutcome& outcome) {
  const json machine = {{"filesystem", "ext4"}, {"cores", 2}};
  const json build = {{"type", "Release"}, {"assertions", false}, {"sanitizer", ""}};
  return json::parse(JsonText(ResultJson(outcome, {{"schema", 1}}, machine, build)));
}

TEST(Result, HoldsOperationsThroughputAndLatencies) {
  const json result = ResultOf(PlainOutcome());
  EXPECT_EQ(result["schema"], 1);
  EXPECT_EQ(result["settings_used"]["store"], "map");
  EXPECT_EQ(result["operations"]["total"], 40);
  EXPECT_EQ(result["operations"]["read"], 10);
  EXPECT_EQ(result["operations"]["delete"], 30);
  EXPECT_FALSE(result["operations"].contains("update"));
  EXPECT_EQ(result["operations"]["stream_hash"], "0000000000000abc");
  EXPECT_DOUBLE_EQ(result["throughput_ops_per_second"], 20.0);
  EXPECT_EQ(result["latency"]["read"]["p99_ns"], 100);
  EXPECT_EQ(result["latency"]["all"]["count"], 40);
  EXPECT_EQ(result["latency"]["all"]["p50_ns"], 200);
  EXPECT_FALSE(result["latency"].contains("scan"));
  EXPECT_EQ(result["phases"].size(), 5u);
  EXPECT_EQ(result["verified"], true);
  EXPECT_EQ(result["steady"], true);
  EXPECT_TRUE(result["caveats"].empty()) << result["caveats"];
}

TEST(Result, TheWorstWindowIsTheSlowestFullSample) {
  TrialOutcome outcome = PlainOutcome();
  outcome.measured->throughputs[3] = 19;
  EXPECT_DOUBLE_EQ(ResultOf(outcome)["throughput_worst_window_ops_per_second"], 19.0);
}

TEST(Result, AnOpenLoopHasResponsesAndQueueing) {
  TrialOutcome outcome = PlainOutcome();
  outcome.measured->paced = std::make_unique<PacedLatency>();
  PacedLatency& paced = *outcome.measured->paced;
  for (int i = 0; i < 40; ++i) paced.response[0].Record(900'000);
  for (int i = 0; i < 40; ++i) paced.queueing.Record(700'000);
  paced.lag.Record(5'000);
  const json result = ResultOf(outcome);
  EXPECT_EQ(result["response"]["read"]["count"], 40);
  EXPECT_EQ(result["response"]["all"]["max_ns"], 900'000);
  EXPECT_EQ(result["queueing"]["max_ns"], 700'000);
  EXPECT_EQ(result["generator_lag"]["max_ns"], 5'000);
  EXPECT_EQ(result["latency"]["read"]["p99_ns"], 100);
  EXPECT_TRUE(result["caveats"].empty()) << result["caveats"];
}

TEST(Result, ALateGeneratorAndARateThatIsTooHighAreShown) {
  TrialOutcome outcome = PlainOutcome();
  outcome.measured->paced = std::make_unique<PacedLatency>();
  outcome.measured->paced->response[0].Record(900'000);
  outcome.measured->paced->lag.Record(20'000);
  outcome.phases[2]->counts.unserved = 10;
  const json result = ResultOf(outcome);
  EXPECT_EQ(result["operations"]["unserved"], 10);
  ASSERT_EQ(result["caveats"].size(), 2u) << result["caveats"];
  EXPECT_NE(result["caveats"][0].get<std::string>().find("the generator was late"),
            std::string::npos);
  EXPECT_NE(result["caveats"][1].get<std::string>().find("20.0 % of the operations"),
            std::string::npos);
}

TEST(Result, AModelledDeviceIsShown) {
  TrialOutcome outcome = PlainOutcome();
  TrialSettings trial;
  trial.device_write_bytes_per_second = 20 << 20;
  trial.device_latency_us = 80;
  for (SettingText& setting : DeviceSettings(DeviceOf(trial))) {
    outcome.settings_used.push_back(std::move(setting));
  }
  const json result = ResultOf(outcome);
  EXPECT_EQ(result["settings_used"]["device_write_bytes_per_second"], "20 MiB");
  EXPECT_EQ(result["caveats"][0], "the device was modelled: writes at 20 MiB/s, 80 µs a request");
}

TEST(Result, LeavesOutWhatAStoreDoesNotKnow) {
  const json result = ResultOf(PlainOutcome());
  for (const char* name :
       {"ledger_residual", "tree", "harness", "response", "queueing", "generator_lag"}) {
    EXPECT_FALSE(result.contains(name)) << name;
  }
  EXPECT_FALSE(result["phases"][0].contains("ledger"));
  EXPECT_FALSE(result["memory"].contains("memtable_bytes"));
  EXPECT_FALSE(result["cpu"].contains("background_seconds"));
}

TEST(Result, TheBytesOfABareMemtableAreSplitByUse) {
  TrialOutcome outcome = PlainOutcome();
  StoreState& state = outcome.phases[2]->after;
  state.has_memtable = true;
  state.memtable_use = {700, 200, 50};
  const json memory = ResultOf(outcome)["memory"];
  EXPECT_EQ(memory["memtable_bytes"], 950);
  EXPECT_EQ(memory["memtable_payload_bytes"], 700);
  EXPECT_EQ(memory["memtable_structure_bytes"], 200);
  EXPECT_EQ(memory["memtable_slack_bytes"], 50);
  EXPECT_FALSE(memory.contains("cache_bytes"));
}

TEST(Result, AWrongAnswerIsNotVerifiedAndIsShown) {
  TrialOutcome outcome = PlainOutcome();
  outcome.verdict.wrong_answers = 3;
  outcome.verdict.first_wrong = "key \"k\": expected nothing, got \"\xff\"";
  const json result = ResultOf(outcome);
  EXPECT_EQ(result["verified"], false);
  ASSERT_EQ(result["caveats"].size(), 1u);
  EXPECT_NE(result["caveats"][0].get<std::string>().find("3 wrong answers, the first: key \"k\""),
            std::string::npos);
}

TEST(Result, WithoutVerificationNothingIsClaimed) {
  TrialOutcome outcome = PlainOutcome();
  outcome.verdict.checked = false;
  const json result = ResultOf(outcome);
  EXPECT_FALSE(result.contains("verified"));
  EXPECT_EQ(result["caveats"][0], "no answer was verified");
}

TEST(Result, ATooShortTrialIsNotCalledSteady) {
  TrialOutcome outcome = PlainOutcome();
  outcome.measured->throughputs.resize(3);
  const json result = ResultOf(outcome);
  EXPECT_FALSE(result.contains("steady"));
  EXPECT_EQ(result["caveats"].size(), 1u);
}

TEST(Result, DoubtsAboutDurabilityMemoryTimeAndEventsAreNamed) {
  TrialOutcome outcome = PlainOutcome();
  outcome.settings_used = {{"durability", "none"}};
  outcome.events_dropped = 5;
  PhaseRecord* measure = outcome.phases[2].get();
  measure->live_bytes = 1000;
  measure->process_before.has_cpu = measure->process_after.has_cpu = true;
  measure->process_after.cpu_ticks = 1000;
  measure->process_after.steal_ticks = 50;
  std::string all;
  const json result = ResultOf(outcome);
  for (const json& caveat : result["caveats"]) all += caveat.get<std::string>() + "\n";
  EXPECT_NE(all.find("durability was none"), std::string::npos) << all;
  EXPECT_NE(all.find("fit in memory"), std::string::npos) << all;
  EXPECT_NE(all.find("hypervisor took 5.0 %"), std::string::npos) << all;
  EXPECT_NE(all.find("5 events"), std::string::npos) << all;
}

TEST(Result, OwnCountersAreDifferencesAndOwnGaugesAreAsTheyEnd) {
  TrialOutcome outcome = PlainOutcome();
  PhaseRecord* measure = outcome.phases[2].get();
  measure->before.own_counters = {{"grew", 5}, {"stood", 7}};
  measure->after.own_counters = {{"grew", 9}, {"stood", 7}, {"came", 1}};
  measure->before.own_gauges = {{"depth", 4}};
  measure->after.own_gauges = {{"depth", 3}, {"pages", 0}};
  const json result = ResultOf(outcome);
  EXPECT_EQ(result["phases"][2]["own_counters"], (json{{"grew", 4}, {"came", 1}}));
  EXPECT_EQ(result["phases"][2]["own_gauges"], (json{{"depth", 3}, {"pages", 0}}));
  EXPECT_FALSE(result["phases"][1].contains("own_gauges"));
}

TEST(Result, ALevelHasEntriesIfTheStoreKnowsThem) {
  TrialOutcome outcome = PlainOutcome();
  StoreState& end = outcome.phases[2]->after;
  end.levels.resize(2);
  end.levels[0].tables = 3;
  end.levels[1].has_entries = true;
  end.levels[1].entries = 9;
  const json levels = ResultOf(outcome)["tree"]["levels"];
  EXPECT_EQ(levels[0], (json{{"level", 0}, {"runs", 0}, {"tables", 3}, {"bytes", 0}}));
  EXPECT_EQ(levels[1]["entries"], 9);
  EXPECT_EQ(levels[1]["filter_bytes"], 0);
}

TEST(Result, CountersAndLedgerOfAPhaseAreDifferences) {
  TrialOutcome outcome = PlainOutcome();
  PhaseRecord* measure = outcome.phases[2].get();
  measure->before.has_counters = measure->after.has_counters = true;
  measure->before.has_ledger = measure->after.has_ledger = true;
  measure->before.counters.puts = 100;
  measure->after.counters.puts = 130;
  measure->after.counters.levels[1].runs_probed = 4;
  auto& compactions = measure->before.counters.compactions;
  EntryOf(&compactions, 1, 2, CompactionReason::kRunCount).bytes_written = 5;
  measure->after.counters.compactions = compactions;
  EntryOf(&measure->after.counters.compactions, 1, 2, CompactionReason::kRunCount).bytes_written =
      14;
  measure->after.counters.memtable_bytes = 55;
  auto& cell = measure->after.ledger.cells[static_cast<size_t>(IoKind::kCompaction)][2][1];
  cell.bytes_written = 70;
  cell.writes = 2;
  const json result = ResultOf(outcome);
  const json& phase = result["phases"][2];
  EXPECT_EQ(phase["counters"], (json{{"puts", 30}, {"level1_runs_probed", 4}}));
  ASSERT_EQ(phase["compactions"].size(), 1u);
  EXPECT_EQ(phase["compactions"][0]["from_level"], 1);
  EXPECT_EQ(phase["compactions"][0]["to_level"], 2);
  EXPECT_EQ(phase["compactions"][0]["reason"], "run count");
  EXPECT_EQ(phase["compactions"][0]["bytes_written"], 9);
  ASSERT_EQ(phase["ledger"].size(), 1u);
  EXPECT_EQ(phase["ledger"][0]["cause"], "compaction");
  EXPECT_EQ(phase["ledger"][0]["level"], 2);
  EXPECT_EQ(phase["ledger"][0]["reason"],
            std::string(CompactionReasonName(CompactionReason::kLevelSaturation)));
  EXPECT_EQ(phase["ledger"][0]["bytes_written"], 70);
  EXPECT_EQ(result["memory"]["memtable_bytes"], 55);
}

}  // namespace
}  // namespace varve::harness
