// What is told of compactions, on phases made by hand.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/compaction_metrics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;
constexpr auto kReason = CompactionReason::kRunCount;

class CompactionMetricsTest : public testing::Test {
 protected:
  CompactionMetricsTest() { now_.has_counters = now_.has_ledger = true; }

  // One job of one entry, in the counters and in the ledger.
  void Job(int from, int to, uint64_t read, uint64_t written) {
    CompactionCounters& entry = EntryOf(&now_.counters.compactions, from, to, kReason);
    ++entry.jobs;
    entry.bytes_read += read;
    entry.bytes_written += written;
    entry.entries_read += read;
    entry.entries_dropped += read - written;
    entry.nanoseconds += 500'000'000;
    IoCounts& cell = now_.ledger.cells[static_cast<size_t>(IoKind::kCompaction)]
                                      [static_cast<size_t>(to)][static_cast<size_t>(kReason)];
    cell.bytes_read += read;
    cell.bytes_written += written;
  }

  void Phase(const std::string& name, const std::function<void()>& change) {
    auto phase = std::make_unique<PhaseRecord>();
    phase->name = name;
    phase->before = now_;
    change();
    phase->after = now_;
    phases_.push_back(std::move(phase));
  }

  void AllPhases() {
    Job(0, 1, 1000, 1000);  // before everything
    Phase("load", [this] { Job(0, 1, 70, 70); });
    Phase("measure", [this] {
      Job(0, 1, 100, 60);
      Job(1, 2, 300, 290);
      now_.counters.flush_entries_written += 50;
      now_.counters.puts += 80;
      now_.counters.deletes += 20;
      now_.counters.tombstones = 12;
      now_.counters.tombstone_age_max = 40;
    });
    Phase("drain", [this] { Job(0, 1, 40, 40); });
  }

  Json Metrics() {
    Json json = Json::object();
    AddCompactionMetrics(phases_, measured_, &json);
    return json;
  }

  StoreState now_;
  SampleSummary measured_;
  PhaseRecords phases_;
};

TEST_F(CompactionMetricsTest, SumsAreThoseOfTheMeasurePhase) {
  AllPhases();
  const Json json = Metrics();
  EXPECT_EQ(json["compaction_jobs"], 2);
  EXPECT_EQ(json["compaction_bytes_read"], 400);
  EXPECT_EQ(json["compaction_bytes_written"], 350);
  EXPECT_DOUBLE_EQ(json["compaction_bytes_per_job"], 375);
  EXPECT_DOUBLE_EQ(json["compaction_seconds_per_job"], 0.5);
  ASSERT_EQ(json["compactions"].size(), 2u);
  EXPECT_EQ(json["compactions"][1]["from_level"], 1);
  EXPECT_EQ(json["compactions"][1]["entries_dropped"], 10);
}

TEST_F(CompactionMetricsTest, EntriesWrittenCountFlushesAndWhatTheDrainStillHadToWrite) {
  AllPhases();
  EXPECT_DOUBLE_EQ(Metrics()["entries_written_per_entry"], (50 + 60 + 290 + 40) / 100.0);
}

TEST_F(CompactionMetricsTest, TheAgeOfTombstonesIsTheLargestOfSamplesAndEnd) {
  AllPhases();
  EXPECT_EQ(Metrics()["tombstones_left"], 12);
  EXPECT_EQ(Metrics()["tombstone_age_max"], 40);
  measured_.tombstone_age_max = 90;
  EXPECT_EQ(Metrics()["tombstone_age_max"], 90);
}

TEST_F(CompactionMetricsTest, TheShapeIsThatOfTheEndAndTheMeanOfSamples) {
  AllPhases();
  EXPECT_FALSE(Metrics().contains("levels"));
  phases_[1]->after.levels = {{3, 3, 30, 3}, {0, 0, 0, 0}, {1, 7, 70, 7}};
  phases_[2]->after.levels = {{9, 9, 90, 9}};
  EXPECT_EQ(Metrics()["levels"], 2);
  EXPECT_EQ(Metrics()["runs"], 4);
  EXPECT_FALSE(Metrics().contains("runs_mean"));
  measured_.runs_sum = 9;
  measured_.runs_samples = 2;
  EXPECT_DOUBLE_EQ(Metrics()["runs_mean"], 4.5);
}

TEST_F(CompactionMetricsTest, WithoutJobsNothingIsDividedByThem) {
  Phase("measure", [] {});
  const Json json = Metrics();
  EXPECT_EQ(json["compaction_jobs"], 0);
  EXPECT_FALSE(json.contains("compaction_bytes_per_job"));
  EXPECT_FALSE(json.contains("entries_written_per_entry"));
}

TEST_F(CompactionMetricsTest, AStoreWithoutCountersHasNone) {
  now_ = StoreState();
  Phase("measure", [] {});
  Phase("drain", [] {});
  EXPECT_TRUE(Metrics().empty());
  EXPECT_LT(CompactionResidual(phases_), 0);
}

TEST_F(CompactionMetricsTest, TheResidualIsZeroWhereEveryByteIsAccountedFor) {
  AllPhases();
  EXPECT_EQ(CompactionResidual(phases_), 0);
}

TEST_F(CompactionMetricsTest, TheResidualIsTheShareOfBytesThatAreChargedElsewhere) {
  Phase("load", [this] { Job(0, 1, 50, 50); });
  Phase("drain", [this] {
    auto& levels = now_.ledger.cells[static_cast<size_t>(IoKind::kCompaction)];
    levels[1][static_cast<size_t>(kReason)].bytes_written -= 10;
    levels[2][static_cast<size_t>(kReason)].bytes_written += 10;
  });
  EXPECT_DOUBLE_EQ(CompactionResidual(phases_), 20.0 / 100);
}

}  // namespace
}  // namespace varve::harness
