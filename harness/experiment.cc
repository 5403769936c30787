// Overriding and writing experiments.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/store.h"

namespace varve::harness {
namespace {

// The value of a setting in TOML: sizes and names as strings, numbers and flags bare.
std::string TomlValue(std::string_view name, const std::string& text) {
  const nlohmann::json value = TrialSettingJson(name, text);
  const bool bare = (value.is_number() || value.is_boolean()) && text.find(' ') == text.npos;
  return bare ? text : TomlString(text);
}

std::string Group(std::string_view group, const std::vector<SettingText>& settings) {
  std::string toml = fmt::format("\n[{}]\n", group);
  for (const SettingText& setting : settings) {
    const std::string name = fmt::format("{}.{}", group, setting.name);
    toml += fmt::format("{} = {}\n", setting.name, TomlValue(name, setting.text));
  }
  return toml;
}

// [rocksdb] and its like.
std::string OwnGroups(const TrialSpec& spec) {
  std::string toml;
  for (const StoreKind& kind : StoreKinds()) {
    const std::vector<SettingText> own = OwnSettingsOf(spec, kind.name);
    if (!own.empty()) toml += Group(kind.name, own);
  }
  return toml;
}

std::vector<SettingText> TrialTexts(const TrialSpec& spec) {
  std::vector<SettingText> texts;
  TrialSettings::ForEach(spec.trial, [&](const Setting& setting, const auto&) {
    const std::string name = fmt::format("trial.{}", setting.name);
    texts.push_back({std::string(setting.name), TrialSettingText(spec, name)});
  });
  return texts;
}

std::string SweepToml(const std::vector<SweepAxis>& sweep) {
  std::string toml = "\n[sweep]\n";
  for (const SweepAxis& axis : sweep) {
    std::vector<std::string> values;
    for (const std::string& value : axis.values) values.push_back(TomlValue(axis.name, value));
    toml += fmt::format("\"{}\" = [{}]\n", axis.name, fmt::join(values, ", "));
  }
  return toml;
}

// One table of a list, whose values are written as TOML writes them.
std::string Entry(std::string_view list, const std::vector<SettingText>& fields) {
  std::string toml = fmt::format("\n[[{}]]\n", list);
  for (const SettingText& field : fields) {
    toml += fmt::format("{} = {}\n", field.name, field.text);
  }
  return toml;
}

}  // namespace

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

Status OverrideSetting(Experiment* experiment, std::string_view name, std::string_view text) {
  for (const Variant& variant : experiment->variants) {
    for (const SettingText& setting : variant.settings) {
      if (setting.name != name) continue;
      return Status::InvalidArgument(fmt::format(
          "{} cannot be set for the whole experiment: variant \"{}\" sets it", name, variant.name));
    }
  }
  const Status set = SetTrialSetting(&experiment->base, name, text);
  if (!set.ok()) return set;
  std::erase_if(experiment->sweep, [&](const SweepAxis& axis) { return axis.name == name; });
  return Status();
}

std::string ExperimentToToml(const Experiment& experiment) {
  std::string toml = fmt::format(
      "# The experiment with every setting spelt out.\nname = {}\n"
      "title = {}\n",
      TomlString(experiment.name), TomlString(experiment.title));
  toml += Group("trial", TrialTexts(experiment.base));
  toml += Group("engine", experiment.base.engine);
  if (!experiment.base.workload.empty()) toml += Group("workload", experiment.base.workload);
  toml += OwnGroups(experiment.base);
  if (!experiment.sweep.empty()) toml += SweepToml(experiment.sweep);
  for (const Variant& variant : experiment.variants) {
    toml += fmt::format("\n[[variant]]\nname = {}\n", TomlString(variant.name));
    for (const SettingText& setting : variant.settings) {
      toml += fmt::format("\"{}\" = {}\n", setting.name, TomlValue(setting.name, setting.text));
    }
  }
  for (const Figure& figure : experiment.figures) toml += Entry("figure", figure.fields);
  for (const Criterion& criterion : experiment.criteria) {
    toml += Entry("criterion", criterion.fields);
  }
  return toml;
}

}  // namespace varve::harness
