// What an open RocksDB can be asked about itself, as the state of a store.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include "harness/store.h"
#include "harness/stores/rocksdb/rocksdb_record.h"

namespace varve::harness {

// Thread safe.
class RocksDbStateReader {
 public:
  // Both outlive it.
  RocksDbStateReader(rocksdb::DB* db, RocksDbRecord* record);

  // `deletes`: how many of the keys that were written are tombstones, which RocksDB does not count.
  StoreState Read(uint64_t deletes);

 private:
  uint64_t Property(const std::string& name) const;
  void AddLog(StoreState* state);
  void AddManifest(StoreState* state);
  void AddLevels(StoreState* state) const;
  void AddGauges(StoreState* state) const;
  void AddTickers(StoreState* state) const;

  rocksdb::DB* const db_;
  RocksDbRecord* const record_;
  uint64_t log_header_bytes_ = 0;  // of a record
  std::mutex mutex_;
  uint64_t manifest_bytes_ = 0;  // of the current one; guarded by mutex_, as is the sum
  uint64_t manifest_bytes_sum_ = 0;
};

}  // namespace varve::harness
