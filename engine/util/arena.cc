// Arena: the slow path, which gets blocks from the allocator and accounts for them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/arena.h"

#include <algorithm>
#include <new>
#include <utility>

namespace varve {
namespace {

constexpr size_t kPageBytes = 4096;
// Blocks are this much smaller than whole pages, so that glibc needs no further page for its own.
constexpr size_t kAllocatorOverheadBytes = 24;
constexpr size_t kMappedBytesMin = 128 << 10;  // from here on glibc may map an allocation
constexpr size_t kGrowthDivisor = 8;     // a new block is 1/8 of the arena: at most 1/9 is unused
constexpr size_t kOversizedDivisor = 4;  // leaving a block early wastes at most 1/4 of it
constexpr size_t kHugeOversizedDivisor = 2;

// What glibc takes for a request: its 8 bytes, in units of 16; and whole pages if it maps them.
// This is computed, and malloc_usable_size not asked, because the answer depends on what was freed
// before, and the moment at which a memtable is full depends on the answer: equal calls must leave
// equal files.
uint64_t BytesTakenFor(uint64_t request) {
  const uint64_t chunk = (request + 8 + 15) / 16 * 16;
  return request < kMappedBytesMin ? chunk : (chunk + 8 + kPageBytes - 1) / kPageBytes * kPageBytes;
}

}  // namespace

Arena::Arena(size_t block_bytes_max, ArenaPages pages, std::shared_ptr<ArenaPool> pool)
    : block_bytes_max_(std::max(block_bytes_max, kBlockBytesMin)),
      pages_(pages),
      pool_(std::move(pool)) {}

Arena::~Arena() {
  while (blocks_ != nullptr) {
    Block* next = blocks_->next;
    const size_t bytes = blocks_->bytes;
    if (pool_ != nullptr) {
      pool_->Give(blocks_, bytes, PagesOf(bytes));
    } else {
      ArenaPool::Free(blocks_, bytes, PagesOf(bytes));
    }
    blocks_ = next;
  }
}

size_t Arena::NextBlockBytes() const {
  if (pages_ == ArenaPages::kHuge) return kHugePageBytes - sizeof(Block);
  const size_t grown =
      std::clamp<size_t>(bytes() / kGrowthDivisor, kBlockBytesMin, block_bytes_max_);
  const size_t whole_pages = grown / kPageBytes * kPageBytes;
  return whole_pages - kAllocatorOverheadBytes - sizeof(Block);
}

uintptr_t Arena::NewBlock(size_t payload_bytes) {
  if (payload_bytes > PTRDIFF_MAX - 2 * kHugePageBytes) throw std::bad_alloc();
  size_t request = payload_bytes + sizeof(Block);
  if (PagesOf(request) == ArenaPages::kHuge) {
    request = (request + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  }
  const ArenaPages pages = PagesOf(request);
  void* memory = pool_ == nullptr ? ArenaPool::New(request, pages) : pool_->Take(request, pages);
  auto* block = static_cast<Block*>(memory);
  block->next = blocks_;
  block->bytes = request;
  blocks_ = block;
  const uint64_t taken = pages == ArenaPages::kHuge ? request : BytesTakenFor(request);
  bytes_.store(bytes() + taken, std::memory_order_relaxed);
  return reinterpret_cast<uintptr_t>(block + 1);
}

char* Arena::AllocateFromNewBlock(size_t bytes, size_t alignment) {
  const auto align = [alignment](uintptr_t address) {
    return (address + alignment - 1) & ~(uintptr_t{alignment} - 1);
  };
  // The header leaves a block aligned to 8 bytes; more may need padding.
  const size_t padding = alignment - 1;
  const size_t block_bytes = NextBlockBytes();
  const size_t divisor = pages_ == ArenaPages::kHuge ? kHugeOversizedDivisor : kOversizedDivisor;
  if (bytes > block_bytes / divisor || padding > block_bytes / divisor) {
    if (bytes > PTRDIFF_MAX - padding) throw std::bad_alloc();
    const uintptr_t block = NewBlock(bytes + padding);
    CountUsed(bytes);
    return reinterpret_cast<char*>(align(block));
  }
  const uintptr_t block = NewBlock(block_bytes);
  CountUsed(bytes);
  const uintptr_t start = align(block);
  limit_ = block + block_bytes;
  cursor_ = start + bytes;
  return reinterpret_cast<char*>(start);
}

}  // namespace varve
