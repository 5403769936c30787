// BinaryTreeMemTable: what the AVL and the red-black memtable share: a binary search tree in an
// arena that one writer balances while any number of readers search it without a lock, without a
// retry and without ever waiting.
//
// A rotation in place would show a reader a tree that lacks a subtree. Here the node that moves
// down is copied instead, and each of the two stores that publish the rotation leads from one
// right tree to another (P. W. Howard and J. Walpole, "Relativistic red-black trees", Concurrency
// and Computation 26(16), 2014; A. T. Clements, M. F. Kaashoek and N. Zeldovich, "Scalable address
// spaces using RCU balanced trees", ASPLOS 2012):
//
//        y              y                 x          y = the old node, x stays in place,
//       / \            / \               / \         y' = the copy of y; the record is shared.
//      x   C   (1)    x   C    (2)      A   y'       (1) links y' under x, (2) links x in
//     / \      ->    / \       ->          / \       the place of y
//    A   B          A   y'                B   C
//                      / \ .
//                     B   C
//
// Invariant, for readers: say that a search arrives at a node within a range of keys. The range of
// a node that is linked only ever grows, and an unlinked node keeps the children that it had. So
// whoever stands anywhere in the tree finds below it all entries of its range that were there when
// it came; of those added since, some. Nodes live as long as the memtable.
//
// Price: a copied node is 32 bytes, and stays. For random keys that is about 22 bytes an entry in
// an AVL tree and 19 in a red-black tree, and it is charged.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "engine/memtable/arena_memtable.h"
#include "engine/memtable/record.h"

namespace varve {

// Sides are 0, the smaller one, and 1, the larger one: what is true of one side is said of both.
class TreeNode {
 public:
  TreeNode(uint64_t prefix, const Record* record)
      : prefix_(prefix), record_and_mark_(reinterpret_cast<uintptr_t>(record)) {}
  // REQUIRES: the caller is the writer.
  TreeNode(const TreeNode& other) : prefix_(other.prefix_), record_and_mark_(other.Word()) {
    for (int side : {0, 1}) link(side)->store(other.child(side), std::memory_order_relaxed);
  }
  TreeNode& operator=(const TreeNode&) = delete;

  TreeNode* child(int side) const {
    return child_[static_cast<size_t>(side)].load(std::memory_order_acquire);
  }
  std::atomic<TreeNode*>* link(int side) { return &child_[static_cast<size_t>(side)]; }

  const Record& record() const { return *reinterpret_cast<const Record*>(Word() & ~kMarkMask); }

  // Two bits for the writer: a balance or a colour. Readers do not look at them.
  unsigned mark() const { return static_cast<unsigned>(Word() & kMarkMask); }
  void set_mark(unsigned mark) {
    assert(mark <= kMarkMask);
    record_and_mark_.store((Word() & ~kMarkMask) | mark, std::memory_order_relaxed);
  }

  // The side of this node on which the target is; `side_if_equal` if it is this node.
  int SideOf(const Target& target, int side_if_equal) const {
    if (prefix_ != target.prefix) return prefix_ < target.prefix ? 1 : 0;
    const int order = CompareRecord(prefix_, record(), target);
    return order == 0 ? side_if_equal : (order < 0 ? 1 : 0);
  }

 private:
  static constexpr uintptr_t kMarkMask = 3;
  static_assert(alignof(Record) > kMarkMask);

  uintptr_t Word() const { return record_and_mark_.load(std::memory_order_relaxed); }

