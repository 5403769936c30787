// Reading of the property `phases`. See phases.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/phases.h"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/choosers/choosers.h"
#include "workloads/text.h"

namespace varve::workloads {
namespace {

constexpr char kPhaseEnd = ';';
constexpr size_t kPhasesMax = 1000;

bool IsProportion(std::string_view name) { return name.ends_with("_proportion"); }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.push_back(Trim(text.substr(0, end)));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

// The "name=value" of a phase.
Result<std::vector<PropertyText>> Words(std::string_view text) {
  std::vector<PropertyText> words;
  for (const std::string_view word : Split(text, ' ')) {
    if (word.empty()) continue;
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return Status::InvalidArgument(
          fmt::format("\"{}\" is not a property and its value: name=value", word.substr(0, 60)));
    }
    words.push_back({std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))});
  }
  return words;
}

Status CheckName(std::string_view name) {
  const std::optional<Property> property = FindProperty(name);
  if (!property.has_value() || !property->shape || name == "operations") return {};
  return Status::InvalidArgument(
      fmt::format("{} is the same for all phases: set it for the whole workload", name));
}

void ClearProportions(Workload* workload) {
  Workload::ForEach(*workload, [](const Property& property, auto& field) {
    if constexpr (std::is_same_v<decltype(field), double&>) {
      if (IsProportion(property.name)) field = 0;
    }
  });
}

}  // namespace

Result<Workload> ParsePhase(const Workload& whole, std::string_view text) {
  const Result<std::vector<PropertyText>> words = Words(text);
  if (!words.ok()) return words.status();
  Workload phase = whole;
  phase.phases.clear();
  phase.operations = 0;
  if (std::any_of(words->begin(), words->end(),
                  [](const PropertyText& word) { return IsProportion(word.name); })) {
    ClearProportions(&phase);
  }
  for (const PropertyText& word : *words) {
    if (Status s = CheckName(word.name); !s.ok()) return s;
    if (Status s = SetProperty(&phase, word.name, word.text); !s.ok()) return s;
  }
  if (phase.operations == 0) {
    return Status::InvalidArgument("operations, the length of the phase, must be at least 1");
  }
  return phase;
}

Result<std::vector<Workload>> PhasesOf(const Workload& workload) {
  if (Trim(workload.phases).empty()) return std::vector<Workload>{workload};
  std::vector<Workload> phases;
  uint64_t inserts = 0;
  for (const std::string_view text : Split(workload.phases, kPhaseEnd)) {
    Result<Workload> phase = ParsePhase(workload, text);
    if (!phase.ok()) return phase.status().Annotate(fmt::format("phase {}", phases.size() + 1));
    if (phases.size() == kPhasesMax) {
      return Status::InvalidArgument(fmt::format("phases: there are more than {}", kPhasesMax));
    }
    inserts += ExpectedInserts(*phase);
    phases.push_back(std::move(*phase));
  }
  for (Workload& phase : phases) phase.inserts_expected = inserts;
  return phases;
}

std::string PhaseText(const std::vector<PropertyText>& properties) {
  std::string text;
  for (const PropertyText& property : properties) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", property.name, property.text);
  }
  return text;
}

}  // namespace varve::workloads
