// ArenaMemTable: what all memtables share: one arena, and the account of what it is used for.
//
// Invariant: payload + structure + slack = bytes(), at every moment and for every thread. Payload
// is counted as entries are added; slack is what the arena has not handed out, and what the part
// reports as not filled or replaced (CountSlack); all else is structure. A part adds by taking
// memory from arena(), linking the entry, and calling CountEntry last, which publishes its number.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/memtable/memtable.h"
#include "engine/memtable/record.h"
#include "engine/util/arena.h"

namespace varve {

class ArenaMemTable : public MemTable {
 public:
  uint64_t bytes() const final { return arena_.bytes() + object_bytes_; }
  uint64_t entries() const final { return entries_.load(std::memory_order_acquire); }

  MemTableUse use() const final {
    // In the reverse order of the writer's stores, so that no difference is negative.
    const uint64_t payload = payload_.load(std::memory_order_acquire);
    const uint64_t slack = slack_.load(std::memory_order_acquire);
    const uint64_t used = arena_.used();
    const uint64_t total = bytes();
    return {payload, used - payload - slack + object_bytes_, total - object_bytes_ - used + slack};
  }

 protected:
  // `object_bytes`: the size of the memtable itself.
  ArenaMemTable(const MemTableOptions& options, size_t object_bytes)
      : arena_(kBlockBytesMax, PagesFor(options), options.pool), object_bytes_(object_bytes) {}

  Arena& arena() { return arena_; }

  const Record* NewRecord(const Entry& entry) {
    return Record::Write(arena_.Allocate(Record::BytesFor(entry), alignof(Record)), entry);
  }

  // Call last, when readers can reach the entry.
  void CountEntry(const Entry& entry) {
    Increase(&payload_, entry.key.size() + entry.value.size());
    Increase(&entries_, 1);
  }

  // So many more bytes that the arena handed out hold nothing that is needed; of bytes that were
  // counted and are filled now, the difference is negative.
  void CountSlack(int64_t bytes) { Increase(&slack_, static_cast<uint64_t>(bytes)); }

 private:
  static constexpr size_t kBlockBytesMax = 1 << 20;
  static constexpr uint64_t kHugeBytesMin = 16 << 20;  // of less, a page would be too large a part

  static ArenaPages PagesFor(const MemTableOptions& options) {
    const bool huge = options.huge_pages && options.bytes_max >= kHugeBytesMin;
    return huge ? ArenaPages::kHuge : ArenaPages::kNormal;
  }

  static void Increase(std::atomic<uint64_t>* counter, uint64_t by) {
    counter->store(counter->load(std::memory_order_relaxed) + by, std::memory_order_release);
  }

  Arena arena_;
  const size_t object_bytes_;
  std::atomic<uint64_t> payload_{0};
  std::atomic<uint64_t> slack_{0};
  std::atomic<uint64_t> entries_{0};
};

}  // namespace varve
