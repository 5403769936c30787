// YCSB, as it is: what a run of the original would show, too (research: the original's sources).
//
// The vectors of keys are in keys_test, choosers one by one in choosers_test; here is what takes
// several parts together. What needs the program is in tests/ycsb_test.py.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "tests/paths.h"
#include "tests/workloads/statistics.h"
#include "workloads/keys.h"
#include "workloads/stream.h"
#include "workloads/ycsb_properties.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kOperations = 1'000'000;

// The workload of a property file as shipped, with `properties` on top.
Workload Core(const std::string& name, const std::vector<PropertyText>& properties) {
  const auto run = LoadYcsb({SourcePath("workloads/ycsb/" + name)}, properties);
  EXPECT_TRUE(run.ok()) << run.status().ToString();
  return run->workload;
}

// Runs a stream to its end, acknowledging every insert at once.
template <class Visitor>
void ForEachOperation(const Workload& workload, Visitor&& visit) {
  ASSERT_TRUE(CheckWorkload(workload).ok()) << CheckWorkload(workload).ToString();
  WorkloadState state(workload);
  const auto stream =
      NewRunStream(workload, {.seed = 20, .operations = workload.operations}, &state);
  Operation operation;
  while (stream->Next(&operation)) {
    visit(operation, state);
    if (operation.kind != OperationKind::kInsert) continue;
    ASSERT_TRUE(state.Acknowledge(operation.record).ok());
  }
}

TEST(YcsbConformance, CoreWorkloadsHaveTheirMixes) {
  using enum OperationKind;
  const struct {
    const char* name;
    std::vector<std::pair<OperationKind, double>> mix;
  } kCore[] = {
      {"workloada", {{kRead, 0.5}, {kUpdate, 0.5}}},
      {"workloadb", {{kRead, 0.95}, {kUpdate, 0.05}}},
      {"workloadc", {{kRead, 1}}},
      {"workloadd", {{kRead, 0.95}, {kInsert, 0.05}}},
      {"workloade", {{kScan, 0.95}, {kInsert, 0.05}}},
      {"workloadf", {{kRead, 0.5}, {kReadModifyWrite, 0.5}}},
  };
  for (const auto& core : kCore) {
    const Workload workload =
        Core(core.name, {{"operationcount", "1000000"}, {"fieldlength", "1"}});
    std::vector<uint64_t> counts(kOperationKinds);
    ForEachOperation(workload, [&](const Operation& operation, const WorkloadState&) {
      counts[static_cast<size_t>(operation.kind)]++;
    });
    std::vector<uint64_t> seen;
    std::vector<double> expected;
    uint64_t sum = 0;
    for (const auto& [kind, share] : core.mix) {
      seen.push_back(counts[static_cast<size_t>(kind)]);
      expected.push_back(share);
      sum += seen.back();
    }
    EXPECT_EQ(sum, kOperations) << core.name;
    if (seen.size() > 1) {
      EXPECT_LT(ChiSquareDeviation(seen, expected), 4) << core.name;
    }
  }
}

// The share of rank `rank` of 10^10 + 1 items by Gray's formula, the sum of whose terms YCSB holds
// as a constant: the width of the interval of uniform numbers that leads to the rank.
double ShareOfRank(uint64_t rank) {
  constexpr double kTheta = 0.99, kZeta = 26.46902820178302, kItems = 10'000'000'001;
  const double two = 1 + std::pow(0.5, kTheta);
  const double eta = (1 - std::pow(2 / kItems, 1 - kTheta)) / (1 - two / kZeta);
  const auto begin = [&](double r) {
    return std::max(two / kZeta, (std::pow(r / kItems, 1 - kTheta) - 1 + eta) / eta);
  };
  const auto r = static_cast<double>(rank);
  double share = begin(r + 1) - begin(r);
  if (rank == 0) share += 1 / kZeta;
  if (rank == 1) share += (two - 1) / kZeta;
  return share;
}

