// SqliteConnection: one connection to a database of SQLite, with its prepared statements.
//
// The table is one B-tree by key, WITHOUT ROWID, or one by rowid with an index of keys beside it
// (www.sqlite.org/withoutrowid.html). Keys are blobs, which SQLite orders as bytes. A key that is
// there is updated ("upsert"), not replaced: with the hooks that Debian's library is built with,
// REPLACE deletes and inserts, and finds the place twice.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "harness/store.h"

namespace varve::harness {

// By one thread at a time, who has `mutex`: the library's own are off. Statements of one connection
// see one moment of the database each.
class SqliteConnection {
 public:
  // Opens the file, and makes it if it is not there.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  std::mutex mutex;
  uint64_t cache_shares = 0;  // in how many the cache of all was divided, when this took its own

  // Statements without parameters, and without answers that matter.
  Status Execute(const std::string& sql);
  // The first column of the first row; nothing if there is no row.
  Result<std::optional<std::string>> Ask(const std::string& sql);

  // Makes the table if it is not there; the error if one of the other kind is.
  Status CreateTable(bool rowid);
  // Must come before all that follow; the table must be there.
  Status Prepare();
  Status Put(std::string_view key, std::string_view value);
  Status Delete(std::string_view key);
  Status DeleteRange(std::string_view begin, std::string_view end);
  Result<bool> Get(std::string_view key, std::string* value);
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Store::Visit& visit) {
    return ScanBy(kScan, start, count, visit);
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count, const Store::Visit& visit) {
    return ScanBy(kScanReverse, start, count, visit);
  }
  // Around several of the above. A failed Commit has rolled back.
  Status Begin() { return Run(kBegin); }
  Status Commit();
  void Rollback();

  // Writes what is in the log back into the file, and empties the log.
  Status Checkpoint();
  // Syncs the file and its log, whatever `synchronous` is.
  Status Sync();
  // What kCounters count since the connection was opened. The library's own sums are of 31 bits: to
  // be asked before 2^31 more were counted.
  struct CounterOf {
    const char* name;
    int status;  // of sqlite3_db_status
  };
  static constexpr std::array<CounterOf, 4> kCounters = {{
      {"cache_hit", SQLITE_DBSTATUS_CACHE_HIT},
      {"cache_miss", SQLITE_DBSTATUS_CACHE_MISS},
      {"cache_write", SQLITE_DBSTATUS_CACHE_WRITE},
      {"cache_spill", SQLITE_DBSTATUS_CACHE_SPILL},
  }};
  const std::array<uint64_t, kCounters.size()>& Count();

 private:
  enum Query { kPut, kDelete, kDeleteRange, kGet, kScan, kScanReverse, kBegin, kCommit, kQueries };

  explicit SqliteConnection(sqlite3* database) : database_(database) {}

  Status Failed(std::string_view call, int code) const;
  Status Bind(Query query, int parameter, std::string_view bytes);
  // Steps a statement that has no rows to its end.
  Status Run(Query query);
  Result<uint64_t> ScanBy(Query query, std::string_view start, uint64_t count,
                          const Store::Visit& visit);
  Status SyncFile(int which, std::string_view name);

  sqlite3* const database_;
  std::array<sqlite3_stmt*, kQueries> statements_ = {};
  std::array<uint64_t, kCounters.size()> counts_ = {};
};

}  // namespace varve::harness
