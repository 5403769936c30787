// Gets and iterators over the tables of a version.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/version.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>

#include "engine/iterator/merging_iterator.h"
#include "engine/util/prefix.h"

namespace varve {

OpenTable::~OpenTable() {
  if (!obsolete_.load(std::memory_order_relaxed)) return;
  reader_.reset();
  // A file that cannot be removed now is removed at the next open: nothing refers to it.
  if (Status s = file_system_->Remove(path_); !s.ok()) return;
}

Version::Version(Tree tree, const std::vector<NumberedTable>& open) : tree_(std::move(tree)) {
  const auto find = [&open](uint64_t number) {
    const auto at = std::lower_bound(
        open.begin(), open.end(), number,
        [](const NumberedTable& table, uint64_t wanted) { return table.number < wanted; });
    assert(at != open.end() && at->number == number);
    return *at;
  };
  for (size_t level = 0; level < tree_.levels.size(); ++level) {
    for (const Run& run : tree_.levels[level].runs) {
      RunIndex& index = runs_.emplace_back();
      index.level = static_cast<uint8_t>(level);
      for (const TablePtr& info : run.tables) {
        open_.push_back(find(info->number));
        index.largest_prefixes.push_back(KeyPrefix(info->largest));
        index.infos.push_back(info.get());
        index.readers.push_back(&open_.back().table->reader());
        index.tables.push_back(open_.back().table.get());
        const RangeTombstones* ranges = open_.back().table->reader().range_tombstones();
        if (ranges != nullptr) index.range_tombstones.push_back(ranges);
      }
    }
  }
  std::sort(open_.begin(), open_.end(),
            [](const NumberedTable& a, const NumberedTable& b) { return a.number < b.number; });
}

size_t Version::RunIndex::FindTable(std::string_view key) const {
  const uint64_t prefix = KeyPrefix(key);
  size_t at = static_cast<size_t>(
      std::lower_bound(largest_prefixes.begin(), largest_prefixes.end(), prefix) -
      largest_prefixes.begin());
  while (at < infos.size() && infos[at]->largest < key) ++at;
  if (at == infos.size() || infos[at]->smallest > key) return kNone;
  return at;
}

Status Version::Get(ReadContext context, std::string_view key, uint64_t hash, SequenceNumber at,
                    TableHit* hit) const {
  struct Candidate {
    const TableReader* table;
    OpenTable* open;
    uint8_t level;
  };
  constexpr size_t kCandidatesMax = 8;
  std::array<Candidate, kCandidatesMax> candidates;
  for (size_t next = 0; next < runs_.size();) {
    size_t count = 0;
    for (; next < runs_.size() && count < kCandidatesMax; ++next) {
      const size_t at_table = runs_[next].FindTable(key);
      if (at_table == RunIndex::kNone) continue;
      const TableReader* table = runs_[next].readers[at_table];
      table->Prefetch(hash);
      candidates[count++] = {table, runs_[next].tables[at_table], runs_[next].level};
    }
    for (size_t i = 0; i < count; ++i) {
      context.level = candidates[i].level;
      if (context.counters != nullptr) context.counters->levels[context.level].runs_probed.Add();
      if (context.count_reads) candidates[i].open->CountRead();
      if (Status s = candidates[i].table->Get(context, key, hash, at, hit); !s.ok()) return s;
      if (hit->found) return {};
    }
  }
  return {};
}

void Version::AddSources(ReadContext context, std::string_view lower, std::string_view upper,
                         UncoveredSources* sources) const {
  auto index = runs_.begin();
  for (size_t level = 0; level < tree_.levels.size(); ++level) {
    context.level = static_cast<uint8_t>(level);
    for (const Run& run : tree_.levels[level].runs) {
      std::vector<UncoveredSources::Lists> ranges;
      if (!index->range_tombstones.empty()) ranges.push_back(index->range_tombstones);
      ++index;
      std::unique_ptr<EntryIterator> entries;
      if (lower.empty() && upper.empty()) {
        entries = NewIterator(context, run.tables);
      } else {
        const std::vector<TablePtr> tables = TablesIn(context, run, lower, upper);
        if (!tables.empty()) entries = NewIterator(context, tables);
      }
      sources->Add(std::move(ranges), std::move(entries));
    }
  }
}

std::vector<TablePtr> Version::TablesIn(const ReadContext& context, const Run& run,
                                        std::string_view lower, std::string_view upper) const {
  const auto first =
      std::partition_point(run.tables.begin(), run.tables.end(),
                           [&](const TablePtr& table) { return table->largest < lower; });
  const auto last = std::partition_point(first, run.tables.end(), [&](const TablePtr& table) {
    return upper.empty() || table->smallest < upper;
  });
  std::vector<TablePtr> tables;
  std::copy_if(first, last, std::back_inserter(tables), [&](const TablePtr& table) {
    return Find(table->number)->reader().MayHoldRange(context, lower, upper);
  });
  return tables;
}

std::unique_ptr<EntryIterator> Version::NewIterator(const ReadContext& context,
                                                    const std::vector<TablePtr>& tables) const {
  std::vector<const TableReader*> readers;
  readers.reserve(tables.size());
  for (const TablePtr& table : tables) readers.push_back(&Find(table->number)->reader());
  if (readers.size() == 1) return readers[0]->NewIterator(context);
  return NewRunIterator(tables,
                        [context, readers = std::move(readers)](
                            size_t index) -> Result<std::unique_ptr<EntryIterator>> {
                          return readers[index]->NewIterator(context);
                        });
}

const OpenTablePtr& Version::Find(uint64_t number) const {
  static const OpenTablePtr kNone;
  const auto at = std::lower_bound(
      open_.begin(), open_.end(), number,
      [](const NumberedTable& table, uint64_t wanted) { return table.number < wanted; });
  return at != open_.end() && at->number == number ? at->table : kNone;
}

}  // namespace varve
