// Tree: levels of runs of tables, as a value without I/O.
//
// This is all that a compaction planner sees. Invariants:
//   - in a run, tables are sorted by key and their ranges are disjoint;
//   - in a level, runs are ordered newest first; level i is newer than level i + 1, for any key;
//   - level 0 takes the flushes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/entry.h"

namespace varve {

// What is known of a table without opening it. Immutable, shared between trees.
struct TableInfo {
  uint64_t number = 0;      // names the file
  uint64_t file_bytes = 0;  // length of the file
  uint64_t entries = 0;     // tombstones included
  uint64_t tombstones = 0;
  uint64_t key_bytes = 0;    // sum over entries, before compression
  uint64_t value_bytes = 0;  // sum over entries, before compression
  std::string smallest;      // first and last key, both inclusive
  std::string largest;
  SequenceNumber sequence_min = 0;
  SequenceNumber sequence_max = 0;
  // Sequence number of the oldest tombstone, 0 if there is none: tombstone age in logical time.
  SequenceNumber oldest_tombstone = 0;

  // The share of entries that are tombstones.
  double tombstone_density() const {
    return entries == 0 ? 0 : static_cast<double>(tombstones) / static_cast<double>(entries);
  }
  bool Overlaps(std::string_view low, std::string_view high) const {
    return smallest <= high && largest >= low;
  }
  bool operator==(const TableInfo&) const = default;
};
using TablePtr = std::shared_ptr<const TableInfo>;

// What a planner asks of the tables of a run, in flat arrays: a walk over thousands of tables costs
// no cache miss for each.
struct RunSummary {
  std::vector<uint64_t> bytes_before;       // of tables 0 .. i - 1; one more than there are tables
  std::vector<uint64_t> smallest_prefixes;  // KeyPrefix of the first and last keys
  std::vector<uint64_t> largest_prefixes;
  // Over all tables: what makes it worth to look at each.
  SequenceNumber oldest_entry = kSequenceMax;  // the smallest sequence_min
  SequenceNumber oldest_tombstone = 0;         // 0: there is none
  double tombstone_density_max = 0;            // the largest share of tombstones
};

struct Run {
  uint64_t id = 0;  // unique in the life of the database; grows with age of creation
  std::vector<TablePtr> tables;
  // Of these tables, or nullptr. Whoever changes the tables resets it; ApplyEdit makes it.
  std::shared_ptr<const RunSummary> cached_summary = nullptr;

  // The summary, made anew if there is none.
  std::shared_ptr<const RunSummary> summary() const;
  uint64_t bytes() const;
  uint64_t entries() const;
  // The tables that overlap [low, high], a contiguous range of indices [first, last).
  std::pair<size_t, size_t> Overlapping(std::string_view low, std::string_view high) const;
};

struct Level {
  std::vector<Run> runs;  // newest first
  std::string cursor;     // where round-robin movement goes on: the largest key moved last

  uint64_t bytes() const;
  size_t tables() const;
};

struct Tree {
  std::vector<Level> levels;

  uint64_t bytes() const;
  size_t runs() const;
  size_t tables() const;
  // Index of the deepest level that holds a table; -1 if the tree is empty.
  int deepest() const;
  // Empty if all invariants of the opening comment hold, else what is wrong.
  std::string CheckInvariants() const;
};

}  // namespace varve
