// Objective: what responses must keep to, as a person writes it: "p99 <= 5 ms", "read p50 < 80 us".
//
// Called by the command sustain.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "engine/status.h"

namespace varve::harness {

struct Objective {
  std::string operation = "all";  // of which type of operation, as results call it
  std::string percentile;         // "p50", …, "p9999", "mean" or "max", as results call it
  double limit_ns = 0;            // inclusive
  std::string text;               // "read p99 <= 1 ms", in one spelling
};

// [OPERATION] PERCENTILE <= NUMBER UNIT, with ns, us, ms or s; spaces may be left out around <=.
// The error says what is wrong, with the nearest right name.
Result<Objective> ParseObjective(std::string_view text);

// The response that the objective is about, of a result.json. Nothing if no operation of the type
// was timed.
std::optional<double> MeasuredNs(const Objective& objective, const nlohmann::json& result);

}  // namespace varve::harness