TEST(YcsbConformance, TheHottestOfAThousandRecordsHasTheMassThatHashesToIt) {
  constexpr uint64_t kRanks = 2'000'000, kItems = 1001;  // one record too many, as in YCSB
  const uint64_t hottest = YcsbHash(0) % kItems;
  double mass = 0, first = 0;
  for (uint64_t rank = 0; rank < kRanks; ++rank) {
    const double share = ShareOfRank(rank);
    first += share;
    if (YcsbHash(rank) % kItems == hottest) mass += share;
  }
  mass += (1 - first) / kItems;  // ranks beyond: none of them matters
  const Workload workload =
      Core("workloadc", {{"recordcount", "1000"}, {"operationcount", "1000000"}});
  std::vector<uint64_t> counts(kItems);
  ForEachOperation(workload, [&](const Operation& operation, const WorkloadState&) {
    counts.at(operation.record)++;
  });
  EXPECT_EQ(counts[1000], 0u);  // the record that is not there is drawn again
  // What record 1000 would get goes to all others in their proportions.
  double missing = (1 - first) / kItems;
  for (uint64_t rank = 0; rank < kRanks; ++rank) {
    if (YcsbHash(rank) % kItems == 1000) missing += ShareOfRank(rank);
  }
  const double expected = mass / (1 - missing);
  const double sigma = std::sqrt(expected * (1 - expected) / kOperations);
  EXPECT_NEAR(static_cast<double>(counts[hottest]) / kOperations, expected, 4 * sigma);
  EXPECT_GT(expected, 0.0378);
}

TEST(YcsbConformance, TheNewestRecordsOfWorkloadDAreReadByAgeWithTheFirstEta) {
  constexpr uint64_t kRecords = 1000;
  const Workload workload = Core("workloadd", {{"recordcount", "1000"},
                                               {"operationcount", "1000000"},
                                               {"readproportion", "0.5"},
                                               {"insertproportion", "0.5"},
                                               {"fieldlength", "1"}});
  // Shares of the first ages, summed up over all the moments of the run: zeta grows with the
  // newest record, eta stays that of the start (ZipfianGenerator.nextLong).
  constexpr size_t kAges = 30;
  constexpr double kTheta = 0.99;
  const double two = 1 + std::pow(0.5, kTheta);
  double zeta = 0, terms = 0, first_zeta = 0;
  std::vector<uint64_t> counts(kAges + 1);
  std::vector<double> expected(kAges + 1);
  double reads = 0;
  ForEachOperation(workload, [&](const Operation& operation, const WorkloadState& state) {
    if (operation.kind != OperationKind::kRead) return;
    const auto newest = static_cast<double>(state.records() - 1);
    while (terms < newest) {
      terms += 1;
      zeta += std::pow(terms, -kTheta);
      if (terms == kRecords - 1) first_zeta = zeta;
    }
    const double eta = (1 - std::pow(2.0 / (kRecords - 1), 1 - kTheta)) / (1 - two / zeta);
    counts[std::min<uint64_t>(state.records() - 1 - operation.record, kAges)]++;
    reads++;
    double before = two / zeta;
    for (size_t age = 0; age < kAges; ++age) {
      const double next =
          (std::pow(static_cast<double>(age + 1) / newest, 1 - kTheta) - 1 + eta) / eta;
      expected[age] += std::max(next - before, 0.0);
      before = std::max(next, before);
    }
    expected[0] += 1 / zeta;
    expected[1] += (two - 1) / zeta;
  });
  EXPECT_GT(first_zeta, 0);
  double rest = 1;
  for (size_t age = 0; age < kAges; ++age) rest -= expected[age] /= reads;
  expected[kAges] = rest;
  EXPECT_LT(ChiSquareDeviation(counts, expected), 4);
}

TEST(YcsbConformance, WorkloadDNeverReadsWhatIsNotAcknowledged) {
  constexpr int kClients = 4;
  constexpr uint64_t kRecords = 1000, kPerRun = 200'000;
  const Workload workload = Core("workloadd", {{"recordcount", "1000"},
                                               {"operationcount", "200000"},
                                               {"readproportion", "0.5"},
                                               {"insertproportion", "0.5"},
                                               {"fieldlength", "1"}});
  WorkloadState state(workload);
  // Set before the acknowledgement: a record that may be chosen has its mark.
  std::vector<std::atomic<bool>> marked(kRecords + kPerRun);
  for (uint64_t record = 0; record < kRecords; ++record) marked[record] = true;
  std::atomic<uint64_t> wrong = 0, of_the_run = 0;
  std::vector<std::thread> threads;
  for (int client = 0; client < kClients; ++client) {
    threads.emplace_back([&, client] {
      const auto stream = NewRunStream(
          workload, {.seed = 3, .client = client, .clients = kClients, .operations = kPerRun},
          &state);
      Operation operation;
      while (stream->Next(&operation)) {
        if (operation.kind != OperationKind::kInsert) {
          if (!marked[operation.record]) ++wrong;
          if (operation.record >= kRecords) ++of_the_run;
          continue;
        }
        if (operation.record % 7 == 0) std::this_thread::yield();  // others overtake
        marked[operation.record] = true;
        if (!state.Acknowledge(operation.record).ok()) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(of_the_run, kPerRun / 4);
}

}  // namespace
}  // namespace varve::workloads
