// VectorMemTable: entries in the order in which they were added, sorted when the table is sealed.
// The cheapest Add and the dearest read of all memtables.
//
// Cost, with n entries:
//                     before Seal                        after
//   Add               O(1), no search, no cache miss     -
//   Get               O(n), 16 bytes of each entry are   O(log n)
//                     read; newest first, and the first
//                     that fits ends it if all were
//                     added in the order of their tags
//   NewIterator       O(n log n): sorts a copy, which    O(1)
//                     is not in bytes()
//   Next, Prev        O(1)                               O(1)
//   Seal              O(n log n), once
//
// Invariant: the first count_ slots, and the sorted array once there is one, never change. Seal
// sorts a copy of the slots and not the slots, because readers may be among them; the copy adds 16
// bytes an entry to bytes(). Readers need no lock and never wait.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/memtable/memtable.h"
#include "engine/memtable/record.h"
#include "engine/util/arena.h"

namespace varve {

class VectorMemTable final : public MemTable {
 public:
  explicit VectorMemTable(const MemTableOptions& /*options*/) {}

  void Add(const Entry& entry) override {
    assert(sorted_.load(std::memory_order_relaxed) == nullptr);
    const uint64_t count = count_.load(std::memory_order_relaxed);
    char* bytes = arena_.Allocate(Record::BytesFor(entry), alignof(Record));
    const Record* record = Record::Write(bytes, entry);
    *NewSlot(count) = {KeyPrefix(entry.key), record};
    if (entry.tag < last_tag_) in_tag_order_.store(false, std::memory_order_relaxed);
    last_tag_ = entry.tag;
    count_.store(count + 1, std::memory_order_release);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const Target target(key, SeekTag(at));
    const Slot* sorted = sorted_.load(std::memory_order_acquire);
    const Record* record = sorted == nullptr ? Scan(target) : Search({sorted, entries()}, target);
    if (record == nullptr || record->key() != key) return false;
    *found = record->entry();
    return true;
  }

  std::unique_ptr<EntryIterator> NewIterator() const override {
    const Slot* sorted = sorted_.load(std::memory_order_acquire);
    if (sorted != nullptr) return std::make_unique<Iterator>(Slots{sorted, entries()});
    return std::make_unique<Iterator>(SortedCopy());
  }

  void Seal() override {
    const uint64_t count = count_.load(std::memory_order_relaxed);
    Slot* sorted = NewSlots(std::max<uint64_t>(count, 1));
    CopyTo(sorted, count);
    std::sort(sorted, sorted + count, IsBefore);
    sorted_.store(sorted, std::memory_order_release);
  }

  uint64_t bytes() const override { return arena_.bytes() + sizeof *this; }
  uint64_t entries() const override { return count_.load(std::memory_order_acquire); }

 private:
  struct Slot {
    uint64_t prefix;
    const Record* record;
  };
  struct Slots {
    const Slot* first;
    size_t count;
  };

  class Iterator final : public EntryIterator {
   public:
    explicit Iterator(Slots slots) : slots_(slots) {}
    explicit Iterator(std::vector<Slot> copy)
        : copy_(std::move(copy)), slots_{copy_.data(), copy_.size()} {}

    void SeekToFirst() override { MoveTo(0); }
    void SeekToLast() override { MoveTo(slots_.count - 1); }
    void Seek(std::string_view key, Tag tag) override {
      MoveTo(FirstAtOrAfter(slots_, {key, tag}));
    }
    void Next() override { MoveTo(position_ + 1); }
    void Prev() override { MoveTo(position_ - 1); }

   private:
    static constexpr size_t kPrefetched = 4;  // how many entries ahead a scan fetches records

    // Before the first position is a large number, and not valid either.
    void MoveTo(size_t position) {
      position_ = position;
      valid_ = position < slots_.count;
      if (!valid_) return;
      entry_ = slots_.first[position].record->entry();
      if (position + kPrefetched < slots_.count) {
        __builtin_prefetch(slots_.first[position + kPrefetched].record);
      }
    }

