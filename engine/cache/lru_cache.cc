// The LRU block cache: a hash table, and a list in order of use.
//
// A lookup touches one slot of the table, one node, the two nodes beside it in the list, and the
// reference count of the block. Nodes lie in slabs and are named by 32-bit indices, so that a slot
// takes 8 bytes and no lookup or replacement allocates.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/cache/lru_cache.h"

#include <memory>
#include <utility>
#include <vector>

#include "engine/cache/sharded_cache.h"
#include "engine/cache/slot_table.h"

namespace varve {
namespace {

using NodeIndex = uint32_t;
constexpr NodeIndex kNoNode = ~NodeIndex{0};

struct alignas(64) Node {
  BlockKey key;
  BlockBytes block;
  const char* end = nullptr;  // of the block's bytes
  uint32_t hash = 0;
  NodeIndex newer = kNoNode;
  NodeIndex older = kNoNode;  // next free node, for a free one
};

// Nodes by index. Addresses are stable.
class Slabs {
 public:
  Node& operator[](NodeIndex index) { return slabs_[index / kSlabNodes][index % kSlabNodes]; }

  NodeIndex Take() {
    if (free_ == kNoNode) AddSlab();
    const NodeIndex index = free_;
    free_ = (*this)[index].older;
    return index;
  }

  void Release(NodeIndex index) {
    (*this)[index].older = free_;
    free_ = index;
  }

  // What taking one more node may add to bytes().
  uint64_t growth_bytes() const { return free_ == kNoNode ? kSlabBytes : 0; }
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
  NodeIndex free_ = kNoNode;
};

struct LruSlot {
  uint32_t its_hash = 0;
  NodeIndex node = kNoNode;

  bool free() const { return node == kNoNode; }
  uint32_t hash() const { return its_hash; }
};

class Lru {
 public:
  static constexpr size_t kNone = SlotTable<LruSlot>::kNone;

  size_t Find(const BlockKey& key, uint32_t hash) {
    return slots_.Find(hash, [&](const LruSlot& slot) {
      return slot.its_hash == hash && nodes_[slot.node].key == key;
    });
  }

  BlockBytes Use(size_t at) {
    const NodeIndex index = slots_[at].node;
    nodes_[index].block.Prefetch(nodes_[index].end);
    if (index != newest_) {
      Unlink(index);
      LinkNewest(index);
    }
    return nodes_[index].block;
  }

  void Add(const BlockKey& key, uint32_t hash, BlockBytes block) {
    const NodeIndex index = nodes_.Take();
    Node& node = nodes_[index];
    node.key = key;
    node.block = std::move(block);
    node.end = node.block.data() + node.block.size();
    node.hash = hash;
    slots_.Insert({hash, index});
    LinkNewest(index);
  }

  BlockBytes Remove(size_t at) {
    const NodeIndex index = slots_.Remove(at).node;
    Unlink(index);
    BlockBytes block = std::move(nodes_[index].block);
    nodes_.Release(index);
    return block;
  }

  size_t Victim() {
    return slots_.Find(nodes_[oldest_].hash,
                       [this](const LruSlot& slot) { return slot.node == oldest_; });
  }

  size_t blocks() const { return slots_.used(); }
  uint64_t bytes() const { return nodes_.bytes() + slots_.bytes(); }
  uint64_t growth_bytes() const { return nodes_.growth_bytes() + slots_.growth_bytes(); }

 private:
  void LinkNewest(NodeIndex index) {
    Node& node = nodes_[index];
    node.newer = kNoNode;
    node.older = newest_;
    (newest_ == kNoNode ? oldest_ : nodes_[newest_].newer) = index;
    newest_ = index;
  }

  void Unlink(NodeIndex index) {
    const Node& node = nodes_[index];
    (node.newer == kNoNode ? newest_ : nodes_[node.newer].older) = node.older;
    (node.older == kNoNode ? oldest_ : nodes_[node.older].newer) = node.newer;
  }

  Slabs nodes_;
  SlotTable<LruSlot> slots_;
  NodeIndex newest_ = kNoNode;
  NodeIndex oldest_ = kNoNode;
};

}  // namespace

std::unique_ptr<BlockCache> NewLruCache(uint64_t bytes_max) {
  return std::make_unique<ShardedCache<Lru>>(bytes_max);
}

}  // namespace varve
