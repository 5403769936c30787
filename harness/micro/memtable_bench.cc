// What an add, a get and a scan of a memtable cost, by part and size: random keys of 16 bytes,
// values of 100.
//
// Names are memtable/<part>/<what>/<entries>. `each` is the time for one add, get or scan;
// `bytes_per_entry` is what the table is charged, of which 116 are key and value.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "engine/memtable/memtable.h"
#include "engine/parts.h"
#include "engine/util/random.h"

namespace varve {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 100;
constexpr int kScanEntries = 100;
constexpr uint64_t kSizes[] = {10'000, 100'000, 400'000};

enum class Order { kRandom, kSequential };
enum class Phase { kFilling, kSealed };

// Key number i of a table. Absent keys are those with numbers that were not added.
class Key {
 public:
  Key(uint64_t i, Order order) {
    const uint64_t words[] = {order == Order::kRandom ? SplitMix64(i) : __builtin_bswap64(i), i};
    static_assert(sizeof words == kKeyBytes);
    std::memcpy(bytes_.data(), words, sizeof words);
  }
  operator std::string_view() const { return {bytes_.data(), bytes_.size()}; }  // NOLINT

 private:
  std::array<char, kKeyBytes> bytes_;
};

std::unique_ptr<MemTable> Filled(const MemTablePart& part, uint64_t entries, Order order) {
  static const std::string value(kValueBytes, 'v');
  auto table = part.make(MemTableOptions{});
  for (uint64_t i = 1; i <= entries; ++i) {
    table->Add({Key(i, order), MakeTag(i, EntryKind::kPut), value});
  }
  return table;
}

// The table that the last benchmark read, which the next one mostly reads too.
const MemTable& TableToRead(const MemTablePart& part, uint64_t entries, Phase phase) {
  static std::unique_ptr<MemTable> table;
  static std::string table_is;
  const std::string wanted =
      std::string(part.name) + std::to_string(entries) + (phase == Phase::kSealed ? "sealed" : "");
  if (table_is != wanted) {
    table.reset();
    table = Filled(part, entries, Order::kRandom);
    if (phase == Phase::kSealed) table->Seal();
    table_is = wanted;
  }
  return *table;
}

void ReportEach(benchmark::State& state, uint64_t operations_per_iteration) {
  state.counters["each"] = benchmark::Counter(
      static_cast<double>(operations_per_iteration),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Insert(benchmark::State& state, const MemTablePart& part, Order order, uint64_t entries) {
  uint64_t bytes = 0;
  for (auto _ : state) {
    auto table = Filled(part, entries, order);
    bytes = table->bytes();
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  ReportEach(state, entries);
  state.counters["bytes_per_entry"] = static_cast<double>(bytes) / static_cast<double>(entries);
}

void Get(benchmark::State& state, const MemTablePart& part, Phase phase, bool hit,
         uint64_t entries) {
  const MemTable& table = TableToRead(part, entries, phase);
  Random random(1);
  uint64_t found = 0;
  Entry entry;
  for (auto _ : state) {
    const uint64_t i = 1 + random.Uniform(static_cast<uint32_t>(entries)) + (hit ? 0 : entries);
    found += table.Get(Key(i, Order::kRandom), kSequenceMax, &entry) ? 1 : 0;
  }
  ReportEach(state, 1);
  if (found != (hit ? static_cast<uint64_t>(state.iterations()) : 0)) {
    state.SkipWithError("wrong answer");
  }
}

// A new iterator, a seek to a random entry, and that and the entries behind it.
void Scan(benchmark::State& state, const MemTablePart& part, Phase phase, uint64_t entries) {
  const MemTable& table = TableToRead(part, entries, phase);
  Random random(1);
  uint64_t bytes = 0;
  for (auto _ : state) {
    const uint64_t i = 1 + random.Uniform(static_cast<uint32_t>(entries));
    const auto it = table.NewIterator();
    it->Seek(Key(i, Order::kRandom), SeekTag(kSequenceMax));
    for (int n = 0; n < kScanEntries && it->Valid(); ++n, it->Next()) {
      bytes += it->entry().value.size();
    }
  }
  benchmark::DoNotOptimize(bytes);
  ReportEach(state, 1);
}

void RegisterReads(const MemTablePart& part, Phase phase, const std::string& suffix) {
  const std::string name = "memtable/" + std::string(part.name) + "/";
  for (const uint64_t entries : kSizes) {
    const std::string end = suffix + "/" + std::to_string(entries);
    benchmark::RegisterBenchmark((name + "get_hit" + end).c_str(), Get, part, phase, true, entries);
    benchmark::RegisterBenchmark((name + "get_miss" + end).c_str(), Get, part, phase, false,
                                 entries);
    benchmark::RegisterBenchmark((name + "scan_100" + end).c_str(), Scan, part, phase, entries);
  }
}

bool RegisterAll() {
  for (const MemTablePart& part : MemTableParts()) {
    const std::string name = "memtable/" + std::string(part.name) + "/";
    for (const uint64_t entries : kSizes) {
      const std::string end = "/" + std::to_string(entries);
      benchmark::RegisterBenchmark((name + "insert_random" + end).c_str(), Insert, part,
                                   Order::kRandom, entries)
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark((name + "insert_sequential" + end).c_str(), Insert, part,
                                   Order::kSequential, entries)
          ->Unit(benchmark::kMillisecond);
    }
    RegisterReads(part, Phase::kFilling, "");
    RegisterReads(part, Phase::kSealed, "_sealed");
  }
  return true;
}

const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace varve
