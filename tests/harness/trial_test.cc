// Whole trials: phases, files, verification, interruption, failure.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "harness/phase.h"
#include "harness/store.h"
#include "harness/stores/terms.h"
#include "tests/harness/store_test_util.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

using nlohmann::json;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class TrialTest : public testing::Test {
 protected:
  TrialTest() {
    context_.results_directory = results_.path();
    context_.data_directory = data_.path();
    context_.workloads_directory = SourcePath("workloads");
    context_.interrupted = &interrupted_;
    spec_.trial.workload = "ycsb_a";
    spec_.trial.records = 2000;
    spec_.trial.operations = 3000;
    spec_.trial.store = "map";
  }

  json Result() { return json::parse(ReadFile(results_.path() + "/result.json")); }
  bool HasResult() { return std::filesystem::exists(results_.path() + "/result.json"); }

  std::vector<std::string> PhaseNames(const json& result) {
    std::vector<std::string> names;
    for (const json& phase : result["phases"]) names.push_back(phase["name"]);
    return names;
  }

  FreshDirectory results_, data_;
  std::atomic<bool> interrupted_{false};
  TrialSpec spec_;
  TrialContext context_;
};

TEST_F(TrialTest, LeavesACompleteResultOfTheMapStore) {
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const json result = Result();
  EXPECT_EQ(PhaseNames(result),
            (std::vector<std::string>{"load", "settle", "measure", "drain", "verify"}));
  EXPECT_EQ(result["phases"][0]["operations"], 2000);
  EXPECT_EQ(result["operations"]["total"], 3000);
  EXPECT_EQ(result["verified"], true);
  EXPECT_EQ(result["verification"]["reads_unchecked"], 0);
  EXPECT_GT(result["harness"]["null_ns_per_operation"], 0);
  EXPECT_GT(result["throughput_ops_per_second"], 0);
  EXPECT_EQ(result["latency"]["all"]["count"], 3000);
  EXPECT_FALSE(result["amplification"].contains("write_amplification"));
  EXPECT_NE(ReadFile(results_.path() + "/samples.csv").find("\nmeasure,"), std::string::npos);
  EXPECT_NE(ReadFile(results_.path() + "/latency.hlog").find("\nTag=read,"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(results_.path() + "/events.jsonl"));
}

TEST_F(TrialTest, WhatAStoreDoesNotHaveIsAnAnswerAndNoNumber) {
  spec_.trial.store = "memtable";
  spec_.trial.workload = "delete_ranges";
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const json result = Result();
  EXPECT_EQ(result["not_supported"], "memtable: a bare memtable has no deletes of ranges");
  EXPECT_EQ(result["settings_used"]["store"], "memtable");
  EXPECT_TRUE(result.contains("machine"));
  EXPECT_THAT(result["caveats"].get<std::vector<std::string>>(),
              testing::Contains(result["not_supported"].get<std::string>()));
  for (const char* name : {"phases", "operations", "latency", "amplification", "verified",
                           "throughput_ops_per_second"}) {
    EXPECT_FALSE(result.contains(name)) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(results_.path() + "/samples.csv")) << "nothing was loaded";
}

TEST_F(TrialTest, RecordsThatAreNotThereAtFirstComeWithUpdates) {
  ASSERT_TRUE(SetTrialSetting(&spec_, "workload.load", "nothing").ok());
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const json result = Result();
  EXPECT_EQ(result["phases"][0]["operations"], 0);
  EXPECT_EQ(result["operations"]["total"], 3000);
  EXPECT_EQ(result["verified"], true);
  EXPECT_GT(result["operations"]["absent"], 0);
  EXPECT_GT(result["operations"]["found"], 0);
}

TEST_F(TrialTest, TheOperatingSystemCountsForEveryStore) {
  for (const char* store : {"map", "varve"}) {
    spec_.trial.store = store;
    const Status status = RunTrial(spec_, context_);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const json amplification = Result()["amplification"];
    const bool on_disk = spec_.trial.store == "varve";
    EXPECT_EQ(amplification.contains("system_space_amplification"), on_disk) << store;
    EXPECT_EQ(amplification.value("system_write_call_amplification", 0.0) > 0.5, on_disk) << store;
    EXPECT_EQ(amplification.value("system_write_amplification_load", 0.0) > 0.5, on_disk) << store;
  }
}

TEST_F(TrialTest, AStoreWithItsOwnDefaultsSaysSo) {
  spec_.trial.profile = "default";
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  EXPECT_EQ(Result()["settings_used"]["profile"], "default");
  EXPECT_THAT(Result()["caveats"].get<std::vector<std::string>>(),
              testing::Contains("map: its own defaults, which are not those of the others"));
  spec_.trial.profile = "equal";
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  EXPECT_EQ(Result()["settings_used"]["profile"], "equal");
  EXPECT_EQ(Result().dump().find("its own defaults"), std::string::npos);
}

TEST_F(TrialTest, TermsAndOwnDefaultsContradictEachOther) {
  ASSERT_TRUE(SetTrialSetting(&spec_, "trial.profile", "default").ok());
  ASSERT_TRUE(CheckTrial(spec_, SourcePath("workloads")).ok());
  ASSERT_TRUE(SetTrialSetting(&spec_, "engine.size_ratio", "4").ok());
  EXPECT_TRUE(CheckTrial(spec_, SourcePath("workloads")).ok()) << "is no term";
  ASSERT_TRUE(SetTrialSetting(&spec_, "engine.cache_bytes", "1 MiB").ok());
  EXPECT_EQ(CheckTrial(spec_, SourcePath("workloads")).message(),
            "engine.cache_bytes is given to every store alike, which trial.profile = default does "
            "not: leave out one of them");
  ASSERT_TRUE(SetTrialSetting(&spec_, "trial.profile", "equal").ok());
  EXPECT_TRUE(CheckTrial(spec_, SourcePath("workloads")).ok());
  spec_.trial.profile = "eqaul";
  EXPECT_EQ(CheckTrial(spec_, SourcePath("workloads")).message(),
            "trial.profile: unknown profile \"eqaul\", did you mean \"equal\"?");
}

TEST_F(TrialTest, EveryTermIsASettingOfATrial) {
  const std::vector<std::string> names = TrialSettingNames();
  for (const std::string& term : TermNames()) {
    EXPECT_THAT(names, testing::Contains(term));
  }
}

TEST_F(TrialTest, ABareMemtableIsVerifiedAndTellsItsBytesPerEntry) {
  spec_.trial.store = "memtable";
  for (SettingText& setting : spec_.engine) {
    if (setting.name == "memtable") setting.text = "hash_vector";
  }
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const json result = Result();
  EXPECT_EQ(result["verified"], true) << result["caveats"];
  EXPECT_EQ(result["settings_used"]["memtable"], "hash_vector");
  EXPECT_FALSE(result["settings_used"].contains("compaction"));
  const json& amplification = result["amplification"];
  EXPECT_GT(amplification["memtable_bytes_per_entry"],
            amplification["memtable_payload_bytes_per_entry"]);
  EXPECT_GT(result["memory"]["memtable_bytes"], 2000 * 1000);
  EXPECT_FALSE(amplification.contains("write_amplification"));
  EXPECT_FALSE(amplification.contains("flushes"));
}

TEST_F(TrialTest, PhasesFollowEachOtherInTime) {
  spec_.trial.warmup_seconds = 0.02;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json result = Result();
  EXPECT_EQ(PhaseNames(result),
            (std::vector<std::string>{"load", "settle", "warmup", "measure", "drain", "verify"}));
  EXPECT_EQ(result["phases"][0]["start_ns"], 0);
  uint64_t last = 0;
  for (const json& phase : result["phases"]) {
    EXPECT_GE(phase["start_ns"], last) << phase["name"];
    EXPECT_GE(phase["end_ns"], phase["start_ns"]) << phase["name"];
    last = phase["end_ns"];
  }
}

TEST_F(TrialTest, TheEngineIsMeasuredWithAllItsAmplifications) {
  spec_.trial.store = "varve";
  spec_.trial.records = 5000;
  spec_.trial.operations = 10000;
  for (SettingText& setting : spec_.engine) {
    if (setting.name == "memtable_bytes") setting.text = "256 KiB";
    if (setting.name == "table_bytes") setting.text = "128 KiB";
  }
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const json result = Result();
  EXPECT_EQ(result["verified"], true) << result["caveats"];
  const json& amplification = result["amplification"];
  for (const char* name :
       {"write_amplification", "write_amplification_without_wal", "write_amplification_parts",
        "write_amplification_load", "write_amplification_total", "write_amplification_with_debt",
        "debt_bytes", "debt_seconds", "runs_probed_per_get", "blocks_read_per_get",
        "bytes_read_per_byte_returned", "space_amplification", "space_amplification_settled",
        "space_amplification_peak", "stall_seconds"}) {
    EXPECT_TRUE(amplification.contains(name)) << name;
  }
  EXPECT_GT(amplification["write_amplification_load"], 1.0);
  EXPECT_GT(amplification["space_amplification_settled"], 0.9);
  ASSERT_TRUE(result.contains("ledger_residual"));
  EXPECT_LT(result["ledger_residual"], 0.02);
  EXPECT_NE(ReadFile(results_.path() + "/events.jsonl").find("\"flush\""), std::string::npos);
}

TEST_F(TrialTest, TheSameOperationsAreMeasuredForAnyNumberOfClientsAndAnyWarmUp) {
  spec_.trial.workload = "ycsb_b";
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json alone = Result();
  spec_.trial.clients = 3;
  spec_.trial.load_clients = 2;
  spec_.trial.warmup_seconds = 0.02;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json together = Result();
  EXPECT_EQ(alone["operations"]["stream_hash"], together["operations"]["stream_hash"]);
  EXPECT_EQ(alone["operations"]["read"], together["operations"]["read"]);
  EXPECT_EQ(together["verified"], true) << together["caveats"];
}

TEST_F(TrialTest, ARunOfInsertsGoesOnWhereTheWarmUpEnded) {
  spec_.trial.workload = "fill_random";
  spec_.trial.clients = 2;
  spec_.trial.warmup_seconds = 0.01;
  const Status status = RunTrial(spec_, context_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Result()["operations"]["insert"], 3000);
  EXPECT_EQ(Result()["verified"], true) << Result()["caveats"];
}

TEST_F(TrialTest, EndsByTime) {
  spec_.trial.operations = 0;
  spec_.trial.seconds = 0.1;
  spec_.trial.sample_seconds = 0.01;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json result = Result();
  const json& measure = result["phases"][2];
  EXPECT_GE(measure["end_ns"].get<uint64_t>() - measure["start_ns"].get<uint64_t>(), 99'000'000u);
  EXPECT_GT(result["operations"]["total"], 0);
}

TEST_F(TrialTest, TheNullStoreIsNeverCalledVerified) {
  spec_.trial.store = "null";
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  EXPECT_FALSE(Result().contains("verified"));
  EXPECT_EQ(PhaseNames(Result()).back(), "drain");
}

TEST_F(TrialTest, AnInterruptionEndsItWithoutAResult) {
  spec_.trial.seconds = 1e6;
  spec_.trial.operations = 0;
  spec_.trial.sample_seconds = 0.01;
  std::jthread interrupter([this] {
    while (ReadFile(results_.path() + "/samples.csv").find("\nmeasure,") == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    interrupted_.store(true);
  });
  const Status status = RunTrial(spec_, context_);
  EXPECT_EQ(status.code(), Status::Code::kIndeterminate);
  EXPECT_NE(status.message().find("interrupted"), std::string::npos);
  EXPECT_FALSE(HasResult());
}

TEST_F(TrialTest, AnInterruptionBeforeTheStartIsHonouredToo) {
  interrupted_.store(true);
  EXPECT_EQ(RunTrial(spec_, context_).code(), Status::Code::kIndeterminate);
  EXPECT_FALSE(HasResult());
}

TEST_F(TrialTest, WhatCannotBeRunIsSaidBeforeAnythingIsDone) {
  spec_.trial.workload = "no_such_workload";
  EXPECT_FALSE(RunTrial(spec_, context_).ok());
  spec_.trial.workload = "ycsb_a";
  spec_.trial.store = "no_such_store";
  EXPECT_EQ(RunTrial(spec_, context_).code(), Status::Code::kInvalidArgument);
  EXPECT_FALSE(HasResult());
}

TEST_F(TrialTest, ADirectoryThatCannotBeWrittenIsAnErrorThatNamesIt) {
  context_.results_directory = results_.path() + "/missing";
  const Status status = RunTrial(spec_, context_);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("missing"), std::string::npos) << status.ToString();
}

TEST_F(TrialTest, ProgressTellsPhaseAndRate) {
  spec_.trial.operations = 0;
  spec_.trial.seconds = 1.3;
  int told = 0;
  context_.progress = [&told](const TrialProgress& progress) {
    ++told;
    EXPECT_FALSE(progress.phase.empty());
    EXPECT_GE(progress.fraction, 0);
    EXPECT_LE(progress.fraction, 1);
  };
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  EXPECT_GE(told, 1);
}

// One phase against a store that a test controls.
class PhaseTest : public testing::Test {
 protected:
  PhaseTest() : state_(workload_), oracle_(&state_, 1000, true) {
    auto files = SampleFiles::Open(directory_.path());
    EXPECT_TRUE(files.ok());
    files_ = std::move(*files);
    parts_.store = &store_;
    parts_.workload = &state_;
    parts_.oracle = &oracle_;
    parts_.files = files_.get();
    parts_.control = &control_;
    parts_.sample_seconds = 0.01;
  }

  ClientPhase LoadPhase(int clients) {
    ClientPhase phase;
    phase.name = "load";
    for (int client = 0; client < clients; ++client) {
      workloads::StreamOptions options;
      options.client = client;
      options.clients = clients;
      phase.streams.push_back(NewLoadStream(workload_, options, &state_));
    }
    return phase;
  }

  FreshDirectory directory_;
  const workloads::Workload workload_ = MixedWorkload();
  workloads::WorkloadState state_;
  Oracle oracle_;
  LyingStore store_;
  TrialControl control_;
  std::unique_ptr<SampleFiles> files_;
  PhaseParts parts_;
};

TEST_F(PhaseTest, AddsUpWhatAllClientsDid) {
  const auto result = RunClientPhase(LoadPhase(3), &parts_);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result.value().record->counts.total(), 200u);
  EXPECT_EQ(oracle_.live_records(), 200u);
  const auto again = NewLoadStream(workload_, {}, &state_);
  for (workloads::Operation operation; again->Next(&operation);) {
  }
  EXPECT_EQ(result.value().record->stream_hash, again->hash());
}

