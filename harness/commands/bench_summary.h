// BenchSummary: a result.json as a page of text.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace varve::harness {

// What was not measured is left out.
std::string BenchSummary(const nlohmann::json& result);

}  // namespace varve::harness
