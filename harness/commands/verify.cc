// verify: reads and checks every byte of a database: manifest, tables, logs.
//
// Changes nothing, and goes on after the first damage, so that one run names all of it.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "engine/tree/file_names.h"
#include "engine/wal/wal_reader.h"
#include "engine/write_batch_bytes.h"
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

Status VerifyTable(const std::string& directory, uint64_t identity, const TableInfo& info) {
  const auto table = OpenDatabaseTable(directory, identity, info);
  if (!table.ok()) return table.status();
  if ((*table)->entries() != info.entries) {
    return Status::Corruption(fmt::format("table {} holds {} entries, the manifest says {}",
                                          info.number, (*table)->entries(), info.entries));
  }
  return (*table)->Verify();
}

// Counts the entries of a log.
Result<uint64_t> VerifyWal(const std::string& directory, uint64_t number) {
  const std::string path = WalFileName(directory, number);
  auto log = WalReader::Open(*PosixFileSystem(), path, number);
  if (!log.ok()) return log.status();
  uint64_t entries = 0;
  while (true) {
    std::string_view payload;
    const Result<bool> record = (*log)->Next(&payload);
    if (!record.ok()) return record.status();
    if (!*record) return entries;
    Result<BatchReader> batch = BatchReader::OfPayload(payload);
    if (!batch.ok()) return batch.status().Annotate(path);
    Entry entry;
    Result<bool> more = batch->Next(&entry);
    for (; more.ok() && *more; more = batch->Next(&entry)) ++entries;
    if (!more.ok()) return more.status().Annotate(path);
  }
}

// What was found, and whether anything was wrong.
struct Findings {
  uint64_t tables = 0;
  uint64_t table_bytes = 0;
  uint64_t logs = 0;
  uint64_t log_entries = 0;
  uint64_t damaged = 0;

  void Damage(const Status& status) {
    ++damaged;
    Fail(status);
  }
};

void VerifyTables(const std::string& directory, const ManifestState& state, Findings* findings) {
  for (const Level& level : state.tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& info : run.tables) {
        const Status status = VerifyTable(directory, state.identity, *info);
        if (!status.ok()) findings->Damage(status);
        ++findings->tables;
        findings->table_bytes += info->file_bytes;
      }
    }
  }
}

Status VerifyWals(const std::string& directory, const ManifestState& state, Findings* findings) {
  const auto names = PosixFileSystem()->List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::optional<FileName> file = ParseFileName(name);
    const bool live = file && file->type == FileType::kWal && file->number >= state.oldest_wal;
    if (!live) continue;
    const Result<uint64_t> entries = VerifyWal(directory, file->number);
    if (!entries.ok()) findings->Damage(entries.status());
    ++findings->logs;
    findings->log_entries += entries.ok() ? *entries : 0;
  }
  return Status();
}

}  // namespace

int VerifyCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(VerifySyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string directory = TextOr(*values, "directory");
  if (directory.empty()) return FailUsage("verify", "which directory?");
  // First read, then locked and read again: what is not a database is not given a lock file, and
  // what changed in between is not held against it.
  const Result<ManifestState> found = ReadDatabase(directory);
  if (!found.ok()) return Fail(found.status());
  const auto lock = LockDatabase(directory);
  if (!lock.ok()) return Fail(lock.status());
  const Result<ManifestState> state = ReadDatabase(directory);
  if (!state.ok()) return Fail(state.status());

  Findings findings;
  VerifyTables(directory, *state, &findings);
  const Status listed = VerifyWals(directory, *state, &findings);
  if (!listed.ok()) return Fail(listed);
  fmt::print("{}: {} tables ({}), {} logs ({} entries): {}\n", directory, findings.tables,
             FormatBytes(findings.table_bytes), findings.logs, findings.log_entries,
             findings.damaged == 0 ? "intact" : fmt::format("{} DAMAGED", findings.damaged));
  return findings.damaged == 0 ? kExitOk : kExitFailed;
}

}  // namespace varve::harness
