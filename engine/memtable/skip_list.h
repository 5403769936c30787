// SkipList: a skip list in an arena, with one writer and any number of lock-free readers.
//
// W. Pugh, "Skip lists: a probabilistic alternative to balanced trees", CACM 33(6), 1990. That
// readers need no lock beside one writer, because nodes are linked bottom-up by release stores
// and are never unlinked, is what LevelDB (db/skiplist.h) and RocksDB (memtable/inlineskiplist.h,
// with the tower in front of the key in one allocation) describe in their sources.
//
// Each link holds the key prefix of the node that it leads to, beside the pointer. A search thus
// looks only at nodes that it moves to, never at those that it only compares with: one cache line
// for each step.
//
// Invariant: the list of each level is in entry order at every moment; the prefix in a link is at
// least that of the node behind it (equal except while the writer changes the link); and every
// node of a level is in all levels below. Prev is a search, O(log n). Called by SkipListMemTable
// and, for each of its buckets, by HashSkipListMemTable.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

#include "engine/iterator/iterator.h"
#include "engine/memtable/record.h"
#include "engine/util/arena.h"
#include "engine/util/random.h"

namespace varve {

class SkipList {
  class Node;

 public:
  static constexpr int kHeightMax = 24;
  using Splice = std::array<Node*, kHeightMax>;

  // How high nodes are: one in 2^branching_bits of those of a level is in the next one, too.
  struct Shape {
    int height_max = kHeightMax;
    int branching_bits = 1;
  };

  // What a writer needs besides the list; lists may take turns with one.
  struct Writer {
    Random random{1};  // the seed is fixed, so that equal adds give equal lists
    const SkipList* added_to = nullptr;
    // For each level of that list, the last node before the place behind the entry added last.
    Splice before{};
  };

  SkipList(Arena* arena, Shape shape)
      : shape_(shape), head_(NewNode(arena, {}, shape.height_max)) {}

  // Copies the entry to the arena, and returns its record.
  const Record* Add(const Entry& entry, Arena* arena, Writer* writer) {
    const Target target(entry.key, entry.tag);
    if (writer->added_to != this) {
      writer->added_to = this;
      writer->before.fill(head_);
      FindBefore(target, &writer->before);
    } else if (!Follows(writer->before[0], target)) {
      FindBefore(target, &writer->before);
    }
    const int height = RandomHeight(&writer->random);
    if (height > height_.load(std::memory_order_relaxed)) {
      height_.store(height, std::memory_order_relaxed);
    }
    Node* node = NewNode(arena, entry, height);
    for (int level = 0; level < height; ++level) {
      Link* before = writer->before[Index(level)]->link(level);
      node->link(level)->Copy(*before);
      before->Set(target.prefix, node);
      writer->before[Index(level)] = node;
    }
    return &node->record();
  }

  // The first entry at or after the target, or nullptr.
  const Record* FindAtOrAfter(const Target& target) const {
    const Node* node = NodeAtOrAfter(target);
    return node == nullptr ? nullptr : &node->record();
  }

