// dump: a file of a database as text.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "engine/tree/file_names.h"
#include "engine/tree/tree_text.h"
#include "engine/wal/wal_reader.h"
#include "engine/write_batch_bytes.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/database_files.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

constexpr size_t kValueBytesShown = 64;

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

Status DumpManifest(const std::string& directory, const ManifestState& state) {
  fmt::print(
      "manifest {} of {}\nidentity {:016x}\noldest log {}\nnext number {}\n"
      "last sequence {}\n\n{}",
      state.manifest_number, directory, state.identity, state.oldest_wal, state.next_number,
      state.last_sequence, TreeToText(state.tree));
  return Status();
}

std::string ValueText(std::string_view value) {
  if (value.size() <= kValueBytesShown) return KeyToText(value);
  return fmt::format("{}… ({} bytes)", KeyToText(value.substr(0, kValueBytesShown)), value.size());
}

Status DumpBatch(std::string_view payload) {
  Result<BatchReader> batch = BatchReader::OfPayload(payload);
  if (!batch.ok()) return batch.status();
  fmt::print("batch at sequence {}, {} bytes\n", batch->next_sequence(), payload.size());
  Entry entry;
  Result<bool> more = batch->Next(&entry);
  for (; more.ok() && *more; more = batch->Next(&entry)) {
    const bool put = KindOf(entry.tag) == EntryKind::kPut;
    fmt::print("  {} {} {}{}{}\n", SequenceOf(entry.tag), put ? "put" : "delete",
               KeyToText(entry.key), put ? " " : "", put ? ValueText(entry.value) : "");
  }
  return more.status();
}

Status DumpWal(const std::string& path, uint64_t number) {
  auto log = WalReader::Open(*PosixFileSystem(), path, number);
  if (!log.ok()) return log.status();
  while (true) {
    std::string_view payload;
    const Result<bool> record = (*log)->Next(&payload);
    if (!record.ok()) return record.status();
    if (!*record) break;
    const Status dumped = DumpBatch(payload);
    if (!dumped.ok()) return dumped.Annotate(path);
  }
  fmt::print("{} after {} bytes\n", (*log)->torn() ? "torn" : "ends", (*log)->good_bytes());
  return Status();
}

Status DumpTable(const std::string& directory, const ManifestState& state, uint64_t number,
                 bool with_entries) {
  for (const Level& level : state.tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& info : run.tables) {
        if (info->number != number) continue;
        const auto table = OpenDatabaseTable(directory, state.identity, *info);
        if (!table.ok()) return table.status();
        fmt::print("{}", (*table)->DumpText(with_entries));
        return Status();
      }
    }
  }
  return Status::InvalidArgument(fmt::format(
      "table {} is not in the tree: the next open of {} removes it", number, directory));
}

Status DumpFile(const std::string& path, bool with_entries) {
  std::error_code error;
  if (!fs::exists(path, error)) return Status::NotFound(fmt::format("there is no file {}", path));
  const bool whole = fs::is_directory(path, error);
  const std::string parent = fs::path(path).parent_path().string();
  const std::string directory = whole ? path : (parent.empty() ? "." : parent);
  const std::optional<FileName> file = ParseFileName(fs::path(path).filename().string());
  if (!whole && !file) {
    return Status::InvalidArgument(
        fmt::format("{} has not the name of a file of a database (manifest-000007, 000012.wal, "
                    "000013.table)",
                    path));
  }
  const Result<ManifestState> state = ReadDatabase(directory);
  if (!state.ok()) return state.status();
  const auto lock = LockDatabase(directory);
  if (!lock.ok()) return lock.status();
  if (whole || file->type == FileType::kCurrent) return DumpManifest(directory, *state);
  if (file->type == FileType::kWal) return DumpWal(path, file->number);
  if (file->type == FileType::kTable) {
    return DumpTable(directory, *state, file->number, with_entries);
  }
  if (file->type == FileType::kManifest && file->number == state->manifest_number) {
    return DumpManifest(directory, *state);
  }
  return Status::InvalidArgument(fmt::format("{} holds nothing that is in use", path));
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
