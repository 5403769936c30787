// Command: a row of the table of commands, and what all of them share.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

// What the program ends with.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;         // it did not work; standard error says why
inline constexpr int kExitUsage = 2;          // the command line is wrong
inline constexpr int kExitInterrupted = 130;  // as a shell reports SIGINT

using Arguments = std::vector<std::string>;  // without program and command

struct Command {
  std::string_view name;
  std::string_view help;  // one line
  int (*run)(const Arguments& arguments);
  bool internal = false;  // not for people
};
std::span<const Command> Commands();
const Command* FindCommand(std::string_view name);

int RunCommand(const Arguments& arguments);
int CheckCommand(const Arguments& arguments);
int ListCommand(const Arguments& arguments);
int BenchCommand(const Arguments& arguments);
int SustainCommand(const Arguments& arguments);
int SimulateCommand(const Arguments& arguments);
int TortureCommand(const Arguments& arguments);
int VerifyCommand(const Arguments& arguments);
int RepairCommand(const Arguments& arguments);
int DumpCommand(const Arguments& arguments);
int TraceCommand(const Arguments& arguments);
int TrialCommand(const Arguments& arguments);
int HelpCommand(const Arguments& arguments);
// Commands of the shell script at the root: help is here, the work is there.
int ReportCommand(const Arguments& arguments);
int TestCommand(const Arguments& arguments);
int BuildCommand(const Arguments& arguments);
int FuzzCommand(const Arguments& arguments);
int SetupCommand(const Arguments& arguments);
int CalibrateCommand(const Arguments& arguments);

// Says "varve: <message>" on standard error, and returns kExitFailed.
int Fail(const Status& status);
// The same for a wrong command line, with a hint at the help page of `command`.
int FailUsage(std::string_view command, std::string_view sentence);

}  // namespace varve::harness
