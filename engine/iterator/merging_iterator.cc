// The merge: a loser tree (Knuth, The Art of Computer Programming, vol. 3, 5.4.1) whose nodes are
// compared by the first eight bytes of their keys.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/merging_iterator.h"

#include <cassert>
#include <utility>

#include "engine/util/prefix.h"

namespace varve {
namespace {

// Invariant, while valid: the current entry is the winner's. Forward, every child is at its first
// entry at or after the current one; backward, at its last entry at or before it.
class MergingIterator final : public EntryIterator {
 public:
  MergingIterator(std::vector<std::unique_ptr<EntryIterator>> children, size_t shared_key_bytes)
      : children_(std::move(children)),
        shared_key_bytes_(shared_key_bytes),
        losers_(children_.size()) {}

  void SeekToFirst() override {
    forward_ = true;
    for (const auto& child : children_) child->SeekToFirst();
    Rebuild();
  }

  void SeekToLast() override {
    forward_ = false;
    for (const auto& child : children_) child->SeekToLast();
    Rebuild();
  }

  void Seek(std::string_view key, Tag tag) override {
    forward_ = true;
    for (const auto& child : children_) child->Seek(key, tag);
    Rebuild();
  }

  void Next() override {
    assert(valid_);
    if (!forward_) {
      TurnRound();
      return;
    }
    children_[winner_]->Next();
    Replay();
  }

  void Prev() override {
    assert(valid_);
    if (forward_) {
      TurnRound();
      return;
    }
    children_[winner_]->Prev();
    Replay();
  }

  Status status() const override { return status_; }

 private:
  // A child in the tree, with all that most matches look at.
  struct Player {
    // The prefix of the child's key, behind what all keys share; complemented when going backward,
    // so that the smaller one always wins. The greatest value if the child is at its end.
    uint64_t rank = 0;
    size_t child = 0;
  };

  // Where child `index` is now. Sets status_ if it has failed.
  Player PlayerOf(size_t index) {
    const EntryIterator& child = *children_[index];
    if (child.Valid()) {
      const uint64_t prefix = KeyPrefix(child.entry().key.substr(shared_key_bytes_));
      return {forward_ ? prefix : ~prefix, index};
    }
    if (status_.ok()) status_ = child.status();
    return {~uint64_t{0}, index};
  }

  bool Beats(const Player& a, const Player& b) const {
    if (a.rank == b.rank) [[unlikely]] {
      return BeatsTied(a.child, b.child);
    }
    return a.rank < b.rank;
  }

  bool BeatsTied(size_t a, size_t b) const {
    const EntryIterator& child_a = *children_[a];
    const EntryIterator& child_b = *children_[b];
    if (!child_a.Valid() || !child_b.Valid()) return child_a.Valid();
    const Entry& entry_a = child_a.entry();
    const Entry& entry_b = child_b.entry();
    const int order = CompareEntries(entry_a.key, entry_a.tag, entry_b.key, entry_b.tag);
    return forward_ ? order < 0 : order > 0;
  }

  // Plays all matches. Leaf i is node i + n of a complete binary tree; node 1 is the root.
  void Rebuild() {
    status_ = {};
    winner_ = PlaySubtree(1).child;
    Show();
  }

  // Returns the winner of the matches at and below `node`.
  Player PlaySubtree(size_t node) {
    if (node >= children_.size()) return PlayerOf(node - children_.size());
    const Player left = PlaySubtree(2 * node);
    const Player right = PlaySubtree(2 * node + 1);
    const bool left_wins = Beats(left, right);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  // Plays the matches of the winner again after it has moved.
  void Replay() {
    Player best = PlayerOf(winner_);
    for (size_t node = (winner_ + children_.size()) / 2; node > 0; node /= 2) {
      SwapIf(Beats(losers_[node], best), &losers_[node], &best);
    }
    winner_ = best.child;
    Show();
  }

  // Without a branch, which would be mispredicted every other time.
  static void SwapIf(bool condition, Player* a, Player* b) {
    const uint64_t mask = -static_cast<uint64_t>(condition);
    const uint64_t rank = (a->rank ^ b->rank) & mask;
    const uint64_t child = (a->child ^ b->child) & mask;
    a->rank ^= rank;
    b->rank ^= rank;
    a->child ^= child;
    b->child ^= child;
  }

  void Show() {
    const EntryIterator& child = *children_[winner_];
    valid_ = child.Valid() && status_.ok();
    if (valid_) entry_ = child.entry();
  }

  // Moves one step against the direction so far. The current child goes last, because the bytes of
  // the current entry are its own.
  void TurnRound() {
    forward_ = !forward_;
    for (size_t i = 0; i < children_.size(); i++) {
      if (i == winner_) continue;
      EntryIterator& child = *children_[i];
      if (forward_) {
        child.Seek(entry_.key, entry_.tag);
      } else {
        child.SeekBefore(entry_.key, entry_.tag);
      }
    }
    if (forward_) {
      children_[winner_]->Next();
    } else {
      children_[winner_]->Prev();
    }
    Rebuild();
  }

  const std::vector<std::unique_ptr<EntryIterator>> children_;
  const size_t shared_key_bytes_;
  std::vector<Player> losers_;  // of the match at each node
  size_t winner_ = 0;
  bool forward_ = true;
  Status status_;
};

class EmptyIterator final : public EntryIterator {
 public:
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(std::string_view, Tag) override {}
  void Next() override { assert(false); }
  void Prev() override { assert(false); }
};

}  // namespace

std::unique_ptr<EntryIterator> NewMergingIterator(
    std::vector<std::unique_ptr<EntryIterator>> children, size_t shared_key_bytes) {
  if (children.empty()) return std::make_unique<EmptyIterator>();
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<MergingIterator>(std::move(children), shared_key_bytes);
}

}  // namespace varve
