// LruCache: a block cache that evicts what was used least recently.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/cache/block_cache.h"

namespace varve {

// Sharded by key; each shard is a strict LRU under its own lock. A block that would not fit into a
// shard is not cached. Everything is charged: blocks as the allocator gave them, and the cache's
// own nodes and tables. bytes() never exceeds `bytes_max`; 0 caches nothing.
std::unique_ptr<BlockCache> NewLruCache(uint64_t bytes_max);

}  // namespace varve
