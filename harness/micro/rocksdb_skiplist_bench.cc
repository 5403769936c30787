// What an add and a get of RocksDB's skip list cost, measured as memtable_bench.cc measures those
// of ours: the same keys, values of the same length, as many entries as our skip list takes until
// it is full, and an arena that hands out memory in the same way. Built only where RocksDB is.
//
// Names are rocksdb_skiplist/<what>/64MiB, and mean what memtable/skiplist/<what>/64MiB means:
// insert_random, get_hit, get_miss.
//
// A memtable of RocksDB is a MemTableRep, which orders pointers to encoded entries:
//   entry := varint(key length + 8) | key | tag u64 | varint(value length) | value
// This file writes the entries and compares them, as RocksDB's MemTable does around its rep. A get
// is the seek of an iterator and a comparison of keys, which is what the rep's own Get does; of
// that the argument has no public definition. What MemTable adds to an entry (a Bloom filter,
// statistics, checksums of entries, all off by default or cheap) is not measured.
//
// Ask how the library was built: Debian's has assertions on, with which each step of a search makes
// up to two comparisons more, so that its times are too long. -DROCKSDB_LIBRARY=FILE links another.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <rocksdb/memtablerep.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "engine/memtable/memtable.h"
#include "engine/parts.h"
#include "engine/util/arena.h"
#include "engine/util/coding.h"
#include "engine/util/random.h"
#include "harness/micro/memtable_keys.h"

namespace rocksdb {

// What a rep takes its memory from. RocksDB declares the class in its public headers, where the
// factories of reps take one, and defines it in memory/allocator.h, which is not installed. This is
// the same interface: the same virtual functions in the same order, on which the layout of the
// table that a caller looks them up in depends. Checked with 7.8.3; CMakeLists.txt builds this file
// with releases of 7 only, because later ones have another parameter.
class Allocator {
 public:
  virtual ~Allocator() = default;
  virtual char* Allocate(size_t bytes) = 0;
  virtual char* AllocateAligned(size_t bytes, size_t huge_page_size, Logger* logger) = 0;
  virtual size_t BlockSize() const = 0;
};

}  // namespace rocksdb

namespace varve {
namespace {

using memtable_bench::Key;
using memtable_bench::kKeyBytes;
using memtable_bench::kValueBytes;
using memtable_bench::NumberToGet;
using memtable_bench::Order;
using memtable_bench::ReportEach;

constexpr size_t kTagBytes = 8;

class ArenaAllocator final : public rocksdb::Allocator {
 public:
  char* Allocate(size_t bytes) override { return arena_.Allocate(bytes, 1); }
  char* AllocateAligned(size_t bytes, size_t, rocksdb::Logger*) override {
    return arena_.Allocate(bytes, alignof(void*));
  }
  size_t BlockSize() const override { return 1 << 20; }
  uint64_t bytes() const { return arena_.bytes(); }

 private:
  static std::shared_ptr<ArenaPool> Pool() {
    static const auto kPool = std::make_shared<ArenaPool>(uint64_t{4} << 30);
    return kPool;
  }
  Arena arena_{1 << 20, ArenaPages::kNormal, Pool()};
};

// By key ascending, then by tag descending.
class EntryComparator final : public rocksdb::MemTableRep::KeyComparator {
 public:
  int operator()(const char* a, const char* b) const override {
    return Compare(KeyAndTag(a), KeyAndTag(b));
  }
  int operator()(const char* a, const rocksdb::Slice& b) const override {
    return Compare(KeyAndTag(a), b);
  }

  static rocksdb::Slice KeyAndTag(const char* entry) {
    const auto first = static_cast<unsigned char>(*entry);
    if (first < 0x80) return {entry + 1, first};
    uint64_t bytes = 0;
    const char* key = DecodeVarint(entry, entry + kVarintBytesMax, &bytes);
    return {key, bytes};
  }

 private:
  static int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) {
    const rocksdb::Slice a_key(a.data(), a.size() - kTagBytes);
    const rocksdb::Slice b_key(b.data(), b.size() - kTagBytes);
    if (const int order = a_key.compare(b_key); order != 0) return order;
    const uint64_t a_tag = DecodeFixed64(a.data() + a_key.size());
    const uint64_t b_tag = DecodeFixed64(b.data() + b_key.size());
    return a_tag > b_tag ? -1 : (a_tag < b_tag ? 1 : 0);
  }
};

class Table {
 public:
  Table()
      : rep_(rocksdb::SkipListFactory().CreateMemTableRep(comparator_, &allocator_, nullptr,
                                                          nullptr)),
        iterator_(rep_->GetIterator()) {}

