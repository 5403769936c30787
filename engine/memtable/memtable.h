// MemTable: the interface of an in-memory sorted table of entries.
//
// A memtable takes entries until it is sealed, is then flushed, and dies. Writers are serialised
// by the caller; readers need no lock and run while a writer adds, unless the part's header says
// otherwise. All memory comes from arenas and all of it is charged: bytes() is what the
// allocator gave, not what the payload needs.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/entry.h"
#include "engine/iterator/iterator.h"
#include "engine/util/arena_pool.h"

namespace varve {

struct MemTableOptions {
  uint64_t bytes_max = 64 << 20;  // the size at which the engine will seal; a hint for capacity
  uint64_t entries_max = 0;       // the number at which it will; 0: any
  uint64_t buckets = 0;           // hash parts: H; 0: one for each KiB of bytes_max
  uint64_t prefix_bytes = 16;  // hash parts: X, the first bytes of a key, which choose its bucket
  bool preallocate = false;    // vector: slots for all entries from the beginning
  bool sort_on_read = false;   // vector: a get sorts a copy instead of looking at each entry
  bool huge_pages = false;     // arenas ask for pages of 2 MiB, from a bytes_max of 16 MiB on
  std::shared_ptr<ArenaPool> pool;  // where arenas get their blocks; nullptr: the allocator
};

// What the bytes of a memtable are used for. Their sum is what the allocator gave.
struct MemTableUse {
  uint64_t payload = 0;    // keys and values
  uint64_t structure = 0;  // what finds them, keeps their order and says their lengths
  uint64_t slack = 0;  // room that was not filled, copies that were replaced, the allocator's own

  uint64_t total() const { return payload + structure + slack; }
};

class MemTable {
 public:
  virtual ~MemTable() = default;

  // Copies key and value. REQUIRES: not sealed; (key, tag) was not added before; one caller at a
  // time. The entry is visible to readers that start after Add returns.
  virtual void Add(const Entry& entry) = 0;

  // Finds the newest version of `key` with a sequence number of at most `at`. Returns false if
  // there is none. The bytes of *found live as long as the memtable.
  virtual bool Get(std::string_view key, SequenceNumber at, Entry* found) const = 0;

  // Ordered by entry order. Entries added after the iterator was made may or may not be seen.
  // The memtable must outlive it. Bytes of entries live as long as the memtable.
  virtual std::unique_ptr<EntryIterator> NewIterator() const = 0;

  // Called once, after the last Add, by the writer. Parts that sort late do it here.
  virtual void Seal() {}

  // Bytes obtained from the allocator, over-allocation included. Any thread.
  virtual uint64_t bytes() const = 0;

  // The same bytes by use. Any thread.
  virtual MemTableUse use() const = 0;

  // Number of entries added. Any thread.
  virtual uint64_t entries() const = 0;
};

// Is it time to seal what holds so much, before anything more is added?
inline bool IsFull(uint64_t entries, uint64_t bytes, const MemTableOptions& options) {
  const bool many = options.entries_max != 0 && entries >= options.entries_max;
  return entries != 0 && (many || bytes >= options.bytes_max);
}
inline bool IsFull(const MemTable& table, const MemTableOptions& options) {
  return IsFull(table.entries(), table.bytes(), options);
}

}  // namespace varve
