// Slot: how memtables that keep entries in arrays refer to one: the prefix of its key and its
// record; with the searches in such arrays, and the iterator over a sorted one.
//
// An array that grows while readers look at it is written behind a published count, and slots below
// the count never change: neither side needs a lock.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/iterator/iterator.h"
#include "engine/memtable/record.h"

namespace varve {

struct Slot {
  uint64_t prefix;
  const Record* record;

  Slot() = default;
  Slot(uint64_t key_prefix, const Record* of) : prefix(key_prefix), record(of) {}
};

inline bool IsBefore(const Slot& a, const Slot& b) {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  return CompareEntries(a.record->key(), a.record->tag(), b.record->key(), b.record->tag()) < 0;
}

struct Slots {
  const Slot* first;
  size_t count;
};

// Of sorted slots, the number of those whose prefix is smaller. Without a branch that cannot be
// predicted: about one step of a few cycles for each doubling of the count.
inline size_t CountBefore(Slots slots, uint64_t prefix) {
  const Slot* first = slots.first;
  size_t count = slots.count;
  while (count > 1) {
    const size_t half = count / 2;
    // All ones or none: compilers make a branch of a condition here.
    first += half & (size_t{0} - static_cast<size_t>(first[half - 1].prefix < prefix));
    count -= half;
  }
  const size_t last = count == 1 && first->prefix < prefix ? 1 : 0;
  return static_cast<size_t>(first - slots.first) + last;
}

// Of sorted slots, the position of the first one at or after the target; or their count.
inline size_t FirstAtOrAfter(Slots slots, const Target& target) {
  const Slot* found = std::lower_bound(
      slots.first, slots.first + slots.count, target, [](const Slot& slot, const Target& wanted) {
        return CompareRecord(slot.prefix, *slot.record, wanted) < 0;
      });
  return static_cast<size_t>(found - slots.first);
}

// Of slots in any order, the newest version of the target's key at or after the target and newer
// than `newest`; or `newest`, which may be nullptr.
inline const Record* NewestVersion(Slots slots, const Target& target, const Record* newest) {
  for (size_t i = 0; i < slots.count; ++i) {
    if (slots.first[i].prefix != target.prefix) continue;
    const Record* record = slots.first[i].record;
    if (record->tag() > target.tag || (newest != nullptr && record->tag() < newest->tag()))
      continue;
    if (record->key() == target.key) newest = record;
  }
  return newest;
}

// Over sorted slots that do not change: those of a memtable, or a copy that the iterator owns.
class SlotIterator final : public EntryIterator {
 public:
  // The slots must outlive the iterator.
  explicit SlotIterator(Slots slots) : slots_(slots) {}
  explicit SlotIterator(std::vector<Slot> copy)
      : copy_(std::move(copy)), slots_{copy_.data(), copy_.size()} {}

  void SeekToFirst() override { MoveTo(0); }
  void SeekToLast() override { MoveTo(slots_.count - 1); }
  void Seek(std::string_view key, Tag tag) override { MoveTo(FirstAtOrAfter(slots_, {key, tag})); }
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

}  // namespace varve
