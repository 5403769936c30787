// The CLOCK block cache: per shard a lock and a hash table, which the hand sweeps in place.
//
// A lookup touches one slot, which never straddles two cache lines, and the block. The hand goes
// over the slots of the table themselves, as in RocksDB's HyperClockCache: there is no list, and
// no memory beside the table.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/clock_cache.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/cache/sharded_cache.h"

namespace varve {
namespace {

struct alignas(32) Slot {
  uint64_t table = 0;
  uint32_t block = 0;
  bool used = false;  // since the hand came by
  BlockBytes bytes;   // none: the slot is free
  const char* end = nullptr;

  bool Is(const BlockKey& key) const { return table == key.table && block == key.block; }
};

// Open addressing with linear probing; removal shifts back what follows. At most 3/4 full.
class alignas(64) Shard {
 public:
  void set_bytes_max(uint64_t bytes_max) { bytes_max_ = bytes_max; }

  BlockBytes Lookup(const BlockKey& key, uint32_t hash) {
    const std::lock_guard lock(mutex_);
    const size_t at = Find(key, hash);
    if (at == kNone) return {};
    Slot& slot = slots_[at];
    slot.bytes.Prefetch(slot.end);
    slot.used = true;
    return slot.bytes;
  }

  void Insert(const BlockKey& key, uint32_t hash, BlockBytes block) {
    const uint64_t charge = block.allocated_bytes();
    std::vector<BlockBytes> evicted;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const size_t present = Find(key, hash);
    if (present != kNone) evicted.push_back(Remove(present));
    // What does not fit into an empty shard must not empty it.
    if (needed(charge) - blocks_bytes_ > bytes_max_) return;
    while (used_ != 0 && needed(charge) > bytes_max_) evicted.push_back(Remove(NextVictim()));
    if (full()) Grow();
    const char* end = block.data() + block.size();
    Place({key.table, key.block, true, std::move(block), end}, hash);
    used_++;
    blocks_bytes_ += charge;
  }

  void Erase(const BlockKey& key, uint32_t hash) {
    BlockBytes erased;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const size_t at = Find(key, hash);
    if (at != kNone) erased = Remove(at);
  }

  uint64_t bytes() {
    const std::lock_guard lock(mutex_);
    return blocks_bytes_ + slots_.size() * sizeof(Slot);
  }

 private:
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kSlotsMin = 64;

  size_t mask() const { return slots_.size() - 1; }
  bool full() const { return (used_ + 1) * 4 > slots_.size() * 3; }
  size_t next_size() const { return std::max(kSlotsMin, slots_.size() * 2); }

  // What bytes() would be with one more block.
  uint64_t needed(uint64_t charge) const {
    return blocks_bytes_ + charge + (full() ? next_size() : slots_.size()) * sizeof(Slot);
  }

  size_t Find(const BlockKey& key, uint32_t hash) const {
    if (slots_.empty()) return kNone;
    for (size_t at = hash & mask();; at = (at + 1) & mask()) {
      if (!slots_[at].bytes) return kNone;
      if (slots_[at].Is(key)) return at;
    }
  }

  void Place(Slot slot, uint32_t hash) {
    size_t at = hash & mask();
    while (slots_[at].bytes) at = (at + 1) & mask();
    slots_[at] = std::move(slot);
  }

  void Grow() {
    std::vector<Slot> old(next_size());
    old.swap(slots_);
    for (Slot& slot : old) {
      if (!slot.bytes) continue;
      const uint32_t hash = HashOf(slot);
      Place(std::move(slot), hash);
    }
    hand_ = 0;
  }

  BlockBytes Remove(size_t hole) {
    BlockBytes removed = std::move(slots_[hole].bytes);
    for (size_t at = (hole + 1) & mask(); slots_[at].bytes; at = (at + 1) & mask()) {
      // A slot may move into the hole if the hole lies on its way from its first choice.
      const size_t way = (at - HashOf(slots_[at])) & mask();
      if (way >= ((at - hole) & mask())) {
        slots_[hole] = std::move(slots_[at]);
        hole = at;
      }
    }
    used_--;
    blocks_bytes_ -= removed.allocated_bytes();
    return removed;
  }

  // Passes the blocks that were used since it came by last. REQUIRES: there is a block.
  size_t NextVictim() {
    for (;; hand_++) {
      Slot& slot = slots_[hand_ & mask()];
      if (!slot.bytes) continue;
      if (!slot.used) return hand_ & mask();
      slot.used = false;
    }
  }

  static uint32_t HashOf(const Slot& slot) {
    return static_cast<uint32_t>(HashBlockKey({slot.table, slot.block}));
  }

  std::mutex mutex_;
  // Under mutex_:
  uint64_t bytes_max_ = 0;
  uint64_t blocks_bytes_ = 0;
  std::vector<Slot> slots_;  // a power of two of them, or none
  size_t used_ = 0;
  size_t hand_ = 0;  // modulo the number of slots
};

}  // namespace

std::unique_ptr<BlockCache> NewClockCache(uint64_t bytes_max) {
  return std::make_unique<ShardedCache<Shard>>(bytes_max);
}

}  // namespace varve
