// Phases: their text, their borders, one key space for all of them.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/phases.h"

#include <gtest/gtest.h>

#include <vector>

#include "workloads/stream.h"
#include "workloads/workload_file.h"

namespace varve::workloads {
namespace {

Workload Phased(std::string phases) {
  Workload workload;
  workload.records = 1000;
  workload.read_proportion = 1;
  workload.phases = std::move(phases);
  return workload;
}

uint64_t HashOf(const Workload& workload, int clients, uint64_t operations, uint64_t first = 0) {
  WorkloadState state(workload);
  uint64_t hash = 0;
  Operation op;
  for (int client = 0; client < clients; client++) {
    const StreamOptions options{5, client, clients, operations, first};
    const auto stream = NewRunStream(workload, options, &state);
    while (stream->Next(&op)) {
    }
    hash += stream->hash();
  }
  return hash;
}

TEST(Phases, FollowEachOtherByTheNumberOfOperationsAndBeginAgain) {
  const Workload workload =
      Phased("operations=10 update_proportion=1; operations=5; operations=3 delete_proportion=2");
  WorkloadState state(workload);
  for (const uint64_t first : {uint64_t{0}, uint64_t{7}}) {
    const auto stream = NewRunStream(workload, {.operations = 40, .first = first}, &state);
    Operation op;
    for (uint64_t i = 0; i < 40; i++) {
      ASSERT_TRUE(stream->Next(&op));
      ASSERT_EQ(op.index, first + i);
      const uint64_t at = i % 18;
      const OperationKind kind = at < 10   ? OperationKind::kUpdate
                                 : at < 15 ? OperationKind::kRead
                                           : OperationKind::kDelete;
      ASSERT_EQ(op.kind, kind) << i;
    }
    EXPECT_FALSE(stream->Next(&op));
  }
}

TEST(Phases, AreTheSameForAnyNumberOfClients) {
  const Workload workload = Phased(
      "operations=101 key_chooser=zipfian; operations=7 update_proportion=1 read_proportion=1; "
      "operations=1 scan_proportion=1 drift_every_operations=3");
  const uint64_t one = HashOf(workload, 1, 1000);
  EXPECT_EQ(HashOf(workload, 2, 1000), one);
  EXPECT_EQ(HashOf(workload, 8, 1000), one);
  EXPECT_EQ(HashOf(workload, 333, 1000), one);
  EXPECT_NE(HashOf(workload, 1, 999), one);
}

TEST(Phases, ShareOneKeySpace) {
  Workload workload = Phased(
      "operations=500 insert_proportion=1; operations=500 read_proportion=1 key_chooser=latest");
  WorkloadState state(workload);
  const auto stream = NewRunStream(workload, {.operations = 1000}, &state);
  Operation op;
  uint64_t inserted = 0, reads_of_inserted = 0;
  while (stream->Next(&op)) {
    if (op.kind == OperationKind::kInsert) {
      ASSERT_EQ(op.record, 1000 + inserted++);
      ASSERT_TRUE(state.Acknowledge(op.record).ok());
    } else {
      reads_of_inserted += op.record >= 1000 ? 1 : 0;
    }
  }
  EXPECT_EQ(inserted, 500u);
  EXPECT_GT(reads_of_inserted, 300u);
}

TEST(Phases, ASequenceOfOneIsThatPhase) {
  const Workload workload = Phased("operations=10 update_proportion=1");
  Workload plain = Phased("");
  plain.read_proportion = 0;
  plain.update_proportion = 1;
  EXPECT_EQ(HashOf(workload, 2, 25), HashOf(plain, 2, 25));
}

TEST(Phases, ErrorsNamePhaseAndProperty) {
  struct Case {
    const char* phases;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {"operations=5; raed_proportion=1", "phase 2: a workload has no property"},
           {"operations=5; read_proportion=1", "phase 2: operations, the length of the phase"},
           {"operations=5 key_bytes=20", "phase 1: key_bytes is the same for all phases"},
           {"operations=5 uniform", "phase 1: \"uniform\" is not a property and its value"},
           {"operations=5;", "phase 2: operations"},
           {"operations=5 scan_proportion=1 scan_length_max=1 scan_length_min=2",
            "phase 1: scan_length_min (2)"},
           {"operations=5 phases=x", "phase 1: phases is the same for all phases"},
           {"operations=5 read_proportion=0", "phase 1: no operation has a proportion above 0"},
       }) {
    const Status status = CheckWorkload(Phased(c.phases));
    ASSERT_FALSE(status.ok()) << c.phases;
    EXPECT_EQ(status.message().substr(0, std::string_view(c.message).size()), c.message);
  }
}

TEST(Phases, AreTablesOfAWorkloadFile) {
  const char* text =
      "records = 100\n"
      "read_proportion = 1\n"
      "[[phase]]\n"
      "operations = 30\n"
      "key_chooser = \"latest\"\n"
      "[[phase]]\n"
      "operations = 12\n"
      "update_proportion = 0.5\n";
  const Result<Workload> workload = ParseWorkload(text, "x.toml");
  ASSERT_TRUE(workload.ok()) << workload.status().ToString();
  EXPECT_EQ(workload->operations, 42u);
  const Result<std::vector<Workload>> phases = PhasesOf(*workload);
  ASSERT_TRUE(phases.ok());
  ASSERT_EQ(phases->size(), 2u);
  EXPECT_EQ((*phases)[0].key_chooser, "latest");
  EXPECT_EQ((*phases)[0].read_proportion, 1);
  EXPECT_EQ((*phases)[1].key_chooser, "uniform");
  EXPECT_EQ((*phases)[1].read_proportion, 0);
  EXPECT_EQ((*phases)[1].update_proportion, 0.5);
}

TEST(Phases, MistakesInAFileHaveTheirLine) {
  const auto error = [](const char* text) {
    return std::string(ParseWorkload(text, "x.toml").status().message());
  };
  EXPECT_EQ(error("read_proportion = 1\n[[phase]]\noperations = 1\nkey_choser = \"latest\"\n")
                .substr(0, 9),
            "x.toml:4:");
  EXPECT_EQ(error("phase = 3\n"), "x.toml:1: phases are tables: [[phase]]");
  EXPECT_EQ(error("[[phase]]\noperations = 0\n").substr(0, 18), "x.toml:1: phase 1:");
}

}  // namespace
}  // namespace varve::workloads
