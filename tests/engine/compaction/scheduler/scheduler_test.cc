// Each policy by a table of situations, and what every row of the table of schedulers must do.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "engine/parts.h"

namespace varve {
namespace {

std::unique_ptr<Scheduler> SchedulerCalled(std::string_view name) {
  return FindPart(SchedulerParts(), name)->make();
}

// "L1:300 asked 2 served 7; flush:40": jobs 1, 2, …, each with its level and the bytes left.
std::vector<ScheduledJob> Jobs(const std::string& text) {
  std::vector<ScheduledJob> jobs;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line, ';');) {
    std::istringstream words(line);
    std::string what, word;
    words >> what;
    ScheduledJob job;
    job.number = jobs.size() + 1;
    const size_t colon = what.find(':');
    job.flush = what.starts_with("flush");
    if (!job.flush) job.level = std::stoi(what.substr(1, colon - 1));
    job.bytes_left = std::stoull(what.substr(colon + 1));
    while (words >> word) words >> (word == "asked" ? job.asked : job.served);
    jobs.push_back(job);
  }
  return jobs;
}

struct Situation {
  const char* scheduler;
  const char* jobs;
  uint64_t next;  // number of a job
};

constexpr Situation kSituations[] = {
    {"fifo", "L0:9 asked 3; L1:5 asked 1; flush:1 asked 2", 2},
    {"fifo", "L0:9; L1:5; flush:1 asked 2", 3},
    {"single", "L3:900 asked 1; flush:1 asked 2", 1},
    {"fair", "L0:9 asked 1 served 5; L1:5 asked 2 served 4; L2:7 asked 3 served 6", 2},
    {"fair", "L0:9 served 1; L1:5 asked 2 served 4; L2:7 asked 3 served 6", 2},
    {"fair", "L0:9 asked 1 served 5; L3:1000 asked 9", 2},
    {"greedy", "L0:9 asked 1; L1:5 asked 2; flush:7 asked 3", 2},
    {"greedy", "L0:5 asked 2; L1:5 asked 1", 1},
    {"greedy", "L0:9 asked 1; L1:5", 2},
    {"priority", "L2:9 asked 1; L0:500 asked 2; flush:700 asked 3", 3},
    {"priority", "L2:9 asked 1; L1:8 asked 2; L0:500 asked 3", 3},
    {"priority", "L2:9 asked 1; L1:500 asked 2", 2},
    {"priority", "L1:500 asked 2; L1:3 asked 1", 1},
    {"priority", "L2:9 asked 1; L0:500", 2},
};

TEST(Scheduler, NamesTheJobThatItsPolicySays) {
  for (const Situation& situation : kSituations) {
    const std::vector<ScheduledJob> jobs = Jobs(situation.jobs);
    const size_t next = SchedulerCalled(situation.scheduler)->Next(jobs);
    ASSERT_LT(next, jobs.size());
    EXPECT_EQ(jobs[next].number, situation.next) << situation.scheduler << ": " << situation.jobs;
  }
}

TEST(Scheduler, OnlyOneCompactionRunsAtATimeWithSingle) {
  const auto single = SchedulerCalled("single");
  EXPECT_TRUE(single->MayBegin(3, 0, 4));
  EXPECT_FALSE(single->MayBegin(0, 1, 4));
  EXPECT_EQ(single->ThreadsMax(4), 1u);
}

TEST(Scheduler, LevelZeroFindsAThreadWhenDeeperOnesHaveTakenAllWithPriority) {
  const auto priority = SchedulerCalled("priority");
  EXPECT_FALSE(priority->MayBegin(1, 2, 2));
  EXPECT_TRUE(priority->MayBegin(0, 2, 2));
  EXPECT_FALSE(priority->MayBegin(0, 3, 2));
}

// What BandwidthBudget and Maintenance rely on.
TEST(Scheduler, EveryOneLetsSomebodyGoOn) {
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto scheduler = part.make();
    for (size_t threads = 1; threads < 5; ++threads) {
      EXPECT_TRUE(scheduler->MayBegin(9, 0, threads)) << part.name;
      const size_t most = scheduler->ThreadsMax(threads);
      for (int level = 0; level < 3; ++level) {
        EXPECT_FALSE(scheduler->MayBegin(level, most, threads)) << part.name;
      }
    }
    const std::vector<ScheduledJob> jobs = Jobs("L1:5; L2:0 asked 3; flush:0");
    const size_t next = scheduler->Next(jobs);
    ASSERT_LT(next, jobs.size()) << part.name;
    EXPECT_TRUE(scheduler->preempts() || jobs[next].asked != 0) << part.name;
    // A lone job is never kept waiting.
    EXPECT_EQ(scheduler->Next(Jobs("L7:1000 asked 9 served 8")), 0u) << part.name;
  }
}

}  // namespace
}  // namespace varve
