// summary.csv: the results of an experiment as one tidy table, a row a trial (docs/results.md).
//
// Made from the result.json files alone, in the order of the plan: the same results give the same
// bytes, however often the experiment was interrupted. What was not measured is empty.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/plan.h"

namespace varve::harness {

// `results[i]` belongs to plan.trials[i]; null if the trial has none.
std::string SummaryCsv(const Plan& plan, const std::vector<nlohmann::json>& results);

}  // namespace varve::harness
