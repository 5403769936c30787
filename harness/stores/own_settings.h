// Own settings of a store as a struct with a ForEach, like Options (engine/options.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <span>
#include <vector>

#include "engine/setting_text.h"
#include "harness/store.h"

namespace varve::harness {

// For StoreLibrary::own_settings. "" as the usual value means that the terms decide.
template <class Struct>
std::vector<OwnSetting> OwnSettingsOf() {
  std::vector<OwnSetting> own;
  const Struct usual;
  Struct::ForEach(usual, [&own](const Setting& setting, const auto& field) {
    const std::string range = SettingRange(setting);
    const std::string text = FormatSetting(setting, field);
    own.push_back({std::string(setting.name),
                   fmt::format("{}{}{}; usually {}", setting.help, range.empty() ? "" : "; ", range,
                               text.empty() ? "by the terms" : text)});
  });
  return own;
}

// The usual values, changed by these. REQUIRES: names of ForEach.
template <class Struct>
Result<Struct> ReadOwnSettings(std::span<const SettingText> own_settings) {
  Struct read;
  for (const SettingText& setting : own_settings) {
    const Result<bool> found = SetByName(&read, setting.name, setting.text);
    if (!found.ok()) return found.status().Annotate(setting.name);
  }
  return read;
}

// For StoreLibrary::check, where values cannot be wrong together.
template <class Struct>
Status CheckOwnSettingsOf(std::span<const SettingText> own_settings) {
  return ReadOwnSettings<Struct>(own_settings).status();
}

// True if `name` is among these.
inline bool IsSet(std::span<const SettingText> own_settings, std::string_view name) {
  for (const SettingText& setting : own_settings) {
    if (setting.name == name) return true;
  }
  return false;
}

}  // namespace varve::harness
