// What RocksDB did in the background, added up from what it tells its listener: tables, flushes,
// compactions and stalls.
//
// Bytes are sizes of files. The ledger has every file that was written to its end, the counters of
// compactions what RocksDB says at the end of each; in a run without failures they agree, which
// "compaction_residual" checks. A flush is counted as a flush and nowhere else.
//
// Thread safe.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/events.h"
#include "harness/store.h"
#include "harness/stores/rocksdb/stall_changes.h"

namespace varve::harness {

// Of one table, from its properties.
struct RocksDbTableFacts {
  uint64_t bytes = 0;
  uint64_t data_bytes = 0;  // keys and values, as users know them
  uint64_t entries = 0;
  uint64_t tombstones = 0;
  uint64_t filter_bytes = 0;
  uint64_t index_bytes = 0;
};
RocksDbTableFacts RocksDbFactsOf(const rocksdb::TableProperties& properties, uint64_t bytes);

class RocksDbRecord {
 public:
  // `forward` hears of every job, stall and failure; may be null.
  explicit RocksDbRecord(EventListener* forward) : forward_(forward) {}

  // Who is asked why there is a stall; null before it is open and when it closes.
  void Watch(rocksdb::DB* db);

  void TableMade(const rocksdb::TableFileCreationInfo& info);
  void TableKnown(uint64_t number, const RocksDbTableFacts& facts);
  void TableGone(const std::string& path);
  void BlobFileMade(const rocksdb::BlobFileCreationInfo& info);
  void FlushBegan(const rocksdb::FlushJobInfo& info);
  void FlushEnded(const rocksdb::FlushJobInfo& info);
  void CompactionBegan(const rocksdb::CompactionJobInfo& info);
  void CompactionEnded(const rocksdb::CompactionJobInfo& info);
  void StallChanged(const rocksdb::WriteStallInfo& info);
  void Failed(const rocksdb::Status& status);

  // Beginnings and ends of jobs so far.
  uint64_t jobs_seen() const { return jobs_seen_.load(); }

  // Flushes, compactions, stalls, and their part of the ledger.
  void AddTo(StoreState* state);
  // Of a table that is there; zeros if it is not known.
  RocksDbTableFacts FactsOf(uint64_t number) const;

 private:
  struct Job {
    uint64_t start_ns = 0;
    bool flush = false;
    int output_level = 0;
    CompactionReason reason = CompactionReason::kManual;
  };
  StallCounts ReadStalls() const;
  IoCounts& LedgerCell(const Job& job);
  Job TakeJob(int id);
  JobEvent EventOf(const rocksdb::CompactionJobInfo& info, const Job& job) const;
  uint64_t BytesOf(uint64_t number) const;

  EventListener* const forward_;
  mutable std::mutex database_mutex_;
  rocksdb::DB* db_ = nullptr;  // guarded by database_mutex_

  std::atomic<uint64_t> jobs_seen_{0};

  mutable std::mutex mutex_;  // guards what follows
  std::map<uint64_t, RocksDbTableFacts> tables_;
  std::map<int, Job> jobs_;
  Counters counters_;
  std::unique_ptr<LedgerSnapshot> ledger_ = std::make_unique<LedgerSnapshot>();
  StallChanges stalls_;
};

// The reason in our words; kManual where we have none.
CompactionReason RocksDbReason(rocksdb::CompactionReason reason);

// RocksDB's own words, after the call that failed.
Status StatusOfRocksDb(std::string_view call, const rocksdb::Status& status);

}  // namespace varve::harness
