// The short names of settings, and YCSB's property files.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/trial_arguments.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "workloads/workload_file.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

// Settings that have a short name.
constexpr std::array<std::string_view, 8> kShort = {
    "store", "workload", "clients", "seed", "records", "operations", "seconds", "repetitions"};

}  // namespace

void AddTrialArguments(Syntax* syntax) {
  auto add = syntax->options.add_options();
  for (const std::string_view name : kShort) {
    add(std::string(name).c_str(), po::value<std::string>()->value_name("X"),
        fmt::format("as --trial.{}", name).c_str());
  }
  AddYcsbOptions(syntax);
}

Result<YcsbOptions> TrialArguments(const po::variables_map& values) {
  Result<YcsbOptions> given = ReadYcsbOptions(values);
  if (!given.ok()) return given;
  for (const std::string_view name : kShort) {
    std::string text = TextOr(values, std::string(name));
    if (text.empty()) continue;
    std::error_code ignored;
    if (name == "workload" && workloads::IsWorkloadPath(text)) {
      text = fs::absolute(text, ignored).string();
    }
    given->settings.push_back({fmt::format("trial.{}", name), std::move(text), ""});
  }
  for (SettingText& setting : GivenSettings(values)) {
    given->settings.push_back({std::move(setting.name), std::move(setting.text), ""});
  }
  return given;
}

Status SetTrial(const std::vector<workloads::YcsbTrialSetting>& settings, TrialSpec* spec) {
  for (const workloads::YcsbTrialSetting& setting : settings) {
    const Status set = SetTrialSetting(spec, setting.name, setting.text);
    if (!set.ok()) return setting.origin.empty() ? set : set.Annotate(setting.origin);
  }
  return {};
}

}  // namespace varve::harness
