// DbState: what the pieces of an open database share.
//
// Three pieces work on it: db.cc (reads, and the leader of the write queue), recovery.cc (before
// anybody else is there), and maintenance.cc (flush, compaction, stalls). The parts in the first
// half never change while the database is open; the second half is guarded.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "engine/cache/block_cache.h"
#include "engine/compaction/job.h"
#include "engine/compaction/planner.h"
#include "engine/db.h"
#include "engine/io/ledger.h"
#include "engine/parts.h"
#include "engine/read_state.h"
#include "engine/tree/manifest.h"
#include "engine/util/executor.h"
#include "engine/util/mutex.h"
#include "engine/wal/wal_writer.h"

namespace varve {

enum class Durability : uint8_t { kNone, kProcess, kPower };

struct DbState {
  // Fixed at open.
  Options options;
  MemTableOptions memtable_options;  // as `options` says; each write asks
  Durability durability = Durability::kProcess;
  std::string directory;
  Clock* clock = nullptr;
  EventListener* listener = nullptr;  // never null
  std::unique_ptr<EventListener> own_listener;
  Ledger ledger;
  std::unique_ptr<FileSystem> file_system;  // the ledger's decorator
  std::unique_ptr<FileHandles> files;       // to read tables
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<BlockCache> cache;     // may be null
  std::unique_ptr<FilterPolicy> filter;  // may be null
  const MemTablePart* memtable_part = nullptr;
  std::unique_ptr<Scheduler> scheduler;
  TableFactory tables;

  // Every write up to here is visible.
  std::atomic<SequenceNumber> last_sequence{0};
  std::atomic<uint64_t> next_number{1};  // of files and runs

  std::atomic<bool> count_reads{false};  // for the strategy

  // What readers look at. Published under `mutex`, read without.
  ReadStateCell reads;

  Mutex mutex;
  MemTablePtr active GUARDED_BY(mutex);
  std::deque<MemTablePtr> sealed GUARDED_BY(mutex);  // oldest first
  VersionPtr version GUARDED_BY(mutex);
  std::multiset<SequenceNumber> snapshots GUARDED_BY(mutex);
  // Db::SetOptions changes these together. `options` keeps what was given at open.
  Options living_options GUARDED_BY(mutex);
  Strategy strategy GUARDED_BY(mutex);
  std::unique_ptr<CompactionPlanner> planner GUARDED_BY(mutex);
  // When sequence numbers were given out, if ages are in seconds.
  SequenceTimes times GUARDED_BY(mutex);
  std::atomic<uint64_t> manifest_bytes{0};

  // Used by whoever holds Maintenance's install lock.
  std::unique_ptr<Manifest> manifest;
  uint64_t manifest_number = 0;
  uint64_t manifest_start_bytes = 0;  // before the first edit
  uint64_t oldest_wal = 0;            // logs below this number are not needed any more

  uint64_t NewNumber() { return next_number.fetch_add(1, std::memory_order_relaxed); }

  MemTablePtr NewMemTable(uint64_t wal_number) const {
    auto table = std::make_shared<LoggedMemTable>();
    table->table = memtable_part->make(memtable_options);
    table->wal_number = wal_number;
    return table;
  }

  // Shows readers the current memtables and version.
  void PublishReads() REQUIRES_LOCK(mutex) {
    auto state = std::make_shared<ReadState>();
    state->active = active;
    state->sealed.assign(sealed.rbegin(), sealed.rend());
    state->version = version;
    reads.Publish(std::move(state));
  }
};

// Resolves the names in state.options to parts. REQUIRES: CheckOptions(options) is OK.
void ResolveParts(DbState& state);
// Makes the directory, if the options say so, and locks it.
Status LockDirectory(DbState& state);
// Takes the settings that may change while the database is open. REQUIRES: they were checked.
void SetLivingOptions(DbState& state, const Options& options) REQUIRES_LOCK(state.mutex);

// Makes the names of logs durable. An error is kIndeterminate.
Status SyncLogDirectory(DbState& state);

// Makes the WAL with this number, in the way that the options say, as the one that follows
// `previous`. The directory is synced if the durability class needs it: if that fails, the error is
// kIndeterminate.
Result<std::unique_ptr<WalWriter>> NewWal(DbState& state, uint64_t number, WalPosition previous);

// Makes `manifest` durable in a new file, which is the current one from then on, and sets its
// numbers.
Status StartManifest(DbState& state, ManifestState* manifest);
// Starts a new manifest with this tree, which is the current one, if options.manifest_bytes asks
// for it; without space for one the former is gone on with. After an error nothing more may be
// appended. REQUIRES: the install lock is held.
Status SwitchGrownManifest(DbState& state, const Tree& tree);

// Brings a database into `state`: reads or makes the manifest, removes what a crash left, replays
// the logs into tables, and starts a new manifest. REQUIRES: the fixed half is set, the lock held.
Status Recover(DbState& state);

}  // namespace varve
