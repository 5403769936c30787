// ArenaPool: blocks of arenas that are gone, kept for those to come.
//
// Memory that the allocator gives back to the system must be faulted in and zeroed again, which
// takes longer than copying entries into it: a database whose memtables follow one another
// therefore hands their blocks on. What it keeps is bounded, and not charged to any arena; an
// arena's account is the same whether its blocks are new or not.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/util/mutex.h"

namespace varve {

// What a block consists of.
enum class ArenaPages : uint8_t { kNormal, kHuge };

// Any thread.
class ArenaPool {
 public:
  static constexpr size_t kHugePageBytes = 2 << 20;
  // Smaller blocks are not kept: there are few of them.
  static constexpr size_t kKeptBytesMin = 64 << 10;

  // Keeps blocks of at most so many bytes together.
  explicit ArenaPool(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  ~ArenaPool();
  ArenaPool(const ArenaPool&) = delete;
  ArenaPool& operator=(const ArenaPool&) = delete;

  // `bytes` of memory, not initialised, one that was kept if there is one of that size. Throws
  // bad_alloc. Of huge pages, a multiple of kHugePageBytes, at a multiple of it; the kernel may use
  // normal pages all the same.
  void* Take(size_t bytes, ArenaPages pages);
  // Takes back what Take, or New, gave for the same arguments: keeps or frees it.
  void Give(void* block, size_t bytes, ArenaPages pages);

  // What is kept.
  uint64_t bytes() const;

  // The same without a pool.
  static void* New(size_t bytes, ArenaPages pages);
  static void Free(void* block, size_t bytes, ArenaPages pages);

 private:
  // At the begin of a block that is kept: to keep it takes no memory.
  struct Kept {
    Kept* next;
    size_t bytes;
    ArenaPages pages;
  };

  const uint64_t bytes_max_;
  mutable Mutex mutex_;
  Kept* kept_ GUARDED_BY(mutex_) = nullptr;  // the last one first
  uint64_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace varve
