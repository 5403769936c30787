// dump: a file of a database as text.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/dump.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "engine/tree/file_names.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/database_files.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

Syntax DumpSyntax() {
  Syntax syntax(
      {"dump", "dump FILE|DIR [options]",
       "Prints a manifest, a write-ahead log or a table as text; of a directory the\n"
       "manifest. A table is read together with the manifest beside it. The database must\n"
       "not be open.\n",
       "  varve dump /data/example\n  varve dump /data/example/000013.table --entries\n"});
  syntax.options.add_options()("entries", "of a table: every entry too");
  syntax.hidden.add_options()("path", po::value<std::string>());
  syntax.positional.add("path", 1);
  return syntax;
}

Status DumpFile(const std::string& path, bool with_entries) {
  std::error_code error;
  if (!fs::exists(path, error)) return Status::NotFound(fmt::format("there is no file {}", path));
  const bool whole = fs::is_directory(path, error);
  const std::string parent = fs::path(path).parent_path().string();
  const std::string directory = whole ? path : (parent.empty() ? "." : parent);
  if (!whole && !ParseFileName(fs::path(path).filename().string())) {
    return Status::InvalidArgument(
        fmt::format("{} has not the name of a file of a database (manifest-000007, 000012.wal, "
                    "000013.table)",
                    path));
  }
  if (const Status found = FindDatabase(directory); !found.ok()) return found;
  const auto lock = LockDatabase(directory);
  if (!lock.ok()) return lock.status();
  DumpOptions options;
  options.entries = with_entries;
  return DumpDatabaseFile(*PosixFileSystem(), path, options,
                          [](std::string_view text) { fmt::print("{}", text); });
}

}  // namespace

int DumpCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(DumpSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string path = TextOr(*values, "path");
  if (path.empty()) return FailUsage("dump", "which file?");
  const Status status = DumpFile(path, values->count("entries") != 0);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace varve::harness
