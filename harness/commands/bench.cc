// bench: one trial (or its repetitions), straight from the command line.
//
// It is an experiment of one point, carried out by the same runner, so that its numbers are those
// that an experiment would give.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/commands/arguments.h"
#include "harness/commands/bench_summary.h"
#include "harness/commands/command.h"
#include "harness/experiment.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/interrupt.h"
#include "harness/plan.h"
#include "harness/runner.h"
#include "workloads/workload_file.h"
#include "workloads/ycsb_properties.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

// Settings that have a name of their own here.
constexpr std::array<std::string_view, 8> kShort = {
    "store", "workload", "clients", "seed", "records", "operations", "seconds", "repetitions"};

Syntax BenchSyntax() {
  Syntax syntax(
      {"bench", "bench [options]",
       "Loads a store, runs a workload against it, and prints what came out. Every setting\n"
       "can be given; the files of results are those of an experiment.\n",
       "  varve bench --workload ycsb_a --engine.memtable skiplist\n"
       "  varve bench --store null --workload fill_random --operations 10000000\n"
       "  varve bench -P workloads/ycsb/workloada -p recordcount=1000000\n",
       "0 done, 1 failed or wrong answers, 2 wrong command line, 130 interrupted"});
  auto add = syntax.options.add_options();
  for (const std::string_view name : kShort) {
    add(std::string(name).c_str(), po::value<std::string>()->value_name("X"),
        fmt::format("as --trial.{}", name).c_str());
  }
  add("properties,P", po::value<std::string>()->value_name("FILE"),
      "a YCSB property file as the workload");
  add("property,p", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "a YCSB property, over those of -P");
  add("json", "print result.json instead of the summary");
  add("results", po::value<std::string>()->value_name("DIR"),
      "where the results directory is made; usually `results`");
  add("data", po::value<std::string>()->value_name("DIR"),
      "where the database is made and removed; usually in the results directory");
  AddSettings(&syntax);
  return syntax;
}

// -P and -p: the whole workload, spelt as ours.
Result<std::vector<SettingText>> YcsbSettings(const po::variables_map& values) {
  std::vector<SettingText> settings;
  const std::string path = TextOr(values, "properties");
  if (path.empty()) {
    if (values.count("property") == 0) return settings;
    return Status::InvalidArgument("-p changes the property file that -P names; there is no -P");
  }
  std::vector<workloads::PropertyText> overrides;
  if (values.count("property") != 0) {
    for (const std::string& text : values["property"].as<std::vector<std::string>>()) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) {
        return Status::InvalidArgument(fmt::format("-p takes NAME=VALUE, not \"{}\"", text));
      }
      overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
  }
  const Result<workloads::Workload> workload = workloads::LoadYcsb(path, overrides);
  if (!workload.ok()) return workload.status();
  std::error_code ignored;
  settings.push_back({"trial.workload", fs::absolute(path, ignored).string()});
  for (const workloads::PropertyText& property : workloads::PropertyTexts(*workload)) {
    settings.push_back({"workload." + property.name, property.text});
  }
  return settings;
}

// All that was given, the special before the general.
Result<std::vector<SettingText>> Settings(const po::variables_map& values) {
  Result<std::vector<SettingText>> settings = YcsbSettings(values);
  if (!settings.ok()) return settings;
  for (const std::string_view name : kShort) {
    std::string text = TextOr(values, std::string(name));
    if (text.empty()) continue;
    std::error_code ignored;
    if (name == "workload" && workloads::IsWorkloadPath(text))
      text = fs::absolute(text, ignored).string();
    settings->push_back({fmt::format("trial.{}", name), std::move(text)});
  }
  for (SettingText& setting : GivenSettings(values)) settings->push_back(std::move(setting));
  return settings;
}

// Prints each repetition.
int Conclude(const Plan& plan, const RunOutcome& outcome, bool as_json) {
  for (const TrialSpec& spec : plan.trials) {
    const std::string path = fmt::format("{}/trials/{}", outcome.directory, spec.Id());
    const Result<std::string> text = ReadTextFile(path + "/result.json");
    if (!text.ok()) continue;
    if (as_json) {
      fmt::print("{}", *text);
    } else {
      fmt::print("{}", BenchSummary(nlohmann::json::parse(*text)));
    }
  }
  if (!as_json) fmt::print("results: {}\n", outcome.directory);
  if (outcome.interrupted) return kExitInterrupted;
  if (outcome.failed == 0) return kExitOk;
  return Fail(Status::InvalidArgument(outcome.first_failure));
}

}  // namespace

int BenchCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(BenchSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const Result<std::vector<SettingText>> settings = Settings(*values);
  if (!settings.ok()) return FailUsage("bench", settings.status().message());
  Experiment experiment;
  experiment.name = "bench";
  experiment.base.experiment = "bench";
  for (const SettingText& setting : *settings) {
    const Status set = SetTrialSetting(&experiment.base, setting.name, setting.text);
    if (!set.ok()) return FailUsage("bench", set.message());
  }
  experiment.title = fmt::format("{} under {}", experiment.base.trial.store,
                                 fs::path(experiment.base.trial.workload).stem().string());
  experiment.base.title = experiment.title;
  const Result<Plan> plan = MakePlan(experiment, WorkloadsDirectory());
  if (!plan.ok()) return FailUsage("bench", plan.status().message());

  const std::string results = TextOr(*values, "results");
  const RunOptions options = {ProgramPath(), results.empty() ? ResultsDirectoryPath() : results,
                              TextOr(*values, "data"), "never"};
  CatchInterrupts();
  const Result<RunOutcome> outcome = RunExperiment(experiment, *plan, options);
  if (!outcome.ok()) return Fail(outcome.status());
  return Conclude(*plan, *outcome, values->count("json") != 0);
}

}  // namespace varve::harness
