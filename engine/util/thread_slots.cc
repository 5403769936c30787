// Thread slots: the numbers that are free, and their return when a thread ends.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/thread_slots.h"

#include <functional>
#include <queue>
#include <vector>

#include "engine/util/mutex.h"

namespace varve {
namespace {

class SlotPool {
 public:
  int Acquire() {
    MutexLock lock(mutex_);
    if (free_.empty()) return next_++;
    const int slot = free_.top();
    free_.pop();
    return slot;
  }

  void Release(int slot) {
    MutexLock lock(mutex_);
    free_.push(slot);
  }

 private:
  Mutex mutex_;
  int next_ GUARDED_BY(mutex_) = 0;
  std::priority_queue<int, std::vector<int>, std::greater<>> free_ GUARDED_BY(mutex_);
};

// Never destroyed: threads may end after main has.
SlotPool& Pool() {
  static auto* pool = new SlotPool;
  return *pool;
}

// Gives the slot back when the thread ends.
struct SlotReturn {
  ~SlotReturn() {
    Pool().Release(internal::this_thread_slot);
    internal::this_thread_slot = -1;
  }
};

}  // namespace

namespace internal {

constinit thread_local int this_thread_slot = -1;

int AcquireThreadSlot() {
  this_thread_slot = Pool().Acquire();
  [[maybe_unused]] static thread_local SlotReturn slot_return;
  return this_thread_slot;
}

}  // namespace internal
}  // namespace varve
