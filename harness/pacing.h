// Pacing: when operations are meant to begin.
//
// Closed loop: an operation begins when the one before it has returned, so a store that stalls is
// asked less, and the stall is seen by few operations. Open loop: operations begin at moments that
// do not depend on the store; one that cannot begin in time waits, and its response time is counted
// from the moment at which it should have begun (Schroeder et al., NSDI 2006; Tene on coordinated
// omission). Arrivals are numbered over all clients, and client c of n takes the arrivals c, c + n,
// c + 2n, …: together they make exactly the rate that the settings ask for.
//
// To add a kind of arrivals: a row in pacing.cc, its settings in TrialSettings, a case in
// NextArrival.
//
// Used by client.cc, one Pacing a client; made by phase.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/status.h"
#include "harness/clock.h"
#include "harness/trial_spec.h"

namespace varve::harness {

struct ArrivalKind {
  std::string_view name;
  std::string_view help;
};
// The values of trial.arrivals.
std::span<const ArrivalKind> ArrivalKinds();

// When all clients together begin operations. A value.
struct ArrivalPlan {
  enum class Kind : uint8_t { kClosed, kConstant, kBursts };
  Kind kind = Kind::kClosed;
  double rate_ops_per_second = 0;  // in the valleys, if there are bursts
  double burst_rate_ops_per_second = 0;
  double burst_seconds = 0;
  double valley_seconds = 0;
};

// Refuses arrivals that do not exist, and settings that cannot go together.
Status CheckArrivals(const TrialSettings& trial);
// REQUIRES: CheckArrivals(trial) is OK.
ArrivalPlan ArrivalPlanOf(const TrialSettings& trial);

// The arrivals of one client. Not thread safe.
class Pacing {
 public:
  // REQUIRES: the plan is not closed.
  Pacing(const ArrivalPlan& plan, int client, int clients)
      : plan_(plan), next_(static_cast<uint64_t>(client)), step_(static_cast<uint64_t>(clients)) {}

  // Nanoseconds from the start of the phase to the client's next operation; never descending.
  double NextArrival();

 private:
  const ArrivalPlan plan_;
  uint64_t next_;  // number of the next arrival, over all clients
  const uint64_t step_;
};

// Lets this thread sleep as exactly as the kernel can.
void SharpenSleep();
// Sleeps until `clock` shows `ticks`, the last microseconds awake; or until *stop is set, which it
// looks at a hundred times a second.
void SleepUntil(const OperationClock& clock, uint64_t ticks, const std::atomic<bool>& stop);

}  // namespace varve::harness
