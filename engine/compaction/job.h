// MergeJob: merges ordered entries into the tables of one run.
//
// Flush and compaction are the same work with other inputs. This is the only place that rewrites
// data. Memory does not grow with the input.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cache/block_cache.h"
#include "engine/compaction/job_pace.h"
#include "engine/compaction/merge_rules.h"
#include "engine/compaction/plan.h"
#include "engine/io/file_handles.h"
#include "engine/io/file_system.h"
#include "engine/iterator/iterator.h"
#include "engine/range_tombstones.h"
#include "engine/status.h"
#include "engine/table/table_builder.h"
#include "engine/tree/version.h"

namespace varve {

// How a database makes and opens tables. Immutable while the database is open; thread safe.
struct TableFactory {
  FileSystem* file_system = nullptr;
  FileHandles* files = nullptr;  // of file_system, to read tables
  std::string directory;
  uint64_t identity = 0;  // of the database: part of the checksum context of every table
  TableBuilderOptions builder;
  uint64_t table_bytes = 0;
  BlockCache* cache = nullptr;

  uint64_t ChecksumContext(uint64_t number) const;
  Result<OpenTablePtr> Open(const TableInfo& info, IoKind kind) const;
};

// Tells whether data that is older than a merge's output may hold a key. Keys are asked in
// ascending order.
class OlderData {
 public:
  // All tables of `tree` that are older than the output of `plan` and not among its inputs.
  OlderData(const Tree& tree, const CompactionPlan& plan);
  // For a flush: everything in the tree is older.
  explicit OlderData(const Tree& tree);
  // Every key may be held: nothing that depends on the answer is dropped.
  static OlderData Everything();

  bool MayHold(std::string_view key);
  // Any key in [begin, end). In any order.
  bool MayHoldAny(std::string_view begin, std::string_view end) const;

 private:
  OlderData() = default;
  static bool IsNewerThanInputs(const Tree& tree, const CompactionPlan& plan, int level,
                                const Run& run);
  void AddRun(const Run& run, const std::vector<uint64_t>& except);

  struct Cursor {
    std::vector<TablePtr> tables;
    size_t at = 0;
  };
  std::vector<Cursor> runs_;
  bool everything_ = false;
};

struct MergeOutput {
  std::vector<TablePtr> tables;  // in key order
  std::vector<Version::NumberedTable> open;
  uint64_t bytes = 0;
  // Without range tombstones, which are cut and joined on the way.
  uint64_t entries_read = 0;
  uint64_t entries_dropped = 0;
  uint64_t tombstones_dropped = 0;
};

struct MergeRequest {
  EntryIterator* input = nullptr;
  // The range tombstones of the same inputs; nullptr: there are none.
  const RangeTombstones* tombstones = nullptr;
  // Only keys in [begin, end) are merged; empty: no bound. With range tombstones, there must be a
  // last key before `end` (LastKeyBefore): it bounds the last table.
  std::string begin;
  std::string end;
  std::vector<SequenceNumber> snapshots;  // ascending
  OlderData* older = nullptr;
  IoCause cause;
  std::function<uint64_t()> new_number;         // for tables
  const std::atomic<bool>* stopping = nullptr;  // set: give up with kBusy
  JobPace* pace = nullptr;                      // nullptr: as fast as it goes
  // Of the filters of its tables; none: as the factory says.
  std::optional<double> filter_bits_per_key;
  // Ascending: a table ends before the first key at or after each of these. See TableCutter.
  std::vector<std::string> cuts;
};

// Runs the merge. When it returns OK, the tables and the directory are synced and the tables are
// open; nothing refers to them yet. After an error none of them is left. RunSplitMerge does the
// same in parts.
Result<MergeOutput> RunMerge(const TableFactory& factory, const MergeRequest& request);

// The two halves of RunMerge: tables that are synced and open, and then their names in the
// directory. Either leaves no table behind if it fails.
Result<MergeOutput> MergeIntoTables(const TableFactory& factory, const MergeRequest& request);
Result<MergeOutput> SyncNames(const TableFactory& factory, IoCause cause, MergeOutput output);

}  // namespace varve
