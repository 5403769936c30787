// The tables of interchangeable parts: every name that a choice setting may have.
//
// To add a part: write its header, include it in parts.cc, add its row there. `varve list`, help,
// conformance tests, micro-benchmarks and sweeps follow from the row.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cache/block_cache.h"
#include "engine/compaction/scheduler/scheduler.h"
#include "engine/compaction/strategy.h"
#include "engine/filter/filter.h"
#include "engine/memtable/memtable.h"
#include "engine/options.h"
#include "engine/table/compression.h"

namespace varve {

template <class Make>
struct Part {
  std::string_view name;
  std::string_view help;
  Make make;
};

using MemTablePart = Part<std::unique_ptr<MemTable> (*)(const MemTableOptions&)>;
using FilterPart = Part<std::unique_ptr<FilterPolicy> (*)()>;                 // nullptr: no filter
using CachePart = Part<std::unique_ptr<BlockCache> (*)(uint64_t bytes_max)>;  // nullptr: none
using CompressionPart = Part<const Compression* (*)()>;
using CompactionPart = Part<Strategy (*)(const Options&)>;
using TriggerPart = Part<Trigger>;
using MovementPart = Part<Movement>;
using SchedulerPart = Part<std::unique_ptr<Scheduler> (*)()>;

std::span<const MemTablePart> MemTableParts();
// What the settings say to a memtable.
MemTableOptions MemTableOptionsOf(const Options& options);
std::span<const FilterPart> FilterParts();
std::span<const CachePart> CacheParts();
std::span<const CompressionPart> CompressionParts();
std::span<const CompactionPart> CompactionParts();
std::span<const TriggerPart> TriggerParts();
std::span<const MovementPart> MovementParts();
std::span<const SchedulerPart> SchedulerParts();

// A table of names without factories (durability, wal, granularity, …), or one of the above.
struct NamedPart {
  std::string_view name;
  std::string_view help;
};
struct PartTable {
  std::string_view name;  // as in Setting::table
  std::string_view help;
  std::vector<NamedPart> parts;
};
// All tables, for `varve list`, checks and help.
const std::vector<PartTable>& PartTables();

// The row called `name`, or nullptr.
template <class Row>
const Row* FindPart(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace varve
