// TableReader: gets and iterators over one table. Format: engine/FORMAT.md, "Table".
//
// Index and filter are read at open and stay in memory; data blocks come through the cache.
// Everything read from storage is checksummed; a bad block is kCorruption that names table and
// offset.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cache/block_cache.h"
#include "engine/entry.h"
#include "engine/io/file_system.h"
#include "engine/iterator/iterator.h"
#include "engine/range_tombstones.h"
#include "engine/status.h"
#include "engine/tree/tree.h"
#include "engine/util/read_counters.h"

namespace varve {

class TableFile;

// Who reads, and how.
struct ReadContext {
  IoKind kind = IoKind::kGet;  // the cause that reads are charged to
  uint8_t level = 0;
  uint8_t reason = 0;
  bool fill_cache = true;  // compactions read past the cache
  // At most so much is read at a time by an iterator that reads past the cache.
  uint64_t read_ahead_bytes = 256 << 10;
  ReadCounters* counters = nullptr;  // of the calling thread; nullptr: not counted
  bool count_reads = false;          // by table, for strategies that ask (Version::Get)
  // An iterator that reads past the cache adds what it reads from storage. Outlives the iterator.
  std::atomic<uint64_t>* bytes_read = nullptr;
};

struct TableReaderOptions {
  uint64_t number = 0;            // of the table: cache key and messages
  uint64_t file_bytes = 0;        // length that the manifest promises; checked
  uint64_t checksum_context = 0;  // as given to the builder
  BlockCache* cache = nullptr;    // nullptr: none
};

// The answer of one table to a get. `value` lives as long as `pin`.
struct TableHit {
  bool found = false;
  Tag tag = 0;
  std::string_view value;
  BlockBytes pin;
};

// Some neighbouring blocks of a table: their keys are above those of the piece before, and at most
// `end`.
struct TablePiece {
  std::string end;
  uint64_t bytes = 0;  // stored
};

// Thread safe.
class TableReader {
 public:
  static Result<std::shared_ptr<TableReader>> Open(std::unique_ptr<RandomAccessFile> file,
                                                   const TableReaderOptions& options,
                                                   const ReadContext& context);
  ~TableReader();

  // Asks the processor for what Get will look at first.
  void Prefetch(uint64_t hash) const;

  // The newest version of `key` at or before `at`. `hash` is HashKey(key). Asks the filter first.
  // If a newer range tombstone covers the key, that is the answer: a delete. Fills *hit only;
  // counts at context.level.
  Status Get(const ReadContext& context, std::string_view key, uint64_t hash, SequenceNumber at,
             TableHit* hit) const;

  // False only if no entry of the table is in [lower, upper) (an empty `upper` is no bound), for
  // all that the filter knows: it is asked if all keys in there begin with a prefix of the length
  // that it holds. Counts that at context.level.
  bool MayHoldRange(const ReadContext& context, std::string_view lower,
                    std::string_view upper) const;

  // The context is copied. The table must outlive the iterator. The bytes of an entry live until
  // the iterator moves; a key to Seek must not be among them. Without fill_cache, blocks that are
  // not cached are read many at a time; a compaction does not look into the cache at all.
  std::unique_ptr<EntryIterator> NewIterator(const ReadContext& context) const;

  // nullptr if there are none. Lives as long as this.
  const RangeTombstones* range_tombstones() const;

  // Reads and checks every block: that entries are in order and as many as promised, that the index
  // leads to each of them, and that the filter denies none.
  Status Verify() const;

  // Appends the table in pieces of about `piece_bytes`, in order. Reads the index only.
  void AppendPieces(uint64_t piece_bytes, std::vector<TablePiece>* pieces) const;

  uint64_t index_bytes() const;
  uint64_t filter_bytes() const;
  uint64_t entries() const;
  // What the manifest says of the table, as the table itself tells it. Lives as long as this.
  const TableInfo& info() const;

  // The whole table as text, for `varve dump`.
  std::string DumpText(bool with_entries) const;

 private:
  explicit TableReader(std::unique_ptr<TableFile> table);
  Status GetEntry(const ReadContext& context, std::string_view key, uint64_t hash,
                  SequenceNumber at, TableHit* hit) const;

  const std::unique_ptr<TableFile> table_;
};

}  // namespace varve
