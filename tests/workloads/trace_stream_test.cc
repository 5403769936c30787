// Replays: the stream of a trace, for any number of clients, and what a recording keeps.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_stream.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/paths.h"
#include "tests/workloads/trace_test_util.h"
#include "workloads/keys.h"
#include "workloads/trace_record.h"
#include "workloads/trace_workload.h"
#include "workloads/values.h"
#include "workloads/workload_file.h"

namespace varve::workloads {
namespace {

using testing::HasSubstr;

class TraceStreamTest : public TraceTest {
 protected:
  // Records a workload, and reads it back as one.
  Workload Recorded(const Workload& workload, uint64_t operations, const std::string& name) const {
    const auto writer = NewWriter(name);
    const Status status = RecordWorkload(workload, {7, operations, 1000, {}}, writer.get());
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_TRUE(writer->Finish("a test").ok());
    return Replay(name);
  }

  Workload Replay(const std::string& name) const {
    const auto workload = LoadWorkload(PathOf(name));
    EXPECT_TRUE(workload.ok()) << workload.status().ToString();
    EXPECT_TRUE(CheckWorkload(*workload).ok());
    EXPECT_TRUE(workload->replay->Verify({}).ok());
    return *workload;
  }

  static Workload Shipped(const std::string& name) {
    auto workload = FindWorkload(name, {SourcePath("workloads")});
    EXPECT_TRUE(workload.ok()) << workload.status().ToString();
    workload->records = 500;
    return *workload;
  }

