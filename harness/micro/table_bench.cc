// What tables, the block cache and merges cost, entry by entry: 16-byte random keys,
// 100-byte values, everything in memory.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/cache/clock_cache.h"
#include "engine/cache/lru_cache.h"
#include "engine/filter/bloom_filter.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/iterator/visible_iterator.h"
#include "engine/table/table_builder.h"
#include "engine/table/table_reader.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 100;
constexpr size_t kEntryBytes = kKeyBytes + kValueBytes;
constexpr size_t kEntries = 500000;

class StringWriter final : public WritableFile {
 public:
  Status Append(IoCause, std::string_view data) override {
    bytes.append(data);
    return {};
  }
  Status Sync(IoCause) override { return {}; }
  Status Truncate(uint64_t) override { return {}; }
  Status Close() override { return {}; }
  uint64_t length() const override { return bytes.size(); }

  std::string bytes;
};

class StringReader final : public RandomAccessFile {
 public:
  explicit StringReader(const std::string* bytes) : bytes_(bytes) {}
  Status Read(IoCause, uint64_t offset, size_t bytes, char* buffer) const override {
    bytes_->copy(buffer, bytes, offset);
    return {};
  }
  Result<uint64_t> Length() const override { return uint64_t{bytes_->size()}; }

 private:
  const std::string* const bytes_;
};

std::vector<std::string> SortedKeys(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> keys(count);
  for (std::string& key : keys) {
    for (size_t i = 0; i < kKeyBytes; i++) key.push_back(static_cast<char>(random()));
  }
  std::sort(keys.begin(), keys.end());
  // Copied in order, so that walking them costs no cache misses of its own.
  return std::vector<std::string>(keys);
}

// The keys in random order, end to end, for the same reason.
std::string ShuffledKeys(std::vector<std::string> keys) {
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(3));
  std::string flat;
  for (const std::string& key : keys) flat.append(key);
  return flat;
}

std::string_view KeyAt(std::string_view flat, size_t i) {
  return flat.substr(i % (flat.size() / kKeyBytes) * kKeyBytes, kKeyBytes);
}

struct Table {
  std::string bytes;
  std::vector<std::string> keys;
};

const BloomFilterPolicy& Bloom() {
  static const BloomFilterPolicy bloom;
  return bloom;
}

TableBuilderOptions Options(const Compression* compression) {
  TableBuilderOptions options;
  options.filter = &Bloom();
  options.compression = compression;
  return options;
}

void BuildInto(WritableFile* file, const std::vector<std::string>& keys,
               const Compression* compression) {
  const std::string value(kValueBytes, 'v');
  TableBuilder builder(Options(compression), file, {});
  SequenceNumber sequence = 5000000;
  for (const std::string& key : keys) {
    if (!builder.Add({key, MakeTag(sequence++, EntryKind::kPut), value}).ok()) std::abort();
  }
  if (!builder.Finish().ok()) std::abort();
}

// One table of kEntries for all benchmarks.
const Table& BigTable() {
  static const Table table = [] {
    StringWriter file;
    Table made;
    made.keys = SortedKeys(kEntries, 1);
    BuildInto(&file, made.keys, nullptr);
    made.bytes = std::move(file.bytes);
    return made;
  }();
  return table;
}

std::shared_ptr<TableReader> OpenTable(const std::string& bytes, BlockCache* cache) {
  TableReaderOptions options;
  options.file_bytes = bytes.size();
  options.cache = cache;
  auto opened = TableReader::Open(std::make_unique<StringReader>(&bytes), options, {});
  if (!opened.ok()) std::abort();
  return *opened;
}

void CountEntries(benchmark::State& state, size_t entries) {
  state.SetItemsProcessed(static_cast<int64_t>(entries));
  state.SetBytesProcessed(static_cast<int64_t>(entries * kEntryBytes));
}

void BM_TableBuild(benchmark::State& state) {
  const std::vector<std::string> keys = SortedKeys(200000, 2);
  StringWriter file;
  for (auto _ : state) {
    file.bytes.clear();
    BuildInto(&file, keys, CompressionOfId(static_cast<uint8_t>(state.range(0))));
  }
  CountEntries(state, static_cast<size_t>(state.iterations()) * keys.size());
}
BENCHMARK(BM_TableBuild)->ArgName("compression")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void BM_TableOpen(benchmark::State& state) {
  const Table& table = BigTable();
  for (auto _ : state) benchmark::DoNotOptimize(OpenTable(table.bytes, nullptr));
}
BENCHMARK(BM_TableOpen)->Unit(benchmark::kMillisecond);

