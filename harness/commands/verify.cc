// verify: reads and checks every byte of a database, and names every damage.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/verify.h"

#include <fmt/format.h>

#include <cstdio>

#include "engine/options.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/database_files.h"

namespace varve::harness {
namespace {

Syntax VerifySyntax() {
  Syntax syntax(
      {"verify", "verify DIR",
       "Checks a database that is not open: the manifest, every block of every table, and\n"
       "every record of the logs that are not yet in tables. Changes nothing.\n",
       "  varve verify /data/example\n",
       "0 intact, 1 damaged or not a database, 2 wrong command line"});
  syntax.hidden.add_options()("directory", po::value<std::string>());
  syntax.positional.add("directory", 1);
  return syntax;
}

}  // namespace

int VerifyCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(VerifySyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string directory = TextOr(*values, "directory");
  if (directory.empty()) return FailUsage("verify", "which directory?");
  // Looked at before it is locked: what is not a database is not given a lock file.
  if (const Status found = FindDatabase(directory); !found.ok()) return Fail(found);
  const auto lock = LockDatabase(directory);
  if (!lock.ok()) return Fail(lock.status());
  const Result<VerifyReport> report = VerifyDatabase(*PosixFileSystem(), directory);
  if (!report.ok()) return Fail(report.status());

  for (const Finding& damage : report->damage) Fail(Status::Corruption(damage.ToString()));
  for (const Finding& note : report->notes) fmt::print("note: {}\n", note.ToString());
  fmt::print("{}: {} tables ({}), {} logs ({} entries): {}\n", directory, report->tables,
             FormatBytes(report->table_bytes), report->logs, report->log_entries,
             report->intact() ? "intact" : fmt::format("{} DAMAGED", report->damage.size()));
  return report->intact() ? kExitOk : kExitFailed;
}

}  // namespace varve::harness
