// What the harness itself costs: clock, oracle, and whole operations against the null store.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <memory>

#include "harness/client.h"
#include "harness/store.h"
#include "workloads/stream.h"
#include "workloads/values.h"

namespace varve::harness {
namespace {

using workloads::Workload;
using workloads::WorkloadState;

void BM_ClockStart(benchmark::State& state) {
  const OperationClock clock = OperationClock::Best();
  for (auto _ : state) benchmark::DoNotOptimize(clock.Start());
}
BENCHMARK(BM_ClockStart);

void BM_ClockEnd(benchmark::State& state) {
  const OperationClock clock = OperationClock::Best();
  for (auto _ : state) benchmark::DoNotOptimize(clock.End());
}
BENCHMARK(BM_ClockEnd);

void BM_ClockGettime(benchmark::State& state) {
  const OperationClock clock = OperationClock::Monotonic();
  for (auto _ : state) benchmark::DoNotOptimize(clock.End());
}
BENCHMARK(BM_ClockGettime);

// C: reads. A: half reads, half updates. YCSB's zipfian, keys of 16 bytes, a million records.
Workload Ycsb(char letter, uint64_t value_bytes) {
  Workload workload;
  workload.records = 1'000'000;
  workload.key_chooser = "ycsb_scrambled";
  workload.value_bytes = value_bytes;
  workload.read_proportion = letter == 'C' ? 1 : 0.5;
  workload.update_proportion = letter == 'C' ? 0 : 0.5;
  return workload;
}

constexpr uint64_t kOperations = 1 << 16;

void Generate(benchmark::State& state, const Workload& workload) {
  WorkloadState shared(workload);
  const auto stream = NewRunStream(workload, {}, &shared);
  workloads::Operation operation;
  for (auto _ : state) {
    stream->Next(&operation);
    benchmark::DoNotOptimize(operation.key.data());
  }
}

// One item is one operation, without the oracle.
void Run(benchmark::State& state, const Workload& workload) {
  const auto store = FindStoreKind("null")->open({}).value();
  WorkloadState shared(workload);
  std::atomic<bool> stop{false};
  uint64_t first = 0;
  for (auto _ : state) {
    const auto stream = NewRunStream(workload, {1, 0, 1, kOperations, first}, &shared);
    ClientParts parts;
    parts.store = store.get();
    parts.stream = stream.get();
    parts.workload = &shared;
    parts.stop = &stop;
    const auto client = std::make_unique<Client>(parts);
    if (!client->Run({}).ok()) state.SkipWithError("the null store failed");
    first += kOperations;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kOperations));
  state.counters["ns_per_operation"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(kOperations) / 1e9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_GenerateYcsbC(benchmark::State& state) { Generate(state, Ycsb('C', 100)); }
BENCHMARK(BM_GenerateYcsbC);
void BM_GenerateYcsbA1000(benchmark::State& state) { Generate(state, Ycsb('A', 1000)); }
BENCHMARK(BM_GenerateYcsbA1000);
void BM_NullYcsbC(benchmark::State& state) { Run(state, Ycsb('C', 100)); }
BENCHMARK(BM_NullYcsbC);
void BM_NullYcsbA1000(benchmark::State& state) { Run(state, Ycsb('A', 1000)); }
BENCHMARK(BM_NullYcsbA1000);

// Begin and End of the oracle around a read of a random one of a million loaded records; making
// operation and value is in it too.
void BM_OracleRead(benchmark::State& state) {
  Workload workload = Ycsb('C', 100);
  workload.key_chooser = "uniform";
  WorkloadState shared(workload);
  Oracle oracle(&shared, workload.records, true);
  const auto load = NewLoadStream(workload, {}, &shared);
  workloads::Operation operation;
  while (load->Next(&operation)) oracle.End(0, operation, oracle.Begin(operation), false, {});
  const auto stream = NewRunStream(workload, {}, &shared);
  std::string buffer;
  for (auto _ : state) {
    stream->Next(&operation);
    const uint64_t before = oracle.Begin(operation);
    const std::string_view value = shared.values().Make(operation.record, 0, &buffer);
    oracle.End(0, operation, before, true, value);
  }
  if (oracle.wrong_answers() > 0) state.SkipWithError("the oracle disagrees");
}
BENCHMARK(BM_OracleRead);

}  // namespace
}  // namespace varve::harness