void BM_TableGetCached(benchmark::State& state) {
  const Table& table = BigTable();
  const auto cache = NewLruCache(uint64_t{1} << 30);
  const auto reader = OpenTable(table.bytes, cache.get());
  ReadCounters counters;
  const ReadContext context = {.counters = &counters};
  TableHit hit;
  for (const std::string& key : table.keys) {
    if (!reader->Get(context, key, HashKey(key), kSequenceMax, &hit).ok()) std::abort();
  }
  const std::string keys = ShuffledKeys(table.keys);
  size_t i = 0;
  for (auto _ : state) {
    const std::string_view key = KeyAt(keys, i++);
    if (!reader->Get(context, key, HashKey(key), kSequenceMax, &hit).ok() || !hit.found) {
      std::abort();
    }
    benchmark::DoNotOptimize(hit.value.data());
  }
}
BENCHMARK(BM_TableGetCached);

void BM_TableGetAbsent(benchmark::State& state) {
  const auto cache = NewLruCache(uint64_t{1} << 30);
  const auto reader = OpenTable(BigTable().bytes, cache.get());
  ReadCounters counters;
  const ReadContext context = {.counters = &counters};
  const std::string absent = ShuffledKeys(SortedKeys(kEntries, 4));
  size_t i = 0;
  TableHit hit;
  for (auto _ : state) {
    const std::string_view key = KeyAt(absent, i++);
    if (!reader->Get(context, key, HashKey(key), kSequenceMax, &hit).ok()) std::abort();
    benchmark::DoNotOptimize(hit.found);
  }
}
BENCHMARK(BM_TableGetAbsent);

// What a scan (through a warm cache) and a compaction (past it) pay for each entry.
void BM_TableIterate(benchmark::State& state) {
  const bool compaction = state.range(0) == 1;
  const auto cache = NewLruCache(uint64_t{1} << 30);
  const auto reader = OpenTable(BigTable().bytes, cache.get());
  const auto it = reader->NewIterator(
      {.kind = compaction ? IoKind::kCompaction : IoKind::kScan, .fill_cache = !compaction});
  size_t entries = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) benchmark::DoNotOptimize(it->entry().key.size());
  it->SeekToFirst();
  for (auto _ : state) {
    if (!it->Valid()) it->SeekToFirst();
    benchmark::DoNotOptimize(it->entry().value.data());
    it->Next();
    entries++;
  }
  CountEntries(state, entries);
}
BENCHMARK(BM_TableIterate)->ArgName("compaction")->Arg(0)->Arg(1);

void BM_TableIterateBackward(benchmark::State& state) {
  const auto cache = NewLruCache(uint64_t{1} << 30);
  const auto reader = OpenTable(BigTable().bytes, cache.get());
  const auto it = reader->NewIterator({.kind = IoKind::kScan});
  for (it->SeekToLast(); it->Valid(); it->Prev()) benchmark::DoNotOptimize(it->entry().key.size());
  it->SeekToLast();
  for (auto _ : state) {
    if (!it->Valid()) it->SeekToLast();
    benchmark::DoNotOptimize(it->entry().value.data());
    it->Prev();
  }
}
BENCHMARK(BM_TableIterateBackward);

void BM_TableSeek(benchmark::State& state) {
  const Table& table = BigTable();
  const auto cache = NewLruCache(uint64_t{1} << 30);
  const auto reader = OpenTable(table.bytes, cache.get());
  const auto it = reader->NewIterator({.kind = IoKind::kScan});
  for (it->SeekToFirst(); it->Valid(); it->Next()) benchmark::DoNotOptimize(it->entry().key.size());
  const std::string keys = ShuffledKeys(table.keys);
  size_t i = 0;
  for (auto _ : state) {
    it->Seek(KeyAt(keys, i++), SeekTag(kSequenceMax));
    benchmark::DoNotOptimize(it->entry().value.data());
  }
}
BENCHMARK(BM_TableSeek);