  // Every operation as text, without what a replay has of its own: record and version.
  static std::vector<std::string> TextsOf(OperationStream* stream, WorkloadState* state) {
    std::vector<std::string> texts;
    Operation op;
    while (stream->Next(&op)) {
      const auto kind = op.kind == OperationKind::kReadAbsent ? OperationKind::kRead : op.kind;
      texts.push_back(std::string(OperationName(kind)) + ' ' + std::string(op.key) + ' ' +
                      std::to_string(op.scan_length) + ' ' + std::to_string(op.value.size()));
      if (kind == OperationKind::kDeleteRange) texts.back() += ' ' + std::string(op.end_key);
      if (op.kind == OperationKind::kInsert) {
        EXPECT_TRUE(state->Acknowledge(op.record).ok());
      }
    }
    return texts;
  }
};

TEST_F(TraceStreamTest, AReplayAsksWhatTheWorkloadAsked) {
  for (const char* name : {"ycsb_a", "ycsb_d", "ycsb_e", "ycsb_f", "delete_heavy", "read_absent",
                           "fill_random", "fill_sequential"}) {
    const Workload workload = Shipped(name);
    const Workload replay = Recorded(workload, 3000, "a.trace");
    WorkloadState state(workload), again(replay);
    const StreamOptions options{7, 0, 1, 3000, 0};
    auto loaded = TextsOf(NewLoadStream(workload, options, &state).get(), &state);
    auto reloaded = TextsOf(NewLoadStream(replay, options, &again).get(), &again);
    std::sort(loaded.begin(), loaded.end());
    std::sort(reloaded.begin(), reloaded.end());
    EXPECT_EQ(loaded, reloaded) << name;
    EXPECT_EQ(TextsOf(NewRunStream(workload, options, &state).get(), &state),
              TextsOf(NewRunStream(replay, options, &again).get(), &again))
        << name;
    EXPECT_EQ(again.deletes(), state.deletes()) << name;
  }
}

TEST_F(TraceStreamTest, DeletedRangesAreReplayedIfKeysAscend) {
  Workload workload;
  workload.records = 300;
  workload.key_order = "ordered";
  workload.load_order = "shuffled";
  workload.delete_range_proportion = 1;
  workload.insert_proportion = 1;
  workload.scan_reverse_proportion = 1;
  const Workload replay = Recorded(workload, 500, "a.trace");
  EXPECT_TRUE(replay.replay->sorted());
  EXPECT_TRUE(KeysSortByRecord(replay));
  WorkloadState state(workload), again(replay);
  const StreamOptions options{7, 0, 1, 500, 0};
  EXPECT_EQ(TextsOf(NewRunStream(workload, options, &state).get(), &state),
            TextsOf(NewRunStream(replay, options, &again).get(), &again));
  // Absent keys lie between the others: they do not ascend as they come.
  workload.read_absent_proportion = 1;
  const auto writer = NewWriter("b.trace");
  ASSERT_TRUE(RecordWorkload(workload, {7, 500, 0, {}}, writer.get()).ok());
  EXPECT_THAT(std::string(writer->Finish("").message()), HasSubstr("ascending"));
}

TEST_F(TraceStreamTest, TheHashIsThatOfAnyNumberOfClients) {
  const Workload replay = Recorded(Shipped("ycsb_a"), 3000, "a.trace");
  const auto hashes = [&](int clients) {
    WorkloadState state(replay);
    uint64_t load = 0, run = 0, operations = 0;
    StreamOptions options{1, 0, clients, 3000, 0};
    for (; options.client < clients; ++options.client) {
      const auto loads = NewLoadStream(replay, options, &state);
      const auto runs = NewRunStream(replay, options, &state);
      operations += TextsOf(loads.get(), &state).size() + TextsOf(runs.get(), &state).size();
      load += loads->hash();
      run += runs->hash();
    }
    EXPECT_EQ(operations, 3500U) << clients;
    return std::pair(load, run);
  };
  const auto one = hashes(1);
  EXPECT_EQ(hashes(2), one);
  EXPECT_EQ(hashes(8), one);
  // The same operations on other keys are another stream.
  Workload other = Shipped("ycsb_a");
  other.zero_padding = 24;
  const Workload padded = Recorded(other, 3000, "b.trace");
  WorkloadState state(padded);
  const auto stream = NewRunStream(padded, {1, 0, 1, 3000, 0}, &state);
  TextsOf(stream.get(), &state);
  EXPECT_NE(stream->hash(), one.second);
}

TEST_F(TraceStreamTest, AStreamCanBeginAndEndAnywhere) {
  const Workload replay = Recorded(Shipped("ycsb_a"), 100, "a.trace");
  WorkloadState state(replay);
  const auto whole = TextsOf(NewRunStream(replay, {}, &state).get(), &state);
  ASSERT_EQ(whole.size(), 100U);
  const auto part = TextsOf(NewRunStream(replay, {0, 1, 3, 10, 5}, &state).get(), &state);
  EXPECT_EQ(part, (std::vector<std::string>{whole[6], whole[9], whole[12]}));
  EXPECT_TRUE(TextsOf(NewRunStream(replay, {0, 0, 1, 5, 1000}, &state).get(), &state).empty());
}

TEST_F(TraceStreamTest, ValuesAreOfTheirSizeAndNameRecordAndVersion) {
  const auto writer = NewWriter("a.trace");
  const uint64_t sizes[] = {0, 1, 15, 16, 17, 100, 100, 40000, kTraceValueBytesMax};
  for (const uint64_t size : sizes) {
    ASSERT_TRUE(writer->Add({0, OperationKind::kUpdate, writer->Record("k"), size}).ok());
  }
  writer->SetAtStart(0, 33);
  ASSERT_TRUE(writer->Finish("").ok());
  const Workload replay = Replay("a.trace");
  WorkloadState state(replay);
  EXPECT_FALSE(state.values().constant_size());
  const auto load = NewLoadStream(replay, {}, &state);
  const auto run = NewRunStream(replay, {}, &state);
  Operation op;
  ASSERT_TRUE(load->Next(&op));
  EXPECT_EQ(op.value.size(), 33U);
  uint64_t last = op.version;
  for (const uint64_t size : sizes) {
    ASSERT_TRUE(run->Next(&op));
    EXPECT_EQ(op.value.size(), size);
    EXPECT_EQ(state.values().Size(op.record, op.version), size);
    EXPECT_TRUE(state.values().Verify(op.value, op.record, op.version));
    EXPECT_NE(op.version, last);
    EXPECT_LT(op.version, uint64_t{1} << 50);
    last = op.version;
    if (size < 16) continue;
    EXPECT_EQ(ValueSource::Identify(op.value)->version, op.version);
  }
}

TEST_F(TraceStreamTest, AWorkloadFileNamesATraceBesideIt) {
  WriteExample("a.trace");
  Write(PathOf("w.toml"), "trace = \"a.trace\"\nload = \"nothing\"\n");
  const auto workload = LoadWorkload(PathOf("w.toml"));
  ASSERT_TRUE(workload.ok()) << workload.status().ToString();
  EXPECT_TRUE(CheckWorkload(*workload).ok());
  EXPECT_EQ(workload->operations, 2U);
  EXPECT_EQ(workload->records, 2U);
  WorkloadState state(*workload);
  EXPECT_TRUE(TextsOf(NewLoadStream(*workload, {}, &state).get(), &state).empty());
  EXPECT_EQ(TextsOf(NewRunStream(*workload, {}, &state).get(), &state).size(), 2U);
}

TEST_F(TraceStreamTest, WhatMeansNothingWithATraceIsRefused) {
  WriteExample("a.trace");
  const auto error = [&](const std::string& text) {
    const auto workload = ParseWorkload(text, PathOf("w.toml"));
    const Status status = workload.ok() ? CheckWorkload(*workload) : workload.status();
    return std::string(status.message());
  };
  const std::string trace = "trace = \"a.trace\"\n";
  EXPECT_EQ(error(trace + "operations = 1\nvalue_compressibility = 0.5\n"), "ok");
  EXPECT_EQ(error(trace + "operations = 3\n"), "operations (3) are more than the 2 of the trace");
  EXPECT_EQ(error(trace + "read_proportion = 1\n"),
            "read_proportion means nothing with a trace, which has its own records, sizes and "
            "operations");
  EXPECT_THAT(error(trace + "records = 7\n"), HasSubstr("records means nothing with a trace"));
  EXPECT_THAT(error(trace + "load = \"all\"\n"), HasSubstr("w.toml:2: load has no"));
  EXPECT_THAT(error(trace + "ycsb = \"workloada\"\n"), HasSubstr("choose one"));
  EXPECT_THAT(error("trace = 3\n"), HasSubstr("w.toml:1: trace must be the name of a file"));
  EXPECT_THAT(error("trace = \"none.trace\"\n"), HasSubstr("none.trace: No such file"));
  Workload workload = Replay("a.trace");
  workload.trace = "b.trace";
  EXPECT_THAT(std::string(CheckWorkload(workload).message()),
              HasSubstr("belongs into a workload file"));
}

}  // namespace
}  // namespace varve::workloads
