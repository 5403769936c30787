// Arena: the slow path, which gets blocks from the allocator and accounts for them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/arena.h"

#include <algorithm>
#include <new>

namespace varve {
namespace {

constexpr size_t kPageBytes = 4096;
// Blocks are this much smaller than whole pages, so that glibc needs no further page for its own.
constexpr size_t kAllocatorOverheadBytes = 24;
constexpr size_t kMappedBytesMin = 128 << 10;  // from here on glibc may map an allocation
constexpr size_t kGrowthDivisor = 8;     // a new block is 1/8 of the arena: at most 1/9 is unused
constexpr size_t kOversizedDivisor = 4;  // leaving a block early wastes at most 1/4 of it

// What glibc takes for a request: its 8 bytes, in units of 16; and whole pages if it maps them.
// This is computed, and malloc_usable_size not asked, because the answer depends on what was freed
// before, and the moment at which a memtable is full depends on the answer: equal calls must leave
// equal files.
uint64_t BytesTakenFor(uint64_t request) {
  const uint64_t chunk = (request + 8 + 15) / 16 * 16;
  return request < kMappedBytesMin ? chunk : (chunk + 8 + kPageBytes - 1) / kPageBytes * kPageBytes;
}

}  // namespace

Arena::Arena(size_t block_bytes_max)
    : block_bytes_max_(std::max(block_bytes_max, kBlockBytesMin)) {}

Arena::~Arena() {
  while (blocks_ != nullptr) {
    Block* next = blocks_->next;
    ::operator delete(blocks_);
    blocks_ = next;
  }
}

size_t Arena::NextBlockBytes() const {
  const size_t grown =
      std::clamp<size_t>(bytes() / kGrowthDivisor, kBlockBytesMin, block_bytes_max_);
  const size_t whole_pages = grown / kPageBytes * kPageBytes;
  return whole_pages - kAllocatorOverheadBytes - sizeof(Block);
}

uintptr_t Arena::NewBlock(size_t payload_bytes) {
  if (payload_bytes > PTRDIFF_MAX - kPageBytes) throw std::bad_alloc();
  auto* block = static_cast<Block*>(::operator new(payload_bytes + sizeof(Block)));
  block->next = blocks_;
  blocks_ = block;
  bytes_.store(bytes() + BytesTakenFor(payload_bytes + sizeof(Block)), std::memory_order_relaxed);
  return reinterpret_cast<uintptr_t>(block + 1);
}

char* Arena::AllocateFromNewBlock(size_t bytes, size_t alignment) {
  const auto align = [alignment](uintptr_t address) {
    return (address + alignment - 1) & ~(uintptr_t{alignment} - 1);
  };
  // The header leaves a block aligned to 8 bytes; more may need padding.
  const size_t padding = alignment - 1;
  const size_t block_bytes = NextBlockBytes();
  if (bytes > block_bytes / kOversizedDivisor || padding > block_bytes / kOversizedDivisor) {
    if (bytes > PTRDIFF_MAX - padding) throw std::bad_alloc();
    return reinterpret_cast<char*>(align(NewBlock(bytes + padding)));
  }
  const uintptr_t block = NewBlock(block_bytes);
  const uintptr_t start = align(block);
  limit_ = block + block_bytes;
  cursor_ = start + bytes;
  return reinterpret_cast<char*>(start);
}

}  // namespace varve
