// help: the list of commands, or the page of one.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "engine/setting_text.h"
#include "harness/commands/command.h"

namespace varve::harness {
namespace {

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (!command.internal) names.emplace_back(command.name);
  }
  return names;
}

void PrintOverview() {
  fmt::print(
      "Varve: a research testbed for LSM-tree key-value engines.\n\n"
      "Usage: varve COMMAND [arguments]\n\nCommands:\n");
  for (const Command& command : Commands()) {
    if (!command.internal) fmt::print("  {:9} {}\n", command.name, command.help);
  }
  fmt::print(
      "\n`varve help COMMAND` tells all about one. To begin with:\n"
      "  varve run quickstart\n"
      "  varve bench --workload ycsb_a --engine.memtable skiplist\n"
      "  varve sustain --workload ycsb_b --objective 'p99 <= 5 ms'\n\n"
      "Exit status: 0 done, 1 failed, 2 wrong command line, 130 interrupted.\n");
}

// The commands of the shell script.
int PrintPage(std::string_view usage, std::string_view about) {
  fmt::print("Usage: varve {}\n\n{}\nExit status: 0 done, 1 failed, 2 wrong command line.\n", usage,
             about);
  return kExitOk;
}

int InScript(const Arguments& arguments, std::string_view usage, std::string_view about) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") return PrintPage(usage, about);
  }
  const std::string_view name = usage.substr(0, usage.find(' '));
  return FailUsage(name, fmt::format("{} belongs to the script ./varve at the root", name));
}

}  // namespace

int HelpCommand(const Arguments& arguments) {
  const bool overview = arguments.empty() || arguments[0].starts_with("-");
  if (overview) {
    PrintOverview();
    return kExitOk;
  }
  const Command* command = FindCommand(arguments[0]);
  if (command == nullptr) {
    return FailUsage("", UnknownName("command", arguments[0], CommandNames()));
  }
  if (command->name == "help") {
    return PrintPage("help [COMMAND]", "Prints the list of commands, or the page of one.\n");
  }
  return command->run({"--help"});
}

int ReportCommand(const Arguments& arguments) {
  return InScript(
      arguments, "report [DIR] [--strict]",
      "Makes tables, figures (SVG, PDF, PNG) and report.html from a results directory;\n"
      "without DIR from the newest. `run` does this by itself. With --strict the exit status\n"
      "is 1 if a criterion of the experiment is not met.\n");
}

int TestCommand(const Arguments& arguments) {
  return InScript(arguments, "test [cpp|python]",
                  "Builds with assertions and runs all tests, or those of one language.\n");
}

int BuildCommand(const Arguments& arguments) {
  return InScript(arguments, "build [PRESET]",
                  "Builds the program, or everything of another preset of CMakePresets.json:\n"
                  "dev (assertions, tests), clang, asan (with the fuzzers), tsan.\n");
}

int SetupCommand(const Arguments& arguments) {
  return InScript(
      arguments, "setup [--peers]",
      "Installs what is missing, builds the program and prints which stores it has.\n"
      "With --peers also the libraries of RocksDB, LevelDB, LMDB, WiredTiger and SQLite,\n"
      "hiredis, and Redis (its tools, with the server), for the stores made of them. For\n"
      "another RocksDB than the system's build by hand, with cmake -DROCKSDB_ROOT=DIR.\n");
}

int CalibrateCommand(const Arguments& arguments) {
  return InScript(
      arguments, "calibrate rocksdb|leveldb [--db-bench PATH] [--operations N] [--rounds N]",
      "Runs an engine through our harness and through its authors' db_bench, turn about, with\n"
      "the same work and options, and prints both speeds and their ratio. Exit status 1 if they\n"
      "are more than 10 % apart. docs/peers.md says how to get a db_bench.\n");
}

int FuzzCommand(const Arguments& arguments) {
  return InScript(arguments, "fuzz [NAME ...] [--seconds N]",
                  "Builds the fuzzers and runs those that are named, or all, for N seconds each,\n"
                  "usually 60, from the corpora in tests/fuzz/corpus. What one finds stays in\n"
                  "build/fuzz/found. Needs clang.\n");
}

}  // namespace varve::harness
