// Reads the options of YCSB.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/ycsb_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using workloads::PropertyText;

// A flag of YCSB and the property that it sets; without a value: the next argument is it.
struct Flag {
  std::string_view flag;
  std::string_view property;
  std::string_view value;
};
constexpr Flag kFlags[] = {
    {"-threads", "threadcount", ""},
    {"-target", "target", ""},
    {"-load", "dotransactions", "false"},
    {"-t", "dotransactions", "true"},
    {"-s", "status", "true"},
    {"-l", "label", ""},
    {"-db", "db", ""},
};

std::vector<std::string> Texts(const po::variables_map& values, const std::string& name) {
  if (values.count(name) == 0) return {};
  return values[name].as<std::vector<std::string>>();
}

Result<std::vector<PropertyText>> Overrides(const po::variables_map& values) {
  std::vector<PropertyText> overrides;
  for (const std::string& text : Texts(values, "property")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return Status::InvalidArgument(fmt::format("-p takes NAME=VALUE, not \"{}\"", text));
    }
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return overrides;
}

}  // namespace

void AddYcsbOptions(Syntax* syntax) {
  syntax->options.add_options()(
      "properties,P", po::value<std::vector<std::string>>()->value_name("FILE"),
      "a YCSB property file as the workload; a second one is read over the first, and so on")(
      "property,p", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "a YCSB property, over those of -P");
}

Arguments WithoutYcsbFlags(const Arguments& arguments) {
  Arguments plain;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto* flag = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [&](const Flag& row) { return row.flag == arguments[i]; });
    if (flag == std::end(kFlags)) {
      plain.push_back(arguments[i]);
      continue;
    }
    const bool takes_next = flag->value.empty() && i + 1 < arguments.size();
    plain.emplace_back("-p");
    plain.push_back(
        fmt::format("{}={}", flag->property, takes_next ? arguments[++i] : flag->value));
  }
  return plain;
}

Result<YcsbOptions> ReadYcsbOptions(const po::variables_map& values) {
  YcsbOptions options;
  const std::vector<std::string> paths = Texts(values, "properties");
  const Result<std::vector<PropertyText>> overrides = Overrides(values);
  if (!overrides.ok()) return overrides.status();
  if (paths.empty() && overrides->empty()) return options;
  if (values.count("workload") != 0 || values.count("trial.workload") != 0) {
    return Status::InvalidArgument("--workload and YCSB's -P and -p both say what the workload is");
  }
  Result<workloads::YcsbRun> run = workloads::LoadYcsb(paths, *overrides);
  if (!run.ok()) return run.status();
  std::error_code ignored;
  const std::string name =
      paths.empty() ? run->workload.name : fs::absolute(paths.back(), ignored).string();
  options.settings.push_back({"trial.workload", name, ""});
  for (PropertyText& property : workloads::PropertyTexts(run->workload)) {
    options.settings.push_back({"workload." + property.name, std::move(property.text), ""});
  }
  for (workloads::YcsbTrialSetting& setting : run->trial) {
    setting.name.insert(0, "trial.");
    options.settings.push_back(std::move(setting));
  }
  options.report = std::move(run->report);
  options.notes = std::move(run->notes);
  return options;
}

}  // namespace varve::harness
