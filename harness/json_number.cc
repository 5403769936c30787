// Down a path of keys. See json_number.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/json_number.h"

#include <nlohmann/json.hpp>

namespace varve::harness {

std::optional<double> NumberAt(const nlohmann::json& object,
                               std::initializer_list<std::string_view> path) {
  const nlohmann::json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return std::nullopt;
    const auto found = at->find(key);
    if (found == at->end()) return std::nullopt;
    at = &*found;
  }
  return at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
}

}  // namespace varve::harness
