// What an add, a get and a scan of a memtable cost, by part and size: keys of 16 bytes, values of
// 100.
//
// Names are memtable/<part>/<what>/<entries>, or …/64MiB for as many entries as a memtable of that
// size takes. With VARVE_BENCH_LARGE set there are tables of 10^7 entries too, 2 GB each. `each` is
// the processor time of the measured thread for one add, get or scan; `bytes_per_entry` is what the
// table is charged, of which `payload` is key and value, see MemTableUse.
//
//   insert_random, _sequential   each key once
//   insert_zipf                  keys by a Zipf law of 0.99: new versions of few keys
//   insert_mixed                 random, and a get after each 1000 of them
//   insert_beside_reader         random, while another thread gets
//   get_hit, get_miss            of random keys; …_sealed: of a sealed table
//   get_beside_writer            while another thread adds
//   scan_100                     a new iterator, a seek, and 100 entries
//   insert_random_huge, get_hit_huge   of the parts that keep order, with arenas of huge pages
//   bytes                        insert_random of 100,000 entries with values of another size
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/memtable/late_sorted_memtable.h"
#include "engine/memtable/memtable.h"
#include "engine/parts.h"
#include "engine/util/random.h"
#include "harness/micro/memtable_keys.h"
#include "workloads/choosers/zipf_sampler.h"

