// The arithmetic of every amplification, on phases made by hand.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/amplification.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

// Adds `bytes` written for a cause to everything from this state on.
void Write(IoKind kind, size_t level, uint64_t bytes, StoreState* state) {
  state->ledger.cells[static_cast<size_t>(kind)][level][0].bytes_written += bytes;
}
void Read(IoKind kind, size_t level, uint64_t bytes, StoreState* state) {
  state->ledger.cells[static_cast<size_t>(kind)][level][0].bytes_read += bytes;
}

// Phases that follow each other: each begins in the state in which the one before ended.
class AmplificationTest : public testing::Test {
 protected:
  AmplificationTest() {
    now_.has_ledger = now_.has_counters = now_.has_file_bytes = true;
    Write(IoKind::kManifest, 0, 77, &now_);  // by open: before every window
  }

  // `change` is what happens to the store in the phase.
  PhaseRecord* Phase(const std::string& name, uint64_t user_bytes,
                     const std::function<void(StoreState*)>& change) {
    auto phase = std::make_unique<PhaseRecord>();
    phase->name = name;
    phase->before = now_;
    phase->process_before.has_io = phase->process_after.has_io = true;
    phase->process_before.wchar = wchar_;
    phase->start_ns = time_ns_;
    time_ns_ += 2'000'000'000;
    phase->end_ns = time_ns_;
    change(&now_);
    phase->after = now_;
    phase->process_after.wchar = wchar_;
    phase->counts.user_bytes_written = user_bytes;
    phases_.push_back(std::move(phase));
    return phases_.back().get();
  }

  void AllPhases() {
    Phase("load", 1000, [](StoreState* s) {
      Write(IoKind::kWal, 0, 1100, s);
      Write(IoKind::kFlush, 0, 1000, s);
    });
    Phase("settle", 0, [](StoreState* s) { Write(IoKind::kCompaction, 1, 900, s); });
    Phase("warmup", 50, [](StoreState* s) { Write(IoKind::kWal, 0, 60, s); });
    PhaseRecord* measure = Phase("measure", 200, [](StoreState* s) {
      Write(IoKind::kWal, 0, 220, s);
      Write(IoKind::kFlush, 0, 180, s);
      Write(IoKind::kCompaction, 1, 300, s);
      Write(IoKind::kCompaction, 2, 500, s);
      Write(IoKind::kManifest, 0, 20, s);
      Read(IoKind::kGet, 1, 4096, s);
      Read(IoKind::kScan, 1, 1904, s);
      Read(IoKind::kCompaction, 1, 9999, s);
      s->file_bytes = 3000;
    });
    measure->live_bytes = 2000;
    measure->counts.bytes_returned = 1500;
    PhaseRecord* drain = Phase("drain", 0, [](StoreState* s) {
      Write(IoKind::kCompaction, 2, 80, s);
      s->file_bytes = 2500;
    });
    drain->live_bytes = 2000;
    Phase("verify", 0, [](StoreState* s) { Write(IoKind::kManifest, 0, 1'000'000, s); });
  }

  Json All() { return Amplification(phases_, measured_); }
  double At(const std::string& name) {
    const Json json = All();
    EXPECT_TRUE(json.contains(name)) << name;
    return json.value(name, -1.0);
  }

  StoreState now_;
  uint64_t time_ns_ = 0;
  uint64_t wchar_ = 500;
  SampleSummary measured_;
  PhaseRecords phases_;
};

TEST_F(AmplificationTest, WritesAreDividedByTheUserBytesOfTheirWindow) {
  AllPhases();
  EXPECT_DOUBLE_EQ(At("write_amplification"), 1220.0 / 200);
  EXPECT_DOUBLE_EQ(At("write_amplification_without_wal"), 1000.0 / 200);
  EXPECT_DOUBLE_EQ(At("write_amplification_load"), 3000.0 / 1000);
  EXPECT_DOUBLE_EQ(At("write_amplification_total"), (3000.0 + 60 + 1220 + 80) / 1250);
  EXPECT_DOUBLE_EQ(At("write_amplification_with_debt"), 1300.0 / 200);
  EXPECT_DOUBLE_EQ(At("debt_bytes"), 80);
  EXPECT_DOUBLE_EQ(At("debt_seconds"), 2);
}

