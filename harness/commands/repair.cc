// repair: brings back what is intact of a damaged database, and says what is lost.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair.h"

#include <fmt/format.h>

#include <cstdio>

#include "engine/tree/tree_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/database_files.h"

namespace varve::harness {
namespace {

Syntax RepairSyntax() {
  Syntax syntax(
      {"repair", "repair DIR [options]",
       "Brings back everything of a damaged database that is intact: blocks of damaged\n"
       "tables and records of damaged logs go into new tables, and a manifest that is lost is\n"
       "made anew. Damaged files go to DIR/lost. Afterwards a key outside of the ranges that\n"
       "are named as lost has the value that it had; inside of them it may show an older one\n"
       "or none. Try it with --dry-run first.\n",
       "  varve repair /data/example --dry-run\n  varve repair /data/example\n",
       "0 repaired or nothing to do, 1 not a database or not possible, 2 wrong command line"});
  syntax.options.add_options()("dry-run", "change nothing, and say what would be done");
  syntax.hidden.add_options()("directory", po::value<std::string>());
  syntax.positional.add("directory", 1);
  return syntax;
}

std::string RangeText(const KeyRange& keys) {
  if (keys.to_end && keys.low.empty()) return "any key";
  return fmt::format("keys from \"{}\" to {}", KeyToText(keys.low),
                     keys.to_end ? "the end" : fmt::format("\"{}\"", KeyToText(keys.high)));
}

void Print(const RepairReport& report, const std::string& directory, bool dry_run) {
  for (const std::string& action : report.actions) {
    fmt::print("{}{}\n", dry_run ? "would be done: " : "done: ", action);
  }
  for (const RepairLoss& loss : report.losses) {
    fmt::print("lost: {}: {} ({})\n", loss.file, loss.what, RangeText(loss.keys));
  }
  std::string_view outcome = "repaired, and nothing is lost";
  if (!report.losses.empty()) outcome = "repaired, but for what is lost";
  if (dry_run) outcome = "can be repaired; nothing was changed";
  if (report.nothing_to_do()) outcome = "nothing to do";
  fmt::print("{}: {}\n", directory, outcome);
}

}  // namespace

int RepairCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(RepairSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string directory = TextOr(*values, "directory");
  if (directory.empty()) return FailUsage("repair", "which directory?");
  if (const Status found = FindDatabase(directory); !found.ok()) return Fail(found);
  const bool dry_run = values->count("dry-run") != 0;
  const Result<RepairReport> report =
      RepairDatabase(*PosixFileSystem(), Options(), directory,
                     dry_run ? RepairMode::kDryRun : RepairMode::kRepair);
  if (!report.ok()) return Fail(report.status());
  Print(*report, directory, dry_run);
  return kExitOk;
}

}  // namespace varve::harness
