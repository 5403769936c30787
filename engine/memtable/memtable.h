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

namespace varve {

struct MemTableOptions {
  uint64_t bytes_max = 64 << 20;  // the size at which the engine will seal; a hint for capacity
  uint64_t entries_max = 0;       // the number at which it will; 0: any
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

  // Number of entries added. Any thread.
  virtual uint64_t entries() const = 0;
};

// Is it time to seal `table`, before anything more is added?
inline bool IsFull(const MemTable& table, const MemTableOptions& options) {
  const bool many = options.entries_max != 0 && table.entries() >= options.entries_max;
  return table.entries() != 0 && (many || table.bytes() >= options.bytes_max);
}

}  // namespace varve
