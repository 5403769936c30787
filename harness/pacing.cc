// Arrivals: kinds, checks, moments.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/pacing.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "engine/setting_text.h"
#include "engine/util/clock.h"
#include "engine/util/hash.h"

namespace varve::harness {
namespace {

using Kind = ArrivalPlan::Kind;

constexpr double kNsPerSecond = 1e9;
constexpr double kForEver = std::numeric_limits<double>::infinity();
constexpr size_t kStepsMax = 10'000;

constexpr ArrivalKind kKinds[] = {
    {"closed", "when the operation before has returned, after trial.think_seconds"},
    {"constant", "at one rate, whether or not the one before has returned"},
    {"bursts", "valleys at one rate and bursts at another, in turn"},
    {"steps", "at the rates of trial.steps, each for its seconds"},
    {"sine", "at a rate that swings around a mean"},
    {"trace", "when the trace that is replayed says, trial.trace_speed times as fast"},
};
constexpr ArrivalKind kGapKinds[] = {
    {"regular", "equally far apart while the rate is the same"},
    {"poisson", "independent of each other, exponential while the rate is the same"},
};

Status Wrong(std::string text) { return Status::InvalidArgument(std::move(text)); }

Status CheckName(std::string_view setting, std::string_view what, const std::string& name,
                 std::span<const ArrivalKind> kinds) {
  std::vector<std::string> names;
  for (const ArrivalKind& kind : kinds) names.emplace_back(kind.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return Status();
  return Wrong(fmt::format("{}: {}", setting, UnknownName(what, name, names)));
}

// A setting that only these arrivals heed.
struct Heeded {
  std::string_view name;
  bool given;
  std::string_view by;  // with spaces around each
};

// Refuses what was given and would be ignored.
Status CheckHeeded(const TrialSettings& trial) {
  const TrialSettings usual;
  const std::array<Heeded, 11> all = {{
      {"think_seconds", trial.think_seconds != 0, " closed "},
      {"rate_ops_per_second", trial.rate_ops_per_second != 0, " constant bursts sine "},
      {"burst_rate_ops_per_second", trial.burst_rate_ops_per_second != 0, " bursts "},
      {"burst_seconds", trial.burst_seconds != 0, " bursts "},
      {"valley_seconds", trial.valley_seconds != 0, " bursts "},
      {"steps", !trial.steps.empty(), " steps "},
      {"sine_amplitude_ops_per_second", trial.sine_amplitude_ops_per_second != 0, " sine "},
      {"sine_period_seconds", trial.sine_period_seconds != 0, " sine "},
      {"sine_phase_radians", trial.sine_phase_radians != 0, " sine "},
      {"trace_speed", trial.trace_speed != usual.trace_speed, " trace "},
      {"arrival_gaps", trial.arrival_gaps != usual.arrival_gaps, " constant bursts steps sine "},
  }};
  for (const Heeded& setting : all) {
    const std::string present = fmt::format(" {} ", trial.arrivals);
    if (!setting.given || setting.by.find(present) != setting.by.npos) continue;
    const std::string_view first = setting.by.substr(1, setting.by.find(' ', 1) - 1);
    return Wrong(
        fmt::format("trial.{0} means nothing with trial.arrivals = {1}: leave it out, or set "
                    "trial.arrivals = {2}",
                    setting.name, trial.arrivals, first));
  }
  return Status();
}

Status CheckBursts(const TrialSettings& trial) {
  if (trial.burst_seconds <= 0 || trial.valley_seconds <= 0) {
    return Wrong("trial.arrivals = bursts needs trial.burst_seconds and trial.valley_seconds");
  }
  if (trial.burst_rate_ops_per_second > trial.rate_ops_per_second) return Status();
  return Wrong(
      fmt::format("trial.burst_rate_ops_per_second = {} must be more than "
                  "trial.rate_ops_per_second = {}, which is that of the valleys",
                  trial.burst_rate_ops_per_second, trial.rate_ops_per_second));
}

Status CheckSine(const TrialSettings& trial) {
  if (trial.rate_ops_per_second <= 0 || trial.sine_period_seconds <= 0) {
    return Wrong(
        "trial.arrivals = sine needs trial.rate_ops_per_second, its mean, and "
        "trial.sine_period_seconds");
  }
  if (trial.sine_amplitude_ops_per_second <= trial.rate_ops_per_second) return Status();
  return Wrong(
      fmt::format("trial.sine_amplitude_ops_per_second = {} is more than "
                  "trial.rate_ops_per_second = {}: no rate is below 0",
                  trial.sine_amplitude_ops_per_second, trial.rate_ops_per_second));
}

Status CheckSteps(const TrialSettings& trial) {
  if (trial.steps.empty()) {
    return Wrong("trial.arrivals = steps needs trial.steps, as in \"1000:10, 4000:5\"");
  }
  return ParseRateSteps(trial.steps).status().Annotate("trial.steps");
}

Result<RateStep> ParseRateStep(std::string_view text, bool last) {
  const Setting rate = {"", SettingKind::kNumber, 0, 1e9, "", ""};
  const Setting seconds = {"", SettingKind::kNumber, 1e-3, 1e7, "", ""};
  const size_t colon = text.find(':');
  RateStep step;
  Status status = ParseSetting(rate, text.substr(0, colon), &step.ops_per_second);
  if (!status.ok()) return status.Annotate("rate");
  if (colon != text.npos) {
    status = ParseSetting(seconds, text.substr(colon + 1), &step.seconds);
    return status.ok() ? Result<RateStep>(step) : status.Annotate("seconds");
  }
  if (!last) {
    return Wrong(fmt::format("\"{}\" has no seconds (\"{}:10\"), and is not the last", text, text));
  }
  if (step.ops_per_second <= 0) return Wrong("a last step of rate 0 would have no end");
  step.seconds = kForEver;
  return step;
}

}  // namespace

std::span<const ArrivalKind> ArrivalKinds() { return kKinds; }
std::span<const ArrivalKind> ArrivalGapKinds() { return kGapKinds; }

Result<std::vector<RateStep>> ParseRateSteps(std::string_view text) {
  const std::vector<std::string_view> parts = SplitList(text);
  if (parts.size() > kStepsMax) {
    return Wrong(fmt::format("{} steps, at most {}", parts.size(), kStepsMax));
  }
  std::vector<RateStep> steps;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Result<RateStep> step = ParseRateStep(parts[i], i + 1 == parts.size());
    if (!step.ok()) return step.status();
    steps.push_back(*step);
  }
  const bool any = std::any_of(steps.begin(), steps.end(),
                               [](const RateStep& step) { return step.ops_per_second > 0; });
  if (!any) return Wrong("every rate is 0");
  return steps;
}

Status CheckArrivals(const TrialSettings& trial) {
  if (trial.arrivals == "poisson") {
    return Wrong(
        "trial.arrivals says how the rate goes: for Poisson arrivals set trial.arrivals = constant "
        "(or any other) and trial.arrival_gaps = poisson");
  }
  Status status = CheckName("trial.arrivals", "arrivals", trial.arrivals, kKinds);
  if (status.ok()) {
    status = CheckName("trial.arrival_gaps", "arrival gaps", trial.arrival_gaps, kGapKinds);
  }
  if (status.ok()) status = CheckHeeded(trial);
  if (!status.ok()) return status;
  if (trial.arrivals == "constant" && trial.rate_ops_per_second == 0) {
    return Wrong("trial.arrivals = constant needs trial.rate_ops_per_second");
  }
  if (trial.arrivals == "bursts") return CheckBursts(trial);
  if (trial.arrivals == "steps") return CheckSteps(trial);
  return trial.arrivals == "sine" ? CheckSine(trial) : Status();
}

Status CheckTraceArrivals(const TrialSettings& trial, const workloads::Trace* replay) {
  if (trial.arrivals != "trace") return Status();
  if (replay == nullptr) return Wrong("trial.arrivals = trace needs a trace as the workload");
  if (replay->operations() <= 1 || replay->duration_ns() > 0) return Status();
  return Wrong(fmt::format(
      "trial.arrivals = trace: {} has no times (trace record --rate gives them)", replay->path()));
}

ArrivalPlan ArrivalPlanOf(const TrialSettings& trial, uint64_t seed) {
  ArrivalPlan plan;
  plan.poisson = trial.arrival_gaps == "poisson";
  plan.seed = seed;
  if (trial.arrivals == "closed") {
    plan.think_seconds = trial.think_seconds;
    return plan;
  }
  if (trial.arrivals == "trace") {
    plan.kind = Kind::kTrace;
    plan.trace_speed = trial.trace_speed;
    return plan;
  }
  plan.kind = trial.arrivals == "sine" ? Kind::kSine : Kind::kSteps;
  if (trial.arrivals == "sine") {
    plan.sine = {trial.rate_ops_per_second, trial.sine_amplitude_ops_per_second,
                 trial.sine_period_seconds, trial.sine_phase_radians};
  } else if (trial.arrivals == "steps") {
    plan.steps = ParseRateSteps(trial.steps).value();
  } else if (trial.arrivals == "bursts") {
    plan.steps = {{trial.rate_ops_per_second, trial.valley_seconds},
                  {trial.burst_rate_ops_per_second, trial.burst_seconds}};
  } else {
    plan.steps = {{trial.rate_ops_per_second, kForEver}};
  }
  return plan;
}

RateCurve::RateCurve(const ArrivalPlan& plan)
    : by_steps_(plan.kind == Kind::kSteps), sine_(plan.sine) {
  if (!by_steps_) {
    cycle_seconds_ = sine_.period_seconds;
    cycle_operations_ = sine_.mean_ops_per_second * sine_.period_seconds;
    return;
  }
  for (const RateStep& step : plan.steps) {
    if (step.ops_per_second > 0) {
      segments_.push_back({cycle_operations_, cycle_seconds_, step.ops_per_second});
      cycle_operations_ += step.ops_per_second * step.seconds;
    }
    cycle_seconds_ += step.seconds;
  }
}

double RateCurve::SecondsUntil(double number) const {
  const auto within = [this](double rest) {
    return by_steps_ ? StepSeconds(rest) : SineSeconds(rest);
  };
  if (cycle_operations_ == kForEver) return within(number);
  const double cycles = std::floor(number / cycle_operations_);
  const double rest = std::max(0.0, number - cycles * cycle_operations_);
  return cycles * cycle_seconds_ + within(rest);
}

double RateCurve::StepSeconds(double rest) const {
  const auto after = std::upper_bound(
      segments_.begin() + 1, segments_.end(), rest,
      [](double operations, const Segment& segment) { return operations < segment.operations; });
  const Segment& segment = *(after - 1);
  return segment.seconds + (rest - segment.operations) / segment.ops_per_second;
}

// Newton's method, kept in a bracket that halves where a step would leave it.
double RateCurve::SineSeconds(double rest) const {
  constexpr double kExactSeconds = 1e-10;
  constexpr int kStepsAtMost = 100;
  const double omega = 2 * std::numbers::pi / sine_.period_seconds;
  const double phase = sine_.phase_radians;
  double low = 0;
  double high = sine_.period_seconds;
  double at = std::min(rest / sine_.mean_ops_per_second, high);
  for (int i = 0; i < kStepsAtMost; ++i) {
    const double swing =
        sine_.amplitude_ops_per_second / omega * (std::cos(phase) - std::cos(omega * at + phase));
    const double excess = sine_.mean_ops_per_second * at + swing - rest;
    (excess < 0 ? low : high) = at;
    const double rate =
        sine_.mean_ops_per_second + sine_.amplitude_ops_per_second * std::sin(omega * at + phase);
    double next = at - excess / rate;
    if (!(next >= low && next <= high)) next = low + (high - low) / 2;
    const bool exact = std::abs(next - at) < kExactSeconds;
    at = next;
    if (exact) break;
  }
  return at;
}

Pacing::Pacing(const ArrivalPlan& plan, int client, int clients)
    : curve_(plan),
      trace_(plan.kind == Kind::kTrace ? plan.trace : nullptr),
      trace_speed_(plan.trace_speed),
      poisson_(plan.poisson),
      gap_seed_(Mix64(plan.seed, static_cast<uint64_t>(client))),
      clients_(clients),
      client_(static_cast<uint64_t>(client)) {}

double Pacing::NextArrival() {
  const uint64_t index = taken_++;
  if (trace_ != nullptr) {
    const uint64_t operation = client_ + index * static_cast<uint64_t>(clients_);
    if (operation >= trace_->operations()) return kForEver;
    return static_cast<double>(trace_->OperationAt(operation).at_ns) / trace_speed_;
  }
  if (!poisson_) {
    const double number = static_cast<double>(client_) + static_cast<double>(index) * clients_;
    return curve_.SecondsUntil(number) * kNsPerSecond;
  }
  // Uniform in (0, 1], by 53 bits.
  const double uniform = static_cast<double>((Mix64(gap_seed_, index) >> 11) + 1) * 0x1p-53;
  gaps_sum_ -= std::log(uniform);
  return curve_.SecondsUntil(gaps_sum_ * clients_) * kNsPerSecond;
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