TEST_F(AmplificationTest, PartsOfWritesAddUpToTheWhole) {
  AllPhases();
  const Json parts = All()["write_amplification_parts"];
  EXPECT_DOUBLE_EQ(parts["wal"].get<double>(), 220.0 / 200);
  EXPECT_DOUBLE_EQ(parts["flush"].get<double>(), 180.0 / 200);
  EXPECT_DOUBLE_EQ(parts["compaction_to_1"].get<double>(), 300.0 / 200);
  EXPECT_DOUBLE_EQ(parts["compaction_to_2"].get<double>(), 500.0 / 200);
  EXPECT_DOUBLE_EQ(parts["other"].get<double>(), 20.0 / 200);
  EXPECT_EQ(parts.size(), 5u);
  double sum = 0;
  for (const auto& [name, part] : parts.items()) sum += part.get<double>();
  EXPECT_DOUBLE_EQ(sum, At("write_amplification"));
}

TEST_F(AmplificationTest, OnlyGetsAndScansCountAsReadForTheUser) {
  AllPhases();
  EXPECT_DOUBLE_EQ(At("bytes_read_per_byte_returned"), 6000.0 / 1500);
}

TEST_F(AmplificationTest, SpaceIsThatOfFilesOverThatOfLiveData) {
  AllPhases();
  measured_.space_amplification_peak = 1.75;
  measured_.space_amplification_sum = 4.5;
  measured_.space_amplification_samples = 3;
  EXPECT_DOUBLE_EQ(At("space_amplification"), 1.5);
  EXPECT_DOUBLE_EQ(At("space_amplification_settled"), 1.25);
  EXPECT_DOUBLE_EQ(At("space_amplification_peak"), 1.75);
  EXPECT_DOUBLE_EQ(At("space_amplification_mean"), 1.5);
}

TEST_F(AmplificationTest, SpaceOverheadIsWhatTablesHoldBeyondLiveData) {
  AllPhases();
  phases_[4]->after.counters.table_data_bytes = 2600;
  EXPECT_DOUBLE_EQ(At("space_overhead"), 0.3);
  EXPECT_FALSE(All().contains("space_overhead_mean")) << "there were no samples";
  measured_.space_overhead_sum = 0.8;
  measured_.space_overhead_samples = 4;
  measured_.space_overhead_peak = 0.5;
  EXPECT_DOUBLE_EQ(At("space_overhead_mean"), 0.2);
  EXPECT_DOUBLE_EQ(At("space_overhead_peak"), 0.5);
}

