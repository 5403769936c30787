// OperationStream: the operations of one client, in order.
//
// Operation i of a run is a pure function of (workload, seed, i), by counter-based random numbers
// with independent streams for kind, key and scan length. Client c of n takes i = c, c + n, …:
// the multiset of operations is the same for any number of clients, and so is the sum of hash()
// over them. Two things depend on acknowledgements besides, as they do in YCSB, and repeat exactly
// with one client only: which record an insert takes when inserts are mixed with other kinds, and
// the keys that a run with inserts reads.
//
// Called by the measured loop of the harness: no allocation, no system call, no shared write
// (except by an insert that is mixed with other kinds).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "engine/status.h"
#include "workloads/operation.h"
#include "workloads/workload.h"

namespace varve::workloads {

class AcknowledgedCounter;
class KeySpace;
class ValueSource;

struct StreamOptions {
  uint64_t seed = 0;
  int client = 0;   // 0 <= client < clients
  int clients = 1;  // that share the stream
  // Over all clients. A run can also end by time: then the client just stops calling Next.
  uint64_t operations = std::numeric_limits<uint64_t>::max();
  // Index of the first operation: a measured run that follows a warm-up of w operations starts at
  // w, and goes on as if there had been no border.
  uint64_t first = 0;

  // Index behind the last operation.
  uint64_t end() const {
    return operations > ~first ? std::numeric_limits<uint64_t>::max() : first + operations;
  }
};

// Whether the run inserts and does nothing else. It then goes on where a warm-up ended.
bool NumbersInsertsByIndex(const Workload& workload);

// What the clients of a trial share. One a trial: from the load on until the last run is over.
// Thread-safe.
class WorkloadState {
 public:
  // REQUIRES: CheckWorkload(workload) is OK.
  explicit WorkloadState(const Workload& workload);
  ~WorkloadState();
  WorkloadState(const WorkloadState&) = delete;
  WorkloadState& operator=(const WorkloadState&) = delete;

  // After the insert of `record` has returned, whether it failed or not, and before the client
  // calls Next again: other operations may choose the record from now on. Of loaded records it may
  // be called or not. Fails if 2^20 inserts after it were acknowledged before it was (as YCSB).
  Status Acknowledge(uint64_t record);

  // One past the newest record such that it and all before it were loaded or acknowledged. (In a
  // run of nothing but inserts no operation chooses among them, and they are not counted.)
  uint64_t records() const;

  // Whether the workload deletes records, and whether it deletes the oldest ones in turn.
  bool deletes() const { return deletes_; }
  bool expires() const { return expires_; }
  // Whether it inserts and does nothing else, so that insert i takes record `records` + i.
  bool numbers_inserts_by_index() const { return by_index_; }

  // Keys by record number, and values by record number and version, for verification.
  const KeySpace& keys() const { return *keys_; }
  const ValueSource& values() const { return *values_; }

  // For streams: the record that an insert of the run takes; the one that expires next (the newest
  // if all have expired); the oldest that has not.
  uint64_t TakeRecord();
  uint64_t TakeExpired();
  uint64_t oldest() const { return oldest_.load(std::memory_order_relaxed); }

 private:
  std::unique_ptr<KeySpace> keys_;
  std::unique_ptr<ValueSource> values_;
  const uint64_t loaded_records_;
  const bool by_index_;
  bool deletes_ = false;
  bool expires_ = false;
  std::atomic<uint64_t> oldest_;
  std::unique_ptr<AcknowledgedCounter> inserts_;  // null if inserts need not be counted
};

// Used by one thread.
class OperationStream {
 public:
  virtual ~OperationStream() = default;

  // The next operation, or false at the end. Views in *op are valid until the next call.
  virtual bool Next(Operation* op) = 0;

  // A hash of all operations so far (kind, record, scan length, version, and how keys and values
  // are made), in which their order plays no role. The sum of those of all clients, modulo 2^64,
  // is the hash of the whole stream.
  virtual uint64_t hash() const = 0;
};

// Inserts of all records that are to be loaded, each once, with version kLoadVersion. Of the
// options only client and clients matter: a load is the same for every seed, so that a loaded
// directory can be used again.
// REQUIRES: CheckWorkload(workload) is OK; state was made from the same workload and outlives the
// stream. (Both functions.)
std::unique_ptr<OperationStream> NewLoadStream(const Workload& workload,
                                               const StreamOptions& options, WorkloadState* state);

// The operations of a run.
std::unique_ptr<OperationStream> NewRunStream(const Workload& workload,
                                              const StreamOptions& options, WorkloadState* state);

}  // namespace varve::workloads
