// The real clock: CLOCK_MONOTONIC, and CLOCK_REALTIME for seconds since 1970.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/clock.h"

#include <chrono>
#include <thread>

namespace varve {
namespace {

class MonotonicClock final : public Clock {
 public:
  uint64_t NowNs() override {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count());
  }

  void SleepNs(uint64_t nanoseconds) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(nanoseconds));
  }

  uint64_t UnixSeconds() override {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(since_1970).count());
  }
};

}  // namespace

Clock* RealClock() {
  static MonotonicClock clock;
  return &clock;
}

}  // namespace varve