// Tables over the same range, as a compaction or a scan merges them.
class Merge {
 public:
  explicit Merge(size_t count) : files_(count) {
    for (size_t i = 0; i < count; i++) {
      BuildInto(&files_[i], SortedKeys(100000, 10 + i), nullptr);
      readers_.push_back(OpenTable(files_[i].bytes, nullptr));
    }
  }

  std::unique_ptr<EntryIterator> Iterate() const {
    std::vector<std::unique_ptr<EntryIterator>> children;
    for (const auto& reader : readers_) {
      children.push_back(reader->NewIterator({.kind = IoKind::kCompaction, .fill_cache = false}));
    }
    return NewMergingIterator(std::move(children));
  }

 private:
  std::vector<StringWriter> files_;
  std::vector<std::shared_ptr<TableReader>> readers_;
};

void BM_MergeTables(benchmark::State& state) {
  const Merge merge(static_cast<size_t>(state.range(0)));
  const auto it = merge.Iterate();
  size_t entries = 0;
  it->SeekToFirst();
  for (auto _ : state) {
    if (!it->Valid()) it->SeekToFirst();
    benchmark::DoNotOptimize(it->entry().value.data());
    it->Next();
    entries++;
  }
  CountEntries(state, entries);
}
BENCHMARK(BM_MergeTables)->ArgName("tables")->Arg(2)->Arg(4)->Arg(10);

// The whole path of a compaction without its rules: read, merge, build.
void BM_MergeAndBuild(benchmark::State& state) {
  const Merge merge(static_cast<size_t>(state.range(0)));
  StringWriter file;
  size_t entries = 0;
  for (auto _ : state) {
    file.bytes.clear();
    TableBuilder builder(Options(nullptr), &file, {});
    const auto it = merge.Iterate();
    for (it->SeekToFirst(); it->Valid(); it->Next(), entries++) {
      if (!builder.Add(it->entry()).ok()) std::abort();
    }
    if (!builder.Finish().ok()) std::abort();
  }
  CountEntries(state, entries);
}
BENCHMARK(BM_MergeAndBuild)->ArgName("tables")->Arg(4)->Unit(benchmark::kMillisecond);

void BM_VisibleIterate(benchmark::State& state) {
  const Merge merge(4);
  const auto it = NewVisibleIterator(merge.Iterate(), {});
  it->SeekToFirst();
  for (auto _ : state) {
    if (!it->Valid()) it->SeekToFirst();
    benchmark::DoNotOptimize(it->value().data());
    it->Next();
  }
}
BENCHMARK(BM_VisibleIterate);

BlockBytes Block(size_t bytes) {
  BlockBytes block = BlockBytes::Allocate(bytes);
  std::fill_n(block.data(), bytes, 'b');
  return block;
}

template <std::unique_ptr<BlockCache> (*New)(uint64_t)>
void BM_CacheLookup(benchmark::State& state) {
  const auto blocks = static_cast<uint64_t>(state.range(0));
  const auto cache = New(uint64_t{4} << 30);
  for (uint64_t i = 0; i < blocks; i++) {
    cache->Insert({i / 16000, static_cast<uint32_t>(i % 16000)}, Block(1000));
  }
  std::mt19937_64 random(7);
  for (auto _ : state) {
    const uint64_t i = random() % blocks;
    const BlockBytes block = cache->Lookup({i / 16000, static_cast<uint32_t>(i % 16000)});
    if (!block) std::abort();
  }
}
BENCHMARK(BM_CacheLookup<NewClockCache>)->ArgName("blocks")->Arg(1000)->Arg(300000);
BENCHMARK(BM_CacheLookup<NewLruCache>)->ArgName("blocks")->Arg(1000)->Arg(300000);

// Insertions into a full cache: each evicts.
template <std::unique_ptr<BlockCache> (*New)(uint64_t)>
void BM_CacheInsert(benchmark::State& state) {
  const auto cache = New(64 << 20);
  const BlockBytes block = Block(4100);
  uint32_t i = 0;
  for (auto _ : state) cache->Insert({1, i++}, block);
}
BENCHMARK(BM_CacheInsert<NewClockCache>);
BENCHMARK(BM_CacheInsert<NewLruCache>);

}  // namespace
}  // namespace varve
