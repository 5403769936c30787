// Counting as the papers do, and measuring what the engine does.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/entry_costs.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/compaction/simulator/discarding_file.h"
#include "engine/compaction/simulator/simulated_values.h"
#include "engine/parts.h"
#include "engine/table_options.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kFlush};

// Operation `i` as an entry: a random key, unless they are sequential; `tombstone` without value.
Entry EntryOf(uint64_t i, bool tombstone, const ValuePool& values, std::string_view key) {
  const EntryKind kind = tombstone ? EntryKind::kDelete : EntryKind::kPut;
  return {key, MakeTag(i + 1, kind), tombstone ? std::string_view() : values.Value(i)};
}

// True for the share `deletes` of all i, spread evenly.
bool IsDelete(uint64_t i, double deletes) {
  const auto number = static_cast<double>(i);
  return std::floor((number + 1) * deletes) > std::floor(number * deletes);
}

uint64_t MemTableEntries(const Options& options, const OperationMix& mix, double deletes) {
  MemTableOptions limits = MemTableOptionsOf(options);
  limits.entries_max = 0;
  const std::unique_ptr<MemTable> table = FindPart(MemTableParts(), options.memtable)->make(limits);
  const ValuePool values(mix.value_bytes);
  for (uint64_t i = 0;; ++i) {
    if (IsFull(*table, limits)) return table->entries();
    const uint64_t number = mix.sequential ? i % mix.keys : SplitMix64(i) % mix.keys;
    table->Add(EntryOf(i, IsDelete(i, deletes), values, PaddedKey(number, mix.key_bytes)));
  }
}

Result<double> TableBytes(const TableBuilderOptions& options, const OperationMix& mix,
                          uint64_t entries, bool tombstones) {
  DiscardingFile file;
  TableBuilder builder(options, &file, kCause);
  const ValuePool values(mix.value_bytes);
  // As far apart as the keys of a large table, for what blocks share of them.
  const uint64_t step = std::max<uint64_t>(1, mix.keys / (entries * 16));
  for (uint64_t i = 0; i < entries; ++i) {
    const std::string key = PaddedKey(i * step, mix.key_bytes);
    if (Status s = builder.Add(EntryOf(i, tombstones, values, key)); !s.ok()) return s;
  }
  const Result<TableInfo> info = builder.Finish();
  if (!info.ok()) return info.status();
  return static_cast<double>(info->file_bytes);
}

}  // namespace

EntryCosts PlainCosts(const Options& options, const OperationMix& mix) {
  EntryCosts costs;
  costs.put_bytes = static_cast<double>(mix.key_bytes + mix.value_bytes);
  costs.tombstone_bytes = static_cast<double>(mix.key_bytes);
  const auto fitting = [&](double deletes) {
    const double entry_bytes = deletes * costs.tombstone_bytes + (1 - deletes) * costs.put_bytes;
    const double entries = static_cast<double>(options.memtable_bytes) / std::max(1.0, entry_bytes);
    return std::max<uint64_t>(1, static_cast<uint64_t>(entries));
  };
  costs.memtable_entries = fitting(mix.deletes);
  costs.memtable_first_writes = fitting(0);
  return costs;
}

Result<EntryCosts> MeasuredCosts(const Options& options, const OperationMix& mix) {
  const std::unique_ptr<FilterPolicy> filter = FindPart(FilterParts(), options.filter)->make();
  const TableBuilderOptions table = TableOptionsOf(options, filter.get());
  EntryCosts costs;
  costs.memtable_first_writes = MemTableEntries(options, mix, 0);
  costs.memtable_entries =
      mix.deletes == 0 ? costs.memtable_first_writes : MemTableEntries(options, mix, mix.deletes);
  // Enough for many blocks, few enough for the blink of an eye.
  const double put_bytes = static_cast<double>(mix.key_bytes + mix.value_bytes);
  const auto entries = static_cast<uint64_t>(std::clamp(8e6 / put_bytes, 100.0, 20'000.0));
  const Result<double> puts = TableBytes(table, mix, entries, false);
  const Result<double> twice = TableBytes(table, mix, 2 * entries, false);
  const Result<double> tombstones = TableBytes(table, mix, entries, true);
  for (const Result<double>* bytes : {&puts, &twice, &tombstones}) {
    if (!bytes->ok()) return bytes->status();
  }
  const auto count = static_cast<double>(entries);
  costs.put_bytes = (*twice - *puts) / count;
  costs.table_bytes = std::max(0.0, *puts - costs.put_bytes * count);
  costs.tombstone_bytes = std::max(1.0, (*tombstones - costs.table_bytes) / count);
  return costs;
}

}  // namespace varve
