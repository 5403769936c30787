// BlockCache: the interface of a bounded cache of table blocks.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/cache/block_bytes.h"

namespace varve {

struct BlockKey {
  uint64_t table = 0;  // number of the table
  uint32_t block = 0;  // of the table, counted from 0
  bool operator==(const BlockKey&) const = default;
};

// Thread safe. Never holds more than its capacity, not counting blocks that readers still hold.
class BlockCache {
 public:
  virtual ~BlockCache() = default;
  // No bytes if the block is not here.
  virtual BlockBytes Lookup(const BlockKey& key) = 0;
  virtual void Insert(const BlockKey& key, BlockBytes block) = 0;
  virtual void Erase(const BlockKey& key) = 0;
  // Bytes charged: blocks and the cache's own structures.
  virtual uint64_t bytes() const = 0;
  virtual uint64_t bytes_max() const = 0;
};

}  // namespace varve
