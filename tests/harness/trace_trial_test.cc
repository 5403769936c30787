// Traces through the harness: whole trials of a replay, verified, and the command `trace`.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/child_process.h"
#include "harness/files.h"
#include "harness/pacing.h"
#include "harness/trial.h"
#include "tests/harness/store_test_util.h"
#include "tests/paths.h"
#include "workloads/trace.h"
#include "workloads/workload_file.h"

namespace varve::harness {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TraceTrialTest : public testing::Test {
 protected:
  TraceTrialTest() { setenv("VARVE_HOME", SourcePath("").c_str(), 1); }

  // The exit status; what was printed is in out_ and error_.
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {ProgramPath(), "trace"});
    auto child = ChildProcess::Start(arguments, PathOf("stderr"));
    EXPECT_TRUE(child.ok()) << child.status().message();
    out_.clear();
    const ExitState state =
        (*child)->Wait([this](const std::string& line) { out_ += line + "\n"; }, [] {});
    error_ = *ReadTextFile(PathOf("stderr"));
    return state.signal != 0 ? -state.signal : state.status;
  }

  std::string PathOf(const std::string& name) const { return directory_.path() + "/" + name; }

  // The result of a trial that replays the trace.
  json Replay(const std::string& store, uint64_t clients) {
    const FreshDirectory results, data;
    TrialSpec spec;
    spec.trial.store = store;
    spec.trial.workload = PathOf("a.trace");
    spec.trial.clients = clients;
    spec.trial.load_clients = clients;
    TrialContext context;
    context.results_directory = results.path();
    context.data_directory = data.path();
    context.workloads_directory = SourcePath("workloads");
    const Status status = RunTrial(spec, context);
    EXPECT_TRUE(status.ok()) << status.ToString();
    const auto text = ReadTextFile(results.path() + "/result.json");
    return text.ok() ? json::parse(*text) : json();
  }

  const FreshDirectory directory_;
  std::string out_;
  std::string error_;
};

TEST_F(TraceTrialTest, AReplayIsVerifiedWithAnyNumberOfClients) {
  ASSERT_EQ(Run({"record", "--workload", "delete_heavy", "--operations", "4000", "-o",
                 PathOf("a.trace"), "--workload.records", "300"}),
            0)
      << error_;
  EXPECT_THAT(out_, HasSubstr("4000 operations on 300 keys, of which 300 are there at the start"));
  const json one = Replay("map", 1);
  EXPECT_EQ(one["verified"], true) << one["caveats"];
  EXPECT_EQ(one["operations"]["total"], 4000);
  EXPECT_EQ(one["phases"][0]["operations"], 300);
  EXPECT_EQ(one["verification"]["reads_unchecked"], 0);
  for (const uint64_t clients : {2U, 8U}) {
    const json many = Replay("map", clients);
    EXPECT_EQ(many["verified"], true) << many["caveats"];
    EXPECT_EQ(many["operations"]["stream_hash"], one["operations"]["stream_hash"]);
  }
  EXPECT_EQ(Replay("varve", 2)["verified"], true);
}

TEST_F(TraceTrialTest, OperationsArriveWhenTheyWereRecorded) {
  ASSERT_EQ(Run({"record", "--workload", "ycsb_c", "--operations", "500", "--rate", "1000", "-o",
                 PathOf("a.trace"), "--workload.records", "100"}),
            0)
      << error_;
  auto workload = workloads::LoadWorkload(PathOf("a.trace"));
  ASSERT_TRUE(workload.ok());
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kTrace;
  plan.trace = workload->replay;
  plan.trace_speed = 2;
  Pacing second(plan, 1, 3);
  for (int i = 1; i < 500; i += 3) ASSERT_DOUBLE_EQ(second.NextArrival(), i * 5e5);
  EXPECT_TRUE(std::isinf(second.NextArrival()));

  TrialSpec spec;
  spec.trial.store = "map";
  spec.trial.workload = PathOf("a.trace");
  spec.trial.arrivals = "trace";
  spec.trial.trace_speed = 5;
  spec.trial.clients = 2;
  const FreshDirectory results, data;
  TrialContext context;
  context.results_directory = results.path();
  context.data_directory = data.path();
  ASSERT_TRUE(RunTrial(spec, context).ok());
  const json result = json::parse(*ReadTextFile(results.path() + "/result.json"));
  EXPECT_EQ(result["operations"]["total"], 500);
  const json& measure = result["phases"][2];
  const double took_ns = measure["end_ns"].get<double>() - measure["start_ns"].get<double>();
  EXPECT_GE(took_ns, 0.0998e9);  // the last one begins then
  EXPECT_EQ(result["verified"], true);
}

TEST_F(TraceTrialTest, ArrivalsOfATraceNeedOne) {
  const auto error = [](const TrialSpec& spec) {
    return std::string(CheckTrial(spec, SourcePath("workloads")).message());
  };
  TrialSpec spec;
  spec.trial.arrivals = "trace";
  EXPECT_THAT(error(spec), HasSubstr("needs a trace as the workload"));
  ASSERT_EQ(Run({"record", "--workload", "ycsb_a", "--operations", "10", "-o", PathOf("a.trace")}),
            0);
  spec.trial.workload = PathOf("a.trace");
  EXPECT_THAT(error(spec), HasSubstr("a.trace has no times"));
  spec.trial.rate_ops_per_second = 5;
  EXPECT_THAT(error(spec), HasSubstr("rate_ops_per_second means nothing"));
  spec.trial.arrivals = "constant";
  spec.trial.trace_speed = 2;
  EXPECT_THAT(error(spec), HasSubstr("trace_speed means nothing with trial.arrivals = constant"));
}

