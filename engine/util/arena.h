// Arena: memory that is handed out by moving a pointer, and freed all at once.
//
// Invariant: bytes() is what the allocator gave, its own overhead included, so that a memtable
// that is charged by it cannot take more memory than it says. The next block is a fraction of what
// the arena has already, so that the part of the last block that is not used yet stays small
// beside the whole. Called by memtables.
//
// Huge pages: a processor remembers the places of a few thousand pages; a walk to a random place in
// more memory than these hold costs another miss or two. On request blocks are therefore 2 MiB, at
// multiples of 2 MiB, and the kernel is asked to use one page for each. It may not.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/util/arena_pool.h"

namespace varve {

// One thread at a time may allocate; any thread may ask for bytes().
class Arena {
 public:
  static constexpr size_t kBlockBytesMin = 4 << 10;
  static constexpr size_t kHugePageBytes = ArenaPool::kHugePageBytes;

  // Blocks grow from 4 KiB to `block_bytes_max`; a large maximum suits a large memtable. With huge
  // pages all blocks are of one such page, and what needs more than half of one has its own.
  // Blocks come from `pool`, and go there; nullptr: from the allocator.
  explicit Arena(size_t block_bytes_max = 1 << 20, ArenaPages pages = ArenaPages::kNormal,
                 std::shared_ptr<ArenaPool> pool = nullptr);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Never null; the bytes are not initialised and live as long as the arena. Throws bad_alloc
  // when the machine has no memory. REQUIRES: alignment is a power of two, at most 4096.
  char* Allocate(size_t bytes, size_t alignment = 8) {
    assert(std::has_single_bit(alignment) && alignment <= 4096);
    const uintptr_t start = (cursor_ + alignment - 1) & ~(uintptr_t{alignment} - 1);
    // In this order nothing overflows: start may pass limit_ by less than an alignment.
    if (start <= limit_ && bytes <= limit_ - start) {
      cursor_ = start + bytes;
      CountUsed(bytes);
      return reinterpret_cast<char*>(start);
    }
    return AllocateFromNewBlock(bytes, alignment);
  }

  // Memory taken from the allocator: used, not used yet, and overhead. Any thread.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // The sum of what was asked for. At most what a later bytes() says. Any thread.
  uint64_t used() const { return used_.load(std::memory_order_acquire); }

 private:
  struct Block {
    Block* next;
    size_t bytes;  // its own included
  };

  void CountUsed(size_t bytes) {
    used_.store(used_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
  }

  // What a block of so many bytes is made of.
  ArenaPages PagesOf(size_t bytes) const {
    return bytes < kHugePageBytes ? ArenaPages::kNormal : pages_;
  }

  char* AllocateFromNewBlock(size_t bytes, size_t alignment);
  // The address behind the header of a new block that has room for `payload_bytes`.
  uintptr_t NewBlock(size_t payload_bytes);
  size_t NextBlockBytes() const;

  uintptr_t cursor_ = 1;  // of the block that is being filled; at first beyond any limit
  uintptr_t limit_ = 0;
  Block* blocks_ = nullptr;
  const size_t block_bytes_max_;
  const ArenaPages pages_;
  const std::shared_ptr<ArenaPool> pool_;  // may be null
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> used_{0};
};

}  // namespace varve
