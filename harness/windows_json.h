// The parts of result.json that come from comparing samples with each other: the worst ones, the
// interval of the throughput, what grew, what an injected stall did, and whether the generator or
// the store was the bottleneck. Fields are defined in docs/results.md.
//
// Called by result.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/result.h"

namespace varve::harness {

// Of the operations that were due, so many may be left when the time is over.
inline constexpr double kUnservedShareMax = 0.001;

void AddWindows(const TrialOutcome& outcome, const PhaseRecord& measure,
                nlohmann::ordered_json* json);

std::vector<std::string> WindowCaveats(const TrialOutcome& outcome, const PhaseRecord& measure);

// What the harness itself takes of the time of its clients: null_ns_per_operation times operations
// ÷ (clients times seconds). 0 if the time is not known.
double GeneratorShare(const TrialOutcome& outcome, const PhaseRecord& measure);

}  // namespace varve::harness