TEST_F(PhaseTest, AFailureOfOneClientStopsTheOthers) {
  std::atomic<int> puts{0};
  store_.put = [&puts](std::string_view, std::string_view, Store*) {
    return puts.fetch_add(1) == 50 ? Status::NoSpace("full") : Status();
  };
  const auto result = RunClientPhase(LoadPhase(3), &parts_);
  EXPECT_EQ(result.status().code(), Status::Code::kNoSpace);
  EXPECT_NE(result.status().message().find("insert of key"), std::string::npos);
}

TEST_F(PhaseTest, InterruptionEndsAPhaseThatHasNoEnd) {
  ASSERT_TRUE(RunClientPhase(LoadPhase(1), &parts_).ok());
  std::atomic<int> gets{0};
  store_.get = [&](std::string_view key, std::string* value, Store* truth) {
    if (gets.fetch_add(1) == 500) control_.Interrupt();
    return truth->Get(key, value);
  };
  ClientPhase phase;
  phase.name = "measure";
  phase.streams.push_back(NewRunStream(workload_, {}, &state_));
  const auto result = RunClientPhase(std::move(phase), &parts_);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_GT(result.value().record->counts.total(), 500u);
}

TEST_F(PhaseTest, TheCostOfTheHarnessIsMeasuredAgainstTheNullStore) {
  const auto stream = NewRunStream(workload_, {}, &state_);
  EXPECT_GT(NullNsPerOperation(stream.get(), &state_, 0.005), 0);
}

