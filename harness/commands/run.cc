// run: an experiment, from its file to its report.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/child_process.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/report.h"
#include "harness/experiment_file.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/interrupt.h"
#include "harness/plan.h"
#include "harness/runner.h"

namespace varve::harness {
namespace {

Syntax RunSyntax() {
  Syntax syntax(
      {"run", "run NAME|FILE [options]",
       "Runs the trials of experiments/NAME.toml, or of a file, each in a process of its\n"
       "own, and makes figures and report.html. Ctrl-C stops it at any moment; the same\n"
       "command goes on where it stopped. Settings given here hold for all trials.\n",
       "  varve run quickstart\n"
       "  varve run quickstart --repetitions 5 --engine.compression lz4\n"
       "  varve run my.toml --set trial.clients=2 --data /mnt/nvme\n",
       "0 done, 1 failed (a trial too; with --strict, a criterion), 2 wrong command line, 130 "
       "interrupted"});
  syntax.options.add_options()("set",
                               po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
                               "a setting for all trials, as --NAME VALUE does")(
      "repetitions", po::value<std::string>()->value_name("N"), "trials for each point")(
      "results", po::value<std::string>()->value_name("DIR"),
      "where results directories are made; usually `results`")(
      "data", po::value<std::string>()->value_name("DIR"),
      "where databases are made and removed; usually in the results directory")(
      "resume", po::value<std::string>()->value_name("auto|never|DIR"),
      "go on in the newest unfinished directory of the same experiment (usually), in a new one, "
      "or in DIR, where failed trials are tried again")("no-report",
                                                        "leave the report to `varve report`")(
      "strict", "exit with 1 if a criterion of the experiment is not met");
  syntax.hidden.add_options()("experiment", po::value<std::string>());
  syntax.positional.add("experiment", 1);
  AddSettings(&syntax);
  return syntax;
}

// --set, --repetitions and --engine.x and its like, in one list.
Result<std::vector<SettingText>> Overrides(const po::variables_map& values) {
  std::vector<SettingText> settings = GivenSettings(values);
  if (values.count("set") != 0) {
    for (const std::string& text : values["set"].as<std::vector<std::string>>()) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) {
        return Status::InvalidArgument(fmt::format("--set takes NAME=VALUE, not \"{}\"", text));
      }
      settings.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
  }
  const std::string repetitions = TextOr(values, "repetitions");
  if (!repetitions.empty()) settings.push_back({"trial.repetitions", repetitions});
  return settings;
}

// The path of the experiment that the command line names.
Result<std::string> ExperimentPath(const po::variables_map& values, const std::string& resume) {
  const std::string name = TextOr(values, "experiment");
  if (!name.empty()) return FindExperiment(name, ExperimentsDirectory());
  if (resume != "auto" && resume != "never") return resume + "/experiment.toml";
  return Status::InvalidArgument("which experiment? `varve list experiments` names them");
}

int Conclude(const RunOutcome& outcome, bool with_report, bool strict) {
  if (outcome.interrupted) {
    fmt::print(stderr,
               "varve: interrupted; the same command goes on with the {} trials that are left\n",
               outcome.trials - outcome.finished);
    return kExitInterrupted;
  }
  fmt::print("{}\n", outcome.directory);
  std::fflush(stdout);
  const Status reported = with_report ? MakeReport(outcome.directory, strict) : Status();
  if (outcome.failed > 0) {
    fmt::print(stderr,
               "varve: {} of {} trials failed (trials/*/error.txt tells why); the first: {}\n",
               outcome.failed, outcome.trials, outcome.first_failure);
  }
  if (!reported.ok()) return Fail(reported);
  return outcome.failed > 0 ? kExitFailed : kExitOk;
}

}  // namespace

Status MakeReport(const std::string& directory, bool strict) {
  const char* python = std::getenv("VARVE_PYTHON");
  if (python == nullptr || *python == '\0') return Status();
  std::vector<std::string> command = {python, "-m", "analysis.report", directory};
  if (strict) command.emplace_back("--strict");
  const Result<ExitState> state = RunInForeground(command);
  if (!state.ok()) return state.status();
  if (state->ok()) return Status();
  if (strict && state->status == kExitFailed) {
    return Status::IoError("not every criterion is met, or the report was not made (see above)");
  }
  return Status::IoError(fmt::format("the report was not made ({}); `varve report {}` tries again",
                                     state->ToString(), directory));
}

int RunCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(RunSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string resume = values->count("resume") == 0 ? "auto" : TextOr(*values, "resume");
  const Result<std::vector<SettingText>> overrides = Overrides(*values);
  if (!overrides.ok()) return FailUsage("run", overrides.status().message());
  const Result<std::string> path = ExperimentPath(*values, resume);
  if (!path.ok()) return FailUsage("run", path.status().message());

  Result<Experiment> experiment = LoadExperiment(*path);
  if (!experiment.ok()) return Fail(experiment.status());
  for (const SettingText& setting : *overrides) {
    const Status set = OverrideSetting(&*experiment, setting.name, setting.text);
    if (!set.ok()) return FailUsage("run", set.message());
  }
  const Result<Plan> plan = MakePlan(*experiment, WorkloadsDirectory());
  if (!plan.ok()) return Fail(plan.status());

  const std::string results = TextOr(*values, "results");
  const RunOptions options = {ProgramPath(), results.empty() ? ResultsDirectoryPath() : results,
                              TextOr(*values, "data"), resume};
  CatchInterrupts();
  const Result<RunOutcome> outcome = RunExperiment(*experiment, *plan, options);
  if (!outcome.ok()) return Fail(outcome.status());
  return Conclude(*outcome, values->count("no-report") == 0, values->count("strict") != 0);
}

}  // namespace varve::harness
