// The CLOCK block cache: the hand sweeps the slots of a hash table in place.
//
// A lookup touches one slot, which never straddles two cache lines, and the block. The hand goes
// over the slots of the table themselves, as in RocksDB's HyperClockCache: there is no list, and
// no memory beside the table.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/clock_cache.h"

#include <utility>

#include "engine/cache/sharded_cache.h"
#include "engine/cache/slot_table.h"

namespace varve {
namespace {

struct alignas(32) ClockSlot {
  uint64_t table = 0;
  uint32_t block = 0;
  bool used = false;  // since the hand came by
  BlockBytes bytes;   // none: the slot is free
  const char* end = nullptr;

  bool free() const { return !bytes; }
  uint32_t hash() const { return static_cast<uint32_t>(HashBlockKey({table, block})); }
  bool Is(const BlockKey& key) const { return table == key.table && block == key.block; }
};

class Clock {
 public:
  static constexpr size_t kNone = SlotTable<ClockSlot>::kNone;

  size_t Find(const BlockKey& key, uint32_t hash) const {
    return slots_.Find(hash, [&key](const ClockSlot& slot) { return slot.Is(key); });
  }

  BlockBytes Use(size_t at) {
    ClockSlot& slot = slots_[at];
    slot.bytes.Prefetch(slot.end);
    slot.used = true;
    return slot.bytes;
  }

  void Add(const BlockKey& key, uint32_t /*hash*/, BlockBytes block) {
    const char* end = block.data() + block.size();
    slots_.Insert({key.table, key.block, true, std::move(block), end});
  }

  BlockBytes Remove(size_t at) { return slots_.Remove(at).bytes; }

  // Passes the blocks that were used since it came by last.
  size_t Victim() {
    for (;; hand_++) {
      ClockSlot& slot = slots_[hand_ & slots_.mask()];
      if (slot.free()) continue;
      if (!slot.used) return hand_ & slots_.mask();
      slot.used = false;
    }
  }

  size_t blocks() const { return slots_.used(); }
  uint64_t bytes() const { return slots_.bytes(); }
  uint64_t growth_bytes() const { return slots_.growth_bytes(); }

 private:
  SlotTable<ClockSlot> slots_;
  size_t hand_ = 0;  // modulo the number of slots
};

}  // namespace

std::unique_ptr<BlockCache> NewClockCache(uint64_t bytes_max) {
  return std::make_unique<ShardedCache<Clock>>(bytes_max);
}

}  // namespace varve