  // Calls visit(record) for all entries, in order.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Node* node = head_->link(0)->next(); node != nullptr; node = node->link(0)->next()) {
      visit(&node->record());
    }
  }

  class Iterator final : public EntryIterator {
   public:
    // The list must outlive the iterator.
    explicit Iterator(const SkipList& list) : list_(list) {}
    void SeekToFirst() override { MoveTo(list_.head_->link(0)->next()); }
    void SeekToLast() override { MoveBack(list_.FindLast()); }
    void Seek(std::string_view key, Tag tag) override { MoveTo(list_.NodeAtOrAfter({key, tag})); }
    void Next() override { MoveTo(node_->link(0)->next()); }
    void Prev() override { MoveBack(list_.FindBefore({entry_.key, entry_.tag}, nullptr)); }

   private:
    static constexpr size_t kCacheLineBytes = 64;

    void MoveTo(const Node* node) {
      node_ = node;
      valid_ = node != nullptr;
      if (!valid_) return;
      entry_ = node->record().entry();
      // While the caller works on this entry. Two lines: link, header and key; then the value.
      const Node* next = node->link(0)->next();
      if (next == nullptr) return;
      __builtin_prefetch(next);
      __builtin_prefetch(reinterpret_cast<const char*>(next) + kCacheLineBytes);
    }
    void MoveBack(const Node* node) { MoveTo(node == list_.head_ ? nullptr : node); }

    const SkipList& list_;
    const Node* node_ = nullptr;
  };

 private:
  // Readers load the prefix before the pointer, and the writer stores them the other way round: a
  // reader may see a new node with the prefix of an older, larger one, never the reverse. It then
  // goes down a level too early, which costs it a step, but never past its target.
  class Link {
   public:
    uint64_t prefix() const { return prefix_.load(std::memory_order_acquire); }
    Node* next() const { return next_.load(std::memory_order_acquire); }
    void Set(uint64_t prefix, Node* next) {
      next_.store(next, std::memory_order_release);
      prefix_.store(prefix, std::memory_order_release);
    }
    // REQUIRES: no reader can reach this link yet.
    void Copy(const Link& from) {
      next_.store(from.next_.load(std::memory_order_relaxed), std::memory_order_relaxed);
      prefix_.store(from.prefix_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }

   private:
    std::atomic<uint64_t> prefix_{UINT64_MAX};
    std::atomic<Node*> next_{nullptr};
  };

  // A name for the address of a record, with the links of its tower in front of it:
  //   link[height - 1] … link[1] link[0] record
  class Node {
   public:
    const Record& record() const { return *reinterpret_cast<const Record*>(this); }
    const Link* link(int level) const { return reinterpret_cast<const Link*>(this) - 1 - level; }
    Link* link(int level) { return reinterpret_cast<Link*>(this) - 1 - level; }
  };

  static size_t Index(int level) { return static_cast<size_t>(level); }

  int RandomHeight(Random* random) const {
    const uint64_t stop = uint64_t{1} << ((shape_.height_max - 1) * shape_.branching_bits);
    return 1 + std::countr_zero(random->Next() | stop) / shape_.branching_bits;
  }

  static Node* NewNode(Arena* arena, const Entry& entry, int height) {
    const size_t tower_bytes = Index(height) * sizeof(Link);
    char* tower = arena->Allocate(tower_bytes + Record::BytesFor(entry), alignof(Link));
    for (int i = 0; i < height; ++i) new (tower + Index(i) * sizeof(Link)) Link;
    Record::Write(tower + tower_bytes, entry);
    return reinterpret_cast<Node*>(tower + tower_bytes);
  }

  static bool IsBefore(const Node& node, const Target& target) {
    return CompareEntries(node.record().key(), node.record().tag(), target.key, target.tag) < 0;
  }

  // True if the target's place is right behind the entry added last.
  bool Follows(const Node* last, const Target& target) const {
    if (last == head_ || !IsBefore(*last, target)) return false;
    const Link* link = last->link(0);
    if (link->prefix() != target.prefix) return link->prefix() > target.prefix;
    return link->next() == nullptr || !IsBefore(*link->next(), target);
  }

  // The last node before the target, or the head. If `splice` is given, so for each level.
  Node* FindBefore(const Target& target, Splice* splice) const {
    Node* node = head_;
    const Node* after = nullptr;  // a node that is known not to be before the target
    int level = height_.load(std::memory_order_relaxed) - 1;
    while (true) {
      const Link& link = *node->link(level);
      const uint64_t prefix = link.prefix();
      if (target.prefix >= prefix) {
        Node* next = link.next();
        if (target.prefix > prefix ||
            (next != nullptr && next != after && IsBefore(*next, target))) {
          node = next;
          continue;
        }
        after = next;
      }
      if (splice != nullptr) (*splice)[Index(level)] = node;
      if (level == 0) return node;
      --level;
    }
  }

  const Node* NodeAtOrAfter(const Target& target) const {
    const Node* node = FindBefore(target, nullptr)->link(0)->next();
    // Only entries that were added since the search passed them are skipped here.
    while (node != nullptr && IsBefore(*node, target)) node = node->link(0)->next();
    return node;
  }

  const Node* FindLast() const {
    const Node* node = head_;
    for (int level = height_.load(std::memory_order_relaxed) - 1; level >= 0; --level) {
      while (const Node* next = node->link(level)->next()) node = next;
    }
    return node;
  }

  const Shape shape_;
  Node* const head_;  // its record is not an entry; its links start each level
  std::atomic<int> height_{1};
};

}  // namespace varve
