// What result.json says of samples: the worst, the interval, the trend, a stall, a generator that
// is the bottleneck.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/windows_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using nlohmann::json;

// Twelve seconds of 100 operations each that took 1 ms, by one client.
TrialOutcome Outcome(bool open_loop) {
  TrialOutcome outcome;
  outcome.measured = std::make_unique<SampleSummary>();
  SampleSummary& measured = *outcome.measured;
  for (int second = 0; second < 12; ++second) {
    SampleWindow window;
    window.start_seconds = second;
    window.operations = 100;
    window.throughput = 100;
    window.p99_ns = 2'000'000;
    window.mean_ns = 1e6;
    measured.windows.push_back(window);
    measured.throughputs.push_back(100);
  }
  for (int i = 0; i < 1200; ++i) measured.latency[0].Record(1'000'000);
  if (!open_loop) return outcome;
  measured.paced = std::make_unique<PacedLatency>();
  for (int i = 0; i < 1200; ++i) measured.paced->response[0].Record(1'000'000);
  return outcome;
}

PhaseRecord Measure() {
  PhaseRecord measure;
  measure.end_ns = 12'000'000'000;
  measure.counts.operations[0] = 1200;
  measure.counts.user_bytes_written = 100'000;
  return measure;
}

json WindowsOf(const TrialOutcome& outcome, const PhaseRecord& measure = Measure()) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  AddWindows(outcome, measure, &out);
  return json::parse(out.dump());
}

std::string CaveatsOf(const TrialOutcome& outcome, const PhaseRecord& measure = Measure()) {
  std::string all;
  for (const std::string& caveat : WindowCaveats(outcome, measure)) all += caveat + "\n";
  return all;
}

TEST(Windows, TheWorstAreThoseOfThroughputAndOfPercentile) {
  TrialOutcome outcome = Outcome(false);
  SampleSummary& measured = *outcome.measured;
  measured.throughputs[3] = measured.windows[3].throughput = 30;
  measured.throughputs[5] = measured.windows[5].throughput = 47;
  measured.windows[7].p99_ns = 9'000'000;
  measured.windows[7].throughput = measured.throughputs[7] = 80;
  const json result = WindowsOf(outcome);
  EXPECT_EQ(result["throughput_worst_window_ops_per_second"], 30.0);
  EXPECT_EQ(result["p99_worst_window_ns"], 9'000'000);
  EXPECT_EQ(result["worst_windows"]["throughput"]["start_seconds"], 3.0);
  EXPECT_EQ(result["worst_windows"]["throughput"]["p99_ns"], 2'000'000);
  EXPECT_EQ(result["worst_windows"]["p99"]["start_seconds"], 7.0);
  EXPECT_EQ(result["worst_windows"]["p99"]["throughput_ops_per_second"], 80.0);
  // The mean is 88.1: only 30 is below its half.
  EXPECT_DOUBLE_EQ(result["share_of_windows_below_half"], 1.0 / 12);
}

TEST(Windows, AWindowWithoutOperationsHasNoPercentile) {
  TrialOutcome outcome = Outcome(false);
  SampleWindow& silent = outcome.measured->windows[4];
  silent.operations = 0;
  silent.throughput = silent.mean_ns = 0;
  silent.p99_ns = 0;
  EXPECT_EQ(WindowsOf(outcome)["worst_windows"]["throughput"], (json{{"start_seconds", 4.0}}));
}

TEST(Windows, NothingIsSaidWithoutSamples) {
  TrialOutcome outcome;
  outcome.measured = std::make_unique<SampleSummary>();
  EXPECT_EQ(WindowsOf(outcome), json::object());
}

TEST(Windows, AClosedLoopHasAnIntervalAndAnOpenLoopATrend) {
  TrialOutcome closed = Outcome(false);
  closed.measured->throughputs.assign(20, 100);
  const json result = WindowsOf(closed);
  EXPECT_EQ(result["throughput_interval"]["low_ops_per_second"], 100.0);
  EXPECT_EQ(result["throughput_interval"]["width"], 0.0);
  EXPECT_EQ(result["throughput_interval"]["samples"], 20);
  EXPECT_FALSE(result.contains("trend"));
  TrialOutcome open = Outcome(true);
  open.measured->throughputs.assign(20, 100);
  const json paced = WindowsOf(open);
  EXPECT_FALSE(paced.contains("throughput_interval"));
  EXPECT_EQ(paced["trend"]["response_grows"], false);
  EXPECT_EQ(paced["trend"]["response_last_third_ns"], 1e6);
  EXPECT_FALSE(paced["trend"].contains("pending_compaction_bytes_grow"));
  EXPECT_EQ(paced["sustained"], true);
  EXPECT_EQ(CaveatsOf(open), "");
}

// By a thousandth of the time that passed: 12 ms.
TEST(Windows, AQueueThatGrowsIsNotSustained) {
  TrialOutcome outcome = Outcome(true);
  auto& windows = outcome.measured->windows;
  for (size_t i = 0; i < windows.size(); ++i) windows[i].mean_ns = 1e6 * static_cast<double>(i);
  EXPECT_EQ(WindowsOf(outcome)["sustained"], true) << "8 ms";
  for (size_t i = 0; i < windows.size(); ++i) windows[i].mean_ns = 2e6 * static_cast<double>(i);
  const json result = WindowsOf(outcome);
  EXPECT_EQ(result["trend"]["response_grows"], true);
  EXPECT_EQ(result["trend"]["response_first_third_ns"], 3e6);
  EXPECT_EQ(result["trend"]["response_last_third_ns"], 19e6);
  EXPECT_EQ(result["sustained"], false);
  EXPECT_NE(CaveatsOf(outcome).find("the queue grew"), std::string::npos);
}

