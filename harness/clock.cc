// Calibration of the time-stamp counter against CLOCK_MONOTONIC.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/clock.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace varve::harness {
namespace {

constexpr uint64_t kCalibrationNs = 10'000'000;
// Two calibrations must agree this well, or the counter is not trusted.
constexpr double kDisagreementMax = 1e-3;

bool KernelTrustsCounter() {
  std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string name;
  return (file >> name) && name == "tsc";
}

// One moment on both scales.
struct Pair {
  uint64_t ticks = 0;
  uint64_t ns = 0;
};

}  // namespace

OperationClock OperationClock::Calibrate() {
  const OperationClock counter(true, 1.0);
  // The counter in the middle of the tightest of several pairs of clock reads.
  const auto read_both = [&counter] {
    Pair best;
    uint64_t gap_min = UINT64_MAX;
    for (int attempt = 0; attempt < 16; ++attempt) {
      const uint64_t before = MonotonicNs();
      const uint64_t ticks = counter.End();
      const uint64_t after = MonotonicNs();
      if (after - before >= gap_min) continue;
      gap_min = after - before;
      best = {ticks, before + (after - before) / 2};
    }
    return best;
  };
  const auto ns_per_tick = [&read_both] {
    const Pair first = read_both();
    while (MonotonicNs() - first.ns < kCalibrationNs) {
    }
    const Pair last = read_both();
    if (last.ticks <= first.ticks) return 0.0;
    return static_cast<double>(last.ns - first.ns) / static_cast<double>(last.ticks - first.ticks);
  };
  const double one = ns_per_tick();
  const double two = ns_per_tick();
  const bool agree = one > 0 && two > 0 && std::abs(one - two) < kDisagreementMax * one;
  return agree ? OperationClock(true, (one + two) / 2) : Monotonic();
}

const OperationClock& OperationClock::Best() {
#if defined(__x86_64__)
  static const OperationClock best = KernelTrustsCounter() ? Calibrate() : Monotonic();
#else
  static const OperationClock best = Monotonic();
#endif
  return best;
}

}  // namespace varve::harness
