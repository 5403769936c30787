// Rows of samples.csv and lines of latency.hlog.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/sampler.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/harness/store_test_util.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (const char c : line) {
    if (c != ',') {
      cell += c;
      continue;
    }
    cells.push_back(cell);
    cell.clear();
  }
  cells.push_back(cell);
  return cells;
}

// Rows as column -> cell.
std::vector<std::map<std::string, std::string>> Rows(const std::string& path) {
  const std::vector<std::string> lines = Lines(path);
  std::vector<std::map<std::string, std::string>> rows;
  const std::vector<std::string> names = Split(lines.at(0));
  for (size_t line = 1; line < lines.size(); ++line) {
    const std::vector<std::string> cells = Split(lines[line]);
    EXPECT_EQ(cells.size(), names.size()) << lines[line];
    std::map<std::string, std::string> row;
    for (size_t i = 0; i < std::min(cells.size(), names.size()); ++i) row[names[i]] = cells[i];
    rows.push_back(row);
  }
  return rows;
}

class SamplerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto files = SampleFiles::Open(directory_.path());
    ASSERT_TRUE(files.ok()) << files.status().ToString();
    files_ = std::move(*files);
  }
  std::string csv() const { return directory_.path() + "/samples.csv"; }
  std::string hlog() const { return directory_.path() + "/latency.hlog"; }

  // One client ends `count` reads of `latency_ns` in a sample.
  void Deliver(uint64_t sample, uint64_t count, uint64_t latency_ns) {
    const auto latency = std::make_unique<KindHistograms>();
    ClientCounts counts;
    counts.operations[0] = count;
    counts.user_bytes_written = 10 * count;
    for (uint64_t i = 0; i < count; ++i) (*latency)[0].Record(latency_ns);
    intervals_.Deliver(0, sample, sample + 1, counts, *latency);
  }

  static SampleState At(uint64_t time_ns) {
    SampleState state;
    state.time_ns = time_ns;
    state.live_bytes = 1000;
    state.memory_bytes = 5;
    return state;
  }

  FreshDirectory directory_;
  std::unique_ptr<SampleFiles> files_;
  Intervals intervals_{1};
};

TEST_F(SamplerTest, TheHeaderIsThatOfTheDocumentation) {
  std::ifstream file(SourcePath("docs/results.md"));
  std::stringstream text;
  text << file.rdbuf();
  const std::string documentation = text.str();
  for (const std::string& name : Split(Lines(csv()).at(0))) {
    const bool by_level = name.starts_with("level");
    if (!by_level) {
      EXPECT_NE(documentation.find(name), std::string::npos) << name;
    }
  }
  EXPECT_EQ(Split(Lines(csv())[0]).size(), 23u + 14u + 2u + 3u + 1u);
}

