// Thread slots: a small dense number for each live thread, and tables with one value a thread.
//
// They let a thread keep its own counters and hazard slots without a shared cache line: in the
// steady state PerThread::Local() writes nothing that another thread reads.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>

namespace varve {

namespace internal {
extern constinit thread_local int this_thread_slot;
int AcquireThreadSlot();
}  // namespace internal

// The number of the calling thread: at least 0, of no other live thread, the lowest that was free
// when the thread first asked, free again when the thread has ended. What the earlier holder did
// happens before what the later one does. Not to be called by destructors of thread-local objects.
inline int ThisThreadSlot() {
  const int slot = internal::this_thread_slot;
  return slot >= 0 ? slot : internal::AcquireThreadSlot();
}

// One T for each slot. A T is made by the thread that first needs it, is handed on with its state
// to the next thread that gets the slot, and dies with the table. Thread safe.
template <class T>
class PerThread {
 public:
  PerThread() = default;
  PerThread(const PerThread&) = delete;
  PerThread& operator=(const PerThread&) = delete;
  ~PerThread() {
    ForEach([](T& value) { delete &value; });
    for (auto& group : groups_) delete[] group.load(std::memory_order_relaxed);
  }

  // The T of the calling thread.
  T& Local() {
    const auto slot = static_cast<size_t>(ThisThreadSlot());
    const size_t g = GroupOf(slot);
    Cell* group = groups_[g].load(std::memory_order_acquire);
    if (group != nullptr) {
      T* value = group[slot - FirstOf(g)].load(std::memory_order_relaxed);
      if (value != nullptr) return *value;
    }
    return Create(slot);
  }

  // Calls visit(T&) for every T that was made before the call; those made during it may be missed.
  // Looking for a T and making one are sequentially consistent: of two threads that each announce
  // something and then look for the other's announcement, one sees it (engine/read_state.cc).
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    for (size_t g = 0; g < kGroups; ++g) {
      Cell* group = groups_[g].load(std::memory_order_seq_cst);
      if (group == nullptr) continue;
      for (size_t i = 0; i < SizeOf(g); ++i) {
        T* value = group[i].load(std::memory_order_seq_cst);
        if (value != nullptr) visit(*value);
      }
    }
  }

 private:
  // Group g holds 64 * 2^g cells, so that the table grows without moving and never fills: 17 groups
  // are room for over 8 million threads, twice what Linux allows.
  using Cell = std::atomic<T*>;
  static constexpr size_t kFirstGroup = 64;
  static constexpr size_t kGroups = 17;
  static size_t GroupOf(size_t slot) {
    return static_cast<size_t>(std::bit_width(slot / kFirstGroup + 1)) - 1;
  }
  static size_t SizeOf(size_t group) { return kFirstGroup << group; }
  static size_t FirstOf(size_t group) { return SizeOf(group) - kFirstGroup; }

  T& Create(size_t slot) {
    const size_t g = GroupOf(slot);
    Cell* group = groups_[g].load(std::memory_order_acquire);
    if (group == nullptr) {
      auto made = std::make_unique<Cell[]>(SizeOf(g));
      if (groups_[g].compare_exchange_strong(group, made.get(), std::memory_order_seq_cst)) {
        group = made.release();
      }
    }
    auto value = std::make_unique<T>();
    group[slot - FirstOf(g)].store(value.get(), std::memory_order_seq_cst);
    return *value.release();
  }

  std::array<std::atomic<Cell*>, kGroups> groups_{};
};

}  // namespace varve
