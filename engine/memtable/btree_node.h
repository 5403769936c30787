// BTreeNode and BTreeInner: the nodes of BTreeMemTable, whose header says how one writer fills them
// while others read.
//
// Invariant: all entries of a node, and those below it, are at or after first() and before end().
// Keys between these two have at least skip() bytes in common, and the prefix in a slot is of what
// comes behind these. A null bound is no bound. end() may come nearer, which leaves that true.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/memtable/record.h"
#include "engine/memtable/slot.h"
#include "engine/util/prefix.h"

namespace varve {

// Aligned so that no slot is on two cache lines, and no further: what an allocator guarantees, so
// that equal adds take equal memory.
class alignas(16) BTreeNode {
 public:
  static constexpr size_t kSlots = 64;
  static constexpr size_t kUnsortedMax = 16;

  // Level 0 is a leaf. The prefix in `end` is behind `skip` bytes.
  BTreeNode(unsigned level, size_t skip, const Record* first, const Slot& end)
      : level_(static_cast<uint16_t>(level)), skip_(static_cast<uint32_t>(skip)), first_(first) {
    set_end(end);
  }

  // How many bytes all keys between two bounds have in common.
  static size_t CommonBytes(const Record* first, const Record* end) {
    if (first == nullptr || end == nullptr) return 0;
    return CommonPrefixBytes(first->key(), end->key());
  }

  // A slot for the record, which may be null, in nodes that skip so many bytes.
  static Slot SlotFor(const Record* record, size_t skip) {
    return Slot(record == nullptr ? 0 : KeyPrefix(record->key().substr(skip)), record);
  }

  unsigned level() const { return level_; }
  bool is_leaf() const { return level_ == 0; }
  size_t skip() const { return skip_; }
  const Record* first() const { return first_; }
  const Record* end() const { return end_.load(std::memory_order_acquire); }

  // The target with the prefix that this node's slots are compared with. REQUIRES: it is not
  // outside of the bounds that the node was made with.
  Target Relative(const Target& target) const {
    Target relative = target;
    if (skip_ != 0) relative.prefix = KeyPrefix(target.key.substr(skip_));
    return relative;
  }

  // Of a leaf: the newest version of the target's key at or after the target, or nullptr.
  // REQUIRES: the leaf was found for the target.
  const Record* FindVersion(const Target& target) const {
    const Target relative = Relative(target);
    // Before the slots: an entry that was moved behind the end since is still in its slot.
    const bool may_be_end = end_prefix_.load(std::memory_order_acquire) == relative.prefix;
    const Record* end = may_be_end ? this->end() : nullptr;
    const State state = Load();
    const Record* found = FindSorted(state.sorted, relative);
    found =
        NewestVersion({slots_.data() + state.sorted, state.count - state.sorted}, relative, found);
    if (found != nullptr || end == nullptr || end->key() != target.key) return found;
    return end;  // the first entry behind this leaf
  }

  // Copies the slots in entry order to `to`, and returns their number, at most kSlots.
  size_t CopySorted(Slot* to) const {
    const State state = Load();
    std::array<Slot, kSlots> tail;
    const size_t tail_count = state.count - state.sorted;
    std::copy_n(slots_.begin() + state.sorted, tail_count, tail.begin());
    std::sort(tail.begin(), tail.begin() + tail_count, IsBefore);
    std::merge(slots_.begin(), slots_.begin() + state.sorted, tail.begin(),
               tail.begin() + tail_count, to, IsBefore);
    return state.count;
  }

  // For the reader that was led here and will look at slots all over the node.
  void PrefetchSlots() const {
    constexpr size_t kCacheLineBytes = 64;
    const char* bytes = reinterpret_cast<const char*>(this);
    for (size_t at = 0; at < sizeof(BTreeNode); at += kCacheLineBytes) {
      __builtin_prefetch(bytes + at);
    }
  }

  // --- The writer only, from here on. ---

  bool full() const { return Load().count == kSlots; }
  // More slots that are not sorted would make searches slow.
  bool unsorted() const { return Load().count - Load().sorted >= kUnsortedMax; }

  bool Covers(const Target& target) const {
    return (first_ == nullptr || Compare(*first_, target) <= 0) &&
           (end() == nullptr || Compare(*end(), target) > 0);
  }

  // True if the slots are in entry order, and the target behind all of them.
  bool IsSortedBefore(const Target& target) const {
    const State state = Load();
    return state.sorted == state.count && IsLastBefore(state.count, Relative(target));
  }

  // The end as a slot of this node.
  Slot end_slot() const { return Slot(end_prefix_.load(std::memory_order_relaxed), end()); }

  // Do some of the slots have the same prefix?
  static bool HasEqualPrefixes(Slots sorted) {
    const auto same = [](const Slot& a, const Slot& b) { return a.prefix == b.prefix; };
    const Slot* end = sorted.first + sorted.count;
    return std::adjacent_find(sorted.first, end, same) != end;
  }

  // REQUIRES: !full(), and the slot's prefix is behind skip() bytes.
  void Append(const Slot& slot) {
    const State state = Load();
    slots_[state.count] = slot;
    const bool ascends = state.sorted == state.count &&
                         (state.count == 0 || IsBefore(slots_[state.count - 1], slot));
    Store({state.count + 1, state.sorted + (ascends ? 1 : 0)});
  }

  // What is at or after `end` is in another node, which readers can reach.
  void set_end(const Slot& end) {
    end_.store(end.record, std::memory_order_release);
    end_prefix_.store(end.prefix, std::memory_order_release);
  }

 protected:
  struct State {
    size_t count;
    size_t sorted;
  };
  State Load() const {
    const uint32_t state = state_.load(std::memory_order_acquire);
    return {state & 0xffff, state >> 16};
  }
  void Store(State state) {
    state_.store(static_cast<uint32_t>(state.count | state.sorted << 16),
                 std::memory_order_release);
  }

