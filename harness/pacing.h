// Pacing: when operations are meant to begin.
//
// Closed loop: an operation begins when the one before it has returned, perhaps after a time to
// think, so a store that stalls is asked less, and the stall is seen by few operations. Open loop:
// operations begin at moments that do not depend on the store; one that cannot begin in time waits,
// and its response time is counted from the moment at which it should have begun (Schroeder et al.,
// NSDI 2006; Tene on coordinated omission).
//
// Arrivals are a rate over time (constant, bursts, steps, sine) and a kind of gap. Both are had
// from a process of rate 1 by a change of time: its number n arrives at the moment by which the
// rate has added up to n. Regular: n = 0, 1, 2, …, and client c of m takes c, c + m, c + 2m, …:
// together they make exactly the rate. Poisson: each client has its own sums of exponential gaps
// with mean m, and the sum of m independent Poisson processes of rate 1/m is one of rate 1; with a
// rate that varies it is the inhomogeneous process (Çinlar, "Introduction to Stochastic Processes",
// 1975). Gap k of client c is a function of the seed, c and k, so the same trial has the same
// arrivals.
//
// The arrivals of a trace are the times at which its operations were recorded.
//
// To add a rate over time: a row in pacing.cc, its settings in TrialSettings, a case in
// ArrivalPlanOf and, unless it is made of steps, in RateCurve.
//
// Used by client.cc, one Pacing a client; made by phase.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "harness/clock.h"
#include "harness/trial_spec.h"
#include "workloads/trace.h"

namespace varve::harness {

struct ArrivalKind {
  std::string_view name;
  std::string_view help;
};
// The values of trial.arrivals, and of trial.arrival_gaps.
std::span<const ArrivalKind> ArrivalKinds();
std::span<const ArrivalKind> ArrivalGapKinds();

// A rate that is kept for a while; for ever, if `seconds` is infinite.
struct RateStep {
  double ops_per_second = 0;
  double seconds = 0;
};

// mean + amplitude * sin(2 pi t / period + phase), with 0 <= amplitude <= mean.
struct RateSine {
  double mean_ops_per_second = 0;
  double amplitude_ops_per_second = 0;
  double period_seconds = 1;
  double phase_radians = 0;
};

// When all clients together begin operations. A value.
struct ArrivalPlan {
  enum class Kind : uint8_t { kClosed, kSteps, kSine, kTrace };
  Kind kind = Kind::kClosed;
  double think_seconds = 0;     // closed loop: between an operation and the next
  std::vector<RateStep> steps;  // one after the other, again and again; some rate is not 0
  RateSine sine;
  bool poisson = false;                           // else regular
  uint64_t seed = 0;                              // of the gaps
  std::shared_ptr<const workloads::Trace> trace;  // kTrace
  double trace_speed = 1;                         // of its time, against that of the clock
};

// Reads "1000:10, 4000:5": rates and for how many seconds each. The last may lack its seconds: it
// is kept for ever.
Result<std::vector<RateStep>> ParseRateSteps(std::string_view text);

// Refuses arrivals that do not exist, and settings that cannot go together.
Status CheckArrivals(const TrialSettings& trial);
// Refuses the arrivals of a trace (`replay`) that is not there or has no times.
Status CheckTraceArrivals(const TrialSettings& trial, const workloads::Trace* replay);
// REQUIRES: CheckArrivals(trial) is OK. The caller adds the trace.
ArrivalPlan ArrivalPlanOf(const TrialSettings& trial, uint64_t seed);

// The inverse of the rate's integral. A value.
class RateCurve {
 public:
  // REQUIRES: the plan is not closed. Of kTrace nothing may be asked.
  explicit RateCurve(const ArrivalPlan& plan);

  // Seconds after which the rate has added up to `number` >= 0; never descending but for rounding.
  double SecondsUntil(double number) const;

 private:
  // A step with a rate, and what came before it in its cycle.
  struct Segment {
    double operations = 0;
    double seconds = 0;
    double ops_per_second = 0;
  };
  double StepSeconds(double rest) const;
  double SineSeconds(double rest) const;

  const bool by_steps_;
  const RateSine sine_;
  std::vector<Segment> segments_;
  double cycle_operations_ = 0;
  double cycle_seconds_ = 0;
};

// The arrivals of one client. Not thread safe.
class Pacing {
 public:
  // REQUIRES: the plan is not closed; 0 <= client < clients.
  Pacing(const ArrivalPlan& plan, int client, int clients);

  // Nanoseconds from the start of the phase to the client's next operation; infinite when a trace
  // has no more.
  double NextArrival();

 private:
  const RateCurve curve_;
  const std::shared_ptr<const workloads::Trace> trace_;  // has the times instead, if there is one
  const double trace_speed_;
  const bool poisson_;
  const uint64_t gap_seed_;
  const double clients_;
  const uint64_t client_;
  uint64_t taken_ = 0;   // arrivals
  double gaps_sum_ = 0;  // Poisson: of a mean of 1 each
};

// Lets this thread sleep as exactly as the kernel can.
void SharpenSleep();
// Sleeps until `clock` shows `ticks`, the last microseconds awake; or until *stop is set, which it
// looks at a hundred times a second.
void SleepUntil(const OperationClock& clock, uint64_t ticks, const std::atomic<bool>& stop);

}  // namespace varve::harness
