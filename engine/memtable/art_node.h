// ArtNode: a node of ArtMemTable, whose header says how one writer changes them while others read;
// in four kinds, with room for 4, 16, 48 and 256 children.
//
// A node branches by the symbol at its `depth`. Between the depth of its parent and its own, all
// keys below it have the same symbols, its path, of which the first 8 are kept here.
//
//   4, 16   symbols and children in the order of their coming, behind a published count
//   48      for each symbol, the place of its child, or none
//   256     for each symbol, its child
//
// Invariant: what is there stays there; the child of a symbol may be replaced. A node whose kind
// or path must change is replaced by a copy, and not changed any more.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>

#include "engine/memtable/record.h"

namespace varve {

class ArtNode;

// A node, a record, or nothing: a pointer whose lowest bit says which.
class ArtRef {
 public:
  ArtRef() = default;
  explicit ArtRef(ArtNode* node) : bits_(reinterpret_cast<uintptr_t>(node)) {}
  explicit ArtRef(const Record* record) : bits_(reinterpret_cast<uintptr_t>(record) | 1) {}

  bool is_null() const { return bits_ == 0; }
  bool is_record() const { return (bits_ & 1) != 0; }
  const Record* record() const { return reinterpret_cast<const Record*>(bits_ & ~uintptr_t{1}); }
  ArtNode* node() const { return reinterpret_cast<ArtNode*>(bits_); }

 private:
  uintptr_t bits_ = 0;
};

using ArtLink = std::atomic<ArtRef>;
static_assert(ArtLink::is_always_lock_free);

class ArtNode {
 public:
  static constexpr int kSymbols = 256;
  static constexpr size_t kPathMax = 8;

  enum class Kind : uint8_t { k4, k16, k48, k256 };

  // A child and its symbol; kSymbols if there is none.
  struct Child {
    int symbol = kSymbols;
    ArtRef ref;
  };

  static size_t Capacity(Kind kind) {
    constexpr size_t kCapacities[] = {4, 16, 48, 256};
    return kCapacities[static_cast<size_t>(kind)];
  }
  static size_t BytesFor(Kind kind);

  // In BytesFor(kind) bytes; without children. `path`: Symbol(i) is symbol i of the path.
  template <class Symbol>
  static ArtNode* Make(char* bytes, Kind kind, size_t depth, size_t path_symbols, Symbol&& path);

  Kind kind() const { return kind_; }
  size_t depth() const { return depth_; }
  uint8_t path(size_t i) const { return path_[i]; }
  size_t count() const { return count_.load(std::memory_order_acquire); }
  bool full() const { return count() == Capacity(kind_); }

  // The link to the child of the symbol, or nullptr.
  ArtLink* Find(uint8_t symbol);
  const ArtLink* Find(uint8_t symbol) const { return const_cast<ArtNode*>(this)->Find(symbol); }
  // The child with the smallest symbol that is at least `symbol`, up to kSymbols.
  Child AtOrAfter(int symbol) const;
  // The child with the largest symbol that is at most `symbol`, down to -1.
  Child AtOrBefore(int symbol) const;

  // The writer only. REQUIRES: !full(), and the symbol has no child.
  void Add(uint8_t symbol, ArtRef child);

 protected:
  ArtNode(Kind kind, size_t depth) : kind_(kind), depth_(static_cast<uint32_t>(depth)) {}

 private:
  template <size_t kCapacity>
  struct Listed;
  struct Indexed;
  struct Direct;

  // What Listed nodes have, by address.
  struct List {
    const uint8_t* symbols;
    ArtLink* links;
  };
  List list() const;
  // What the other two have: the link of a symbol, or nullptr.
  ArtLink* Lookup(int symbol) const;
  bool is_listed() const { return kind_ == Kind::k4 || kind_ == Kind::k16; }

  // The listed child whose symbol is within [low, high] and comes first by `is_better`.
  template <class IsBetter>
  Child BestListed(int low, int high, IsBetter is_better) const;

