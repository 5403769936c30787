// MemTableRanges: the range tombstones of a memtable, beside whatever part holds its entries.
//
// Readers take no lock: they see an immutable list of immutable groups through one pointer, which
// is null as long as nothing was added. A group of one is added for each tombstone, and groups of
// equal size are merged into one, as a binary counter carries (Bentley and Saxe, "Decomposable
// searching problems I", J. Algorithms 1(4), 1980): n tombstones are in O(log n) groups, and each
// is copied O(log n) times. A group of many sequence numbers is left alone, so that tombstones that
// overlap in many ways, whose fragments grow quadratically, end in more groups instead. What was
// handed out lives until the memtable dies, and all of it is charged.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/range_tombstones.h"

namespace varve {

class MemTableRanges {
 public:
  struct Group {
    std::shared_ptr<const RangeTombstones> tombstones;
    uint64_t added = 0;  // calls of Add that are in it
  };
  using Groups = std::vector<Group>;

  // Copies the range. Called by the writer alone; readers that start after it returns see it.
  // REQUIRES: entry.key < entry.value.
  void Add(const Entry& entry);

  // nullptr: there are none. Lives as long as this. Any thread.
  const Groups* groups() const { return groups_.load(std::memory_order_acquire); }

  // The newest tombstone at or before `at` that covers `key`; 0 if there is none. Any thread.
  SequenceNumber NewestCovering(std::string_view key, SequenceNumber at) const;

  // All of them, appended. The views live as long as this.
  void AppendTo(std::vector<RangeTombstone>* tombstones) const;

  // Calls of Add, and the memory that they took. Any thread.
  uint64_t count() const { return count_.load(std::memory_order_acquire); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_acquire); }

 private:
  std::atomic<const Groups*> groups_{nullptr};
  std::vector<std::unique_ptr<const Groups>> kept_;  // all that were published
  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace varve