TEST_F(TraceTrialTest, AnImportIsReplayedAndVerified) {
  ASSERT_EQ(Run({"import", "--format", "cache-trace", SourcePath("tests/data/trace/cache.csv"),
                 "--ttl", "-o", PathOf("a.trace")}),
            0)
      << error_;
  EXPECT_THAT(out_, HasSubstr("1  deletes put in where a time to live was over (first at line 5)"));
  const json result = Replay("map", 1);
  EXPECT_EQ(result["verified"], true) << result["caveats"];
  EXPECT_EQ(result["operations"]["total"], 9);
}

TEST_F(TraceTrialTest, ADamagedTraceIsNotReplayed) {
  ASSERT_EQ(Run({"record", "--workload", "ycsb_a", "--operations", "10", "-o", PathOf("a.trace")}),
            0);
  {
    std::fstream file(PathOf("a.trace"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file.put('\x7f');
  }
  TrialSpec spec;
  spec.trial.store = "map";
  spec.trial.workload = PathOf("a.trace");
  const Status status = RunTrial(spec, {});
  EXPECT_EQ(status.code(), Status::Code::kCorruption);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.trace: at byte 128: the checksum"));
  EXPECT_EQ(Run({"show", PathOf("a.trace")}), 1);
  EXPECT_THAT(error_, HasSubstr("a.trace: at byte 128: the checksum"));
}

TEST_F(TraceTrialTest, SettingsThatMeanNothingWithATraceAreRefused) {
  ASSERT_EQ(Run({"record", "--workload", "ycsb_a", "--operations", "10", "-o", PathOf("a.trace")}),
            0);
  TrialSpec spec;
  spec.trial.workload = PathOf("a.trace");
  EXPECT_TRUE(CheckTrial(spec, "").ok());
  spec.trial.warmup_seconds = 1;
  EXPECT_THAT(std::string(CheckTrial(spec, "").message()), HasSubstr("trial.warmup_seconds"));
  spec.trial.warmup_seconds = 0;
  spec.trial.records = 5;
  EXPECT_THAT(std::string(CheckTrial(spec, "").message()), HasSubstr("records means nothing"));
  spec.trial.records = 0;
  spec.trial.operations = 11;
  EXPECT_THAT(std::string(CheckTrial(spec, "").message()), HasSubstr("more than the 10"));
}

// As a plan has it, whose trials do not read the workload's file.
TEST_F(TraceTrialTest, AWorkloadThatIsSpeltOutStillHasItsTrace) {
  ASSERT_EQ(Run({"record", "--workload", "ycsb_a", "--operations", "10", "-o", PathOf("a.trace")}),
            0);
  TrialSpec spec;
  spec.trial.workload = PathOf("a.trace");
  const auto read = TrialWorkload(spec, "");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  for (const workloads::PropertyText& property : workloads::PropertyTexts(*read)) {
    ASSERT_TRUE(SetTrialSetting(&spec, "workload." + property.name, property.text).ok());
  }
  spec.trial.workload = "is not read";
  const auto spelt = TrialWorkload(spec, "");
  ASSERT_TRUE(spelt.ok()) << spelt.status().ToString();
  ASSERT_NE(spelt->replay, nullptr);
  EXPECT_EQ(spelt->replay->operations(), 10U);
}

TEST_F(TraceTrialTest, ShowTellsWhatIsInATrace) {
  ASSERT_EQ(Run({"import", "--format", "rocksdb", SourcePath("tests/data/trace/rocksdb.txt"), "-o",
                 PathOf("a.trace")}),
            0);
  ASSERT_EQ(Run({"show", PathOf("a.trace")}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("from        rocksdb rocksdb.txt"));
  EXPECT_THAT(out_, HasSubstr("keys        5, of which 2 are there at the start"));
  EXPECT_THAT(out_, HasSubstr("update                         3    42.9 %"));
  EXPECT_THAT(out_, HasSubstr("of values put            20     40.0       40       60       60"));
  EXPECT_THAT(out_, HasSubstr("operations: hottest key 28.6 %,"));
  EXPECT_THAT(out_, HasSubstr("keys with one operation: 60.0 %"));
  ASSERT_EQ(Run({"show", PathOf("a.trace"), "--operations", "--from", "3", "--count", "2"}), 0);
  EXPECT_EQ(out_, "3 0.000020000 update \"k1\" 60\n4 0.000030000 scan \"k\" 1\n");
}

TEST_F(TraceTrialTest, AWrongCommandLineIsSaidToBeWrong) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"recrod"}), 2);
  EXPECT_THAT(error_, HasSubstr("did you mean \"record\"?"));
  EXPECT_EQ(Run({"show"}), 2);
  EXPECT_EQ(Run({"show", "a.trace", "--from", "3"}), 2);
  EXPECT_EQ(Run({"import", "--format", "csv", "x", "-o", "a.trace"}), 2);
  EXPECT_EQ(Run({"import", "--format", "rocksdb", "x", "-o", "a.txt"}), 2);
  EXPECT_THAT(error_, HasSubstr("a.txt must end in .trace"));
  EXPECT_EQ(Run({"import", "--format", "rocksdb", "x"}), 2);
  EXPECT_EQ(Run({"record", "--workload", "nothing", "-o", "a.trace"}), 2);
  EXPECT_THAT(error_, HasSubstr("there is no workload \"nothing\""));
  EXPECT_EQ(Run({"import", "--format", "rocksdb", PathOf("none"), "-o", PathOf("a.trace")}), 1);
  EXPECT_THAT(error_, HasSubstr("none: No such file"));
  for (const char* name : {"record", "import", "show"}) {
    EXPECT_EQ(Run({name, "--help"}), 0);
    EXPECT_THAT(out_, HasSubstr(std::string("Usage: varve trace ") + name));
  }
}

}  // namespace
}  // namespace varve::harness
