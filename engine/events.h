// What a user of the engine may observe: counters to poll and events to listen to.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/compaction/plan.h"
#include "engine/io/ledger.h"
#include "engine/status.h"

namespace varve {

// Why a write was delayed or stopped. The order is part of results; append only.
enum class StallCause : uint8_t {
  kNone,
  kMemtables,     // too many sealed memtables wait for their flush
  kLevel0Runs,    // too many runs in level 0
  kPendingBytes,  // too many bytes wait for compaction
  kTombstoneAge,  // a tombstone would outlive its limit
};
inline constexpr int kStallCauseCount = 5;
std::string_view StallCauseName(StallCause cause);

// Read work done at one level of the tree.
struct LevelReadCounters {
  uint64_t runs_probed = 0;             // runs whose key range holds the key of a get
  uint64_t filter_probes = 0;           // filters asked
  uint64_t filter_negatives = 0;        // filters that said no
  uint64_t filter_false_positives = 0;  // said yes, and the key was not there
  uint64_t blocks_from_cache = 0;       // data blocks for gets
  uint64_t blocks_from_storage = 0;
  uint64_t scan_blocks_from_cache = 0;  // data blocks for iterators
  uint64_t scan_blocks_from_storage = 0;
  uint64_t scan_filter_probes = 0;     // filters asked for the prefix of an iterator's bounds
  uint64_t scan_filter_negatives = 0;  // that said no: the table is left out
};

// The source level of a merge in which a memtable took part.
inline constexpr int kMemTableLevel = -1;

// What the compactions of one source, one target and one reason did, those that failed left out.
// Bytes are those that the file system saw (I9), entries count tombstones.
struct CompactionCounters {
  int from_level = 0;  // shallowest level of the inputs, or kMemTableLevel
  int to_level = 0;
  CompactionReason reason = CompactionReason::kManual;

  uint64_t jobs = 0;           // that rewrote data
  uint64_t trivial_moves = 0;  // that did not, and are in no other field
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t bytes_overlap = 0;  // of input tables that were in the target level already
  uint64_t entries_read = 0;
  uint64_t entries_dropped = 0;  // old versions and tombstones; the rest was written
  uint64_t tombstones_dropped = 0;
  uint64_t nanoseconds = 0;  // from the begin of each job to its end
};

// One for each source, target and reason that occurred, ascending in these.
using CompactionLedger = std::vector<CompactionCounters>;
// The entry of that source, target and reason, made if it is not there.
CompactionCounters& EntryOf(CompactionLedger* ledger, int from_level, int to_level,
                            CompactionReason reason);
// What was added since `before`, an earlier state; entries to which nothing was are left out.
CompactionLedger Difference(const CompactionLedger& after, const CompactionLedger& before);

// Sums over the life of an open database. A value; made by merging the counters of all threads.
struct Counters {
  uint64_t puts = 0;
  uint64_t deletes = 0;
  uint64_t write_batches = 0;
  uint64_t write_groups = 0;        // commits: write_batches / write_groups share one WAL append
  uint64_t user_bytes_written = 0;  // keys and values of puts, keys of deletes
  uint64_t gets_found = 0;
  uint64_t gets_absent = 0;
  uint64_t gets_from_memtable = 0;  // answered without a table, tombstones included
  uint64_t user_bytes_read = 0;     // keys and values returned by gets and iterators
  uint64_t iterators = 0;
  uint64_t iterator_entries = 0;  // entries returned by iterators
  std::array<LevelReadCounters, kLevelsMax> levels{};

  uint64_t flushes = 0;  // memtables that became tables
  // Of flushes that merged no tables; the others are compactions from kMemTableLevel.
  uint64_t flush_bytes_written = 0;
  uint64_t flush_entries_written = 0;
  CompactionLedger compactions;
  uint64_t jobs_failed = 0;  // whose bytes are in the ledger only

  std::array<uint64_t, kStallCauseCount> stalls{};
  std::array<uint64_t, kStallCauseCount> stall_ns{};

  // Gauges, at the moment of the call.
  uint64_t memtable_bytes = 0;        // active and sealed
  uint64_t memtable_spare_bytes = 0;  // of those that were flushed, kept for the next
  uint64_t sealed_memtables = 0;
  uint64_t cache_bytes = 0;
  uint64_t filter_bytes = 0;  // of all tables
  std::array<uint64_t, kLevelsMax> filter_bytes_by_level{};
  uint64_t index_bytes = 0;  // of all tables
  uint64_t pending_compaction_bytes = 0;
  uint64_t jobs_running = 0;
  uint64_t table_data_bytes = 0;   // keys and values of all entries in tables, before encoding
  uint64_t tombstones = 0;         // in tables
  uint64_t tombstone_age_max = 0;  // writes since the oldest of them; 0 if there is none
  uint64_t background_cpu_ns = 0;
};

// Empty if every byte that `ledger` charges to a compaction is in counters.compactions, by target
// level and reason, else the first cell where they differ. While jobs run, and after one has
// failed, the ledger may hold more. REQUIRES: `ledger` was taken after `counters`, and no job ended
// in between.
std::string CheckCompactions(const Counters& counters, const LedgerSnapshot& ledger);

// A job that ended (or begins: then the outcome fields are zero).
struct JobEvent {
  uint64_t job = 0;  // unique in the life of an open database
  bool flush = false;
  CompactionReason reason = CompactionReason::kFlush;
  bool trivial_move = false;
  int input_level = kMemTableLevel;  // shallowest level of the inputs
  int output_level = 0;
  uint64_t input_tables = 0;
  uint64_t input_bytes = 0;    // of whole tables, or of the memtable
  uint64_t overlap_bytes = 0;  // of input tables that are in the output level already
  uint64_t bytes_read = 0;     // from storage
  uint64_t output_tables = 0;
  uint64_t output_bytes = 0;
  uint64_t entries_read = 0;
  uint64_t entries_dropped = 0;
  uint64_t tombstones_dropped = 0;
  uint64_t start_ns = 0;  // on the clock of the database
  uint64_t end_ns = 0;
  Status status;
  // What went in; null for a flush that merges no tables. Lives until the call of the listener
  // returns.
  const CompactionPlan* plan = nullptr;
  std::vector<TablePtr> outputs;  // in key order; at the end of a job that succeeded
};

struct StallEvent {
  StallCause cause = StallCause::kNone;
  bool stopped = false;  // stopped, or only slowed down
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
};

// Called from the thread in which it happens, without a lock of the database held; must be quick,
// must not call the database, and must be thread safe.
class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void OnJobBegin(const JobEvent&) {}
  virtual void OnJobEnd(const JobEvent&) {}
  virtual void OnStallBegin(const StallEvent&) {}
  virtual void OnStallEnd(const StallEvent&) {}
  // A background failure that makes writes fail from now on.
  virtual void OnError(const Status&) {}
};

}  // namespace varve
