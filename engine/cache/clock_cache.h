// ClockCache: a block cache that gives each block a second chance before it evicts it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/cache/block_cache.h"

namespace varve {

// Sharded by key; each shard is a CLOCK (Corbató, "A paging experiment with the Multics system",
// 1968) under its own lock. A hit writes one bit, where LRU moves the block in a list. A block that
// would not fit into a shard is not cached. Everything is charged: blocks as the allocator gave
// them, and the cache's own table. bytes() never exceeds `bytes_max`; 0 caches nothing.
std::unique_ptr<BlockCache> NewClockCache(uint64_t bytes_max);

}  // namespace varve
