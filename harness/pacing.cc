// Arrivals: kinds, checks, moments.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/pacing.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/setting_text.h"
#include "engine/util/clock.h"

namespace varve::harness {
namespace {

using Kind = ArrivalPlan::Kind;

constexpr double kNsPerSecond = 1e9;
// In the order of ArrivalPlan::Kind.
constexpr ArrivalKind kKinds[] = {
    {"closed", "when the operation before has returned"},
    {"constant", "at a fixed rate, whether or not the one before has returned"},
    {"bursts", "valleys at one rate and bursts at another, in turn"},
};

Status Wrong(std::string text) { return Status::InvalidArgument(std::move(text)); }

Status CheckBursts(const TrialSettings& trial) {
  const bool bursts = trial.arrivals == "bursts";
  const bool any =
      trial.burst_rate_ops_per_second != 0 || trial.burst_seconds != 0 || trial.valley_seconds != 0;
  if (!bursts && any) {
    return Wrong(
        fmt::format("trial.burst_rate_ops_per_second, trial.burst_seconds and "
                    "trial.valley_seconds mean nothing with trial.arrivals = {}: leave "
                    "them at 0, or set trial.arrivals = bursts",
                    trial.arrivals));
  }
  if (!bursts) return Status();
  if (trial.burst_seconds <= 0 || trial.valley_seconds <= 0) {
    return Wrong("trial.arrivals = bursts needs trial.burst_seconds and trial.valley_seconds");
  }
  if (trial.burst_rate_ops_per_second <= trial.rate_ops_per_second) {
    return Wrong(
        fmt::format("trial.burst_rate_ops_per_second = {} must be more than "
                    "trial.rate_ops_per_second = {}, which is that of the valleys",
                    trial.burst_rate_ops_per_second, trial.rate_ops_per_second));
  }
  return Status();
}

}  // namespace

std::span<const ArrivalKind> ArrivalKinds() { return kKinds; }

Status CheckArrivals(const TrialSettings& trial) {
  std::vector<std::string> names;
  for (const ArrivalKind& kind : kKinds) names.emplace_back(kind.name);
  if (std::find(names.begin(), names.end(), trial.arrivals) == names.end()) {
    return Wrong(fmt::format("trial.arrivals: {}", UnknownName("arrivals", trial.arrivals, names)));
  }
  if (trial.arrivals == "closed" && trial.rate_ops_per_second != 0) {
    return Wrong(
        "trial.rate_ops_per_second means nothing with trial.arrivals = closed, where the store "
        "sets the rate: leave it at 0, or set trial.arrivals = constant");
  }
  if (trial.arrivals == "constant" && trial.rate_ops_per_second == 0) {
    return Wrong("trial.arrivals = constant needs trial.rate_ops_per_second");
  }
  return CheckBursts(trial);
}

ArrivalPlan ArrivalPlanOf(const TrialSettings& trial) {
  const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const auto& kind) { return kind.name == trial.arrivals; });
  return {static_cast<Kind>(row - kKinds), trial.rate_ops_per_second,
          trial.burst_rate_ops_per_second, trial.burst_seconds, trial.valley_seconds};
}

double Pacing::NextArrival() {
  const auto number = static_cast<double>(next_);
  next_ += step_;
  if (plan_.kind != Kind::kBursts) return number / plan_.rate_ops_per_second * kNsPerSecond;
  const double valley_operations = plan_.rate_ops_per_second * plan_.valley_seconds;
  const double cycle_operations =
      valley_operations + plan_.burst_rate_ops_per_second * plan_.burst_seconds;
  const double cycles = std::floor(number / cycle_operations);
  const double rest = number - cycles * cycle_operations;
  const double seconds =
      rest < valley_operations
          ? rest / plan_.rate_ops_per_second
          : plan_.valley_seconds + (rest - valley_operations) / plan_.burst_rate_ops_per_second;
  return (cycles * (plan_.valley_seconds + plan_.burst_seconds) + seconds) * kNsPerSecond;
}

void SharpenSleep() {
  // Timers may otherwise go off 50 µs late, to save power.
  [[maybe_unused]] const int result = prctl(PR_SET_TIMERSLACK, 1UL);
}

void SleepUntil(const OperationClock& clock, uint64_t ticks, const std::atomic<bool>& stop) {
  constexpr uint64_t kAwakeNs = 20'000;
  constexpr uint64_t kSleepNsMax = 10'000'000;
  while (!stop.load(std::memory_order_relaxed)) {
    const uint64_t left_ns = clock.ElapsedNs(clock.Start(), ticks);
    if (left_ns == 0) return;
    if (left_ns > kAwakeNs) RealClock()->SleepNs(std::min(left_ns - kAwakeNs, kSleepNsMax));
  }
}

}  // namespace varve::harness
