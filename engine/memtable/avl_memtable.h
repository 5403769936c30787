// AvlMemTable: an AVL tree in an arena; one writer, readers that never wait.
//
// G. M. Adelson-Velsky and E. M. Landis, "An algorithm for the organization of information", 1962;
// D. E. Knuth, The Art of Computer Programming, vol. 3, 6.2.3 (algorithm A).
//
// Invariant: the heights of the two subtrees of a node differ by at most one, and its mark says
// which is higher. How readers and the writer get along: binary_tree_memtable.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>

#include "engine/memtable/binary_tree_memtable.h"

namespace varve {

class AvlMemTable final : public BinaryTreeMemTable {
 public:
  explicit AvlMemTable(const MemTableOptions& options)
      : BinaryTreeMemTable(options, sizeof *this) {}

  // True if the tree is balanced as it must be. For tests. REQUIRES: no writer.
  bool CheckInvariants() const { return CheckedHeight(root()) != kBroken; }

 private:
  static constexpr unsigned kEven = 0;
  static constexpr unsigned Higher(int side) { return static_cast<unsigned>(side) + 1; }

  // Walks up from the new leaf for as long as subtrees become higher.
  void Rebalance(TreeNode* /*added*/) override {
    for (int i = depth() - 1; i >= 0; --i) {
      TreeNode* node = path_node(i);
      const int side = path_side(i);
      if (node->mark() == Higher(side)) return Restore(i);
      if (node->mark() != kEven) return node->set_mark(kEven);
      node->set_mark(Higher(side));
    }
  }

  // The subtree at path node i has become two levels higher on its side of the path.
  void Restore(int i) {
    const int side = path_side(i);
    const int other = 1 - side;
    if (path_side(i + 1) == side) {
      TreeNode* up = Rotate(path_link(i), other);
      up->set_mark(kEven);
      up->child(other)->set_mark(kEven);
      return;
    }
    const unsigned inner = path_node(i + 1)->child(other)->mark();
    Rotate(path_node(i)->link(side), side);
    TreeNode* up = Rotate(path_link(i), other);
    up->set_mark(kEven);
    // Of the subtrees of `up`, the lower one went to one of its children.
    up->child(side)->set_mark(inner == Higher(other) ? Higher(side) : kEven);
    up->child(other)->set_mark(inner == Higher(side) ? Higher(other) : kEven);
  }

  static constexpr int kBroken = -1;
  // The height of a subtree, or kBroken.
  static int CheckedHeight(const TreeNode* node) {
    if (node == nullptr) return 0;
    const int heights[] = {CheckedHeight(node->child(0)), CheckedHeight(node->child(1))};
    if (heights[0] == kBroken || heights[1] == kBroken) return kBroken;
    const int difference = heights[1] - heights[0];
    if (std::abs(difference) > 1) return kBroken;
    const unsigned mark = difference == 0 ? kEven : Higher(difference > 0 ? 1 : 0);
    return node->mark() == mark ? 1 + std::max(heights[0], heights[1]) : kBroken;
  }
};

}  // namespace varve
