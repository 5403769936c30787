// Clock: now and sleep, real or virtual.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace varve {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic, from an arbitrary start.
  virtual uint64_t NowNs() = 0;
  virtual void SleepNs(uint64_t nanoseconds) = 0;
  // Seconds since 1970, as the machine believes: may jump in both directions.
  virtual uint64_t UnixSeconds() = 0;
};

// The monotonic clock of the machine. Lives for ever.
Clock* RealClock();

// Moves only when told to, by Advance or by somebody's sleep.
class VirtualClock final : public Clock {
 public:
  uint64_t NowNs() override { return now_ns_.load(); }
  void SleepNs(uint64_t nanoseconds) override { Advance(nanoseconds); }
  uint64_t UnixSeconds() override { return now_ns_.load() / 1'000'000'000; }
  void Advance(uint64_t nanoseconds) { now_ns_.fetch_add(nanoseconds); }

 private:
  std::atomic<uint64_t> now_ns_{0};
};

}  // namespace varve
