// HashSkipListMemTable: a hash table whose buckets are skip lists; one writer, readers that never
// wait.
//
// As RocksDB's prefix_hash. A list is made when its bucket gets its first entry, and has 12 levels,
// as there: 240 bytes before it holds anything, which is what makes this one the least dense of all
// memtables where buckets are many. One in four nodes of a level is in the next one. The list is
// that of skip_list.h; the rest, H and X among it, is in hash_memtable.h.
//
// Cost: Add and Get O(log m), m entries being in the bucket.
//
// Invariant: that of skip_list.h, in each bucket.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <new>

#include "engine/memtable/hash_memtable.h"
#include "engine/memtable/skip_list.h"

namespace varve {

class SkipListBucket {
 public:
  void Add(const Entry& entry, Arena* arena, SkipList::Writer* writer) {
    SkipList* list = list_.load(std::memory_order_relaxed);
    if (list == nullptr) {
      list = new (arena->Allocate(sizeof(SkipList), alignof(SkipList))) SkipList(arena, kShape);
      list_.store(list, std::memory_order_release);
    }
    list->Add(entry, arena, writer);
  }

  const Record* Find(const Target& target) const {
    const SkipList* list = list_.load(std::memory_order_acquire);
    const Record* record = list == nullptr ? nullptr : list->FindAtOrAfter(target);
    return record != nullptr && record->key() == target.key ? record : nullptr;
  }

  template <class Visit>
  void ForEach(Visit&& visit) const {
    const SkipList* list = list_.load(std::memory_order_acquire);
    if (list != nullptr) list->ForEach(visit);
  }

 private:
  static constexpr SkipList::Shape kShape = {12, 2};

  std::atomic<SkipList*> list_{nullptr};
};

class HashSkipListMemTable final : public HashMemTable<SkipListBucket> {
 public:
  explicit HashSkipListMemTable(const MemTableOptions& options)
      : HashMemTable(options, sizeof *this) {}

 private:
  void AddTo(SkipListBucket* bucket, const Entry& entry) override {
    bucket->Add(entry, &arena(), &writer_);
  }

  SkipList::Writer writer_;
};

}  // namespace varve
