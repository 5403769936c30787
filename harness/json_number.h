// Looking a number up in a result.
//
// Called by what prints results, and by what judges them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace varve::harness {

// The number at a path of keys; nothing if there is none.
std::optional<double> NumberAt(const nlohmann::json& object,
                               std::initializer_list<std::string_view> path);

}  // namespace varve::harness
