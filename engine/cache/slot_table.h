// SlotTable: the hash table of a cache's shard, with open addressing and linear probing (Knuth, The
// Art of Computer Programming, vol. 3, 6.4, algorithms L and R: removal shifts back what follows,
// so that there are no tombstones). At most 3/4 full.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace varve {

// A Slot is movable and has free(), true of a default one, and hash(), whose low bits say where it
// belongs. Not thread safe.
template <class Slot>
class SlotTable {
 public:
  static constexpr size_t kNone = ~size_t{0};

  // Where the slot is that belongs to `hash` and for which `is_it` holds, or kNone. Valid until the
  // next Insert or Remove.
  template <class IsIt>
  size_t Find(uint32_t hash, IsIt is_it) const {
    if (slots_.empty()) return kNone;
    for (size_t at = hash & mask();; at = (at + 1) & mask()) {
      if (slots_[at].free()) return kNone;
      if (is_it(slots_[at])) return at;
    }
  }

  Slot& operator[](size_t at) { return slots_[at]; }

  // `slot` is not free. bytes() grows by growth_bytes().
  void Insert(Slot slot) {
    if (full()) Grow();
    Place(std::move(slot));
    used_++;
  }

  // REQUIRES: the slot at `at` is not free.
  Slot Remove(size_t at) {
    Slot removed = std::move(slots_[at]);
    size_t hole = at;
    for (at = next(hole); !slots_[at].free(); at = next(at)) {
      // A slot may move into the hole if the hole lies on its way from its first choice.
      const size_t way = (at - slots_[at].hash()) & mask();
      if (way >= ((at - hole) & mask())) {
        slots_[hole] = std::move(slots_[at]);
        hole = at;
      }
    }
    slots_[hole] = Slot{};
    used_--;
    return removed;
  }

  size_t used() const { return used_; }
  size_t mask() const { return slots_.size() - 1; }  // REQUIRES: used() was more than 0 once
  uint64_t bytes() const { return slots_.size() * sizeof(Slot); }
  uint64_t growth_bytes() const {
    return full() ? (next_size() - slots_.size()) * sizeof(Slot) : 0;
  }

 private:
  static constexpr size_t kSlotsMin = 64;

  size_t next(size_t at) const { return (at + 1) & mask(); }
  bool full() const { return (used_ + 1) * 4 > slots_.size() * 3; }
  size_t next_size() const { return std::max(kSlotsMin, slots_.size() * 2); }

  void Place(Slot slot) {
    size_t at = slot.hash() & mask();
    while (!slots_[at].free()) at = next(at);
    slots_[at] = std::move(slot);
  }

  void Grow() {
    std::vector<Slot> old(next_size());
    old.swap(slots_);
    for (Slot& slot : old) {
      if (!slot.free()) Place(std::move(slot));
    }
  }

  std::vector<Slot> slots_;  // a power of two of them, or none
  size_t used_ = 0;
};

}  // namespace varve
