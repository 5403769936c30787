// What one recording costs.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <vector>

#include "harness/histogram.h"
#include "harness/hlog.h"

namespace varve::harness {
namespace {

// Latencies as a store has them: around 1 µs, some a thousand times longer.
std::vector<uint64_t> Latencies() {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(7, 1);
  std::vector<uint64_t> values;
  for (int i = 0; i < 4096; ++i) values.push_back(static_cast<uint64_t>(latency(random)));
  return values;
}

void BM_Record(benchmark::State& state) {
  const std::vector<uint64_t> values = Latencies();
  const auto histogram = std::make_unique<Histogram>();
  size_t next = 0;
  for (auto _ : state) {
    histogram->Record(values[next++ & 4095]);
  }
  benchmark::DoNotOptimize(histogram->count());
}
BENCHMARK(BM_Record);

std::unique_ptr<Histogram> Filled() {
  auto histogram = std::make_unique<Histogram>();
  for (const uint64_t value : Latencies()) histogram->Record(value);
  return histogram;
}

void BM_Merge(benchmark::State& state) {
  const auto from = Filled();
  const auto into = std::make_unique<Histogram>();
  for (auto _ : state) {
    into->Merge(*from);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_Merge);

void BM_Percentile(benchmark::State& state) {
  const auto histogram = Filled();
  for (auto _ : state) benchmark::DoNotOptimize(histogram->PercentileNs(99));
}
BENCHMARK(BM_Percentile);

void BM_HlogLine(benchmark::State& state) {
  const auto histogram = Filled();
  for (auto _ : state) benchmark::DoNotOptimize(HlogLine("read", 0, 1, *histogram));
}
BENCHMARK(BM_HlogLine);

}  // namespace
}  // namespace varve::harness
