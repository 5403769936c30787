// Tree: sums, searches and the check of its invariants.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/io/file_system.h"
#include "engine/util/prefix.h"

namespace varve {
namespace {

// What is wrong with a run by itself, or "".
std::string CheckRun(const Run& run) {
  if (run.tables.empty()) return "it is empty";
  for (size_t i = 0; i < run.tables.size(); ++i) {
    const TablePtr& table = run.tables[i];
    if (table == nullptr) return "it holds a null table";
    if (table->smallest > table->largest) {
      return fmt::format("the smallest key of table {} is above its largest", table->number);
    }
    if (i > 0 && run.tables[i - 1]->largest >= table->smallest) {
      return fmt::format("tables {} and {} overlap or are out of order", run.tables[i - 1]->number,
                         table->number);
    }
  }
  return "";
}

std::optional<uint64_t> FindTwice(std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  const auto twice = std::adjacent_find(values.begin(), values.end());
  if (twice == values.end()) return std::nullopt;
  return *twice;
}

}  // namespace

std::shared_ptr<const RunSummary> Run::summary() const {
  if (cached_summary != nullptr) return cached_summary;
  auto summary = std::make_shared<RunSummary>();
  summary->bytes_before.reserve(tables.size() + 1);
  summary->smallest_prefixes.reserve(tables.size());
  summary->largest_prefixes.reserve(tables.size());
  uint64_t sum = 0;
  summary->bytes_before.push_back(0);
  for (const TablePtr& table : tables) {
    sum += table->file_bytes;
    summary->bytes_before.push_back(sum);
    summary->smallest_prefixes.push_back(KeyPrefix(table->smallest));
    summary->largest_prefixes.push_back(KeyPrefix(table->largest));
    summary->oldest_entry = std::min(summary->oldest_entry, table->sequence_min);
    if (table->tombstones == 0) continue;
    summary->tombstone_density_max =
        std::max(summary->tombstone_density_max, table->tombstone_density());
    const SequenceNumber oldest = summary->oldest_tombstone;
    summary->oldest_tombstone =
        oldest == 0 ? table->oldest_tombstone : std::min(oldest, table->oldest_tombstone);
  }
  return summary;
}

uint64_t Run::bytes() const {
  if (cached_summary != nullptr) return cached_summary->bytes_before.back();
  uint64_t sum = 0;
  for (const TablePtr& table : tables) sum += table->file_bytes;
  return sum;
}

uint64_t Run::entries() const {
  uint64_t sum = 0;
  for (const TablePtr& table : tables) sum += table->entries;
  return sum;
}

std::pair<size_t, size_t> Run::Overlapping(std::string_view low, std::string_view high) const {
  const auto first = std::partition_point(
      tables.begin(), tables.end(), [low](const TablePtr& table) { return table->largest < low; });
  const auto last = std::partition_point(
      first, tables.end(), [high](const TablePtr& table) { return table->smallest <= high; });
  return {static_cast<size_t>(first - tables.begin()), static_cast<size_t>(last - tables.begin())};
}

uint64_t Level::bytes() const {
  uint64_t sum = 0;
  for (const Run& run : runs) sum += run.bytes();
  return sum;
}

size_t Level::tables() const {
  size_t sum = 0;
  for (const Run& run : runs) sum += run.tables.size();
  return sum;
}

uint64_t Tree::bytes() const {
  uint64_t sum = 0;
  for (const Level& level : levels) sum += level.bytes();
  return sum;
}

size_t Tree::runs() const {
  size_t sum = 0;
  for (const Level& level : levels) sum += level.runs.size();
  return sum;
}

size_t Tree::tables() const {
  size_t sum = 0;
  for (const Level& level : levels) sum += level.tables();
  return sum;
}

int Tree::deepest() const {
  for (size_t i = levels.size(); i > 0; --i) {
    if (levels[i - 1].tables() > 0) return static_cast<int>(i - 1);
  }
  return -1;
}

std::string Tree::CheckInvariants() const {
  if (levels.size() > static_cast<size_t>(kLevelsMax)) {
    return fmt::format("the tree has {} levels, at most {} may be", levels.size(), kLevelsMax);
  }
  std::vector<uint64_t> run_ids;
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < levels.size(); ++i) {
    for (const Run& run : levels[i].runs) {
      const std::string wrong = CheckRun(run);
      if (!wrong.empty()) return fmt::format("level {}, run {}: {}", i, run.id, wrong);
      run_ids.push_back(run.id);
      for (const TablePtr& table : run.tables) numbers.push_back(table->number);
    }
  }
  if (const auto id = FindTwice(std::move(run_ids))) {
    return fmt::format("run {} is there twice", *id);
  }
  if (const auto number = FindTwice(std::move(numbers))) {
    return fmt::format("table {} is there twice", *number);
  }
  return "";
}

}  // namespace varve