  const Slot& slot(size_t i) const { return slots_[i]; }

  // The number of sorted slots at or before the target, which is relative.
  size_t CountAtOrBefore(size_t sorted, const Target& target) const {
    size_t count = CountBefore({slots_.data(), sorted}, target.prefix);
    while (count < sorted &&
           CompareRecord(slots_[count].prefix, *slots_[count].record, target) <= 0) {
      ++count;
    }
    return count;
  }

 private:
  static int Compare(const Record& record, const Target& target) {
    return CompareEntries(record.key(), record.tag(), target.key, target.tag);
  }

  bool IsLastBefore(size_t count, const Target& relative) const {
    if (count == 0) return true;
    const Slot& last = slots_[count - 1];
    return CompareRecord(last.prefix, *last.record, relative) < 0;
  }

  const Record* FindSorted(size_t sorted, const Target& target) const {
    for (size_t i = CountBefore({slots_.data(), sorted}, target.prefix);
         i < sorted && slots_[i].prefix == target.prefix; ++i) {
      const Record& record = *slots_[i].record;
      const int order = CompareEntries(record.key(), record.tag(), target.key, target.tag);
      if (order >= 0) return record.key() == target.key ? &record : nullptr;
    }
    return nullptr;
  }

  std::atomic<uint32_t> state_{0};
  const uint16_t level_;
  const uint32_t skip_;
  const Record* const first_;
  std::atomic<const Record*> end_;
  // Stored after end_, loaded before it: whoever sees it finds the end that it is of, or a nearer.
  std::atomic<uint64_t> end_prefix_;
  std::array<Slot, kSlots> slots_;
};

// A node above leaves. Child 0 is for what is before the first slot's record, child i + 1 for what
// is at or after that of slot i.
class BTreeInner final : public BTreeNode {
 public:
  // All children but the first, in entry order. Two arrays, so that either can be searched.
  struct Children {
    size_t count = 0;
    std::array<Slot, kSlots> slots;
    std::array<BTreeNode*, kSlots> nodes;
  };
  static constexpr size_t kLinkBytes = sizeof(Slot) + sizeof(std::atomic<BTreeNode*>);

  BTreeInner(unsigned level, size_t skip, const Record* first, const Slot& end,
             BTreeNode* first_child)
      : BTreeNode(level, skip, first, end) {
    links_[0].store(first_child, std::memory_order_relaxed);
  }

  // The child that holds the target's place, now or at a time since the call.
  const BTreeNode* ChildFor(const Target& target) const {
    const Target relative = Relative(target);
    while (true) {
      const State state = Load();
      const BTreeNode* child = links_[LinkOf(state, relative)].load(std::memory_order_acquire);
      if (Load().count == state.count) return child;
    }
  }

  const BTreeNode* LastChild() const {
    while (true) {
      const State state = Load();
      size_t last = state.sorted;
      for (size_t i = state.sorted; i < state.count; ++i) {
        if (last == 0 || IsBefore(slot(last - 1), slot(i))) last = i + 1;
      }
      const BTreeNode* child = links_[last].load(std::memory_order_acquire);
      if (Load().count == state.count) return child;
    }
  }

  // --- The writer only, from here on. ---

  std::atomic<BTreeNode*>* LinkFor(const Target& target) {
    return &links_[LinkOf(Load(), Relative(target))];
  }

  BTreeNode* first_child() const { return links_[0].load(std::memory_order_relaxed); }

  // A last child that has gone to the next node is left out.
  void CopySortedChildren(Children* to) const {
    const size_t count = Load().count;
    std::array<size_t, kSlots> order;
    for (size_t i = 0; i < count; ++i) order[i] = i;
    std::sort(order.begin(), order.begin() + count,
              [this](size_t a, size_t b) { return IsBefore(slot(a), slot(b)); });
    to->count = 0;
    for (size_t i = 0; i < count; ++i) {
      if (slot(order[i]).record == end()) continue;
      to->slots[to->count] = slot(order[i]);
      to->nodes[to->count++] = links_[order[i] + 1].load(std::memory_order_relaxed);
    }
  }

  // REQUIRES: !full(), and `child` holds all entries of this node that are at or after the slot's
  // record, up to the next child's.
  void Append(const Slot& slot, BTreeNode* child) {
    links_[Load().count + 1].store(child, std::memory_order_relaxed);
    BTreeNode::Append(slot);
  }

 private:
  // The link to the place of the target, which is relative.
  size_t LinkOf(State state, const Target& target) const {
    const size_t in_sorted = CountAtOrBefore(state.sorted, target);
    size_t best = in_sorted;
    uint64_t best_prefix = in_sorted == 0 ? 0 : slot(in_sorted - 1).prefix;
    bool tie = false;  // among prefixes, which are then not enough
    for (size_t i = state.sorted; i < state.count; ++i) {
      const uint64_t prefix = slot(i).prefix;
      tie |= prefix == target.prefix || prefix == best_prefix;
      const bool better = prefix < target.prefix && prefix > best_prefix;
      best = better ? i + 1 : best;
      best_prefix = better ? prefix : best_prefix;
    }
    return tie ? LinkAmongEqual(state, target, in_sorted) : best;
  }

  size_t LinkAmongEqual(State state, const Target& target, size_t best) const {
    for (size_t i = state.sorted; i < state.count; ++i) {
      if (CompareRecord(slot(i).prefix, *slot(i).record, target) > 0) continue;
      if (best == 0 || IsBefore(slot(best - 1), slot(i))) best = i + 1;
    }
    return best;
  }

  std::array<std::atomic<BTreeNode*>, kSlots + 1> links_{};
};

}  // namespace varve
