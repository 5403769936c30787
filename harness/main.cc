// The program: finds the command, runs it, and turns what was thrown into a sentence.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "engine/setting_text.h"
#include "harness/commands/command.h"

namespace {

using varve::harness::Arguments;
using varve::harness::Command;
using varve::harness::Commands;
using varve::harness::FailUsage;

int Run(const Arguments& arguments) {
  const bool help = arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h";
  if (help) return varve::harness::HelpCommand({});
  const Command* command = varve::harness::FindCommand(arguments[0]);
  if (command != nullptr) return command->run({arguments.begin() + 1, arguments.end()});
  std::vector<std::string> names;
  for (const Command& known : Commands()) {
    if (!known.internal) names.emplace_back(known.name);
  }
  return FailUsage("", varve::UnknownName("command", arguments[0], names));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(Arguments(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    fmt::print(stderr, "varve: {}\n", error.what());
  }
  return varve::harness::kExitFailed;
}