  void Add(std::string_view key, Tag tag, std::string_view value) {
    const size_t bytes = LengthBytes(key.size() + kTagBytes) + key.size() + kTagBytes +
                         LengthBytes(value.size()) + value.size();
    char* to = nullptr;
    const rocksdb::KeyHandle handle = rep_->Allocate(bytes, &to);
    to = EncodeKey(to, key, tag);
    to = EncodeVarint(to, value.size());
    std::memcpy(to, value.data(), value.size());
    rep_->InsertKey(handle);
  }

  // Is there a version of `key`? One thread at a time: there is one iterator.
  bool Get(std::string_view key) {
    char target[kVarintBytesMax + kKeyBytes + kTagBytes];
    EncodeKey(target, key, SeekTag(kSequenceMax));
    iterator_->Seek(EntryComparator::KeyAndTag(target), target);
    if (!iterator_->Valid()) return false;
    const rocksdb::Slice found = EntryComparator::KeyAndTag(iterator_->key());
    return std::string_view(found.data(), found.size() - kTagBytes) == key;
  }

  uint64_t bytes() const { return allocator_.bytes(); }

 private:
  static size_t LengthBytes(size_t bytes) { return static_cast<size_t>(VarintBytes(bytes)); }

  static char* EncodeKey(char* to, std::string_view key, Tag tag) {
    to = EncodeVarint(to, key.size() + kTagBytes);
    std::memcpy(to, key.data(), key.size());
    EncodeFixed64(to + key.size(), tag);
    return to + key.size() + kTagBytes;
  }

  EntryComparator comparator_;
  ArenaAllocator allocator_;
  const std::unique_ptr<rocksdb::MemTableRep> rep_;
  const std::unique_ptr<rocksdb::MemTableRep::Iterator> iterator_;
};

// As many as our skip list holds when it is full.
uint64_t EntriesWhenFull() {
  static const uint64_t entries = [] {
    const MemTableOptions options;
    const auto table = FindPart(MemTableParts(), "skiplist")->make(options);
    const std::string value(kValueBytes, 'v');
    for (uint64_t i = 1; !IsFull(*table, options); ++i) {
      table->Add({Key(i, Order::kRandom), MakeTag(i, EntryKind::kPut), value});
    }
    return table->entries();
  }();
  return entries;
}

std::unique_ptr<Table> Filled(uint64_t entries) {
  auto table = std::make_unique<Table>();
  const std::string value(kValueBytes, 'v');
  for (uint64_t i = 1; i <= entries; ++i) {
    table->Add(Key(i, Order::kRandom), MakeTag(i, EntryKind::kPut), value);
  }
  return table;
}

void InsertRandom(benchmark::State& state) {
  const uint64_t entries = EntriesWhenFull();
  uint64_t bytes = 0;
  for (auto _ : state) {
    auto table = Filled(entries);
    bytes = table->bytes();
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  ReportEach(state, entries);
  state.counters["bytes_per_entry"] = static_cast<double>(bytes) / static_cast<double>(entries);
}

void Get(benchmark::State& state, bool hit) {
  const uint64_t entries = EntriesWhenFull();
  static const std::unique_ptr<Table> table = Filled(entries);
  Random random(1);
  uint64_t found = 0;
  for (auto _ : state) {
    found += table->Get(Key(NumberToGet(&random, entries, hit), Order::kRandom)) ? 1 : 0;
  }
  ReportEach(state, 1);
  if (found != (hit ? static_cast<uint64_t>(state.iterations()) : 0)) {
    state.SkipWithError("wrong answer");
  }
}

BENCHMARK(InsertRandom)
    ->Name("rocksdb_skiplist/insert_random/64MiB")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Get, hit, true)->Name("rocksdb_skiplist/get_hit/64MiB");
BENCHMARK_CAPTURE(Get, miss, false)->Name("rocksdb_skiplist/get_miss/64MiB");

}  // namespace
}  // namespace varve
