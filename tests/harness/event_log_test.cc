// Events as lines of JSON.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/event_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace varve::harness {
namespace {

using nlohmann::json;

std::vector<json> Take(EventLog* log, uint64_t origin_ns = 0) {
  std::istringstream lines(log->TakeLines(origin_ns));
  std::vector<json> events;
  for (std::string line; std::getline(lines, line);) events.push_back(json::parse(line));
  return events;
}

TEST(EventLog, WritesAFlushWithThePhaseInWhichItEnded) {
  EventLog log;
  log.SetPhase("load");
  JobEvent job;
  job.job = 7;
  job.flush = true;
  job.output_level = 0;
  job.input_bytes = 100;
  job.output_bytes = 90;
  job.start_ns = 1500;
  job.end_ns = 2500;
  log.OnJobBegin(job);
  log.OnJobEnd(job);
  const std::vector<json> events = Take(&log, 1000);
  ASSERT_EQ(events.size(), 1u) << "only ends are events";
  EXPECT_EQ(events[0]["event"], "flush");
  EXPECT_EQ(events[0]["phase"], "load");
  EXPECT_EQ(events[0]["start_ns"], 500);
  EXPECT_EQ(events[0]["end_ns"], 1500);
  EXPECT_EQ(events[0]["job"], 7);
  EXPECT_FALSE(events[0].contains("input_level"));
  EXPECT_FALSE(events[0].contains("message"));
  EXPECT_TRUE(Take(&log).empty()) << "they are forgotten";
}

TEST(EventLog, TellsMovesFromCompactions) {
  EventLog log;
  JobEvent job;
  job.reason = CompactionReason::kLevelSaturation;
  job.input_level = 1;
  job.output_level = 2;
  log.OnJobEnd(job);
  job.trivial_move = true;
  log.OnJobEnd(job);
  const std::vector<json> events = Take(&log);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["event"], "compaction");
  EXPECT_EQ(events[0]["reason"], std::string(CompactionReasonName(job.reason)));
  EXPECT_EQ(events[0]["input_level"], 1);
  EXPECT_EQ(events[1]["event"], "move");
}

TEST(EventLog, WritesStallsAndErrors) {
  EventLog log;
  log.SetPhase("measure");
  log.OnStallEnd({StallCause::kLevel0Runs, true, 10, 30});
  log.OnError(Status::IoError("bad \xff sector"));
  const std::vector<json> events = Take(&log);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["event"], "stall");
  EXPECT_EQ(events[0]["cause"], std::string(StallCauseName(StallCause::kLevel0Runs)));
  EXPECT_EQ(events[0]["stopped"], true);
  EXPECT_EQ(events[1]["event"], "error");
  EXPECT_NE(events[1]["message"].get<std::string>().find("sector"), std::string::npos);
}

TEST(EventLog, WhatBeganBeforeTimeZeroBeginsAtZero) {
  EventLog log;
  log.OnStallEnd({StallCause::kMemtables, false, 900, 1100});
  const std::vector<json> events = Take(&log, 1000);
  EXPECT_EQ(events[0]["start_ns"], 0);
  EXPECT_EQ(events[0]["end_ns"], 100);
}

TEST(EventLog, KeepsABoundedNumberAndCountsTheRest) {
  EventLog log(10);
  for (int i = 0; i < 15; ++i) log.OnStallEnd({});
  EXPECT_EQ(log.dropped(), 5u);
  EXPECT_EQ(Take(&log).size(), 10u);
  log.OnStallEnd({});
  EXPECT_EQ(Take(&log).size(), 1u);
}

}  // namespace
}  // namespace varve::harness
