// Read transactions of LMDB that are kept from one read to the next.
//
// To begin one takes a lock, a slot of the table of readers and memory; to renew one that was reset
// takes a load and a store (mdb_txn_renew). Each thread keeps the one it used last; when it ends,
// or goes on to another environment, the transaction goes back to the pool. A transaction that is
// not lent is reset: it sees nothing and keeps no page alive.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <memory>
#include <mutex>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

// LMDB's words and the call that failed. REQUIRES: code is neither MDB_SUCCESS nor MDB_NOTFOUND.
Status LmdbFailure(int code, std::string_view call);

// A read transaction that was reset, and a cursor to be renewed in it.
struct LmdbReader {
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
};

// Those of one environment with MDB_NOTLS. Thread safe.
class LmdbReaderPool {
 public:
  LmdbReaderPool(MDB_env* env, MDB_dbi dbi) : env_(env), dbi_(dbi) {}

  // One that nobody has.
  Result<LmdbReader*> Take();
  void Return(LmdbReader* reader);
  // Ends all transactions, before the environment is closed. REQUIRES: no LmdbRead is left.
  void Close();

 private:
  Result<LmdbReader*> Make();  // under mutex_

  MDB_env* const env_;
  const MDB_dbi dbi_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LmdbReader>> all_;  // guarded by mutex_, and so is idle_
  std::vector<LmdbReader*> idle_;                 // in no thread's hands
};

// A read of the newest state, for as long as this lives; ends in the thread that began it. A thread
// may begin another one meanwhile.
class LmdbRead {
 public:
  explicit LmdbRead(const std::shared_ptr<LmdbReaderPool>& pool);
  ~LmdbRead();
  LmdbRead(const LmdbRead&) = delete;
  LmdbRead& operator=(const LmdbRead&) = delete;

  const Status& status() const { return status_; }
  // REQUIRES: status().ok().
  MDB_txn* txn() const { return reader_->txn; }
  Result<MDB_cursor*> Cursor() const;

 private:
  const std::shared_ptr<LmdbReaderPool>& pool_;
  LmdbReader* reader_ = nullptr;
  Status status_;
};

}  // namespace varve::harness
