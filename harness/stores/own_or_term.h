// Own settings that the terms decide unless they are set: std::optional fields of a struct with a
// ForEach (harness/stores/own_settings.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/setting_text.h"
#include "harness/stores/terms.h"

namespace varve {

template <class T>
Status ParseSetting(const Setting& setting, std::string_view text, std::optional<T>* value) {
  T parsed{};
  const Status status = ParseSetting(setting, text, &parsed);
  if (status.ok()) *value = std::move(parsed);
  return status;
}

// "" of what is not set.
template <class T>
std::string FormatSetting(const Setting& setting, const std::optional<T>& value) {
  return value.has_value() ? FormatSetting(setting, *value) : "";
}

}  // namespace varve

namespace varve::harness {

// The value of the own setting `name` ("leveldb.sync") if it is set, else `by_terms`. Says so if
// it is not what the term ("engine.durability") says; `term` is "" where there are no terms.
template <class T>
T OwnOrTerm(const std::optional<T>& own, const T& by_terms, std::string_view name,
            std::string_view term, TermsUsed* used) {
  if (own.has_value() && *own != by_terms && !term.empty()) {
    used->Caveat(fmt::format("{} was set: not {}", name, term));
  }
  return own.value_or(by_terms);
}

}  // namespace varve::harness
