// Settings as text: reads and writes one value the way files and command lines spell it.
//
// Shared by every struct that lists its settings in a ForEach (Options, the harness's
// TrialSettings), so that a value is spelt, checked and refused in one way everywhere.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "engine/status.h"

namespace varve {

// Reads `text` as the value of `setting`. The error says what is wrong with it, and is meant to
// come after the setting's name: `"12 PiB" is more than the largest value, 64 GiB`. A kChoice is
// looked up in its table of parts; a table that parts.h does not have is left to the caller.
Status ParseSetting(const Setting& setting, std::string_view text, uint64_t* value);
Status ParseSetting(const Setting& setting, std::string_view text, double* value);
Status ParseSetting(const Setting& setting, std::string_view text, bool* value);
Status ParseSetting(const Setting& setting, std::string_view text, std::string* value);

// The parts of a list with commas, without the spaces around them: at least one, perhaps empty.
std::vector<std::string_view> SplitList(std::string_view text);

// The text that ParseSetting reads back as exactly `value`.
std::string FormatSetting(const Setting& setting, uint64_t value);
std::string FormatSetting(const Setting& setting, double value);
std::string FormatSetting(const Setting& setting, bool value);
std::string FormatSetting(const Setting& setting, const std::string& value);

// "1 KiB to 64 GiB", "skiplist, avl, …": what the setting may be, for help. Empty for a kChoice
// whose table parts.h does not have.
std::string SettingRange(const Setting& setting);

// `unknown x "name"`, and `, did you mean "near"?` if one of `names` is near.
std::string UnknownName(std::string_view what, std::string_view name,
                        const std::vector<std::string>& names);

// Sets the setting called `name` of a struct with a ForEach. False if there is none.
template <class Struct>
Result<bool> SetByName(Struct* target, std::string_view name, std::string_view text) {
  bool found = false;
  Status status;
  Struct::ForEach(*target, [&](const Setting& setting, auto& field) {
    if (setting.name != name) return;
    found = true;
    status = ParseSetting(setting, text, &field);
  });
  if (!status.ok()) return status;
  return found;
}

}  // namespace varve
