// HashVectorMemTable: a hash table whose buckets are vectors, sorted whenever they grow; one
// writer, readers that never wait.
//
// A bucket is an array behind a published count. When it is full it is replaced by one of twice the
// size, into which its entries are sorted: so at least half of a bucket's entries are in order and
// found by binary search, and the others, added since, one after the other. The array that was
// replaced stays for readers that are in it. H and X are in hash_memtable.h.
//
// Cost, with m entries in the bucket: Add O(1), and O(log m) amortised to sort; Get O(log m) and a
// look at up to m / 2 slots, four to a cache line, where a linked list has a miss for each.
//
// Invariant: slots below the count never change; the first `sorted` are in entry order.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "engine/memtable/hash_memtable.h"
#include "engine/memtable/slot.h"

namespace varve {

class VectorBucket {
 public:
  // REQUIRES: !full().
  void Append(Slot slot) { array_.load(std::memory_order_relaxed)->Append(slot); }

  bool full() const {
    const Array* array = array_.load(std::memory_order_relaxed);
    return array == nullptr || array->count() == array->capacity;
  }

  static constexpr size_t BytesFor(uint32_t capacity) {
    return sizeof(Array) + capacity * sizeof(Slot);
  }

  uint32_t capacity() const {
    const Array* array = array_.load(std::memory_order_relaxed);
    return array == nullptr ? 0 : array->capacity;
  }

  // Replaces the array by a sorted copy with room for `capacity` slots, in BytesFor(capacity)
  // bytes.
  void Grow(char* bytes, uint32_t capacity) {
    const Array* old = array_.load(std::memory_order_relaxed);
    array_.store(new (bytes) Array(capacity, old), std::memory_order_release);
  }

  const Record* Find(const Target& target) const {
    const Array* array = array_.load(std::memory_order_acquire);
    return array == nullptr ? nullptr : array->Find(target);
  }

  template <class Visit>
  void ForEach(Visit&& visit) const {
    const Array* array = array_.load(std::memory_order_acquire);
    const uint32_t count = array == nullptr ? 0 : array->count();
    for (uint32_t i = 0; i < count; ++i) visit(array->slots()[i].record);
  }

 private:
  // In front of its slots, in one allocation.
  struct Array {
    Array(uint32_t slots_max, const Array* from)
        : capacity(slots_max), sorted(from == nullptr ? 0 : from->count()) {
      if (from != nullptr) std::copy_n(from->slots(), sorted, slots());
      std::sort(slots(), slots() + sorted, IsBefore);
      published.store(sorted, std::memory_order_relaxed);
    }

    uint32_t count() const { return published.load(std::memory_order_acquire); }
    Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
    const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }

    void Append(Slot slot) {
      slots()[count()] = slot;
      published.store(count() + 1, std::memory_order_release);
    }

    const Record* Find(const Target& target) const {
      const Slots in_order = {slots(), sorted};
      const size_t position = FirstAtOrAfter(in_order, target);
      const Record* found = nullptr;
      if (position < sorted && slots()[position].record->key() == target.key) {
        found = slots()[position].record;
      }
      return NewestVersion({slots() + sorted, count() - sorted}, target, found);
    }

    const uint32_t capacity;
    const uint32_t sorted;
    std::atomic<uint32_t> published{0};
    uint32_t unused = 0;  // slots are aligned to 8 bytes
  };
  static_assert(sizeof(Array) % alignof(Slot) == 0);

  std::atomic<Array*> array_{nullptr};
};

class HashVectorMemTable final : public HashMemTable<VectorBucket> {
 public:
  explicit HashVectorMemTable(const MemTableOptions& options)
      : HashMemTable(options, sizeof *this) {}

 private:
  static constexpr uint32_t kFirstCapacity = 4;

  void AddTo(VectorBucket* bucket, const Entry& entry) override {
    const Slot slot(KeyPrefix(entry.key), NewRecord(entry));
    if (bucket->full()) Grow(bucket);
    bucket->Append(slot);
    CountSlack(-static_cast<int64_t>(sizeof(Slot)));
  }

  void Grow(VectorBucket* bucket) {
    const uint32_t old = bucket->capacity();
    const uint32_t capacity = old == 0 ? kFirstCapacity : 2 * old;
    char* bytes = arena().Allocate(VectorBucket::BytesFor(capacity), alignof(Slot));
    bucket->Grow(bytes, capacity);
    // What was copied is in the new array, and no longer needed in the old one.
    const size_t replaced = old == 0 ? 0 : VectorBucket::BytesFor(old);
    CountSlack(static_cast<int64_t>(replaced + (capacity - old) * sizeof(Slot)));
  }
};

}  // namespace varve
