// ArtMemTable: an adaptive radix tree; one writer, readers that never wait.
//
// V. Leis, A. Kemper and T. Neumann, "The adaptive radix tree: ARTful indexing for main-memory
// databases", ICDE 2013: nodes of four sizes, paths compressed, and what has no other below it not
// expanded. Its keys are the symbols of art_key.h, tag included: versions are keys of their own.
//
// How readers and the writer get along is ROWEX of V. Leis, F. Scheibner, A. Kemper and T. Neumann,
// "The ART of practical synchronization", DaMoN 2016, with one writer and nothing ever removed: the
// writer makes every change by one store that leads from one right tree to another, and readers
// check nothing. A child is added to a node behind its count; a node that is full, or whose path is
// split, is copied, and one store to the link that leads there replaces it. The paper gives
// nodes a level to tell readers of a path that was cut; here a cut path is a new node.
//
// Invariant, for readers: a node that was replaced keeps the children that it had. Whoever stands
// anywhere in the tree finds below it all entries that were there when it came; of those added
// since, some. Nodes live as long as the memtable.
//
// Get skips compressed paths and compares the key it ends at: one record is read, if the key has
// one version. Price: a node that was replaced stays, as slack.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/memtable/arena_memtable.h"
#include "engine/memtable/art_key.h"
#include "engine/memtable/art_node.h"

namespace varve {

class ArtMemTable final : public ArenaMemTable {
 public:
  explicit ArtMemTable(const MemTableOptions& options) : ArenaMemTable(options, sizeof *this) {}

  void Add(const Entry& entry) override {
    Insert({entry.key, entry.tag}, ArtRef(NewRecord(entry)));
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const Record* record = Find({key, SeekTag(at)});
    if (record == nullptr || record->key() != key) return false;
    *found = record->entry();
    return true;
  }

  // Next and Prev cost O(1) amortised.
  std::unique_ptr<EntryIterator> NewIterator() const override {
    return std::make_unique<Iterator>(*this);
  }

 private:
  using Kind = ArtNode::Kind;

  // Keeps the way from the root to its record: nodes, and the symbol by which it left each.
  class Iterator final : public EntryIterator {
   public:
    explicit Iterator(const ArtMemTable& tree) : tree_(tree) { way_.reserve(kWayReserved); }

    void SeekToFirst() override {
      way_.clear();
      Arrive(tree_.root(), 1);
    }
    void SeekToLast() override {
      way_.clear();
      Arrive(tree_.root(), -1);
    }
    void Seek(std::string_view key, Tag tag) override;
    void Next() override { Move(1); }
    void Prev() override { Move(-1); }

   private:
    static constexpr size_t kWayReserved = 32;

    struct Step {
      const ArtNode* node;
      int symbol;
    };

    // To the first record below `ref` in the given direction.
    void Arrive(ArtRef ref, int direction) {
      while (!ref.is_null() && !ref.is_record()) {
        const ArtNode::Child child = direction > 0 ? ref.node()->AtOrAfter(0)
                                                   : ref.node()->AtOrBefore(ArtNode::kSymbols - 1);
        way_.push_back({ref.node(), child.symbol});
        ref = child.ref;
      }
      valid_ = !ref.is_null();
      if (valid_) entry_ = ref.record()->entry();
    }

    // To the next record in the given direction that is not below the last step.
    void Move(int direction) {
      for (; !way_.empty(); way_.pop_back()) {
        Step& step = way_.back();
        const int symbol = step.symbol + direction;
        const ArtNode::Child child =
            direction > 0 ? step.node->AtOrAfter(symbol) : step.node->AtOrBefore(symbol);
        if (child.ref.is_null()) continue;
        step.symbol = child.symbol;
        return Arrive(child.ref, direction);
      }
      valid_ = false;
    }

    const ArtMemTable& tree_;
    std::vector<Step> way_;
  };

  ArtRef root() const { return root_.load(std::memory_order_acquire); }

  static ArtKey KeyOf(const Record& record) { return {record.key(), record.tag()}; }

