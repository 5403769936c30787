// BTreeMemTable: a B+ tree over 8-byte pieces of keys; one writer, readers that never wait.
//
// R. Bayer and E. McCreight, "Organization and maintenance of large ordered indexes", Acta
// Informatica 1(3), 1972; D. Comer, "The ubiquitous B-tree", ACM Computing Surveys 11(2), 1979.
// Nodes compare integers, the first 8 bytes of keys behind those that all keys of the node share:
// "poor man's normalized keys", G. Graefe, "Modern B-tree techniques", Foundations and Trends in
// Databases 3(4), 2011, 3.5, with the prefixes of R. Bayer and K. Unterauer, "Prefix B-trees",
// TODS 2(1), 1977. So keys that all begin with `user` do not make it slow.
//
// How readers and the writer get along. A node is an array of slots in the order in which they were
// added, behind a published count, of which the first `sorted` are in entry order; slots below the
// count never change. To add is to write one slot and to store the count. A full node is not
// changed but replaced, by two that are sorted and half full:
//
//        parent [… a …]          (1) the new right half b is added to the parent: a' < b
//                  |             (2) the link to a is made to lead to the left half a'
//                a + b           what is read between (1) and (2) is complete: a is as it was
//
// Whoever reads a link and then still finds the count at which it chose the link has chosen well:
// else it chooses again, which happens only when the writer has got ahead. Nodes that were replaced
// live as long as the memtable, and whoever is in one finds all that was there when it came. A node
// that was filled in ascending order stays, full, and a new one is begun behind it: sequential adds
// copy nothing and leave full nodes.
//
// Price: for random keys a slot of 16 bytes is copied about once, half of the slots of the
// copies are empty at first, and what was copied stays as slack: see the test of the account. An
// iterator sorts a copy of one leaf at a time. Prev and Next cost O(1) amortised, a search from the
// root for each leaf. Get looks at one leaf.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "engine/memtable/arena_memtable.h"
#include "engine/memtable/btree_node.h"

namespace varve {

class BTreeMemTable final : public ArenaMemTable {
 public:
  explicit BTreeMemTable(const MemTableOptions& options) : ArenaMemTable(options, sizeof *this) {
    root_.store(NewLeaf(nullptr, Slot(0, nullptr), {}, 0), std::memory_order_release);
  }

  void Add(const Entry& entry) override {
    const Record* record = NewRecord(entry);
    const Target target(entry.key, entry.tag);
    if (!FollowsLastAdded(target)) Descend(target);
    if (leaf_->full()) {
      SplitLeaf(record, target);
    } else {
      CountSlack(-static_cast<int64_t>(sizeof(Slot)));
      leaf_->Append(Slot(leaf_->Relative(target).prefix, record));
    }
    last_added_ = record;
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const Target target(key, SeekTag(at));
    const Record* record = FindLeaf(target)->FindVersion(target);
    if (record == nullptr) return false;
    *found = record->entry();
    return true;
  }

  std::unique_ptr<EntryIterator> NewIterator() const override {
    return std::make_unique<Iterator>(*this);
  }

 private:
  using Node = BTreeNode;
  using Inner = BTreeInner;
  static constexpr size_t kSlots = Node::kSlots;

  // At a position in a sorted copy of a leaf, and from one leaf to the next by its bounds.
  class Iterator final : public EntryIterator {
   public:
    explicit Iterator(const BTreeMemTable& tree) : tree_(tree) {}

    void SeekToFirst() override { Seek({}, UINT64_MAX); }
    void SeekToLast() override {
      Load(*tree_.FindLastLeaf());
      MoveTo(count_ - 1);
    }
    void Seek(std::string_view key, Tag tag) override {
      const Target target(key, tag);
      const Node& leaf = *tree_.FindLeaf(target);
      Load(leaf);
      const size_t position = FirstAtOrAfter({slots_.data(), count_}, leaf.Relative(target));
      position == count_ ? MoveToNextLeaf() : MoveTo(position);
    }
    void Next() override { position_ + 1 == count_ ? MoveToNextLeaf() : MoveTo(position_ + 1); }
    void Prev() override {
      if (position_ > 0) return MoveTo(position_ - 1);
      if (first_ == nullptr) return MoveTo(count_);
      // No entry is between this place and the first of the leaf that ends here.
      const Target before(first_->key(), first_->tag() + 1);
      const Node& leaf = *tree_.FindLeaf(before);
      Load(leaf);
      MoveTo(FirstAtOrAfter({slots_.data(), count_}, leaf.Relative(before)) - 1);
    }

   private:
    static constexpr size_t kPrefetched = 4;  // how many entries ahead a scan fetches records