  const uint64_t prefix_;
  std::array<std::atomic<TreeNode*>, 2> child_{};
  std::atomic<uintptr_t> record_and_mark_;
};

class BinaryTreeMemTable : public ArenaMemTable {
 public:
  void Add(const Entry& entry) final {
    const Target target(entry.key, entry.tag);
    depth_ = 0;
    std::atomic<TreeNode*>* place = &root_;
    while (TreeNode* node = place->load(std::memory_order_relaxed)) {
      assert(depth_ < kDepthMax);
      const int side = node->SideOf(target, 0);
      path_[static_cast<size_t>(depth_++)] = {node, side};
      place = node->link(side);
    }
    TreeNode* node = NewNode(target.prefix, entry);
    place->store(node, std::memory_order_release);
    Rebalance(node);
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const final {
    const Target target(key, SeekTag(at));
    const TreeNode* best = nullptr;
    const TreeNode* node = root();
    while (node != nullptr) {
      const int side = node->SideOf(target, 0);
      if (side == 0) best = node;
      node = node->child(side);
    }
    if (best == nullptr || best->record().key() != key) return false;
    *found = best->record().entry();
    return true;
  }

  // Next and Prev cost O(1) amortised.
  std::unique_ptr<EntryIterator> NewIterator() const final {
    return std::make_unique<Iterator>(*this);
  }

 protected:
  using ArenaMemTable::ArenaMemTable;

  // Called after `added`, whose mark is 0, was linked at the end of the path.
  virtual void Rebalance(TreeNode* added) = 0;

  // The nodes above the place of the entry that is being added, from the root down, and the side
  // to which the way goes on from each. Stale after a rotation.
  int depth() const { return depth_; }
  TreeNode* path_node(int i) const { return path_[static_cast<size_t>(i)].node; }
  int path_side(int i) const { return path_[static_cast<size_t>(i)].side; }
  // What points to path_node(i).
  std::atomic<TreeNode*>* path_link(int i) {
    return i == 0 ? &root_ : path_node(i - 1)->link(path_side(i - 1));
  }

  TreeNode* root() const { return root_.load(std::memory_order_acquire); }

  // Moves the node at `place` down to `side`; its child on the other side comes up and is
  // returned, with a copy of the node as its child on `side`. See the top of the file.
  TreeNode* Rotate(std::atomic<TreeNode*>* place, int side) {
    TreeNode* down = place->load(std::memory_order_relaxed);
    TreeNode* up = down->child(1 - side);
    auto* copy = new (arena().Allocate(sizeof(TreeNode), alignof(TreeNode))) TreeNode(*down);
    CountSlack(sizeof(TreeNode));
    copy->link(1 - side)->store(up->child(side), std::memory_order_relaxed);
    up->link(side)->store(copy, std::memory_order_release);
    place->store(up, std::memory_order_release);
    return up;
  }

 private:
  struct Step {
    TreeNode* node;
    int side;
  };

  // Keeps the way from the root to its node, and on which side it went on from each node. While
  // the writer rotates, the way may come to hold nodes that were unlinked, and the iterator may
  // meet the copy of a node before the node. A node that it went past on its way to a smaller one
  // is therefore looked at when it comes back: if its copy was met, it is not met again, but what
  // is beyond it may not have been below the copy, and is searched.
  class Iterator final : public EntryIterator {
   public:
    explicit Iterator(const BinaryTreeMemTable& tree) : tree_(tree) { way_.reserve(kWayReserved); }

    void SeekToFirst() override { Seek({}, UINT64_MAX); }
    void SeekToLast() override {
      way_.clear();
      for (TreeNode* node = tree_.root(); node != nullptr; node = node->child(1)) {
        way_.push_back({node, 1});
      }
      Load();
    }
    void Seek(std::string_view key, Tag tag) override {
      const Target target(key, tag);
      way_.clear();
      Descend(tree_.root(), target, 0);
      while (!way_.empty() && way_.back().side == 1) way_.pop_back();
      Load();
    }
    void Next() override { Move(1); }
    void Prev() override { Move(0); }

   private:
    static constexpr size_t kWayReserved = 48;

    void Descend(TreeNode* node, const Target& target, int side_if_equal) {
      while (node != nullptr) {
        const int side = node->SideOf(target, side_if_equal);
        way_.push_back({node, side});
        node = node->child(side);
      }
    }

    // To the nearest entry on the given side of this one.
    void Move(int side) {
      const Target here(entry_.key, entry_.tag);
      do {
        Step& step = way_.back();
        step.side = side;
        Descend(step.node->child(side), here, side);
        while (!way_.empty() && way_.back().side == side) way_.pop_back();
      } while (!way_.empty() && way_.back().node->SideOf(here, side) == side);
      Load();
    }

    void Load() {
      valid_ = !way_.empty();
      if (valid_) entry_ = way_.back().node->record().entry();
    }

    const BinaryTreeMemTable& tree_;
    std::vector<Step> way_;
  };

  // A red-black tree of n nodes is at most 2 log2(n + 1) deep (an AVL tree less): enough for 2^48.
  static constexpr int kDepthMax = 96;

  TreeNode* NewNode(uint64_t prefix, const Entry& entry) {
    char* bytes = arena().Allocate(sizeof(TreeNode) + Record::BytesFor(entry), alignof(TreeNode));
    return new (bytes) TreeNode(prefix, Record::Write(bytes + sizeof(TreeNode), entry));
  }

  std::atomic<TreeNode*> root_{nullptr};
  // Writer only.
  int depth_ = 0;
  std::array<Step, kDepthMax> path_;
};

}  // namespace varve
