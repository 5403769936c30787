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

  bool Overlaps(std::string_view low, std::string_view high) const {
    return smallest <= high && largest >= low;
  }
  bool operator==(const TableInfo&) const = default;
};
using TablePtr = std::shared_ptr<const TableInfo>;

struct Run {
  uint64_t id = 0;  // unique in the life of the database; grows with age of creation
  std::vector<TablePtr> tables;

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
