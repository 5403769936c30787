// trial: one trial of an experiment, as the child process of runner.
//
// Speaks to its parent by lines of JSON on standard output (TrialProgress), by the files of the
// trial's results, by a sentence on standard error, and by its exit status. It dies with its
// parent: an orphan would go on writing where the next run begins.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/interrupt.h"

namespace varve::harness {
namespace {

Syntax TrialSyntax() {
  Syntax syntax({"trial", "trial SPEC --results DIR --data DIR",
                 "Runs the one trial that a trial.json asks for, in this process.\n",
                 "  varve trial trial.json --results out --data /tmp/db\n",
                 "0 done, 1 failed, 2 wrong command line, 130 interrupted"});
  syntax.options.add_options()("results", po::value<std::string>()->required()->value_name("DIR"),
                               "the trial's files go here")(
      "data", po::value<std::string>()->required()->value_name("DIR"),
      "an empty directory for the database")("parent", po::value<pid_t>()->value_name("PID"),
                                             "end when this process ends");
  syntax.hidden.add_options()("spec", po::value<std::string>()->required());
  syntax.positional.add("spec", 1);
  return syntax;
}

// False if the parent has gone already.
bool DieWith(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == parent;
}

Result<TrialSpec> ReadSpec(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_discarded()) {
    return Status::InvalidArgument(fmt::format("{} is not JSON", path));
  }
  Result<TrialSpec> spec = TrialSpec::FromJson(json);
  if (!spec.ok()) return spec.status().Annotate(path);
  return spec;
}

void PrintProgress(const TrialProgress& progress) {
  const nlohmann::json line = {{"phase", progress.phase},
                               {"fraction", progress.fraction},
                               {"operations_per_second", progress.operations_per_second},
                               {"tree", progress.tree}};
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

}  // namespace

int TrialCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(TrialSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const bool orphan = values->count("parent") != 0 && !DieWith((*values)["parent"].as<pid_t>());
  if (orphan) return kExitInterrupted;
  CatchInterrupts();
  const Result<TrialSpec> spec = ReadSpec(TextOr(*values, "spec"));
  if (!spec.ok()) return Fail(spec.status());
  const Status valid = CheckTrial(*spec, WorkloadsDirectory());
  if (!valid.ok()) return Fail(valid);

  TrialContext context;
  context.results_directory = TextOr(*values, "results");
  context.data_directory = TextOr(*values, "data");
  context.workloads_directory = WorkloadsDirectory();
  context.interrupted = &Interrupted();
  context.progress = PrintProgress;
  const Status status = RunTrial(*spec, context);
  if (status.ok()) return kExitOk;
  const int failed = Fail(status);
  // An interrupted store may still be at work in its threads: no destructor may run under it.
  if (InterruptCount() > 0) std::_Exit(kExitInterrupted);
  return failed;
}

}  // namespace varve::harness