namespace varve {
namespace {

using memtable_bench::Key;
using memtable_bench::kValueBytes;
using memtable_bench::NumberToGet;
using memtable_bench::Order;
using memtable_bench::ReportEach;

constexpr int kScanEntries = 100;
constexpr uint64_t kFull = 0;  // for a number of entries: until a table of 64 MiB is full
constexpr uint64_t kMixedAddsPerGet = 1000;
constexpr double kZipfTheta = 0.99;

std::vector<uint64_t> Sizes() {
  std::vector<uint64_t> sizes = {10'000, 100'000, kFull, 1'000'000};
  if (std::getenv("VARVE_BENCH_LARGE") != nullptr) sizes.push_back(10'000'000);
  return sizes;
}

std::string SizeName(uint64_t entries) {
  return entries == kFull ? "64MiB" : std::to_string(entries);
}

enum class Beside { kNothing, kGets, kReader };
enum class Phase { kFilling, kSealed };
enum class Pages { kNormal, kHuge };

// Memory goes from one table to the next, as in a database.
MemTableOptions OptionsWith(Pages pages) {
  static const auto kPool = std::make_shared<ArenaPool>(uint64_t{4} << 30);
  MemTableOptions options;
  options.pool = kPool;
  options.huge_pages = pages == Pages::kHuge;
  return options;
}

// The key numbers that are added, one after the other: 1, 2, 3 …, or by the Zipf law.
std::vector<uint32_t> ZipfNumbers(uint64_t count) {
  const workloads::ZipfSampler sampler(count, kZipfTheta);
  workloads::Random random(1, 1);
  std::vector<uint32_t> numbers(count);
  for (uint32_t& number : numbers) number = static_cast<uint32_t>(sampler.Rank(&random));
  return numbers;
}

bool GetRandom(const MemTable& table, Random* random, uint64_t numbers, Order order) {
  Entry entry;
  return table.Get(Key(NumberToGet(random, numbers, true), order), kSequenceMax, &entry);
}

// Gets random keys of the table on a thread of its own, until it dies.
class Reader {
 public:
  Reader(const MemTable& table, Order order)
      : thread_([this, &table, order] {
          Random random(2);
          while (!done_.load(std::memory_order_relaxed)) {
            const uint64_t entries = table.entries();
            if (entries != 0) benchmark::DoNotOptimize(GetRandom(table, &random, entries, order));
          }
        }) {}
  ~Reader() {
    done_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

bool IsFilled(const MemTable& table, uint64_t entries) {
  return entries == kFull ? IsFull(table, MemTableOptions{}) : table.entries() == entries;
}

// Adds until there are `entries`.
void Fill(MemTable* table, uint64_t entries, Order order, size_t value_bytes, Beside beside) {
  static const std::string values(1000, 'v');
  const std::string_view value = std::string_view(values).substr(0, value_bytes);
  static std::vector<uint32_t> zipf;
  const uint64_t zipf_count = entries == kFull ? 600'000 : entries;
  if (order == Order::kZipf && zipf.size() != zipf_count) zipf = ZipfNumbers(zipf_count);
  std::unique_ptr<Reader> reader;
  if (beside == Beside::kReader) reader = std::make_unique<Reader>(*table, order);
  Random random(3);
  for (uint64_t i = 1; !IsFilled(*table, entries); ++i) {
    const uint64_t number = order == Order::kZipf ? zipf[(i - 1) % zipf.size()] : i;
    const Order bytes = order == Order::kZipf ? Order::kRandom : order;
    table->Add({Key(number, bytes), MakeTag(i, EntryKind::kPut), value});
    if (beside == Beside::kGets && i % kMixedAddsPerGet == 0) {
      benchmark::DoNotOptimize(GetRandom(*table, &random, i, order));
    }
  }
}

std::unique_ptr<MemTable> Filled(const MemTablePart& part, uint64_t entries, Order order,
                                 Pages pages = Pages::kNormal) {
  auto table = part.make(OptionsWith(pages));
  Fill(table.get(), entries, order, kValueBytes, Beside::kNothing);
  return table;
}

// The table that the last benchmark read, which the next one mostly reads too.
const MemTable& TableToRead(const MemTablePart& part, uint64_t entries, Phase phase, Pages pages) {
  static std::unique_ptr<MemTable> table;
  static std::string table_is;
  const std::string wanted = std::string(part.name) + std::to_string(entries) +
                             (phase == Phase::kSealed ? "sealed" : "") +
                             (pages == Pages::kHuge ? "huge" : "");
  if (table_is != wanted) {
    table.reset();
    table = Filled(part, entries, Order::kRandom, pages);
    if (phase == Phase::kSealed) table->Seal();
    table_is = wanted;
  }
  return *table;
}

struct Inserts {
  uint64_t entries = 0;
  Order order = Order::kRandom;
  size_t value_bytes = kValueBytes;
  Beside beside = Beside::kNothing;
  Pages pages = Pages::kNormal;
};

void Insert(benchmark::State& state, const MemTablePart& part, const Inserts& what) {
  // What numbers the keys is drawn before the clock runs.
  if (what.order == Order::kZipf) Filled(part, what.entries, what.order);
  MemTableUse use;
  uint64_t entries = 1;
  for (auto _ : state) {
    auto table = part.make(OptionsWith(what.pages));
    Fill(table.get(), what.entries, what.order, what.value_bytes, what.beside);
    use = table->use();
    entries = table->entries();
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  ReportEach(state, entries);
  const auto each = [entries](uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(entries);
  };
  state.counters["bytes_per_entry"] = each(use.total());
  state.counters["payload"] = each(use.payload);
  state.counters["structure"] = each(use.structure);
  state.counters["slack"] = each(use.slack);
}

struct Gets {
  uint64_t entries = 0;
  bool hit = true;
  Phase phase = Phase::kFilling;
  Pages pages = Pages::kNormal;
};

void Get(benchmark::State& state, const MemTablePart& part, const Gets& what) {
  const MemTable& table = TableToRead(part, what.entries, what.phase, what.pages);
  const uint64_t entries = table.entries();
  Random random(1);
  uint64_t found = 0;
  Entry entry;
  for (auto _ : state) {
    const uint64_t i = NumberToGet(&random, entries, what.hit);
    found += table.Get(Key(i, Order::kRandom), kSequenceMax, &entry) ? 1 : 0;
  }
  ReportEach(state, 1);
  if (found != (what.hit ? static_cast<uint64_t>(state.iterations()) : 0)) {
    state.SkipWithError("wrong answer");
  }
}

// Gets of keys that were there before another thread began to add as many again.
void GetBesideWriter(benchmark::State& state, const MemTablePart& part, uint64_t size) {
  const std::unique_ptr<MemTable> table = Filled(part, size, Order::kRandom);
  const uint64_t entries = table->entries();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const std::string value(kValueBytes, 'v');
    for (uint64_t i = entries + 1; i <= 2 * entries && !done.load(); ++i) {
      table->Add({Key(i, Order::kRandom), MakeTag(i, EntryKind::kPut), value});
    }
  });
  Random random(1);
  uint64_t found = 0;
  for (auto _ : state) found += GetRandom(*table, &random, entries, Order::kRandom) ? 1 : 0;
  done.store(true);
  writer.join();
  ReportEach(state, 1);
  if (found != static_cast<uint64_t>(state.iterations())) state.SkipWithError("wrong answer");
}

// A new iterator, a seek to a random entry, and that and the entries behind it.
void Scan(benchmark::State& state, const MemTablePart& part, Phase phase, uint64_t size) {
  const MemTable& table = TableToRead(part, size, phase, Pages::kNormal);
  const uint64_t entries = table.entries();
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
  for (const uint64_t entries : Sizes()) {
    const std::string end = suffix + "/" + SizeName(entries);
    benchmark::RegisterBenchmark((name + "get_hit" + end).c_str(), Get, part,
                                 Gets{entries, true, phase});
    benchmark::RegisterBenchmark((name + "get_miss" + end).c_str(), Get, part,
                                 Gets{entries, false, phase});
    benchmark::RegisterBenchmark((name + "scan_100" + end).c_str(), Scan, part, phase, entries);
  }
}

void RegisterInserts(const MemTablePart& part, const std::string& what, const Inserts& inserts) {
  const std::string name = "memtable/" + std::string(part.name) + "/" + what;
  benchmark::RegisterBenchmark(name.c_str(), Insert, part, inserts)->Unit(benchmark::kMillisecond);
}

bool KeepsOrder(const MemTablePart& part) {
  return dynamic_cast<LateSortedMemTable*>(part.make({}).get()) == nullptr;
}

void RegisterHuge(const MemTablePart& part) {
  Inserts inserts;
  inserts.entries = kFull;
  inserts.pages = Pages::kHuge;
  RegisterInserts(part, "insert_random_huge/" + SizeName(kFull), inserts);
  const std::string name = "memtable/" + std::string(part.name) + "/get_hit_huge/";
  benchmark::RegisterBenchmark((name + SizeName(kFull)).c_str(), Get, part,
                               Gets{kFull, true, Phase::kFilling, Pages::kHuge});
}

bool RegisterAll() {
  for (const MemTablePart& part : MemTableParts()) {
    for (const uint64_t entries : Sizes()) {
      const std::string end = "/" + SizeName(entries);
      RegisterInserts(part, "insert_random" + end, {entries});
      RegisterInserts(part, "insert_sequential" + end, {entries, Order::kSequential});
      RegisterInserts(part, "insert_zipf" + end, {entries, Order::kZipf});
      RegisterInserts(part, "insert_mixed" + end,
                      {entries, Order::kRandom, kValueBytes, Beside::kGets});
      RegisterInserts(part, "insert_beside_reader" + end,
                      {entries, Order::kRandom, kValueBytes, Beside::kReader});
      const std::string name = "memtable/" + std::string(part.name) + "/get_beside_writer" + end;
      benchmark::RegisterBenchmark(name.c_str(), GetBesideWriter, part, entries);
    }
    for (const size_t value_bytes : {0u, 16u, 48u, 100u, 400u, 1000u}) {
      RegisterInserts(part, "bytes/" + std::to_string(value_bytes),
                      {100'000, Order::kRandom, value_bytes});
    }
    RegisterReads(part, Phase::kFilling, "");
    RegisterReads(part, Phase::kSealed, "_sealed");
    if (KeepsOrder(part)) RegisterHuge(part);
  }
  return true;
}

const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace varve