TEST_F(AmplificationTest, ReadsOfTheMeasurePhaseAreSplitByLevelAndSource) {
  const auto reads = [](StoreState* s) {
    s->counters.gets_found += 6;
    s->counters.gets_absent += 4;
    s->counters.levels[0].runs_probed += 20;
    s->counters.levels[0].filter_probes += 20;
    s->counters.levels[0].filter_negatives += 15;
    s->counters.levels[0].filter_false_positives += 1;
    s->counters.levels[0].blocks_from_cache += 5;
    s->counters.levels[2].runs_probed += 10;
    s->counters.levels[2].filter_probes += 10;
    s->counters.levels[2].filter_negatives += 3;
    s->counters.levels[2].filter_false_positives += 1;
    s->counters.levels[2].blocks_from_storage += 7;
    s->filter_false_positive_rate_expected = 0.008;
  };
  Phase("load", 10, reads);
  Phase("measure", 10, reads);
  EXPECT_DOUBLE_EQ(At("runs_probed_per_get"), 3.0);
  EXPECT_DOUBLE_EQ(At("blocks_read_per_get"), 1.2);
  EXPECT_DOUBLE_EQ(At("blocks_from_cache_per_get"), 0.5);
  EXPECT_DOUBLE_EQ(At("blocks_from_storage_per_get"), 0.7);
  EXPECT_DOUBLE_EQ(At("filter_probes_per_get"), 3.0);
  EXPECT_DOUBLE_EQ(At("filter_false_positive_rate"), 2.0 / 20);
  EXPECT_DOUBLE_EQ(At("filter_false_positive_rate_expected"), 0.008);
  const Json runs = All()["runs_probed_per_get_by_level"];
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[1]["level"], 2);
  EXPECT_DOUBLE_EQ(runs[1]["runs"].get<double>(), 1.0);
  const Json blocks = All()["blocks_per_get_by_level"];
  EXPECT_DOUBLE_EQ(blocks[0]["cache"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(blocks[0]["storage"].get<double>(), 0.0);
  EXPECT_DOUBLE_EQ(blocks[1]["storage"].get<double>(), 0.7);
}

TEST_F(AmplificationTest, StallsAreSummedAndNamed) {
  Phase("measure", 10, [](StoreState* s) {
    s->counters.stalls[1] = 2;
    s->counters.stall_ns[1] = 1'500'000'000;
    s->counters.stalls[2] = 1;
    s->counters.stall_ns[2] = 500'000'000;
  });
  EXPECT_DOUBLE_EQ(At("stall_seconds"), 2.0);
  EXPECT_DOUBLE_EQ(At("stalls"), 3);
  const Json causes = All()["stall_seconds_by_cause"];
  EXPECT_DOUBLE_EQ(causes[StallCauseName(StallCause::kMemtables)].get<double>(), 1.5);
  EXPECT_EQ(causes.size(), 2u);
}

TEST_F(AmplificationTest, AMemtableIsTheSumOfWhatItsBytesAreUsedForPerEntry) {
  now_ = StoreState();
  Phase("load", 10, [](StoreState*) {});
  Phase("measure", 10, [](StoreState* s) {
    s->has_memtable = true;
    s->memtable_use = {1160, 400, 40};
    s->memtable_entries = 10;
  });
  EXPECT_DOUBLE_EQ(At("memtable_bytes_per_entry"), 160);
  EXPECT_DOUBLE_EQ(At("memtable_payload_bytes_per_entry"), 116);
  EXPECT_DOUBLE_EQ(At("memtable_structure_bytes_per_entry"), 40);
  EXPECT_DOUBLE_EQ(At("memtable_slack_bytes_per_entry"), 4);
  phases_.back()->after.memtable_entries = 0;
  EXPECT_FALSE(All().contains("memtable_bytes_per_entry"));
}

TEST_F(AmplificationTest, FlushesAreThoseOfMeasureWithWhatTheyWrote) {
  const auto flush = [](uint64_t flushes, uint64_t entries) {
    return [=](StoreState* s) {
      s->counters.flushes += flushes;
      s->counters.flush_entries_written += entries;
    };
  };
  Phase("load", 10, flush(5, 900));
  Phase("measure", 10, flush(4, 1000));
  Phase("drain", 0, flush(1, 30));
  EXPECT_DOUBLE_EQ(At("flushes"), 4);
  EXPECT_DOUBLE_EQ(At("entries_per_flush"), 250);
}

TEST_F(AmplificationTest, AFlushThatMergedTablesSaysNothingOfOneMemtable) {
  Phase("measure", 10, [](StoreState* s) {
    s->counters.flushes = 2;
    s->counters.flush_entries_written = 100;
    EntryOf(&s->counters.compactions, kMemTableLevel, 1, CompactionReason::kRunCount).jobs = 1;
  });
  EXPECT_DOUBLE_EQ(At("flushes"), 2);
  EXPECT_FALSE(All().contains("entries_per_flush"));
}

TEST_F(AmplificationTest, WithoutAFlushThereAreNoEntriesOfOne) {
  Phase("measure", 10, [](StoreState*) {});
  EXPECT_DOUBLE_EQ(At("flushes"), 0);
  EXPECT_FALSE(All().contains("entries_per_flush"));
}

TEST_F(AmplificationTest, WhatIsNotKnownIsLeftOut) {
  now_ = StoreState();
  Phase("load", 100, [](StoreState*) {});
  Phase("measure", 0, [](StoreState*) {});
  const Json json = All();
  for (const char* name :
       {"write_amplification", "write_amplification_parts", "write_amplification_load",
        "write_amplification_with_debt", "debt_bytes", "runs_probed_per_get",
        "bytes_read_per_byte_returned", "space_amplification", "space_amplification_peak",
        "stall_seconds", "filter_false_positive_rate", "flushes", "entries_per_flush",
        "memtable_bytes_per_entry"}) {
    EXPECT_FALSE(json.contains(name)) << name;
  }
}

TEST_F(AmplificationTest, ReadsWithoutWritesHaveNoWriteAmplification) {
  Phase("measure", 0, [](StoreState* s) { Write(IoKind::kCompaction, 1, 100, s); });
  EXPECT_FALSE(All().contains("write_amplification"));
}

TEST_F(AmplificationTest, TheResidualComparesBytesOfWriteCallsWithoutThoseOfTheHarness) {
  Phase("load", 100, [this](StoreState* s) {
    Write(IoKind::kWal, 0, 1000, s);
    Write(IoKind::kFlush, 0, 900, s);
    // 150 by the harness; the WAL through a mapping that 64 zeros were written ahead for.
    s->ledger.bytes_written_ahead += 64;
    wchar_ += 900 + 150 + 64;
  });
  Phase("drain", 0, [this](StoreState* s) {
    Write(IoKind::kCompaction, 1, 100, s);
    wchar_ += 200;  // 100 more than the ledger knows of
  });
  EXPECT_DOUBLE_EQ(LedgerResidual(phases_, true, 150), 100.0 / 1100);
  EXPECT_DOUBLE_EQ(LedgerResidual(phases_, false, 150), 900.0 / 1100);
  EXPECT_LT(LedgerResidual(phases_, true, 5000), 0) << "not known";
}

TEST_F(AmplificationTest, WhatAStoreDoesNotKnowOfReadsIsLeftOut) {
  now_.ledger_lacks_reads = now_.counters_lack_tombstone_age = true;
  AllPhases();
  const Json json = All();
  EXPECT_FALSE(json.contains("bytes_read_per_byte_returned"));
  EXPECT_FALSE(json.contains("tombstone_age_max"));
  EXPECT_FALSE(json.contains("filter_probes_per_get"));
  EXPECT_TRUE(json.contains("tombstones_left"));
}

TEST_F(AmplificationTest, FiltersOfAllLevelsTogetherAreThoseOfMeasure) {
  now_.has_filter_counters = true;
  now_.filter_counters = {1000, 1000, 1000, 1000};
  Phase("measure", 0, [](StoreState* s) { s->filter_counters = {1010, 1040, 1018, 1002}; });
  const Json json = All();
  EXPECT_DOUBLE_EQ(json["filter_probes_per_get"], 4);
  EXPECT_DOUBLE_EQ(json["filter_false_positive_rate"], 2.0 / 20);
  EXPECT_EQ(json["filter_probes_absent"], 20);
}

TEST_F(AmplificationTest, WithoutALedgerThereIsNoResidual) {
  now_ = StoreState();
  Phase("load", 100, [this](StoreState*) { wchar_ += 100; });
  Phase("drain", 0, [](StoreState*) {});
  EXPECT_LT(LedgerResidual(phases_, false, 0), 0);
}

}  // namespace
}  // namespace varve::harness
