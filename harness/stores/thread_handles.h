// ThreadHandles: a handle of a library for each thread that calls a store.
//
// Libraries whose sessions or connections belong to one thread at a time are called as their own
// programs call them: a thread opens its handle once and keeps it. A thread that ends leaves its
// handle to the next that comes, with all that it has cached: the threads of a trial's phases are
// not the same. Handles are closed with the store.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

// Thread safe; its destructor is not, and is called when no thread uses a handle any more.
template <class Handle>
class ThreadHandles {
 public:
  ThreadHandles() = default;
  ThreadHandles(const ThreadHandles&) = delete;
  ThreadHandles& operator=(const ThreadHandles&) = delete;
  ~ThreadHandles() { Clear(); }

  // Closes all. REQUIRES: no thread uses its handle any more.
  void Clear() {
    const std::lock_guard lock(pool_->mutex);
    pool_->left.clear();
    pool_->all.clear();
  }

  // Closes those that no thread has.
  void CloseLeft() {
    const std::lock_guard lock(pool_->mutex);
    std::erase_if(pool_->all, [this](const std::unique_ptr<Handle>& handle) {
      return std::ranges::find(pool_->left, handle.get()) != pool_->left.end();
    });
    pool_->left.clear();
  }

  // That of the calling thread: the one it had, else one that was left, else what `make()`, a
  // Result<std::unique_ptr<Handle>>, gives. `make` is called by one thread at a time.
  template <class Make>
  Result<Handle*> Get(const Make& make) {
    std::vector<Held>& held = Mine().held;
    for (const Held& one : held) {
      if (one.id == pool_->id) return one.handle;
    }
    std::erase_if(held, [](const Held& one) { return one.pool.expired(); });
    const std::lock_guard lock(pool_->mutex);
    if (pool_->left.empty()) {
      Result<std::unique_ptr<Handle>> made = make();
      if (!made.ok()) return made.status();
      pool_->left.push_back(made->get());
      pool_->all.push_back(std::move(*made));
    }
    Handle* handle = pool_->left.back();
    pool_->left.pop_back();
    held.push_back({pool_->id, pool_, handle});
    return handle;
  }

  // One for the first thread that comes.
  void Add(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(pool_->mutex);
    pool_->left.push_back(handle.get());
    pool_->all.push_back(std::move(handle));
  }

  // Calls `visit(Handle&)` with all there are, whichever threads have them. No thread gets its
  // first meanwhile.
  template <class Visit>
  void ForEach(const Visit& visit) const {
    const std::lock_guard lock(pool_->mutex);
    for (const std::unique_ptr<Handle>& handle : pool_->all) visit(*handle);
  }

 private:
  struct Pool {
    static uint64_t NextId() {
      static std::atomic<uint64_t> next{1};
      return next++;
    }
    const uint64_t id = NextId();  // never used again, as an address would be
    std::mutex mutex;
    std::vector<std::unique_ptr<Handle>> all;
    std::vector<Handle*> left;  // by threads that have ended
  };
  struct Held {
    uint64_t id;
    std::weak_ptr<Pool> pool;
    Handle* handle;
  };
  struct OfThread {
    OfThread() = default;
    OfThread(const OfThread&) = delete;
    OfThread& operator=(const OfThread&) = delete;
    ~OfThread() {
      for (const Held& one : held) {
        const std::shared_ptr<Pool> pool = one.pool.lock();
        if (pool == nullptr) continue;
        const std::lock_guard lock(pool->mutex);
        pool->left.push_back(one.handle);
      }
    }
    std::vector<Held> held;  // of each store that the thread called
  };
  static OfThread& Mine() {
    thread_local OfThread mine;
    return mine;
  }

  const std::shared_ptr<Pool> pool_ = std::make_shared<Pool>();
};

}  // namespace varve::harness