TEST_F(SamplerTest, ARowIsWrittenWhenStateAndClientsHaveBothArrived) {
  Sampler sampler("measure", At(5'000'000'000), 1'000'000'000, files_.get(), &intervals_);
  sampler.Add(At(6'000'000'000));
  ASSERT_TRUE(sampler.Drain().ok());
  EXPECT_TRUE(Rows(csv()).empty());
  Deliver(0, 4, 1000);
  ASSERT_TRUE(sampler.Drain().ok());
  const auto rows = Rows(csv());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].at("phase"), "measure");
  EXPECT_EQ(rows[0].at("second"), "1.000");
  EXPECT_EQ(rows[0].at("time_ns"), "6000000000");
  EXPECT_EQ(rows[0].at("operations"), "4");
  EXPECT_EQ(rows[0].at("throughput_ops_per_second"), "4");
  EXPECT_EQ(rows[0].at("latency_max_ns"), "1000");
  EXPECT_EQ(rows[0].at("user_bytes_written"), "40");
  EXPECT_EQ(rows[0].at("live_bytes"), "1000");
}

TEST_F(SamplerTest, ResponsesOfAnOpenLoopAreKeptAndWritten) {
  Sampler sampler("measure", At(0), 1'000'000'000, files_.get(), &intervals_);
  auto paced = std::make_unique<PacedLatency>();
  paced->response[0].Record(5000);
  paced->queueing.Record(4000);
  paced->lag.Record(3);
  intervals_.Deliver(0, 0, 1, {}, *std::make_unique<KindHistograms>(), paced.get());
  intervals_.Deliver(0, 1, 2, {}, *std::make_unique<KindHistograms>(), paced.get());
  intervals_.Finish(0);
  sampler.Add(At(1'000'000'000));
  ASSERT_TRUE(sampler.Finish(At(1'500'000'000)).ok());
  EXPECT_EQ(Rows(csv()).at(0).at("response_max_ns"), "5000");
  const PacedLatency& kept = *sampler.summary().paced;
  EXPECT_EQ(kept.response[0].count(), 2u);
  EXPECT_EQ(kept.queueing.sum_ns(), 8000u);
  EXPECT_EQ(kept.lag.count(), 2u);
}

TEST_F(SamplerTest, WhatAStoreDoesNotKnowIsEmptyAndNotZero) {
  Sampler sampler("measure", At(0), 1, files_.get(), &intervals_);
  intervals_.Finish(0);
  ASSERT_TRUE(sampler.Finish(At(1'000'000'000)).ok());
  const auto rows = Rows(csv());
  ASSERT_EQ(rows.size(), 1u);
  for (const char* name :
       {"latency_p50_ns", "latency_max_ns", "stall_ns", "bytes_written", "bytes_written_wal",
        "bytes_read", "file_bytes", "memtable_bytes", "pending_compaction_bytes", "runs", "tables",
        "level0_bytes", "level6_runs", "response_p99_ns"}) {
    EXPECT_EQ(rows[0].at(name), "") << name;
  }
  EXPECT_EQ(rows[0].at("operations"), "0");
  EXPECT_EQ(rows[0].at("user_bytes_written"), "0");
}

TEST_F(SamplerTest, ABareMemtableHasBytesToo) {
  Sampler sampler("measure", At(0), 1, files_.get(), &intervals_);
  SampleState end = At(1'000'000'000);
  end.store.has_memtable = true;
  end.store.memtable_use = {700, 200, 50};
  intervals_.Finish(0);
  ASSERT_TRUE(sampler.Finish(end).ok());
  EXPECT_EQ(Rows(csv()).at(0).at("memtable_bytes"), "950");
  EXPECT_EQ(Rows(csv()).at(0).at("sealed_memtables"), "");
}

TEST_F(SamplerTest, SumsOfTheStoreAreDifferencesAndGaugesAreNot) {
  SampleState start = At(0);
  start.store.has_ledger = start.store.has_counters = start.store.has_file_bytes = true;
  auto& wal = start.store.ledger.cells[static_cast<size_t>(IoKind::kWal)][0][0];
  wal.bytes_written = 100;
  start.store.counters.stall_ns[1] = 7;
  Sampler sampler("load", start, 1, files_.get(), &intervals_);
  SampleState end = start;
  end.time_ns = 500;
  end.store.ledger.cells[static_cast<size_t>(IoKind::kWal)][0][0].bytes_written = 130;
  end.store.ledger.cells[static_cast<size_t>(IoKind::kCompaction)][3][1].bytes_written = 50;
  end.store.ledger.cells[static_cast<size_t>(IoKind::kCompaction)][3][1].bytes_read = 60;
  end.store.counters.stall_ns[2] = 5;
  end.store.counters.memtable_bytes = 77;
  end.store.file_bytes = 2500;
  end.store.levels = {{2, 5, 600, 9}, {1, 3, 700, 9}};
  intervals_.Finish(0);
  ASSERT_TRUE(sampler.Finish(end).ok());
  const auto row = Rows(csv()).at(0);
  EXPECT_EQ(row.at("phase"), "load");
  EXPECT_EQ(row.at("bytes_written"), "80");
  EXPECT_EQ(row.at("bytes_written_wal"), "30");
  EXPECT_EQ(row.at("bytes_written_flush"), "0");
  EXPECT_EQ(row.at("bytes_written_compaction"), "50");
  EXPECT_EQ(row.at("bytes_read"), "60");
  EXPECT_EQ(row.at("stall_ns"), "5");
  EXPECT_EQ(row.at("memtable_bytes"), "77");
  EXPECT_EQ(row.at("runs"), "3");
  EXPECT_EQ(row.at("tables"), "8");
  EXPECT_EQ(row.at("level0_bytes"), "600");
  EXPECT_EQ(row.at("level1_runs"), "1");
  EXPECT_EQ(row.at("level2_bytes"), "0");
  EXPECT_DOUBLE_EQ(sampler.summary().space_amplification_peak, 2.5);
}

TEST_F(SamplerTest, ThePeakOfSpaceIsTheLargestOfAllSamples) {
  Sampler sampler("measure", At(0), 1, files_.get(), &intervals_);
  for (const uint64_t file_bytes : {1500u, 4000u, 2000u}) {
    SampleState state = At(1);
    state.store.has_file_bytes = true;
    state.store.file_bytes = file_bytes;
    sampler.Add(state);
  }
  EXPECT_DOUBLE_EQ(sampler.summary().space_amplification_peak, 4.0);
}

TEST_F(SamplerTest, TheLastRowHoldsAllThatIsLeft) {
  Sampler sampler("measure", At(0), 1'000'000'000, files_.get(), &intervals_);
  Deliver(0, 10, 100);
  sampler.Add(At(1'000'000'000));
  Deliver(1, 3, 100);
  Deliver(2, 2, 100);  // by a client whose clock is a little ahead
  intervals_.Finish(0);
  ASSERT_TRUE(sampler.Finish(At(1'500'000'000)).ok());
  const auto rows = Rows(csv());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].at("operations"), "5");
  EXPECT_EQ(rows[1].at("throughput_ops_per_second"), "10");
  EXPECT_EQ(sampler.summary().counts.total(), 15u);
  EXPECT_EQ(sampler.summary().latency[0].count(), 15u);
  EXPECT_EQ(sampler.summary().throughputs, std::vector<double>({10.0})) << "full samples only";
}

TEST_F(SamplerTest, OnlyTheMeasurePhaseHasPlainTagsInTheLog) {
  Sampler load("load", At(0), 1, files_.get(), &intervals_);
  Deliver(0, 1, 100);
  load.Add(At(10));
  ASSERT_TRUE(load.Drain().ok());
  Intervals intervals(1);
  const auto latency = std::make_unique<KindHistograms>();
  (*latency)[3].Record(5);
  intervals.Deliver(0, 0, 1, {}, *latency);
  Sampler measure("measure", At(10), 1, files_.get(), &intervals);
  measure.Add(At(20));
  ASSERT_TRUE(measure.Drain().ok());
  const std::vector<std::string> lines = Lines(hlog());
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_TRUE(lines[5].starts_with("Tag=load_read,")) << lines[5];
  EXPECT_TRUE(lines[6].starts_with("Tag=scan,")) << lines[6];
}

TEST_F(SamplerTest, AnOpenLoopLogsResponsesAndQueueingToo) {
  PacedLatency paced;
  paced.response[0].Record(7'000);
  paced.queueing.Record(3'000);
  const auto latency = std::make_unique<KindHistograms>();
  (*latency)[0].Record(4'000);
  intervals_.Deliver(0, 0, 1, {}, *latency, &paced);
  Sampler warmup("warmup", At(0), 10, files_.get(), &intervals_);
  warmup.Add(At(10));
  ASSERT_TRUE(warmup.Drain().ok());
  Intervals intervals(1);
  intervals.Deliver(0, 0, 1, {}, *latency, &paced);
  Sampler measure("measure", At(10), 10, files_.get(), &intervals);
  measure.Add(At(20));
  ASSERT_TRUE(measure.Drain().ok());
  std::vector<std::string> tags;
  for (const std::string& line : Lines(hlog())) {
    if (line.starts_with("Tag=")) tags.push_back(line.substr(4, line.find(',') - 4));
  }
  EXPECT_EQ(tags,
            (std::vector<std::string>{"warmup_read", "warmup_response_read", "warmup_queueing",
                                      "read", "response_read", "queueing"}));
  ASSERT_EQ(measure.summary().windows.size(), 1u);
  EXPECT_EQ(measure.summary().windows[0].p99_ns, 7'000u) << "in an open loop responses count";
}

TEST_F(SamplerTest, TheCallsOfAReadModifyWriteAreNoOperationsOfAWindow) {
  auto latency = std::make_unique<KindHistograms>();
  (*latency)[static_cast<size_t>(workloads::OperationKind::kReadModifyWrite)].Record(300);
  (*latency)[kReadModifyWriteRead].Record(100);
  (*latency)[kReadModifyWriteUpdate].Record(200);
  Intervals intervals(1);
  intervals.Deliver(0, 0, 1, {}, *latency);
  Sampler sampler("measure", At(0), 10, files_.get(), &intervals);
  sampler.Add(At(10));
  ASSERT_TRUE(sampler.Drain().ok());
  ASSERT_EQ(sampler.summary().windows.size(), 1u);
  EXPECT_DOUBLE_EQ(sampler.summary().windows[0].mean_ns, 300);
}

TEST_F(SamplerTest, AFullSampleIsAWindow) {
  Sampler sampler("measure", At(2'000'000'000), 1'000'000'000, files_.get(), &intervals_);
  Deliver(0, 10, 100);
  Deliver(1, 20, 300);
  SampleState state = At(3'000'000'000);
  state.store.counters.pending_compaction_bytes = 5;
  sampler.Add(state);
  sampler.Add(At(5'000'000'000));
  intervals_.Finish(0);
  ASSERT_TRUE(sampler.Finish(At(5'100'000'000)).ok());
  const std::vector<SampleWindow>& windows = sampler.summary().windows;
  ASSERT_EQ(windows.size(), 2u) << "the last one was not full";
  EXPECT_DOUBLE_EQ(windows[0].start_seconds, 0);
  EXPECT_DOUBLE_EQ(windows[1].start_seconds, 1);
  EXPECT_DOUBLE_EQ(windows[0].throughput, 10);
  EXPECT_DOUBLE_EQ(windows[1].throughput, 10) << "it lasted two seconds";
  EXPECT_EQ(windows[1].operations, 20u);
  EXPECT_EQ(windows[1].p99_ns, 300u);
  EXPECT_DOUBLE_EQ(windows[1].mean_ns, 300);
  EXPECT_DOUBLE_EQ(windows[0].pending_compaction_bytes, 5);
}

}  // namespace
}  // namespace varve::harness
