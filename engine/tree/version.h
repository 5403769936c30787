// Version: a tree together with its open tables, as an immutable shared value.
//
// A reader holds a version and sees the same tables for as long as it does. The file of a table
// goes away when the table is obsolete and the last version that holds it is gone.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/io/file_system.h"
#include "engine/iterator/uncovered_sources.h"
#include "engine/status.h"
#include "engine/table/table_reader.h"
#include "engine/tree/tree.h"

namespace varve {

// An open table that removes its file when it dies obsolete.
class OpenTable {
 public:
  OpenTable(std::shared_ptr<TableReader> reader, FileSystem* file_system, std::string path)
      : reader_(std::move(reader)), file_system_(file_system), path_(std::move(path)) {}
  ~OpenTable();
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  const TableReader& reader() const { return *reader_; }
  // No version that is installed from now on holds this table.
  void MarkObsolete() { obsolete_.store(true, std::memory_order_relaxed); }

  // Gets that looked into the table, while ReadContext::count_reads was set.
  void CountRead() { reads_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t reads() const { return reads_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<TableReader> reader_;
  FileSystem* file_system_;
  std::string path_;
  std::atomic<bool> obsolete_{false};
  alignas(64) std::atomic<uint64_t> reads_{0};
};
using OpenTablePtr = std::shared_ptr<OpenTable>;

// Thread safe, as all that is immutable.
class Version {
 public:
  // `open` holds, at least, an open table for each table of `tree`: by number, ascending.
  struct NumberedTable {
    uint64_t number = 0;
    OpenTablePtr table;
  };
  Version(Tree tree, const std::vector<NumberedTable>& open);

  const Tree& tree() const { return tree_; }

  // The newest version of `key` at or before `at`: looks into the runs newest first and stops at
  // the first that has one. context.level is set for each table; runs_probed is counted here. What
  // the filters of several runs will touch is asked for before the first of them is: their cache
  // misses overlap.
  Status Get(ReadContext context, std::string_view key, uint64_t hash, SequenceNumber at,
             TableHit* hit) const;

  // Adds each run: an iterator if it may have keys in [lower, upper) (empty: no bound), over its
  // tables that may; and the range tombstones of all its tables, which hide what is in older runs.
  // The version must outlive them.
  void AddSources(ReadContext context, std::string_view lower, std::string_view upper,
                  UncoveredSources* sources) const;

  // An iterator over some tables of one run. The version must outlive it.
  std::unique_ptr<EntryIterator> NewIterator(const ReadContext& context,
                                             const std::vector<TablePtr>& tables) const;

  // nullptr if the table is not of this version.
  const OpenTablePtr& Find(uint64_t number) const;
  const std::vector<NumberedTable>& open_tables() const { return open_; }

 private:
  // What a get needs of a run, in one place: fences first, so that a search touches little else.
  struct RunIndex {
    std::vector<uint64_t> largest_prefixes;  // first 8 bytes of the largest keys, big endian
    std::vector<const TableInfo*> infos;
    std::vector<const TableReader*> readers;
    uint8_t level = 0;

    std::vector<OpenTable*> tables;
    UncoveredSources::Lists range_tombstones;  // of the tables that have some, in key order

    // The place of the table that may hold `key`, or kNone.
    static constexpr size_t kNone = SIZE_MAX;
    size_t FindTable(std::string_view key) const;
  };

  // The tables of `run` that may have keys in [lower, upper).
  std::vector<TablePtr> TablesIn(const ReadContext& context, const Run& run, std::string_view lower,
                                 std::string_view upper) const;

  Tree tree_;
  std::vector<NumberedTable> open_;  // of this tree only, ascending
  std::vector<RunIndex> runs_;       // of all levels, newest first
};
using VersionPtr = std::shared_ptr<const Version>;

}  // namespace varve
