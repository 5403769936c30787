// The LRU block cache: per shard a lock, a hash table, and a list in order of use.
//
// A lookup touches one slot of the table, one node, the two nodes beside it in the list, and the
// reference count of the block. Nodes lie in slabs and are named by 32-bit indices, so that a slot
// takes 8 bytes and no lookup or replacement allocates.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/lru_cache.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/cache/sharded_cache.h"

namespace varve {
namespace {

using NodeIndex = uint32_t;
constexpr NodeIndex kNone = ~NodeIndex{0};

struct alignas(64) Node {
  BlockKey key;
  BlockBytes block;
  const char* end = nullptr;  // of the block's bytes
  uint32_t hash = 0;
  NodeIndex newer = kNone;
  NodeIndex older = kNone;  // next free node, for a free one
};

// Nodes by index. Addresses are stable.
class Slabs {
 public:
  Node& operator[](NodeIndex index) { return slabs_[index / kSlabNodes][index % kSlabNodes]; }

  NodeIndex Take() {
    if (free_ == kNone) AddSlab();
    const NodeIndex index = free_;
    free_ = (*this)[index].older;
    return index;
  }

  void Release(NodeIndex index) {
    (*this)[index].older = free_;
    free_ = index;
  }

  // What taking one more node may add to bytes().
  uint64_t growth_bytes() const { return free_ == kNone ? kSlabBytes : 0; }
  uint64_t bytes() const { return slabs_.size() * kSlabBytes; }

 private:
  static constexpr NodeIndex kSlabNodes = 64;
  // The slab and its pointer, which a growing vector may hold twice over.
  static constexpr uint64_t kSlabBytes = (kSlabNodes + 1) * sizeof(Node) + 2 * sizeof(void*);

  void AddSlab() {
    const auto first = static_cast<NodeIndex>(slabs_.size() * kSlabNodes);
    slabs_.push_back(std::make_unique<Node[]>(kSlabNodes));
    for (NodeIndex i = kSlabNodes; i > 0; i--) Release(first + i - 1);
  }

  std::vector<std::unique_ptr<Node[]>> slabs_;
  NodeIndex free_ = kNone;
};

// Open addressing with linear probing; removal shifts back what follows. At most 3/4 full.
class SlotTable {
 public:
  struct Slot {
    uint32_t hash = 0;
    NodeIndex node = kNone;
  };

  // The node with this hash for which `is_it` holds, or kNone.
  template <class IsIt>
  NodeIndex Find(uint32_t hash, IsIt&& is_it) const {
    if (slots_.empty()) return kNone;
    for (size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.node == kNone) return kNone;
      if (slot.hash == hash && is_it(slot.node)) return slot.node;
    }
  }

  // REQUIRES: growth_bytes() == 0 or the caller has room for them.
  void Insert(uint32_t hash, NodeIndex node) {
    if (full()) Grow();
    Place({hash, node});
    used_++;
  }

  // REQUIRES: the node is in the table.
  void Remove(uint32_t hash, NodeIndex node) {
    size_t hole = hash & mask();
    while (slots_[hole].node != node) hole = (hole + 1) & mask();
    for (size_t at = (hole + 1) & mask(); slots_[at].node != kNone; at = (at + 1) & mask()) {
      // A slot may move into the hole if the hole lies on its way from its first choice.
      const size_t way = (at - slots_[at].hash) & mask();
      if (way >= ((at - hole) & mask())) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = Slot{};
    used_--;
  }

  uint64_t growth_bytes() const {
    return full() ? (next_size() - slots_.size()) * sizeof(Slot) : 0;
  }
  uint64_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr size_t kSlotsMin = 64;

  size_t mask() const { return slots_.size() - 1; }
  bool full() const { return (used_ + 1) * 4 > slots_.size() * 3; }
  size_t next_size() const { return std::max(kSlotsMin, slots_.size() * 2); }

  void Place(Slot slot) {
    size_t at = slot.hash & mask();
    while (slots_[at].node != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  void Grow() {
    std::vector<Slot> old(next_size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.node != kNone) Place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them, or none
  size_t used_ = 0;
};

class alignas(64) Shard {
 public:
  void set_bytes_max(uint64_t bytes_max) { bytes_max_ = bytes_max; }

  BlockBytes Lookup(const BlockKey& key, uint32_t hash) {
    const std::lock_guard lock(mutex_);
    const NodeIndex index = Find(key, hash);
    if (index == kNone) return {};
    nodes_[index].block.Prefetch(nodes_[index].end);
    if (index != newest_) {
      Unlink(index);
      LinkNewest(index);
    }
    return nodes_[index].block;
  }

  void Insert(const BlockKey& key, uint32_t hash, BlockBytes block) {
    const uint64_t charge = block.allocated_bytes();
    std::vector<BlockBytes> evicted;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const NodeIndex present = Find(key, hash);
    if (present != kNone) evicted.push_back(Remove(present));
    // What does not fit into an empty shard must not empty it.
    if (needed(charge) - blocks_bytes_ > bytes_max_) return;
    while (oldest_ != kNone && needed(charge) > bytes_max_) evicted.push_back(Remove(oldest_));
    if (needed(charge) > bytes_max_) return;
    const NodeIndex index = nodes_.Take();
    Node& node = nodes_[index];
    node.key = key;
    node.block = std::move(block);
    node.end = node.block.data() + node.block.size();
    node.hash = hash;
    table_.Insert(hash, index);
    LinkNewest(index);
    blocks_bytes_ += charge;
  }

  void Erase(const BlockKey& key, uint32_t hash) {
    BlockBytes erased;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const NodeIndex index = Find(key, hash);
    if (index != kNone) erased = Remove(index);
  }

  uint64_t bytes() {
    const std::lock_guard lock(mutex_);
    return blocks_bytes_ + nodes_.bytes() + table_.bytes();
  }

 private:
  // What bytes() would be with one more block.
  uint64_t needed(uint64_t charge) const {
    return blocks_bytes_ + charge + nodes_.bytes() + nodes_.growth_bytes() + table_.bytes() +
           table_.growth_bytes();
  }

  NodeIndex Find(const BlockKey& key, uint32_t hash) {
    return table_.Find(hash, [&](NodeIndex index) { return nodes_[index].key == key; });
  }

  BlockBytes Remove(NodeIndex index) {
    Node& node = nodes_[index];
    table_.Remove(node.hash, index);
    Unlink(index);
    blocks_bytes_ -= node.block.allocated_bytes();
    BlockBytes block = std::move(node.block);
    nodes_.Release(index);
    return block;
  }

  void LinkNewest(NodeIndex index) {
    Node& node = nodes_[index];
    node.newer = kNone;
    node.older = newest_;
    (newest_ == kNone ? oldest_ : nodes_[newest_].newer) = index;
    newest_ = index;
  }

  void Unlink(NodeIndex index) {
    const Node& node = nodes_[index];
    (node.newer == kNone ? newest_ : nodes_[node.newer].older) = node.older;
    (node.older == kNone ? oldest_ : nodes_[node.older].newer) = node.newer;
  }

  std::mutex mutex_;
  // Under mutex_:
  uint64_t bytes_max_ = 0;
  uint64_t blocks_bytes_ = 0;
  Slabs nodes_;
  SlotTable table_;
  NodeIndex newest_ = kNone;
  NodeIndex oldest_ = kNone;
};

}  // namespace

std::unique_ptr<BlockCache> NewLruCache(uint64_t bytes_max) {
  return std::make_unique<ShardedCache<Shard>>(bytes_max);
}

}  // namespace varve