TEST_F(TrialTest, EndsWhenTheIntervalOfTheThroughputIsNarrowEnough) {
  spec_.trial.operations = 0;
  spec_.trial.seconds = 100;
  spec_.trial.sample_seconds = 0.01;
  spec_.trial.interval_width = 1;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json result = Result();
  EXPECT_GE(result["throughput_interval"]["samples"], 20);
  const json& measure = result["phases"][2];
  EXPECT_EQ(measure["name"], "measure");
  EXPECT_LT(measure["end_ns"].get<double>() - measure["start_ns"].get<double>(), 90e9);
  EXPECT_EQ(result["caveats"].dump().find("did not become as narrow"), std::string::npos);
}

TEST_F(TrialTest, SaysWhenTheIntervalStayedTooWide) {
  spec_.trial.interval_width = 1e-9;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  EXPECT_EQ(Result()["operations"]["total"], 3000);
  EXPECT_NE(Result()["caveats"].dump().find("did not become as narrow"), std::string::npos);
}

TEST_F(TrialTest, AnInjectedStallHoldsUpMeasureAndNothingElse) {
  spec_.trial.operations = 0;
  spec_.trial.seconds = 0.2;
  spec_.trial.warmup_seconds = 0.05;
  spec_.trial.stall_seconds = 0.1;
  spec_.trial.stall_at_seconds = 0.05;
  ASSERT_TRUE(RunTrial(spec_, context_).ok());
  const json result = Result();
  EXPECT_LE(result["injected_stall"]["calls_held"], 1);
  EXPECT_EQ(result["verified"], true);
  EXPECT_NE(result["caveats"].dump().find("a stall of 0.1 s was injected"), std::string::npos);
}

TEST_F(TrialTest, ImpossibleTimesAreRefused) {
  const auto says = [this](std::vector<SettingText> settings) {
    TrialSpec spec = spec_;
    for (const SettingText& setting : settings) {
      EXPECT_TRUE(SetTrialSetting(&spec, "trial." + setting.name, setting.text).ok());
    }
    return CheckTrial(spec, SourcePath("workloads")).ToString();
  };
  EXPECT_EQ(says({}), Status().ToString());
  EXPECT_NE(
      says({{"interval_width", "0.1"}, {"arrivals", "constant"}, {"rate_ops_per_second", "5"}})
          .find("trial.interval_width is that of the throughput"),
      std::string::npos);
  EXPECT_NE(says({{"stall_at_seconds", "1"}}).find("means nothing without trial.stall_seconds"),
            std::string::npos);
  EXPECT_NE(says({{"stall_at_seconds", "1"}, {"stall_seconds", "1.5"}, {"seconds", "2"}})
                .find("is not over after trial.seconds = 2"),
            std::string::npos);
}

}  // namespace
}  // namespace varve::harness