  // The first record below.
  static const Record* FirstRecord(ArtRef ref) {
    while (!ref.is_record()) ref = ref.node()->AtOrAfter(0).ref;
    return ref.record();
  }

  // The first symbol of the node's path, which begins at symbol `start`, that is not the key's; or
  // the node's depth.
  static size_t Mismatch(const ArtNode& node, const ArtKey& key, size_t start) {
    const size_t kept = std::min(node.depth(), start + ArtNode::kPathMax);
    for (size_t i = start; i < kept; ++i) {
      if (i >= key.size() || key[i] != node.path(i - start)) return i;
    }
    if (kept == node.depth()) return kept;
    const Record* record = FirstRecord(ArtRef(const_cast<ArtNode*>(&node)));
    return std::min(node.depth(), key.FirstDifference(KeyOf(*record)));
  }

  // The symbol `i` of the node's path, which begins at `start`.
  static uint8_t PathSymbol(const ArtNode& node, size_t start, size_t i) {
    if (i - start < ArtNode::kPathMax) return node.path(i - start);
    return KeyOf(*FirstRecord(ArtRef(const_cast<ArtNode*>(&node))))[i];
  }

  // The first record at or after the target among those of its key. If there is none, any record or
  // nullptr.
  const Record* Find(const ArtKey& target) const {
    ArtRef ref = root();
    size_t start = 0;
    while (!ref.is_null() && !ref.is_record()) {
      const ArtNode& node = *ref.node();
      if (node.depth() >= target.key_symbols()) return FindVersion(ref, target, start);
      const ArtLink* link = node.Find(target[node.depth()]);
      start = node.depth() + 1;
      ref = link == nullptr ? ArtRef() : link->load(std::memory_order_acquire);
    }
    return ref.is_null() || ref.record()->tag() > target.tag() ? nullptr : ref.record();
  }

  // The same below a node whose records are versions of one key, of which all are there. The node's
  // path begins at symbol `start`.
  static const Record* FindVersion(ArtRef ref, const ArtKey& target, size_t start) {
    const Record* newest = FirstRecord(ref);
    if (newest->key() != target.key() || newest->tag() <= target.tag()) return newest;
    ArtRef behind;  // what comes right behind the way of the target
    while (!ref.is_null() && !ref.is_record()) {
      const ArtNode& node = *ref.node();
      const size_t mismatch = Mismatch(node, target, start);
      if (mismatch < node.depth()) {
        const bool is_behind = PathSymbol(node, start, mismatch) > target[mismatch];
        return FirstRecordOrNull(is_behind ? ref : behind);
      }
      const uint8_t symbol = target[node.depth()];
      const ArtRef next = node.AtOrAfter(symbol + 1).ref;
      if (!next.is_null()) behind = next;
      const ArtLink* link = node.Find(symbol);
      start = node.depth() + 1;
      ref = link == nullptr ? ArtRef() : link->load(std::memory_order_acquire);
    }
    const bool is_found = !ref.is_null() && ref.record()->tag() <= target.tag();
    return is_found ? ref.record() : FirstRecordOrNull(behind);
  }

  static const Record* FirstRecordOrNull(ArtRef ref) {
    return ref.is_null() ? nullptr : FirstRecord(ref);
  }

  template <class Symbol>
  ArtNode* NewNode(Kind kind, size_t depth, size_t path_symbols, Symbol&& path) {
    char* bytes = arena().Allocate(ArtNode::BytesFor(kind), alignof(ArtLink));
    CountSlack(static_cast<int64_t>(ArtNode::Capacity(kind) * sizeof(ArtLink)));
    return ArtNode::Make(bytes, kind, depth, path_symbols, path);
  }

  void AddChild(ArtNode* node, uint8_t symbol, ArtRef child) {
    CountSlack(-static_cast<int64_t>(sizeof(ArtLink)));
    node->Add(symbol, child);
  }

