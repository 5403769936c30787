// The table of commands, and how they fail.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "harness/commands/command.h"

namespace varve::harness {
namespace {

constexpr std::array<Command, 19> kCommands = {{
    {"run", "carry out an experiment and write its report", RunCommand},
    {"check", "read experiment and workload files and say what is wrong with them", CheckCommand},
    {"list", "stores, workloads, experiments, figures, parts and settings", ListCommand},
    {"bench", "one trial, straight from the command line", BenchCommand},
    {"trace", "record operations, import public traces, and look at them", TraceCommand},
    {"sustain", "the rate that a store can keep, and the highest that meets an objective",
     SustainCommand},
    {"simulate", "the history of a tree without its data, in seconds", SimulateCommand},
    {"report", "tables, figures and report.html of a results directory", ReportCommand},
    {"verify", "check every block of a database", VerifyCommand},
    {"repair", "bring back what is intact of a damaged database", RepairCommand},
    {"dump", "a file of a database as text", DumpCommand},
    {"torture", "long random tests of what the engine promises", TortureCommand},
    {"test", "all tests, C++ and Python", TestCommand},
    {"fuzz", "libFuzzer on every decoder", FuzzCommand},
    {"build", "build the program", BuildCommand},
    {"setup", "install what is missing; --peers: the other engines, too", SetupCommand},
    {"calibrate", "this harness beside an engine's own bench", CalibrateCommand},
    {"help", "this list, or the page of one command", HelpCommand},
    {"trial", "one trial of an experiment in this process", TrialCommand, true},
}};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

const Command* FindCommand(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

int Fail(const Status& status) {
  // For what people got wrong the sentence says it all; for the rest the kind of failure helps.
  const bool plain =
      status.code() == Status::Code::kInvalidArgument || status.code() == Status::Code::kNotFound ||
      status.code() == Status::Code::kNotSupported || status.code() == Status::Code::kBusy;
  fmt::print(stderr, "varve: {}\n", plain ? std::string(status.message()) : status.ToString());
  return kExitFailed;
}

int FailUsage(std::string_view command, std::string_view sentence) {
  fmt::print(stderr, "varve: {}\n(varve help{}{} says what there is)\n", sentence,
             command.empty() ? "" : " ", command);
  return kExitUsage;
}

}  // namespace varve::harness