    void Load(const Node& leaf) {
      first_ = leaf.first();
      end_ = leaf.end();  // before the count: what is added behind the end later is not missed
      count_ = leaf.CopySorted(slots_.data());
    }

    // A leaf is not empty, unless the table is, and its end is the first entry of the next.
    void MoveToNextLeaf() { end_ == nullptr ? MoveTo(count_) : Seek(end_->key(), end_->tag()); }

    // Before the first position is a large number, and not valid either.
    void MoveTo(size_t position) {
      position_ = position;
      valid_ = position < count_;
      if (!valid_) return;
      entry_ = slots_[position].record->entry();
      if (position + kPrefetched < count_) {
        __builtin_prefetch(slots_[position + kPrefetched].record);
      }
    }

    const BTreeMemTable& tree_;
    const Record* first_ = nullptr;
    const Record* end_ = nullptr;
    size_t count_ = 0;
    size_t position_ = 0;
    std::array<Slot, kSlots> slots_;
  };

  // 64 levels of 32 children are more than there is memory for.
  static constexpr size_t kLevelsMax = 64;

  const Node* FindLeaf(const Target& target) const {
    const Node* node = root_.load(std::memory_order_acquire);
    while (!node->is_leaf()) node = static_cast<const Inner*>(node)->ChildFor(target);
    node->PrefetchSlots();
    return node;
  }

  const Node* FindLastLeaf() const {
    const Node* node = root_.load(std::memory_order_acquire);
    while (!node->is_leaf()) node = static_cast<const Inner*>(node)->LastChild();
    return node;
  }

  // True if the target is in the last leaf, behind the entry added last, which is there too.
  bool FollowsLastAdded(const Target& target) const {
    return leaf_ != nullptr && leaf_->end() == nullptr && last_added_ != nullptr &&
           CompareEntries(last_added_->key(), last_added_->tag(), target.key, target.tag) < 0;
  }

  // Finds the leaf of the target, and the nodes above it.
  void Descend(const Target& target) {
    Node* node = root_.load(std::memory_order_relaxed);
    levels_ = node->level();
    while (!node->is_leaf()) {
      auto* inner = static_cast<Inner*>(node);
      path_[inner->level()] = inner;
      node = inner->LinkFor(target)->load(std::memory_order_relaxed);
    }
    leaf_ = node;
  }

  // What a node of these slots should skip that are sorted, behind `skip` bytes, and between these
  // bounds: more only where that tells keys apart, because for that all of them must be read.
  static size_t SkipFor(const Record* first, const Slot& end, Slots sorted, size_t skip) {
    const size_t common = Node::CommonBytes(first, end.record);
    return common > skip && Node::HasEqualPrefixes(sorted) ? common : skip;
  }

  static Slot Reskipped(const Slot& slot, size_t from, size_t to) {
    return from == to ? slot : Node::SlotFor(slot.record, to);
  }

  // A leaf of these slots, which are sorted; their prefixes and that of `end` are behind `from`
  // bytes.
  Node* NewLeaf(const Record* first, const Slot& end, Slots sorted, size_t from) {
    const size_t skip = SkipFor(first, end, sorted, from);
    char* bytes = arena().Allocate(sizeof(Node), alignof(Node));
    CountSlack(static_cast<int64_t>((kSlots - sorted.count) * sizeof(Slot)));
    auto* leaf = new (bytes) Node(0, skip, first, Reskipped(end, from, skip));
    for (size_t i = 0; i < sorted.count; ++i) leaf->Append(Reskipped(sorted.first[i], from, skip));
    return leaf;
  }

  // The same for an inner node, of the given ones of the children.
  Inner* NewInner(unsigned level, const Record* first, const Slot& end, Node* first_child,
                  Slots sorted, Node* const* nodes, size_t from) {
    const size_t skip = SkipFor(first, end, sorted, from);
    char* bytes = arena().Allocate(sizeof(Inner), alignof(Inner));
    CountSlack(Inner::kLinkBytes * kSlots);
    auto* inner = new (bytes) Inner(level, skip, first, Reskipped(end, from, skip), first_child);
    for (size_t i = 0; i < sorted.count; ++i) {
      Append(inner, Reskipped(sorted.first[i], from, skip), nodes[i]);
    }
    return inner;
  }

  void Append(Inner* parent, const Slot& slot, Node* child) {
    CountSlack(-static_cast<int64_t>(Inner::kLinkBytes));
    parent->Append(slot, child);
  }

