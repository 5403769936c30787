// check: reads experiment and workload files, and runs nothing.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "engine/setting_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/experiment_file.h"
#include "harness/home.h"
#include "harness/plan.h"
#include "workloads/phases.h"
#include "workloads/skew.h"
#include "workloads/workload_file.h"
#include "workloads/ycsb_properties.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

Syntax CheckSyntax() {
  Syntax syntax(
      {"check", "check [NAME|FILE ...]",
       "Reads experiments and workloads as `run` would, expands every trial, and says what\n"
       "is wrong, with file and line. Without a name: all that come with Varve. Settings\n"
       "given here hold for all experiments that are checked. Of a workload that is named,\n"
       "it measures how popular the most popular records are. Experiments with a store that was\n"
       "not built are passed over, unless they are named.\n",
       "  varve check\n  varve check quickstart --engine.size_ratio 2\n  varve check my.toml\n",
       "0 all well, 1 something is wrong, 2 wrong command line"});
  syntax.hidden.add_options()("names", po::value<std::vector<std::string>>());
  syntax.positional.add("names", -1);
  AddSettings(&syntax);
  return syntax;
}

Status CheckExperiment(const std::string& path, const std::vector<SettingText>& settings) {
  Result<Experiment> experiment = LoadExperiment(path);
  if (!experiment.ok()) return experiment.status();
  for (const SettingText& setting : settings) {
    const Status set = OverrideSetting(&*experiment, setting.name, setting.text);
    if (!set.ok()) return set.Annotate(path);
  }
  const Result<Plan> plan = MakePlan(*experiment, WorkloadsDirectory());
  if (!plan.ok()) return plan.status();
  fmt::print("ok  experiment {}: {} trials ({} points, {} repetitions)\n", experiment->name,
             plan->trials.size(), plan->points, experiment->base.trial.repetitions);
  return Status();
}

// A share in percent, to two digits.
std::string Percent(double share) {
  return share < 0.1 ? fmt::format("{:.2g} %", 100 * share) : fmt::format("{:.0f} %", 100 * share);
}

// How popular the most popular records are: one line for each phase. A trace chooses nothing;
// `varve trace show` tells what is popular in it.
Status PrintSkew(const workloads::Workload& workload) {
  if (workload.replay != nullptr) return Status();
  const Result<std::vector<workloads::Workload>> phases = workloads::PhasesOf(workload);
  if (!phases.ok()) return phases.status();
  for (size_t i = 0; i < phases->size(); i++) {
    if ((*phases)[i].loaded() == 0) continue;
    const workloads::Skew skew = workloads::MeasureSkew((*phases)[i]);
    const std::string phase = phases->size() > 1 ? fmt::format("phase {}: ", i + 1) : "";
    fmt::print("    {}the hottest record gets {} of the choices, 0.1 % of the records {}, ", phase,
               Percent(skew.hottest_record), Percent(skew.hottest_permille));
    fmt::print("1 % {}, 10 % {}\n", Percent(skew.hottest_percent), Percent(skew.hottest_tenth));
  }
  return Status();
}

// A property file of YCSB may ask for more than a workload, as `bench -P` can do all of it.
Result<workloads::Workload> AnyWorkload(const std::string& path) {
  if (path.ends_with(".toml") || path.ends_with(".trace")) return workloads::LoadWorkload(path);
  const Result<workloads::YcsbRun> run = workloads::LoadYcsb({path}, {});
  if (!run.ok()) return run.status();
  return run->workload;
}

Status CheckWorkloadFile(const std::string& path, bool named) {
  const Result<workloads::Workload> workload = AnyWorkload(path);
  if (!workload.ok()) return workload.status();
  const Status status = workloads::CheckWorkload(*workload);
  if (!status.ok()) return status.Annotate(path);
  fmt::print("ok  workload {}: {}\n", workload->name, workload->title);
  return named ? PrintSkew(*workload) : Status();
}

// A path may be either: what reads as a workload is one.
Status CheckPath(const std::string& path, const std::vector<SettingText>& settings, bool named) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return Status::NotFound(fmt::format("there is no file {}", path));
  }
  const bool among_workloads = fs::path(path).parent_path().filename() == "workloads";
  const bool workload =
      !path.ends_with(".toml") || among_workloads || workloads::LoadWorkload(path).ok();
  return workload ? CheckWorkloadFile(path, named) : CheckExperiment(path, settings);
}

Status CheckName(const std::string& name, const std::vector<SettingText>& settings) {
  if (workloads::IsWorkloadPath(name)) return CheckPath(name, settings, true);
  const Result<std::string> experiment = FindExperiment(name, ExperimentsDirectory());
  const std::string workload = fmt::format("{}/{}.toml", WorkloadsDirectory(), name);
  std::error_code error;
  if (experiment.ok()) return CheckExperiment(*experiment, settings);
  if (fs::exists(workload, error)) return CheckWorkloadFile(workload, true);
  std::vector<std::string> names;
  for (const auto& entry : ListExperiments(ExperimentsDirectory())) names.push_back(entry.name);
  for (const auto& entry : workloads::ListWorkloads(WorkloadsDirectory())) {
    names.push_back(entry.name);
  }
  return Status::NotFound(UnknownName("experiment or workload", name, names));
}

std::vector<std::string> EveryFile() {
  std::vector<std::string> paths;
  for (const auto& entry : ListExperiments(ExperimentsDirectory())) {
    paths.push_back(entry.path);
  }
  for (const auto& entry : workloads::ListWorkloads(WorkloadsDirectory())) {
    paths.push_back(fmt::format("{}/{}.toml", WorkloadsDirectory(), entry.name));
  }
  return paths;
}

}  // namespace

int CheckCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(CheckSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const bool named = values->count("names") != 0;
  const std::vector<std::string> names =
      named ? (*values)["names"].as<std::vector<std::string>>() : EveryFile();
  const std::vector<SettingText> settings = GivenSettings(*values);
  for (const std::string& name : names) {
    const Status status = named ? CheckName(name, settings) : CheckPath(name, settings, false);
    if (status.code() == Status::Code::kNotSupported && !named) {
      fmt::print("not checked  {}\n", status.message());
    } else if (!status.ok()) {
      exit_status = Fail(status);
    }
  }
  return exit_status;
}

}  // namespace varve::harness
