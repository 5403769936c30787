// The pool, and how blocks come from the allocator and the kernel.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/arena_pool.h"

#include <sys/mman.h>

#include <new>

// Under AddressSanitizer, who still reads a block that was given back is told so.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace varve {
namespace {

// Address space of `bytes`, a multiple of a huge page, at a multiple of one.
void* MapHugePages(size_t bytes) {
  const size_t spare = ArenaPool::kHugePageBytes;
  void* mapping = ::mmap(nullptr, bytes + spare, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  char* const begin = static_cast<char*>(mapping);
  const size_t before = (spare - reinterpret_cast<uintptr_t>(begin) % spare) % spare;
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + bytes, spare - before);
  // A wish. Where the kernel does not grant it, pages are normal and no answer is different.
  (void)::madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

void* ArenaPool::New(size_t bytes, ArenaPages pages) {
  return pages == ArenaPages::kHuge ? MapHugePages(bytes) : ::operator new(bytes);
}

void ArenaPool::Free(void* block, size_t bytes, ArenaPages pages) {
  if (pages == ArenaPages::kHuge) {
    ::munmap(block, bytes);
  } else {
    ::operator delete(block);
  }
}

ArenaPool::~ArenaPool() {
  while (kept_ != nullptr) {
    const Kept kept = *kept_;
    ASAN_UNPOISON_MEMORY_REGION(kept_, kept.bytes);
    Free(kept_, kept.bytes, kept.pages);
    kept_ = kept.next;
  }
}

void* ArenaPool::Take(size_t bytes, ArenaPages pages) {
  {
    MutexLock lock(mutex_);
    Kept** link = &kept_;
    while (*link != nullptr && ((*link)->bytes != bytes || (*link)->pages != pages)) {
      link = &(*link)->next;
    }
    if (Kept* const found = *link; found != nullptr) {
      *link = found->next;
      bytes_ -= bytes;
      ASAN_UNPOISON_MEMORY_REGION(found, bytes);
      return found;
    }
  }
  return New(bytes, pages);
}

void ArenaPool::Give(void* block, size_t bytes, ArenaPages pages) {
  {
    MutexLock lock(mutex_);
    if (bytes >= kKeptBytesMin && bytes <= bytes_max_ - bytes_) {
      kept_ = new (block) Kept{kept_, bytes, pages};
      bytes_ += bytes;
      ASAN_POISON_MEMORY_REGION(kept_ + 1, bytes - sizeof(Kept));
      return;
    }
  }
  Free(block, bytes, pages);
}

uint64_t ArenaPool::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace varve
