// OperationClock: the time before and after one operation, as cheaply as it can be had.
//
// The time-stamp counter is read directly where the kernel itself keeps time by it (it is then
// invariant and the same on all cores): 10 to 20 ns less for each read than clock_gettime. Anywhere
// else this is clock_gettime(CLOCK_MONOTONIC). All other times of the harness (phases, samples,
// events) are those of varve::Clock.
//
// Called by client.cc and nothing else on a hot path.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace varve::harness {

// A value, thread safe. Ticks have an arbitrary start and differ by clock.
class OperationClock {
 public:
  // The best clock of this machine; the first call calibrates it, which takes 20 ms.
  static const OperationClock& Best();
  // clock_gettime, wherever.
  static OperationClock Monotonic() { return OperationClock(false, 1.0); }

  // Before an operation. May be read while earlier instructions are still under way.
  uint64_t Start() const {
#if defined(__x86_64__)
    if (counter_) return __rdtsc();
#endif
    return MonotonicNs();
  }

  // After an operation: waits until every load that came before has its value, so that a cache
  // miss at the end of an operation is charged to that operation.
  uint64_t End() const {
#if defined(__x86_64__)
    if (counter_) {
      unsigned int core = 0;
      return __rdtscp(&core);
    }
#endif
    return MonotonicNs();
  }

  // 0 if `end` is before `start` (two cores may differ by a few ticks).
  uint64_t ElapsedNs(uint64_t start, uint64_t end) const {
    if (end <= start) return 0;
    return static_cast<uint64_t>(static_cast<double>(end - start) * ns_per_tick_);
  }
  uint64_t TicksOf(double nanoseconds) const {
    return static_cast<uint64_t>(nanoseconds / ns_per_tick_);
  }

  bool uses_counter() const { return counter_; }
  double ns_per_tick() const { return ns_per_tick_; }

 private:
  OperationClock(bool counter, double ns_per_tick) : counter_(counter), ns_per_tick_(ns_per_tick) {}
  static OperationClock Calibrate();

  static uint64_t MonotonicNs() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  bool counter_;
  double ns_per_tick_;
};

}  // namespace varve::harness
