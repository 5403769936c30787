// VectorMemTable: entries in the order in which they were added, sorted when the table is sealed.
// The cheapest Add and the dearest read of all memtables. S. Kaushik and S. Sarkar, "Anatomy of the
// LSM memory buffer: insights & implications", DBTest 2024, measure it against others.
//
// Cost, with n entries (more is in late_sorted_memtable.h):
//                     before Seal                        after
//   Add               O(1), no search, no cache miss     -
//   Get               O(n), 16 bytes of each entry are   O(log n)
//                     read; newest first, and the first
//                     that fits ends it if all were
//                     added in the order of their tags
//     sort_on_read    O(n log n): sorts a copy, as       O(log n)
//                     RocksDB's vector does
//
// Slots are taken in chunks, each twice as large as the one before. With `preallocate` the first
// chunk has room for entries_max entries, or for one in 128 bytes of bytes_max if there is no such
// limit, and its pages are touched, so that no add waits for them; it is charged from the
// beginning.
//
// Invariant: the first entries() slots never change. Readers need no lock and never wait.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/memtable/late_sorted_memtable.h"
#include "engine/memtable/record.h"
#include "engine/memtable/slot.h"
#include "engine/util/prefix.h"

namespace varve {

class VectorMemTable final : public LateSortedMemTable {
 public:
  explicit VectorMemTable(const MemTableOptions& options)
      : LateSortedMemTable(options, sizeof *this),
        sort_on_read_(options.sort_on_read),
        first_chunk_bits_(options.preallocate ? PreallocatedBits(options) : kFirstChunkBits) {
    if (!options.preallocate) return;
    chunks_[0] = NewChunk(0);
    std::memset(static_cast<void*>(chunks_[0]), 0, SlotsIn(0) * sizeof(Slot));
  }

  void Add(const Entry& entry) override {
    assert(!sealed());
    *NewSlot(entries()) = Slot(KeyPrefix(entry.key), NewRecord(entry));
    if (entry.tag < last_tag_) in_tag_order_.store(false, std::memory_order_relaxed);
    last_tag_ = entry.tag;
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const Record* record = Find({key, SeekTag(at)});
    if (record == nullptr) return false;
    *found = record->entry();
    return true;
  }

 private:
  const Record* Find(const Target& target) const {
    if (sealed()) return Search(sorted(), target);
    if (!sort_on_read_) return Scan(target);
    const std::vector<Slot> copy = SortedCopy();
    return Search({copy.data(), copy.size()}, target);
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

  size_t CopySlots(Slot* to, size_t room) const override {
    const uint64_t count = std::min<uint64_t>(entries(), room);
    for (int chunk = 0; FirstIn(chunk) < count; ++chunk) {
      to = std::copy_n(chunks_[static_cast<size_t>(chunk)], UsedInChunk(chunk, count), to);
    }
    return count;
  }

  // Chunk c holds 2^(first_chunk_bits_ + c) slots, behind those of all chunks before it. Slots
  // never move; from the second chunk on less than half of them are not used yet.
  static constexpr int kFirstChunkBits = 6;
  static constexpr uint64_t kPreallocatedBytesPerSlot = 128;
  static constexpr uint64_t kEntryBytesMin = 2 * (sizeof(Slot) + sizeof(Record));
  static constexpr size_t kChunksMax = 48;

  static int PreallocatedBits(const MemTableOptions& options) {
    const uint64_t slots = options.entries_max != 0
                               ? std::min(options.entries_max, options.bytes_max / kEntryBytesMin)
                               : options.bytes_max / kPreallocatedBytesPerSlot;
    return std::max(static_cast<int>(std::bit_width(slots - (slots != 0 ? 1 : 0))),
                    kFirstChunkBits);
  }

  int ChunkOf(uint64_t position) const {
    return static_cast<int>(std::bit_width((position >> first_chunk_bits_) + 1)) - 1;
  }
  uint64_t SlotsIn(int chunk) const { return uint64_t{1} << (first_chunk_bits_ + chunk); }
  uint64_t FirstIn(int chunk) const { return SlotsIn(chunk) - SlotsIn(0); }
  uint64_t UsedInChunk(int chunk, uint64_t count) const {
    return count <= FirstIn(chunk) ? 0 : std::min(count - FirstIn(chunk), SlotsIn(chunk));
  }

  Slot* NewChunk(int chunk) {
    Slot* slots = NewSlots(SlotsIn(chunk));
    CountSlack(static_cast<int64_t>(SlotsIn(chunk) * sizeof(Slot)));
    return slots;
  }

  // Where slot `position` goes, the first one that is not used.
  Slot* NewSlot(uint64_t position) {
    const int chunk = ChunkOf(position);
    const uint64_t offset = position - FirstIn(chunk);
    Slot*& slots = chunks_[static_cast<size_t>(chunk)];
    if (slots == nullptr) slots = NewChunk(chunk);
    CountSlack(-static_cast<int64_t>(sizeof(Slot)));
    return slots + offset;
  }

  const bool sort_on_read_;
  const int first_chunk_bits_;
  // Written before the count that makes a reader look at them.
  std::array<Slot*, kChunksMax> chunks_{};
  std::atomic<bool> in_tag_order_{true};
  Tag last_tag_ = 0;  // writer only
};

}  // namespace varve
