// How long opening a database takes, and how much memory, when a log of a given size is replayed.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "engine/db.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

// The peak of resident memory since the last reset, or now.
uint64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << '5'; }

std::unique_ptr<Db> Open(const Options& options, const std::string& directory) {
  auto db = Db::Open(options, Environment(), directory);
  if (!db.ok()) std::abort();
  return std::move(*db);
}

// A log of 16 + 100 bytes a record in random order, of which nothing is in tables.
void MakeLog(const std::string& directory, uint64_t bytes) {
  fs::remove_all(directory);
  Options options;
  options.memtable_bytes = 8 * bytes;
  const std::unique_ptr<Db> db = Open(options, directory);
  std::mt19937_64 random(1);
  const std::string value(100, 'v');
  for (uint64_t written = 0; written < bytes; written += 16 + value.size()) {
    std::string key = std::to_string(random());
    key.resize(16, '0');
    if (!db->Put(key, value).ok()) std::abort();
  }
}

void BM_Recovery(benchmark::State& state) {
  const uint64_t bytes = static_cast<uint64_t>(state.range(0)) << 20;
  const std::string directory = (fs::temp_directory_path() / "varve-recovery-bench").string();
  uint64_t peak = 0;
  for (auto _ : state) {
    state.PauseTiming();
    MakeLog(directory, bytes);
    malloc_trim(0);
    ResetPeak();
    const uint64_t before = PeakBytes();
    state.ResumeTiming();
    std::unique_ptr<Db> db = Open(Options(), directory);
    state.PauseTiming();
    peak = PeakBytes() - before;
    db.reset();
    state.ResumeTiming();
  }
  fs::remove_all(directory);
  state.counters["peak_MiB"] = static_cast<double>(peak) / (1 << 20);
  state.SetBytesProcessed(static_cast<int64_t>(bytes) * state.iterations());
}
BENCHMARK(BM_Recovery)
    ->ArgName("log_MiB")
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace varve
