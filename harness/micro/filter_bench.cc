// What each kind of filter costs a key: to build, and to ask for keys that it holds and lacks, in
// the second-level cache and far out of every cache. All at 10 bits per key, or what the kind
// takes.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/parts.h"
#include "engine/util/aligned_bytes.h"

namespace varve {
namespace {

constexpr double kBitsPerKey = 10;
constexpr size_t kKeysInCache = 16 << 10;
constexpr size_t kKeysOfTable = 500000;
constexpr size_t kKeysOutOfCache = 50000000;

std::vector<uint64_t> Hashes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> hashes(count);
  for (uint64_t& hash : hashes) hash = random();
  return hashes;
}

// Of the last filter that was asked for: the large ones are not held together.
struct Filter {
  std::string kind;
  std::vector<uint64_t> keys;
  AlignedBytes bytes;
};

const Filter& FilterOf(const FilterPart& part, size_t keys) {
  static Filter filter;
  if (filter.kind != part.name || filter.keys.size() != keys) {
    filter.kind = part.name;
    filter.keys = Hashes(keys, 1);
    filter.bytes = AlignedBytes(part.make()->Build(filter.keys, kBitsPerKey));
  }
  return filter;
}

void Build(benchmark::State& state, const FilterPart& part, size_t keys) {
  const auto policy = part.make();
  const std::vector<uint64_t> hashes = Hashes(keys, 1);
  size_t bytes = 0;
  for (auto _ : state) bytes += policy->Build(hashes, kBitsPerKey).size();
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(keys));
  state.counters["bits_per_key"] = static_cast<double>(bytes * 8) /
                                   static_cast<double>(state.iterations()) /
                                   static_cast<double>(keys);
}

void Probe(benchmark::State& state, const FilterPart& part, size_t keys, bool present) {
  const auto policy = part.make();
  const Filter& filter = FilterOf(part, keys);
  const std::vector<uint64_t> absent = Hashes(std::min<size_t>(keys, 1 << 20), 2);
  const std::vector<uint64_t>& asked = present ? filter.keys : absent;
  size_t i = 0;
  uint64_t yesses = 0;
  for (auto _ : state) {
    yesses += policy->MayContain(asked[i], filter.bytes.view()) ? 1 : 0;
    i = i + 1 == asked.size() ? 0 : i + 1;
  }
  benchmark::DoNotOptimize(yesses);
}

// Registered when the program starts: the kinds are those of the table of parts.
const bool kRegistered = [] {
  for (const FilterPart& part : FilterParts()) {
    if (part.make() == nullptr) continue;
    const std::string kind(part.name);
    benchmark::RegisterBenchmark(("BM_FilterBuild/" + kind).c_str(), Build, part, kKeysOfTable)
        ->Unit(benchmark::kMillisecond);
    for (const size_t keys : {kKeysInCache, kKeysOutOfCache}) {
      for (const bool present : {true, false}) {
        const std::string name = "BM_FilterProbe/" + kind + "/keys:" + std::to_string(keys) +
                                 (present ? "/present" : "/absent");
        benchmark::RegisterBenchmark(name.c_str(), Probe, part, keys, present);
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace varve
