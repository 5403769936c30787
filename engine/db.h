// Db: an embedded, ordered key-value store in a directory.
//
//   Options options;
//   auto db = Db::Open(options, {}, "/data/example");
//   if (!db.ok()) …
//   Status s = (*db)->Put("key", "value");
//   std::string value;
//   Result<bool> found = (*db)->Get("key", &value);
//
// Keys and values are bytes of any content; a key of up to 64 KiB (an empty one too), a value of
// up to 1 GiB. Keys are ordered as unsigned bytes. All methods may be called from any thread at
// any time, except that a Db must not be destroyed while a call runs or an iterator or a snapshot
// of it lives.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/events.h"
#include "engine/io/file_system.h"
#include "engine/options.h"
#include "engine/status.h"
#include "engine/tree/tree.h"
#include "engine/util/clock.h"
#include "engine/write_batch.h"

namespace varve {

// The objects that a database works with; each must outlive it. nullptr is the usual one.
struct Environment {
  FileSystem* file_system = nullptr;
  Clock* clock = nullptr;
  EventListener* listener = nullptr;
};

// A moment in the history of the database. Released by the destructor.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual SequenceNumber sequence() const = 0;
};

struct ReadOptions {
  const Snapshot* snapshot = nullptr;  // nullptr: the present
  // For iterators. Keys outside [lower_bound, upper_bound) are not visited; empty: no bound. The
  // iterator keeps copies.
  std::string_view lower_bound;
  std::string_view upper_bound;
  bool fill_cache = true;
};

// A cursor over the live keys at one moment, in either direction. Not thread safe. Either at a key
// or not valid; at the end ask status(). key() and value() live until the iterator moves.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual bool Valid() const = 0;
  virtual std::string_view key() const = 0;    // REQUIRES: Valid()
  virtual std::string_view value() const = 0;  // REQUIRES: Valid()
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(std::string_view key) = 0;         // first key at or after `key`
  virtual void SeekForPrev(std::string_view key) = 0;  // last key at or before `key`
  virtual void Next() = 0;                             // REQUIRES: Valid()
  virtual void Prev() = 0;                             // REQUIRES: Valid()
  virtual Status status() const = 0;
};

class Db {
 public:
  // Opens, or makes, the database in `directory`. kInvalidArgument for options that cannot be,
  // kNotFound, kBusy if it is open elsewhere or here, kCorruption.
  static Result<std::unique_ptr<Db>> Open(const Options& options, const Environment& environment,
                                          const std::string& directory);
  // Waits for running background jobs. Does not flush: the WAL holds what was acknowledged
  // (with durability = none, what was not flushed is gone).
  virtual ~Db() = default;

  // When these return OK, the write is visible to every later read and survives what
  // options.durability says. kIndeterminate: it may or may not survive, and all later writes fail
  // until the database is opened again. Any other error: it did not happen.
  virtual Status Put(std::string_view key, std::string_view value) = 0;
  virtual Status Delete(std::string_view key) = 0;
  // Deletes all keys in [begin, end), at the cost of one write however many they are. As any write
  // it has a moment: snapshots before it see the keys as they were. If the two are equal, nothing
  // is written; a `begin` above `end` is kInvalidArgument.
  virtual Status DeleteRange(std::string_view begin, std::string_view end) = 0;
  virtual Status Write(const WriteBatch& batch) = 0;

  // True and the value, or false if the key is absent.
  virtual Result<bool> Get(std::string_view key, std::string* value,
                           const ReadOptions& options = {}) = 0;

  virtual std::unique_ptr<Iterator> NewIterator(const ReadOptions& options = {}) = 0;
  virtual std::unique_ptr<const Snapshot> GetSnapshot() = 0;

  // Returns when everything written before the call is in tables.
  virtual Status Flush() = 0;
  // Flushes and merges all tables into one run.
  virtual Status Compact() = 0;
  // Flushes and returns when no compaction is due.
  virtual Status Settle() = 0;
  // Syncs the WAL: when this returns OK, everything written before the call survives power loss.
  virtual Status Sync() = 0;

  virtual Counters counters() const = 0;
  virtual LedgerSnapshot ledger() const = 0;
  // The tree that a read would see now.
  virtual Tree tree() const = 0;
  // Bytes of live files: tables, logs, manifest.
  virtual uint64_t file_bytes() const = 0;
  // As given to Open, with what SetOptions has changed since.
  virtual Options options() const = 0;
  // Changes settings while the database is open: those that Setting::living marks. All or none:
  // kInvalidArgument, and nothing is changed, for another setting, a wrong value, or a combination
  // that CheckOptions refuses. Jobs that run end as they were planned; from then on the tree is
  // brought into the new shape.
  virtual Status SetOptions(const std::vector<SettingText>& settings) = 0;

  // Reads and checks every block of every table.
  virtual Status Verify() = 0;
};

}  // namespace varve