  // Adds the record to the leaf of the path, which is full, and forgets the path.
  void SplitLeaf(const Record* record, const Target& target) {
    Node* leaf = std::exchange(leaf_, nullptr);
    const Slot added(leaf->Relative(target).prefix, record);
    std::array<Slot, kSlots + 1> slots;
    if (leaf->IsSortedBefore(target)) return AddBehind(leaf, added);
    const size_t count = leaf->CopySorted(slots.data());
    Slot* place = std::upper_bound(slots.data(), slots.data() + count, added, IsBefore);
    std::copy_backward(place, slots.data() + count, slots.data() + count + 1);
    *place = added;
    const size_t half = (count + 1) / 2;
    const Slot middle = slots[half];
    Node* left = NewLeaf(leaf->first(), middle, {slots.data(), half}, leaf->skip());
    Node* right = NewLeaf(middle.record, leaf->end_slot(), {slots.data() + half, count + 1 - half},
                          leaf->skip());
    CountSlack(sizeof(Node));
    AddChild(1, middle.record, right, left);
  }

  // Begins a leaf with `added` behind the leaf, which is full and sorted.
  void AddBehind(Node* leaf, const Slot& added) {
    Node* right = NewLeaf(added.record, leaf->end_slot(), {&added, 1}, leaf->skip());
    std::array<Slot, kSlots> slots;
    const Slots sorted = {slots.data(), leaf->CopySorted(slots.data())};
    Node* left = leaf;
    if (SkipFor(leaf->first(), added, sorted, leaf->skip()) != leaf->skip()) {
      left = NewLeaf(leaf->first(), added, sorted, leaf->skip());
      CountSlack(sizeof(Node));
    }
    AddChild(1, added.record, right, left);
    leaf->set_end(added);
  }

  // Adds `right`, whose entries begin at `middle`, to the node of the path at `level`, and makes
  // the link that led there until now lead to `left`.
  void AddChild(unsigned level, const Record* middle, Node* right, Node* left) {
    const Slot no_end(0, nullptr);
    if (level > levels_) {
      const Slot slot = Node::SlotFor(middle, 0);
      root_.store(NewInner(level, nullptr, no_end, left, {&slot, 1}, &right, 0),
                  std::memory_order_release);
      return;
    }
    Inner* parent = path_[level];
    const Target target(middle->key(), middle->tag());
    const Slot slot(parent->Relative(target).prefix, middle);
    if (parent->full() && parent->IsSortedBefore(target)) {
      // The last child goes to the new node with `right`. The parent's link to it stays as it is,
      // for readers that came before.
      const Record* first = left->first();
      Inner* next =
          NewInner(level, first, parent->end_slot(), left, {&slot, 1}, &right, parent->skip());
      AddChild(level + 1, first, next, parent);
      return parent->set_end(Node::SlotFor(first, parent->skip()));
    }
    if (parent->full() || parent->unsorted()) parent = RebuildInner(parent, target);
    std::atomic<Node*>* link = parent->LinkFor(target);
    Append(parent, Slot(parent->Relative(target).prefix, middle), right);
    link->store(left, std::memory_order_release);
  }

  // Replaces an inner node by a sorted one with the same children; by two if it is full. Returns
  // the one that covers the target.
  Inner* RebuildInner(Inner* old, const Target& target) {
    Inner::Children children;
    old->CopySortedChildren(&children);
    const Slots all = {children.slots.data(), children.count};
    CountSlack(sizeof(Inner));
    if (!old->full()) {
      Inner* sorted = NewInner(old->level(), old->first(), old->end_slot(), old->first_child(), all,
                               children.nodes.data(), old->skip());
      const bool is_root = old->level() == levels_;
      std::atomic<Node*>* link = is_root ? &root_ : path_[old->level() + 1]->LinkFor(target);
      link->store(sorted, std::memory_order_release);
      return sorted;
    }
    const size_t half = all.count / 2;
    const Slot middle = all.first[half];
    Inner* left = NewInner(old->level(), old->first(), middle, old->first_child(),
                           {all.first, half}, children.nodes.data(), old->skip());
    Inner* right = NewInner(old->level(), middle.record, old->end_slot(), children.nodes[half],
                            {all.first + half + 1, all.count - half - 1},
                            children.nodes.data() + half + 1, old->skip());
    AddChild(old->level() + 1, middle.record, right, left);
    return left->Covers(target) ? left : right;
  }

  std::atomic<Node*> root_{nullptr};
  // Writer only: the leaf that was added to last, or nullptr, and the nodes above it, by level.
  Node* leaf_ = nullptr;
  const Record* last_added_ = nullptr;
  unsigned levels_ = 0;
  std::array<Inner*, kLevelsMax> path_{};
};

}  // namespace varve
