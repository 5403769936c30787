// What it costs to make operations: the run stream of every shipped workload, and its parts.
//
// The time of an item is that of one operation. These costs are part of every trial; the harness
// measures them again, in place, against the null store.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <string>

#include "workloads/choosers/choosers.h"
#include "workloads/keys.h"
#include "workloads/stream.h"
#include "workloads/values.h"
#include "workloads/workload_file.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kRecords = 1'000'000;

// Runs the stream, and acknowledges inserts as a client does.
void RunStreamOf(benchmark::State& state, const Workload& workload) {
  WorkloadState shared(workload);
  const auto stream = NewRunStream(workload, {.seed = 1}, &shared);
  Operation op;
  for (auto _ : state) {
    stream->Next(&op);
    if (op.kind == OperationKind::kInsert && !shared.Acknowledge(op.record).ok()) {
      state.SkipWithError("acknowledgement refused");
    }
    benchmark::DoNotOptimize(op.key.data());
    benchmark::DoNotOptimize(op.value.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void ChooserOf(benchmark::State& state, const std::string& name) {
  Workload workload;
  workload.records = kRecords;
  workload.key_chooser = name;
  const auto chooser = MakeChooser(workload);
  const uint64_t base = Random::StreamBase(1, RandomStream::kKey);
  uint64_t index = 0;
  for (auto _ : state) {
    ChooserInput input{Random(base, index), index, kRecords - 1};
    benchmark::DoNotOptimize(chooser->Next(&input));
    index++;
  }
}

void KeyOf(benchmark::State& state, const std::string& format) {
  Workload workload;
  workload.key_format = format;
  const KeySpace keys(workload);
  std::string buffer;
  uint64_t record = 0;
  for (auto _ : state) benchmark::DoNotOptimize(keys.Key(record++, &buffer).data());
}

void MakeValue(benchmark::State& state) {
  Workload workload;
  workload.value_bytes = static_cast<uint64_t>(state.range(0));
  const ValueSource values(workload);
  std::string buffer;
  uint64_t version = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(values.Make(version, version, &buffer).data());
    benchmark::ClobberMemory();
    version++;
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(MakeValue)->Arg(100)->Arg(1000)->Arg(10000)->Arg(1 << 20);

// What the oracle asks for each overwrite.
void ValueSizeOf(benchmark::State& state, const std::string& distribution) {
  Workload workload;
  workload.value_bytes = 1024;
  workload.value_distribution = distribution;
  workload.value_bytes_mean = 512;
  workload.value_bytes_deviation = 128;
  workload.value_bytes_scale = 25.45;
  workload.value_bytes_shape = 0.2615;
  workload.value_histogram = "16:4,17-31:2,32-1024:1";
  const ValueSource values(workload);
  uint64_t record = 0;
  for (auto _ : state) benchmark::DoNotOptimize(values.Size(record++, 1));
}

void VerifyValue(benchmark::State& state) {
  Workload workload;
  workload.value_bytes = static_cast<uint64_t>(state.range(0));
  const ValueSource values(workload);
  std::string buffer;
  const std::string_view value = values.Make(1, 2, &buffer);
  for (auto _ : state) benchmark::DoNotOptimize(values.Verify(value, 1, 2));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(VerifyValue)->Arg(100)->Arg(1000);

// One benchmark for each row of a table, and each workload of workloads/.
const bool kRegistered = [] {
  for (const ChooserRow& row : ChooserTable()) {
    const std::string name(row.name);
    benchmark::RegisterBenchmark(("Chooser/" + name).c_str(), ChooserOf, name);
  }
  for (const Choice& choice : ChoicesOf("length_distribution")) {
    const std::string name(choice.name);
    benchmark::RegisterBenchmark(("ValueSize/" + name).c_str(), ValueSizeOf, name);
  }
  for (const char* format : {"fixed", "ycsb"}) {
    benchmark::RegisterBenchmark((std::string("Key/") + format).c_str(), KeyOf, format);
  }
  // As `varve_micro` is run from the root of the repository.
  for (const WorkloadEntry& entry : ListWorkloads("workloads")) {
    const Result<Workload> workload = FindWorkload(entry.name, {"workloads"});
    if (!workload.ok()) continue;
    benchmark::RegisterBenchmark(("Stream/" + entry.name).c_str(), RunStreamOf, *workload);
    Workload fixed = *workload;
    if (fixed.key_format == "fixed") continue;
    fixed.key_format = "fixed";
    benchmark::RegisterBenchmark(("Stream/" + entry.name + "_fixed_keys").c_str(), RunStreamOf,
                                 fixed);
  }
  return true;
}();

}  // namespace
}  // namespace varve::workloads
