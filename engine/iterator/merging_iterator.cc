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
  explicit MergingIterator(std::vector<std::unique_ptr<EntryIterator>> children)
      : players_(children.size()), losers_(children.size()) {
    for (size_t i = 0; i < children.size(); i++) players_[i].child = std::move(children[i]);
  }

  void SeekToFirst() override {
    forward_ = true;
    for (Player& player : players_) player.child->SeekToFirst();
    Rebuild();
  }

  void SeekToLast() override {
    forward_ = false;
    for (Player& player : players_) player.child->SeekToLast();
    Rebuild();
  }

  void Seek(std::string_view key, Tag tag) override {
    forward_ = true;
    for (Player& player : players_) player.child->Seek(key, tag);
    Rebuild();
  }

  void Next() override {
    assert(valid_);
    if (!forward_) {
      TurnRound();
      return;
    }
    players_[winner_].child->Next();
    Replay();
  }

  void Prev() override {
    assert(valid_);
    if (forward_) {
      TurnRound();
      return;
    }
    players_[winner_].child->Prev();
    Replay();
  }

  Status status() const override { return status_; }

 private:
  struct Player {
    std::unique_ptr<EntryIterator> child;
    // Of the child's key; complemented when going backward, so that the smaller one always wins.
    // The greatest value if the child is at its end.
    uint64_t rank = 0;
  };

  // Takes over where the child of `player` is. Returns false if it has failed.
  bool Refresh(Player* player) {
    if (player->child->Valid()) {
      const uint64_t prefix = KeyPrefix(player->child->entry().key);
      player->rank = forward_ ? prefix : ~prefix;
      return true;
    }
    player->rank = ~uint64_t{0};
    status_ = player->child->status();
    return status_.ok();
  }

  bool Beats(size_t a, size_t b) const {
    if (players_[a].rank != players_[b].rank) return players_[a].rank < players_[b].rank;
    return BeatsTied(a, b);
  }

  bool BeatsTied(size_t a, size_t b) const {
    const EntryIterator& child_a = *players_[a].child;
    const EntryIterator& child_b = *players_[b].child;
    if (!child_a.Valid() || !child_b.Valid()) return child_a.Valid();
    const Entry& entry_a = child_a.entry();
    const Entry& entry_b = child_b.entry();
    const int order = CompareEntries(entry_a.key, entry_a.tag, entry_b.key, entry_b.tag);
    return forward_ ? order < 0 : order > 0;
  }

  // Plays all matches. Leaf i is node i + n of a complete binary tree; node 1 is the root.
  void Rebuild() {
    status_ = {};
    for (Player& player : players_) {
      if (!Refresh(&player)) {
        valid_ = false;
        return;
      }
    }
    winner_ = PlaySubtree(1);
    Show();
  }

  // Returns the winner of the matches at and below `node`.
  size_t PlaySubtree(size_t node) {
    if (node >= players_.size()) return node - players_.size();
    const size_t left = PlaySubtree(2 * node);
    const size_t right = PlaySubtree(2 * node + 1);
    const bool left_wins = Beats(left, right);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  // Plays the matches of the winner again after it has moved.
  void Replay() {
    if (!Refresh(&players_[winner_])) {
      valid_ = false;
      return;
    }
    size_t best = winner_;
    for (size_t node = (best + players_.size()) / 2; node > 0; node /= 2) {
      if (Beats(losers_[node], best)) std::swap(losers_[node], best);
    }
    winner_ = best;
    Show();
  }

  void Show() {
    const EntryIterator& child = *players_[winner_].child;
    valid_ = child.Valid();
    if (valid_) entry_ = child.entry();
  }

  // Moves one step against the direction so far. The current child goes last, because the bytes of
  // the current entry are its own.
  void TurnRound() {
    forward_ = !forward_;
    for (size_t i = 0; i < players_.size(); i++) {
      if (i == winner_) continue;
      EntryIterator& child = *players_[i].child;
      if (forward_) {
        child.Seek(entry_.key, entry_.tag);
      } else {
        child.SeekBefore(entry_.key, entry_.tag);
      }
    }
    if (forward_) {
      players_[winner_].child->Next();
    } else {
      players_[winner_].child->Prev();
    }
    Rebuild();
  }

  std::vector<Player> players_;
  std::vector<size_t> losers_;  // of the match at each node
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
    std::vector<std::unique_ptr<EntryIterator>> children) {
  if (children.empty()) return std::make_unique<EmptyIterator>();
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<MergingIterator>(std::move(children));
}

}  // namespace varve
