// LateSortedMemTable: what memtables share that keep no order until they are sealed: vectors and
// hash tables.
//
// Cost, with n entries, of what is the same in all of them:
//
//                     before Seal                        after
//   NewIterator       O(n log n): sorts a copy, which    O(1)
//                     is not in bytes()
//   Next, Prev        O(1)                               O(1)
//   Seal              O(n log n), once
//
// Invariant: the sorted array, once there is one, never changes. It adds 16 bytes an entry to
// bytes(); what it is made of stays as it is, because readers may be there.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/memtable/arena_memtable.h"
#include "engine/memtable/slot.h"

namespace varve {

class LateSortedMemTable : public ArenaMemTable {
 public:
  std::unique_ptr<EntryIterator> NewIterator() const final {
    const Slot* sorted = sorted_.load(std::memory_order_acquire);
    if (sorted != nullptr) return std::make_unique<SlotIterator>(Slots{sorted, entries()});
    return std::make_unique<SlotIterator>(SortedCopy());
  }

  void Seal() final {
    const uint64_t count = entries();
    Slot* sorted = NewSlots(std::max<uint64_t>(count, 1));
    CopySlots(sorted, count);
    std::sort(sorted, sorted + count, IsBefore);
    sorted_.store(sorted, std::memory_order_release);
  }

 protected:
  using ArenaMemTable::ArenaMemTable;

  // Copies at least the slots of all entries that were counted before the call to `to`, in any
  // order, with the prefixes of whole keys. Returns how many there are; copies no more than `room`.
  virtual size_t CopySlots(Slot* to, size_t room) const = 0;

  bool sealed() const { return sorted_.load(std::memory_order_acquire) != nullptr; }

  Slot* NewSlots(uint64_t count) {
    return reinterpret_cast<Slot*>(arena().Allocate(count * sizeof(Slot), alignof(Slot)));
  }

  std::vector<Slot> SortedCopy() const {
    std::vector<Slot> copy;
    size_t count = entries();
    do {
      copy.resize(count);
      count = CopySlots(copy.data(), copy.size());
    } while (count > copy.size());
    copy.resize(count);
    std::sort(copy.begin(), copy.end(), IsBefore);
    return copy;
  }

  // The newest version of the target's key at or after the target, by binary search, or nullptr.
  static const Record* Search(Slots sorted, const Target& target) {
    const size_t position = FirstAtOrAfter(sorted, target);
    if (position == sorted.count) return nullptr;
    const Record* record = sorted.first[position].record;
    return record->key() == target.key ? record : nullptr;
  }

  // The sorted array. REQUIRES: sealed().
  Slots sorted() const { return {sorted_.load(std::memory_order_acquire), entries()}; }

 private:
  std::atomic<const Slot*> sorted_{nullptr};
};

}  // namespace varve
