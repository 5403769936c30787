// Sustain: the trials of `varve sustain`, and whether one of them shows that a rate can be kept.
//
// Luo and Carey (PVLDB 13(4), 2019): first a closed loop, whose throughput is the highest that the
// store can be made to take (the testing phase), then an open loop at 95 % of it (the running
// phase). Only the second tells whether that throughput can be kept with responses that one would
// put up with. A scheduler that favours small merges lets a closed loop take in more than can ever
// be merged, so the first phase shares bandwidth fairly.
//
// Called by the command sustain.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/objective.h"
#include "harness/trial_spec.h"

namespace varve::harness {

// What is given beside the settings of the trial.
struct SustainSettings {
  double share = 0.95;  // of the maximum, for the running phase
  std::vector<Objective> objectives;
  double precision = 0.05;  // of the search
  uint64_t confirmations = 1;
  uint64_t probes_max = 40;
};

// Gives the trial what was not among `given`: 60 seconds, a sixth of them as warm-up, samples of
// which a thirtieth of the time is one. Refuses settings that sustain decides itself, and times too
// short to see a trend in.
Status PrepareSustain(const std::vector<SettingText>& given, TrialSpec* spec);

// The testing phase, and the open loop at a rate. `fair` tells whether the scheduler was replaced.
TrialSpec MaximumTrial(const TrialSpec& base, bool* fair);
TrialSpec OpenLoopTrial(const TrialSpec& base, double rate_ops_per_second, uint64_t seed);

// Why the trial of an open loop does not show that its rate can be kept within the objectives;
// none: it does.
std::vector<std::string> Shortcomings(const nlohmann::json& result,
                                      const std::vector<Objective>& objectives);

}  // namespace varve::harness
