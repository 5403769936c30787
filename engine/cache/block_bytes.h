// BlockBytes: the checked and decompressed bytes of a data block, shared by those who read it.
//
// A count of owners and the bytes lie in one allocation, so that a reader of a cached block waits
// for one cache miss before the contents, and a block read from storage is copied nowhere.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

namespace varve {

// A handle; many may name the same bytes. Handles of the same bytes may be copied and destroyed by
// different threads at once; the bytes must not change once there are several.
class BlockBytes {
 public:
  BlockBytes() = default;
  // Bytes of any contents, owned by the one handle that is returned.
  static BlockBytes Allocate(size_t bytes) {
    void* memory = ::operator new(sizeof(Header) + bytes);
    return BlockBytes(new (memory) Header{1, bytes, bytes});
  }

  BlockBytes(const BlockBytes& other) : header_(other.header_) {
    if (header_ != nullptr) header_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  BlockBytes(BlockBytes&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  BlockBytes& operator=(BlockBytes other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~BlockBytes() {
    if (header_ == nullptr) return;
    // The last owner sees what all others did with the bytes before it frees them.
    if (header_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(header_);
  }

  // False if this names no bytes.
  explicit operator bool() const { return header_ != nullptr; }
  size_t size() const { return header_->bytes; }
  char* data() const { return reinterpret_cast<char*>(header_ + 1); }
  std::string_view view() const { return {data(), size()}; }

  // Shortens the contents. REQUIRES: bytes <= size(), and this is the only owner.
  void Truncate(size_t bytes) {
    assert(bytes <= size());
    header_->bytes = bytes;
  }

  // Memory taken: for a request glibc's allocator takes 8 bytes of its own, in multiples of 16.
  uint64_t allocated_bytes() const {
    return std::max<uint64_t>(32, (sizeof(Header) + header_->allocated + 8 + 15) / 16 * 16);
  }

  // Asks the processor for the line of the count and for the last line of the contents, at `end`,
  // where a search begins: two misses that would otherwise wait for each other.
  void Prefetch(const char* end) const {
    __builtin_prefetch(header_, 1);
    __builtin_prefetch(end - 1);
  }

 private:
  struct Header {
    std::atomic<uint64_t> owners;
    size_t bytes;      // of contents
    size_t allocated;  // for contents
  };

  explicit BlockBytes(Header* header) : header_(header) {}

  Header* header_ = nullptr;
};

}  // namespace varve
