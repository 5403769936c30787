// ShardedCache: a block cache out of independent shards, each with a lock of its own. What it
// charges and when it evicts is here; in which order it evicts is the policy's.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/cache/block_cache.h"
#include "engine/util/hash.h"

namespace varve {

inline uint64_t HashBlockKey(const BlockKey& key) { return Mix64(key.table, key.block); }

// One shard. A Policy holds blocks and is called under the lock of its shard:
//   Find(key, hash)        where the block is, until the next call of Add or Remove; or kNone
//   Use(at)                the block at a place, which has been used now
//   Add(key, hash, block)  a block that is not there yet
//   Remove(at)             takes the block out, and returns it
//   Victim()               where the block is that goes first; REQUIRES: blocks() > 0
//   blocks()               how many there are
//   bytes()                what it takes beside the blocks
//   growth_bytes()         by how much the next Add makes that more
template <class Policy>
class alignas(64) CacheShard {
 public:
  void set_bytes_max(uint64_t bytes_max) { bytes_max_ = bytes_max; }

  BlockBytes Lookup(const BlockKey& key, uint32_t hash) {
    const std::lock_guard lock(mutex_);
    const size_t at = policy_.Find(key, hash);
    if (at == Policy::kNone) return {};
    return policy_.Use(at);
  }

  void Insert(const BlockKey& key, uint32_t hash, BlockBytes block) {
    const uint64_t charge = block.allocated_bytes();
    std::vector<BlockBytes> evicted;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const size_t present = policy_.Find(key, hash);
    if (present != Policy::kNone) evicted.push_back(Remove(present));
    // What does not fit into an empty shard must not empty it.
    if (needed(charge) - blocks_bytes_ > bytes_max_) return;
    while (policy_.blocks() > 0 && needed(charge) > bytes_max_) {
      evicted.push_back(Remove(policy_.Victim()));
    }
    if (needed(charge) > bytes_max_) return;
    policy_.Add(key, hash, std::move(block));
    blocks_bytes_ += charge;
  }

  void Erase(const BlockKey& key, uint32_t hash) {
    BlockBytes erased;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    const size_t at = policy_.Find(key, hash);
    if (at != Policy::kNone) erased = Remove(at);
  }

  uint64_t bytes() {
    const std::lock_guard lock(mutex_);
    return blocks_bytes_ + policy_.bytes();
  }

 private:
  // What bytes() would be with one more block.
  uint64_t needed(uint64_t charge) const {
    return blocks_bytes_ + charge + policy_.bytes() + policy_.growth_bytes();
  }

  BlockBytes Remove(size_t at) {
    BlockBytes block = policy_.Remove(at);
    blocks_bytes_ -= block.allocated_bytes();
    return block;
  }

  std::mutex mutex_;
  // Under mutex_:
  uint64_t bytes_max_ = 0;
  uint64_t blocks_bytes_ = 0;
  Policy policy_;
};

template <class Policy>
class ShardedCache final : public BlockCache {
 public:
  // A shard gets at least 32 MiB, so that it holds many blocks of any usual size.
  explicit ShardedCache(uint64_t bytes_max) : bytes_max_(bytes_max) {
    const uint64_t wanted = std::clamp<uint64_t>(bytes_max / kShardBytesMin, 1, kShardsMax);
    shard_count_ = std::bit_floor(wanted);
    for (uint64_t i = 0; i < shard_count_; i++) shards_[i].set_bytes_max(bytes_max / shard_count_);
  }

  BlockBytes Lookup(const BlockKey& key) override {
    const uint64_t hash = HashBlockKey(key);
    return ShardOf(hash).Lookup(key, static_cast<uint32_t>(hash));
  }

  void Insert(const BlockKey& key, BlockBytes block) override {
    const uint64_t hash = HashBlockKey(key);
    ShardOf(hash).Insert(key, static_cast<uint32_t>(hash), std::move(block));
  }

  void Erase(const BlockKey& key) override {
    const uint64_t hash = HashBlockKey(key);
    ShardOf(hash).Erase(key, static_cast<uint32_t>(hash));
  }

  uint64_t bytes() const override {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < shard_count_; i++) sum += shards_[i].bytes();
    return sum;
  }

  uint64_t bytes_max() const override { return bytes_max_; }

 private:
  static constexpr uint64_t kShardBytesMin = 32 << 20;
  static constexpr uint64_t kShardsMax = 16;

  // By high bits; a shard's own table goes by low bits.
  CacheShard<Policy>& ShardOf(uint64_t hash) { return shards_[hash >> 32 & (shard_count_ - 1)]; }

  const uint64_t bytes_max_;
  uint64_t shard_count_ = 1;
  mutable std::array<CacheShard<Policy>, kShardsMax> shards_;
};

}  // namespace varve