  // A copy of the node, of another kind or with another path.
  template <class Symbol>
  ArtNode* Copy(const ArtNode& node, Kind kind, size_t path_symbols, Symbol&& path) {
    ArtNode* copy = NewNode(kind, node.depth(), path_symbols, path);
    for (ArtNode::Child child = node.AtOrAfter(0); !child.ref.is_null();
         child = node.AtOrAfter(child.symbol + 1)) {
      AddChild(copy, static_cast<uint8_t>(child.symbol), child.ref);
    }
    const size_t unfilled = ArtNode::Capacity(node.kind()) - node.count();
    CountSlack(static_cast<int64_t>(ArtNode::BytesFor(node.kind()) - unfilled * sizeof(ArtLink)));
    return copy;
  }

  void Insert(const ArtKey& key, ArtRef record) {
    ArtLink* link = &root_;
    size_t start = 0;
    while (true) {
      const ArtRef ref = link->load(std::memory_order_relaxed);
      if (ref.is_null()) return link->store(record, std::memory_order_release);
      if (ref.is_record()) {
        const ArtKey other = KeyOf(*ref.record());
        const size_t depth = key.FirstDifference(other);
        return Branch(link, key, start, depth, record, other[depth], ref);
      }
      ArtNode* node = ref.node();
      const size_t mismatch = Mismatch(*node, key, start);
      if (mismatch < node->depth()) return SplitPath(link, key, start, mismatch, record);
      ArtLink* child = node->Find(key[node->depth()]);
      if (child == nullptr) return AddTo(link, key, start, record);
      link = child;
      start = node->depth() + 1;
    }
  }

  // Puts a new node at the link, which branches at `depth` to the record and to what was there.
  void Branch(ArtLink* link, const ArtKey& key, size_t start, size_t depth, ArtRef record,
              uint8_t other_symbol, ArtRef other) {
    ArtNode* node =
        NewNode(Kind::k4, depth, depth - start, [&](size_t i) { return key[start + i]; });
    AddChild(node, other_symbol, other);
    AddChild(node, key[depth], record);
    link->store(ArtRef(node), std::memory_order_release);
  }

  // The path of the node at the link and the key part at symbol `depth`.
  void SplitPath(ArtLink* link, const ArtKey& key, size_t start, size_t depth, ArtRef record) {
    const ArtNode& node = *link->load(std::memory_order_relaxed).node();
    const ArtKey below = KeyOf(*FirstRecord(link->load(std::memory_order_relaxed)));
    ArtNode* shorter = Copy(node, node.kind(), node.depth() - depth - 1,
                            [&](size_t i) { return below[depth + 1 + i]; });
    Branch(link, key, start, depth, record, below[depth], ArtRef(shorter));
  }

  // Adds the record to the node at the link, or to a larger copy of it.
  void AddTo(ArtLink* link, const ArtKey& key, size_t start, ArtRef record) {
    ArtNode* node = link->load(std::memory_order_relaxed).node();
    const uint8_t symbol = key[node->depth()];
    if (!node->full()) return AddChild(node, symbol, record);
    const auto larger = static_cast<Kind>(static_cast<int>(node->kind()) + 1);
    ArtNode* copy =
        Copy(*node, larger, node->depth() - start, [&](size_t i) { return key[start + i]; });
    AddChild(copy, symbol, record);
    link->store(ArtRef(copy), std::memory_order_release);
  }

  ArtLink root_{};
};

inline void ArtMemTable::Iterator::Seek(std::string_view key, Tag tag) {
  const ArtKey target(key, tag);
  way_.clear();
  ArtRef ref = tree_.root();
  size_t start = 0;
  while (!ref.is_null() && !ref.is_record()) {
    const ArtNode& node = *ref.node();
    const size_t mismatch = Mismatch(node, target, start);
    if (mismatch < node.depth()) {
      return PathSymbol(node, start, mismatch) > target[mismatch] ? Arrive(ref, 1) : Move(1);
    }
    const int symbol = target[node.depth()];
    way_.push_back({&node, symbol});
    const ArtLink* link = node.Find(static_cast<uint8_t>(symbol));
    if (link == nullptr) return Move(1);
    ref = link->load(std::memory_order_acquire);
    start = node.depth() + 1;
  }
  Arrive(ref, 1);
  if (valid_ && CompareEntries(entry_.key, entry_.tag, key, tag) < 0) Move(1);
}

}  // namespace varve
