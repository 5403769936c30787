// YCSB's text from results: the whole text, its numbers, and its other formats.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/ycsb_output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/hlog.h"
#include "harness/intervals.h"

namespace varve::harness {
namespace {

using nlohmann::json;
using workloads::OperationKind;
using workloads::YcsbReport;

constexpr size_t kRead = static_cast<size_t>(OperationKind::kRead);
constexpr size_t kScan = static_cast<size_t>(OperationKind::kScan);
constexpr size_t kReadModifyWrite = static_cast<size_t>(OperationKind::kReadModifyWrite);

json LatencyOf(const Histogram& h) {
  return {{"count", h.count()},
          {"mean_ns", h.mean_ns()},
          {"min_ns", h.min_ns()},
          {"max_ns", h.max_ns()}};
}

// A trial that measured these.
struct Trial {
  Trial() : latency(kTimedKinds), response(kTimedKinds) {}

  void Record(size_t kind, uint64_t ns) { latency[kind].Record(ns); }

  json Result(bool open_loop) const {
    json result = {{"phases",
                    {{{"name", "load"}, {"start_ns", 0}, {"end_ns", 77'000'000}},
                     {{"name", "measure"}, {"start_ns", 100'900'000}, {"end_ns", 10'210'999'999}}}},
                   {"operations", {{"total", 1000}, {"found", 97}, {"absent", 3}}}};
    result["latency"] = Latencies(latency);
    if (open_loop) result["response"] = Latencies(response);
    return result;
  }

  static json Latencies(const std::vector<Histogram>& histograms) {
    json all = {{"all", {{"count", 5}}}};
    for (size_t kind = 0; kind < kTimedKinds; ++kind) {
      if (histograms[kind].count() == 0) continue;
      all[std::string(TimedName(kind))] = LatencyOf(histograms[kind]);
    }
    return all;
  }

  std::string Hlog() const {
    std::string text = HlogHeader(0);
    Histogram loaded;
    loaded.Record(999'000'000);
    text += HlogLine("load_insert", 0, 1, loaded);
    text += HlogLine("warmup_read", 0, 1, loaded);
    for (size_t kind = 0; kind < kTimedKinds; ++kind) {
      const std::string name(TimedName(kind));
      if (latency[kind].count() > 0) text += HlogLine(name, 0, 1, latency[kind]);
      if (response[kind].count() > 0) text += HlogLine("response_" + name, 0, 1, response[kind]);
    }
    return text;
  }

  std::string Text(const YcsbReport& report = {}, bool open_loop = false) const {
    const auto text = YcsbOutput(Result(open_loop), Hlog(), report);
    return text.ok() ? *text : text.status().ToString();
  }

  std::vector<Histogram> latency;
  std::vector<Histogram> response;
};

// Reads of 1 to 4 µs, of which one inside a read-modify-write.
Trial Small() {
  Trial trial;
  for (const uint64_t us : {1u, 2u, 3u}) trial.Record(kRead, us * 1000);
  trial.Record(kReadModifyWriteRead, 4000);
  trial.Record(kReadModifyWriteUpdate, 5000);
  trial.Record(kReadModifyWrite, 9000);
  trial.Record(kScan, 10'000'000'000);
  return trial;
}

TEST(YcsbOutput, IsThatOfYcsbLineByLine) {
  EXPECT_EQ(Small().Text(), R"([OVERALL], RunTime(ms), 10110
[OVERALL], Throughput(ops/sec), 98.91196834817013
[TOTAL_GCs], Count, 0
[TOTAL_GC_TIME], Time(ms), 0
[TOTAL_GC_TIME_%], Time(%), 0.0
[READ], Operations, 4
[READ], AverageLatency(us), 2.5
[READ], MinLatency(us), 1
[READ], MaxLatency(us), 4
[READ], 50thPercentileLatency(us), 2
[READ], 95thPercentileLatency(us), 4
[READ], 99thPercentileLatency(us), 4
[READ], Return=OK, 97
[READ], Return=NOT_FOUND, 3
[READ-MODIFY-WRITE], Operations, 1
[READ-MODIFY-WRITE], AverageLatency(us), 9.0
[READ-MODIFY-WRITE], MinLatency(us), 9
[READ-MODIFY-WRITE], MaxLatency(us), 9
[READ-MODIFY-WRITE], 50thPercentileLatency(us), 9
[READ-MODIFY-WRITE], 95thPercentileLatency(us), 9
[READ-MODIFY-WRITE], 99thPercentileLatency(us), 9
[READ-MODIFY-WRITE], Return=OK, 1
[UPDATE], Operations, 1
[UPDATE], AverageLatency(us), 5.0
[UPDATE], MinLatency(us), 5
[UPDATE], MaxLatency(us), 5
[UPDATE], 50thPercentileLatency(us), 5
[UPDATE], 95thPercentileLatency(us), 5
[UPDATE], 99thPercentileLatency(us), 5
[UPDATE], Return=OK, 1
[SCAN], Operations, 1
[SCAN], AverageLatency(us), 1.0E7
[SCAN], MinLatency(us), 10000000
[SCAN], MaxLatency(us), 10000000
[SCAN], 50thPercentileLatency(us), 10000000
[SCAN], 95thPercentileLatency(us), 10000000
[SCAN], 99thPercentileLatency(us), 10000000
[SCAN], Return=OK, 1
)");
}

TEST(YcsbOutput, IntendedLatenciesAreTheResponses) {
  Trial trial;
  trial.Record(kRead, 1000);
  trial.response[kRead].Record(8000);
  YcsbReport report;
  report.percentiles = {50};
  const std::string op = "AverageLatency(us), 1.0\n", intended = "AverageLatency(us), 8.0\n";
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(trial.Text(report, true), "[READ], " + op));
  EXPECT_FALSE(has(trial.Text(report, true), intended));
  report.interval = "intended";
  EXPECT_TRUE(has(trial.Text(report, true), "[READ], " + intended));
  EXPECT_TRUE(has(trial.Text(report, true), "[READ], 50thPercentileLatency(us), 8\n"));
  EXPECT_TRUE(has(trial.Text(report, true), "[READ], Return=OK, 97\n"));
  EXPECT_FALSE(has(trial.Text(report, true), op));
  EXPECT_TRUE(has(trial.Text(report, false), "[READ], " + op));  // closed: nothing is late
  report.interval = "both";
  EXPECT_TRUE(has(trial.Text(report, true), "[READ], " + op));
  EXPECT_TRUE(has(trial.Text(report, true), "[Intended-READ], " + intended));
  EXPECT_FALSE(has(trial.Text(report, true), "[Intended-READ], Return"));
}

TEST(YcsbOutput, ReadsThatFindNothingFail) {
  Trial trial;
  trial.Record(static_cast<size_t>(OperationKind::kReadAbsent), 3000);
  const std::string text = trial.Text();
  EXPECT_NE(text.find("[READ-FAILED], Operations, 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("[READ], Operations, 0\n"), std::string::npos);
  EXPECT_NE(text.find("[READ], Return=NOT_FOUND, 3\n"), std::string::npos);
  EXPECT_EQ(text.find("[READ-FAILED], Return"), std::string::npos);
}

TEST(YcsbOutput, BucketsAndVerificationOnRequest) {
  Trial trial;
  for (int i = 0; i < 3; ++i) trial.Record(kRead, 1500);
  trial.Record(kRead, 1700);
  YcsbReport report;
  report.buckets = true;
  report.data_integrity = true;
  json result = trial.Result(false);
  result["verification"] = {{"reads_checked", 100}, {"wrong_answers", 2}};
  const std::string text = *YcsbOutput(result, trial.Hlog(), report);
  EXPECT_NE(text.find("[READ], 1, 4.0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("[VERIFY], Operations, 100\n[VERIFY], Return=OK, 98\n"
                      "[VERIFY], Return=UNEXPECTED_STATE, 2\n"),
            std::string::npos);
}

TEST(YcsbOutput, JsonIsOfTheSameLines) {
  YcsbReport report;
  report.exporter = "JSONArrayMeasurementsExporter";
  const json array = json::parse(Small().Text(report));
  ASSERT_EQ(array.size(), 38u);
  EXPECT_EQ(array[1], (json{{"metric", "OVERALL"},
                            {"measurement", "Throughput(ops/sec)"},
                            {"value", 98.91196834817013}}));
  report.exporter = "JSONMeasurementsExporter";
  const std::string objects = Small().Text(report);
  EXPECT_TRUE(
      objects.starts_with("{\n  \"metric\" : \"OVERALL\",\n  \"measurement\" : "
                          "\"RunTime(ms)\",\n  \"value\" : 10110\n} {\n"));
}

TEST(YcsbOutput, NumbersAreWrittenAsByJava) {
  const std::pair<double, const char*> kNumbers[] = {
      {0, "0.0"},           {1, "1.0"},
      {98.91, "98.91"},     {0.001, "0.001"},
      {0.00099, "9.9E-4"},  {9999999, "9999999.0"},
      {10000000, "1.0E7"},  {12345678.9, "1.23456789E7"},
      {1.5e300, "1.5E300"}, {1.0 / 3, "0.3333333333333333"},
      {-2.5, "-2.5"},       {HUGE_VAL, "Infinity"},
      {NAN, "NaN"},
  };
  for (const auto& [number, text] : kNumbers) EXPECT_EQ(JavaDouble(number), text);
}

TEST(YcsbOutput, PercentilesHaveOrdinals) {
  const std::pair<double, const char*> kLabels[] = {
      {1, "1st"},   {2, "2nd"},   {3, "3rd"},   {4, "4th"},     {11, "11th"},   {12, "12th"},
      {13, "13th"}, {21, "21st"}, {92, "92nd"}, {100, "100th"}, {99.9, "99.9"}, {99.99, "99.99"},
  };
  for (const auto& [percentile, label] : kLabels) EXPECT_EQ(PercentileLabel(percentile), label);
}

TEST(YcsbOutput, WhatIsNoResultIsAnErrorOrEmpty) {
  EXPECT_FALSE(YcsbOutput(json::array(), "", {}).ok());
  EXPECT_TRUE(YcsbOutput(json::object(), "", {}).ok());
  EXPECT_FALSE(YcsbOutput({{"latency", {{"read", json::object()}}}}, "Tag=read,1,2,3,x", {}).ok());
}

}  // namespace
}  // namespace varve::harness
