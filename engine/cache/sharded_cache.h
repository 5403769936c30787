// ShardedCache: a block cache out of independent shards, each with a lock of its own.
//
// A shard has set_bytes_max(bytes), Lookup(key, hash), Insert(key, hash, block), Erase(key, hash)
// and bytes(), is thread safe, and uses the low 32 bits of the hash for its own table.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "engine/cache/block_cache.h"
#include "engine/util/hash.h"

namespace varve {

inline uint64_t HashBlockKey(const BlockKey& key) { return Mix64(key.table, key.block); }

template <class Shard>
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
  Shard& ShardOf(uint64_t hash) { return shards_[hash >> 32 & (shard_count_ - 1)]; }

  const uint64_t bytes_max_;
  uint64_t shard_count_ = 1;
  mutable std::array<Shard, kShardsMax> shards_;
};

}  // namespace varve
