// RbTreeMemTable: a red-black tree in an arena; one writer, readers that never wait.
//
// L. J. Guibas and R. Sedgewick, "A dichromatic framework for balanced trees", FOCS 1978; T. H.
// Cormen et al., Introduction to Algorithms, chapter 13 (insertion).
//
// Invariant: the root is black, a red node has no red child, and all ways from a node down to a
// leaf have equally many black nodes; the mark of a node is its colour. How readers and the writer
// get along: binary_tree_memtable.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/memtable/binary_tree_memtable.h"

namespace varve {

class RbTreeMemTable final : public BinaryTreeMemTable {
 public:
  explicit RbTreeMemTable(const MemTableOptions& options)
      : BinaryTreeMemTable(options, sizeof *this) {}

  // True if the colours are as they must be. For tests. REQUIRES: no writer.
  bool CheckInvariants() const { return !IsRed(root()) && CheckedBlackHeight(root()) != kBroken; }

 private:
  static constexpr unsigned kBlack = 0;
  static constexpr unsigned kRed = 1;
  static bool IsRed(const TreeNode* node) { return node != nullptr && node->mark() == kRed; }

  void Rebalance(TreeNode* added) override {
    added->set_mark(kRed);
    // path_node(parent) is the parent of a red node, and red itself while the loop goes on; it is
    // then not the root.
    int parent = depth() - 1;
    while (parent > 0 && IsRed(path_node(parent))) {
      TreeNode* grandparent = path_node(parent - 1);
      TreeNode* uncle = grandparent->child(1 - path_side(parent - 1));
      if (!IsRed(uncle)) {
        Restore(parent);
        break;
      }
      path_node(parent)->set_mark(kBlack);
      uncle->set_mark(kBlack);
      grandparent->set_mark(kRed);
      parent -= 2;
    }
    root()->set_mark(kBlack);
  }

  // Ends two reds in a row whose uncle is black.
  void Restore(int parent) {
    const int side = path_side(parent - 1);
    TreeNode* grandparent = path_node(parent - 1);
    if (path_side(parent) != side) Rotate(grandparent->link(side), side);
    TreeNode* up = Rotate(path_link(parent - 1), 1 - side);
    up->set_mark(kBlack);
    up->child(1 - side)->set_mark(kRed);
  }

  static constexpr int kBroken = -1;
  // The number of black nodes on every way down from `node`, or kBroken.
  static int CheckedBlackHeight(const TreeNode* node) {
    if (node == nullptr) return 0;
    const int height = CheckedBlackHeight(node->child(0));
    if (height == kBroken || height != CheckedBlackHeight(node->child(1))) return kBroken;
    if (!IsRed(node)) return height + 1;
    return IsRed(node->child(0)) || IsRed(node->child(1)) ? kBroken : height;
  }
};

}  // namespace varve