// By one part in a hundred of what was written: 1,000 bytes.
TEST(Windows, DebtThatGrowsIsNotSustained) {
  TrialOutcome outcome = Outcome(true);
  PhaseRecord measure = Measure();
  auto& windows = outcome.measured->windows;
  for (size_t i = 0; i < windows.size(); ++i) {
    windows[i].pending_compaction_bytes = 200 * static_cast<double>(i);
  }
  EXPECT_EQ(WindowsOf(outcome, measure)["sustained"], true) << "the store tells of no debt";
  measure.after.has_counters = true;
  const json result = WindowsOf(outcome, measure);
  EXPECT_EQ(result["trend"]["pending_compaction_bytes_grow"], true);
  EXPECT_EQ(result["trend"]["pending_compaction_bytes_last_third"], 1900.0);
  EXPECT_EQ(result["sustained"], false);
  EXPECT_NE(CaveatsOf(outcome, measure).find("the debt grew"), std::string::npos);
  measure.counts.user_bytes_written = 1'000'000;
  EXPECT_EQ(WindowsOf(outcome, measure)["sustained"], true);
}

TEST(Windows, WhatIsLeftOverIsNotSustainedBeyondOneForEachClient) {
  TrialOutcome outcome = Outcome(true);
  PhaseRecord measure = Measure();
  measure.counts.unserved = 3;
  EXPECT_EQ(WindowsOf(outcome, measure)["sustained"], false);
  outcome.clients = 4;
  EXPECT_EQ(WindowsOf(outcome, measure)["sustained"], true);
}

TEST(Windows, AnIntervalThatStayedWideIsACaveat) {
  TrialOutcome outcome = Outcome(false);
  outcome.interval_width = 0.05;
  EXPECT_NE(CaveatsOf(outcome).find("not become as narrow as 0.05 of the mean: it is not even"),
            std::string::npos);
  outcome.interval_reached = true;
  EXPECT_EQ(CaveatsOf(outcome), "");
}

TEST(Windows, AnInjectedStallIsToldByWhatItDid) {
  TrialOutcome outcome = Outcome(true);
  outcome.stall = {5, 1, 4};
  SampleSummary& measured = *outcome.measured;
  for (int i = 0; i < 4; ++i) measured.latency[0].Record(1'000'000'000);
  for (int i = 0; i < 100; ++i) measured.paced->response[0].Record(500'000'000);
  const json stall = WindowsOf(outcome)["injected_stall"];
  EXPECT_EQ(stall["calls_held"], 4);
  EXPECT_EQ(stall["calls_of_its_length"], 4);
  EXPECT_EQ(stall["operations_affected"], 100);
  EXPECT_NEAR(stall["p99_ns"], 5e8, 4e6);
  EXPECT_NEAR(stall["operations_affected_mean_ns"], 5e8, 3e6);
  EXPECT_NE(CaveatsOf(outcome).find("a stall of 1 s was injected; it held up 4 calls"),
            std::string::npos);
}

TEST(Windows, AReadModifyWriteIsOneOperationAndNotItsTwoCallsBesides) {
  constexpr auto kRmw = static_cast<size_t>(workloads::OperationKind::kReadModifyWrite);
  TrialOutcome outcome = Outcome(true);
  outcome.stall = {5, 1, 1};
  for (KindHistograms* kinds : {&outcome.measured->latency, &outcome.measured->paced->response}) {
    for (const size_t timed : {kRmw, kReadModifyWriteRead, kReadModifyWriteUpdate}) {
      (*kinds)[timed].Record(1'000'000'000);
    }
  }
  const json stall = WindowsOf(outcome)["injected_stall"];
  EXPECT_EQ(stall["calls_of_its_length"], 1);
  EXPECT_EQ(stall["operations_affected"], 1);
}

// 1,200 operations of 4 ms each in 12 s: 40 % of the time of one client.
TEST(Windows, AGeneratorThatIsTheBottleneckSaysSo) {
  TrialOutcome outcome = Outcome(true);
  outcome.null_ns_per_operation = 4e6;
  EXPECT_DOUBLE_EQ(GeneratorShare(outcome, Measure()), 0.4);
  EXPECT_NE(CaveatsOf(outcome).find("the generator took 40 % of its clients' time, the store 10 %"),
            std::string::npos);
  PhaseRecord measure = Measure();
  measure.counts.unserved = 100;
  EXPECT_NE(CaveatsOf(outcome, measure).find("the generator was the bottleneck, not the store"),
            std::string::npos);
  TrialOutcome slow_store = Outcome(true);
  slow_store.null_ns_per_operation = 4e6;
  for (int i = 0; i < 1200; ++i) slow_store.measured->latency[0].Record(5'000'000);
  EXPECT_NE(CaveatsOf(slow_store, measure).find("took 40 % of its clients' time, the store 60 %"),
            std::string::npos);
  EXPECT_EQ(CaveatsOf(slow_store, measure).find("the generator was the bottleneck"),
            std::string::npos);
  outcome.clients = 4;
  EXPECT_EQ(CaveatsOf(outcome, measure), "") << "a tenth of the time of four";
  EXPECT_EQ(CaveatsOf(Outcome(false)), "");
}

}  // namespace
}  // namespace varve::harness