  const Kind kind_;
  std::atomic<uint16_t> count_{0};
  const uint32_t depth_;
  std::array<uint8_t, kPathMax> path_{};
};

template <size_t kCapacity>
struct ArtNode::Listed final : ArtNode {
  Listed(Kind kind, size_t depth) : ArtNode(kind, depth) {}
  std::array<uint8_t, kCapacity> symbols{};
  std::array<ArtLink, kCapacity> links{};
};

struct ArtNode::Indexed final : ArtNode {
  static constexpr uint8_t kNone = 0xff;
  explicit Indexed(size_t depth) : ArtNode(Kind::k48, depth) {
    for (std::atomic<uint8_t>& place : places) place.store(kNone, std::memory_order_relaxed);
  }
  std::array<std::atomic<uint8_t>, kSymbols> places;
  std::array<ArtLink, 48> links{};
};

struct ArtNode::Direct final : ArtNode {
  explicit Direct(size_t depth) : ArtNode(Kind::k256, depth) {}
  std::array<ArtLink, kSymbols> links{};
};

inline size_t ArtNode::BytesFor(Kind kind) {
  constexpr size_t kBytes[] = {sizeof(Listed<4>), sizeof(Listed<16>), sizeof(Indexed),
                               sizeof(Direct)};
  return kBytes[static_cast<size_t>(kind)];
}

template <class Symbol>
ArtNode* ArtNode::Make(char* bytes, Kind kind, size_t depth, size_t path_symbols, Symbol&& path) {
  ArtNode* node = nullptr;
  switch (kind) {
    case Kind::k4:
      node = new (bytes) Listed<4>(kind, depth);
      break;
    case Kind::k16:
      node = new (bytes) Listed<16>(kind, depth);
      break;
    case Kind::k48:
      node = new (bytes) Indexed(depth);
      break;
    case Kind::k256:
      node = new (bytes) Direct(depth);
      break;
  }
  for (size_t i = 0; i < std::min(path_symbols, kPathMax); ++i) node->path_[i] = path(i);
  return node;
}

inline ArtNode::List ArtNode::list() const {
  auto* self = const_cast<ArtNode*>(this);
  if (kind_ == Kind::k4) {
    auto* node = static_cast<Listed<4>*>(self);
    return {node->symbols.data(), node->links.data()};
  }
  auto* node = static_cast<Listed<16>*>(self);
  return {node->symbols.data(), node->links.data()};
}

inline ArtLink* ArtNode::Lookup(int symbol) const {
  auto* self = const_cast<ArtNode*>(this);
  const auto at = static_cast<size_t>(symbol);
  if (kind_ == Kind::k48) {
    auto* node = static_cast<Indexed*>(self);
    const uint8_t place = node->places[at].load(std::memory_order_acquire);
    return place == Indexed::kNone ? nullptr : &node->links[place];
  }
  ArtLink* link = &static_cast<Direct*>(self)->links[at];
  return link->load(std::memory_order_acquire).is_null() ? nullptr : link;
}

inline ArtLink* ArtNode::Find(uint8_t symbol) {
  if (!is_listed()) return Lookup(symbol);
  const List list = this->list();
  const size_t count = this->count();
  for (size_t i = 0; i < count; ++i) {
    if (list.symbols[i] == symbol) return &list.links[i];
  }
  return nullptr;
}

template <class IsBetter>
ArtNode::Child ArtNode::BestListed(int low, int high, IsBetter is_better) const {
  const List list = this->list();
  const size_t count = this->count();
  size_t best = count;
  for (size_t i = 0; i < count; ++i) {
    if (list.symbols[i] < low || list.symbols[i] > high) continue;
    if (best == count || is_better(list.symbols[i], list.symbols[best])) best = i;
  }
  if (best == count) return {};
  return {list.symbols[best], list.links[best].load(std::memory_order_acquire)};
}

inline ArtNode::Child ArtNode::AtOrAfter(int symbol) const {
  if (is_listed()) {
    return BestListed(symbol, kSymbols - 1, [](uint8_t a, uint8_t b) { return a < b; });
  }
  for (; symbol < kSymbols; ++symbol) {
    const ArtLink* link = Lookup(symbol);
    if (link != nullptr) return {symbol, link->load(std::memory_order_acquire)};
  }
  return {};
}

inline ArtNode::Child ArtNode::AtOrBefore(int symbol) const {
  if (is_listed()) return BestListed(0, symbol, [](uint8_t a, uint8_t b) { return a > b; });
  for (; symbol >= 0; --symbol) {
    const ArtLink* link = Lookup(symbol);
    if (link != nullptr) return {symbol, link->load(std::memory_order_acquire)};
  }
  return {};
}

inline void ArtNode::Add(uint8_t symbol, ArtRef child) {
  assert(!full() && Find(symbol) == nullptr);
  const size_t count = this->count();
  if (is_listed()) {
    const List list = this->list();
    const_cast<uint8_t*>(list.symbols)[count] = symbol;
    list.links[count].store(child, std::memory_order_relaxed);
  } else if (kind_ == Kind::k48) {
    auto* node = static_cast<Indexed*>(this);
    node->links[count].store(child, std::memory_order_relaxed);
    node->places[symbol].store(static_cast<uint8_t>(count), std::memory_order_release);
  } else {
    static_cast<Direct*>(this)->links[symbol].store(child, std::memory_order_release);
  }
  count_.store(static_cast<uint16_t>(count + 1), std::memory_order_release);
}

}  // namespace varve