    const std::vector<Slot> copy_;
    const Slots slots_;
    size_t position_ = 0;
  };

  static bool IsBefore(const Slot& a, const Slot& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return CompareEntries(a.record->key(), a.record->tag(), b.record->key(), b.record->tag()) < 0;
  }

  static size_t FirstAtOrAfter(Slots slots, const Target& target) {
    const Slot* found = std::lower_bound(
        slots.first, slots.first + slots.count, target, [](const Slot& slot, const Target& wanted) {
          return CompareRecord(slot.prefix, *slot.record, wanted) < 0;
        });
    return static_cast<size_t>(found - slots.first);
  }

  static const Record* Search(Slots slots, const Target& target) {
    const size_t position = FirstAtOrAfter(slots, target);
    return position < slots.count ? slots.first[position].record : nullptr;
  }

  // The newest version of the target's key that is not newer than the target, or nullptr.
  const Record* Scan(const Target& target) const {
    const uint64_t count = entries();
    const bool first_is_newest = in_tag_order_.load(std::memory_order_relaxed);
    const Record* newest = nullptr;
    for (int chunk = count == 0 ? -1 : ChunkOf(count - 1); chunk >= 0; --chunk) {
      const Slot* slots = chunks_[static_cast<size_t>(chunk)];
      for (uint64_t i = UsedInChunk(chunk, count); i-- > 0;) {
        if (slots[i].prefix != target.prefix) continue;
        const Record* record = slots[i].record;
        if (record->tag() > target.tag || record->key() != target.key) continue;
        if (first_is_newest) return record;
        if (newest == nullptr || record->tag() > newest->tag()) newest = record;
      }
    }
    return newest;
  }

  std::vector<Slot> SortedCopy() const {
    std::vector<Slot> copy(entries());
    CopyTo(copy.data(), copy.size());
    std::sort(copy.begin(), copy.end(), IsBefore);
    return copy;
  }

  void CopyTo(Slot* to, uint64_t count) const {
    for (int chunk = 0; FirstIn(chunk) < count; ++chunk) {
      to = std::copy_n(chunks_[static_cast<size_t>(chunk)], UsedInChunk(chunk, count), to);
    }
  }

  // Chunk c holds kChunkSlots · 2^c slots, and so those from kChunkSlots · (2^c - 1) on. Slots
  // never move; less than half of them are not used yet.
  static constexpr uint64_t kChunkSlots = 64;
  static constexpr size_t kChunksMax = 48;
  static int ChunkOf(uint64_t position) {
    return static_cast<int>(std::bit_width(position / kChunkSlots + 1)) - 1;
  }
  static uint64_t SlotsIn(int chunk) { return kChunkSlots << chunk; }
  static uint64_t FirstIn(int chunk) { return SlotsIn(chunk) - kChunkSlots; }
  static uint64_t UsedInChunk(int chunk, uint64_t count) {
    return count <= FirstIn(chunk) ? 0 : std::min(count - FirstIn(chunk), SlotsIn(chunk));
  }

  Slot* NewSlots(uint64_t count) {
    return reinterpret_cast<Slot*>(arena_.Allocate(count * sizeof(Slot), alignof(Slot)));
  }

  // Where slot `position` goes, the first one that is not used.
  Slot* NewSlot(uint64_t position) {
    const int chunk = ChunkOf(position);
    const uint64_t offset = position - FirstIn(chunk);
    Slot*& slots = chunks_[static_cast<size_t>(chunk)];
    if (offset == 0) slots = NewSlots(SlotsIn(chunk));
    return slots + offset;
  }

  Arena arena_;
  // Written before the count that makes a reader look at them.
  std::array<Slot*, kChunksMax> chunks_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<bool> in_tag_order_{true};
  std::atomic<const Slot*> sorted_{nullptr};
  Tag last_tag_ = 0;  // writer only
};

}  // namespace varve
