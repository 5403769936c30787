// Manifests, logs and tables as text.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/table/table_reader.h"
#include "engine/table/table_salvage.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest.h"
#include "engine/tree/tree_text.h"
#include "engine/wal/wal_reader.h"
#include "engine/write_batch_bytes.h"

namespace varve {
namespace {

constexpr size_t kValueBytesShown = 64;

void DumpState(const std::string& directory, const ManifestState& state, const DumpSink& sink) {
  sink(
      fmt::format("manifest {} of {}\nidentity {:016x}\noldest log {}\nnext number {}\n"
                  "last sequence {}\n",
                  state.manifest_number, directory, state.identity, state.oldest_wal,
                  state.next_number, state.last_sequence));
  if (state.closed.has_value()) {
    sink(fmt::format("closed{} with {} bytes of manifest and {} of log {}\n",
                     state.closed->opened ? " before" : "", state.closed->manifest_bytes,
                     state.closed->wal_bytes, state.closed->wal));
  }
  sink("\n" + TreeToText(state.tree));
}

std::string ValueText(std::string_view value) {
  if (value.size() <= kValueBytesShown) return KeyToText(value);
  return fmt::format("{}… ({} bytes)", KeyToText(value.substr(0, kValueBytesShown)), value.size());
}

std::string OperationText(const Entry& entry) {
  const std::string key = KeyToText(entry.key);
  if (KindOf(entry.tag) == EntryKind::kPut) {
    return fmt::format("put {} {}", key, ValueText(entry.value));
  }
  if (KindOf(entry.tag) == EntryKind::kDelete) return "delete " + key;
  return fmt::format("delete_range {} {}", key, KeyToText(entry.value));
}

Status DumpBatch(std::string_view payload, const DumpSink& sink) {
  Result<BatchReader> batch = BatchReader::OfPayload(payload);
  if (!batch.ok()) return batch.status();
  sink(fmt::format("batch at sequence {}, {} bytes\n", batch->next_sequence(), payload.size()));
  Entry entry;
  Result<bool> more = batch->Next(&entry);
  for (; more.ok() && *more; more = batch->Next(&entry)) {
    sink(fmt::format("  {} {}\n", SequenceOf(entry.tag), OperationText(entry)));
  }
  return more.status();
}

Status DumpWal(FileSystem& file_system, const std::string& path, uint64_t number,
               const DumpSink& sink) {
  auto log = WalReader::Open(file_system, path, number);
  if (!log.ok()) return log.status();
  while (true) {
    std::string_view payload;
    const Result<bool> record = (*log)->Next(&payload);
    if (!record.ok()) return record.status();
    if (!*record) break;
    const Status dumped = DumpBatch(payload, sink);
    if (!dumped.ok()) return dumped.Annotate(path);
  }
  sink(fmt::format("{} after {} bytes\n", (*log)->torn() ? "torn" : "ends", (*log)->good_bytes()));
  return {};
}

// The length that the manifest promises, or nothing if the table is not in its tree.
const TableInfo* FindTable(const ManifestState& state, uint64_t number) {
  for (const Level& level : state.tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& info : run.tables) {
        if (info->number == number) return &*info;
      }
    }
  }
  return nullptr;
}

Status DumpTable(FileSystem& file_system, const std::string& path, uint64_t number,
                 const Result<ManifestState>& state, const DumpOptions& options,
                 const DumpSink& sink) {
  auto file = file_system.OpenFile(path);
  if (!file.ok()) return file.status();
  const Result<uint64_t> length = (*file)->Length();
  if (!length.ok()) return length.status();
  TableReaderOptions reader;
  reader.number = number;
  reader.file_bytes = *length;
  if (state.ok()) {
    const TableInfo* info = FindTable(*state, number);
    if (info == nullptr) {
      return Status::InvalidArgument(fmt::format(
          "table {} is not in the tree: the next open of its database removes it", number));
    }
    reader.file_bytes = info->file_bytes;
    reader.checksum_context = TableIdentity{state->identity, number}.ChecksumContext();
  } else {
    const Result<TableIdentity> told = ReadTableIdentity(**file);
    if (!told.ok()) return told.status().Annotate(path);
    reader.number = told->number;
    reader.checksum_context = told->ChecksumContext();
  }
  const auto table =
      TableReader::Open(std::move(*file), reader, {.kind = IoKind::kVerify, .fill_cache = false});
  if (!table.ok()) return table.status();
  sink((*table)->DumpText(options.entries));
  return {};
}

Status DumpManifestFile(FileSystem& file_system, const std::string& directory, uint64_t number,
                        const Result<ManifestState>& state, const DumpSink& sink) {
  if (!state.ok()) return state.status();
  if (number == state->manifest_number) {
    DumpState(directory, *state, sink);
    return {};
  }
  const Result<ManifestState> other = Manifest::ReadNumber(file_system, directory, number);
  if (!other.ok()) return other.status();
  sink("not in use: CURRENT names another one\n");
  DumpState(directory, *other, sink);
  return {};
}

}  // namespace

Status DumpDatabaseFile(FileSystem& file_system, const std::string& path,
                        const DumpOptions& options, const DumpSink& sink) {
  const size_t slash = path.find_last_of('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  const std::optional<FileName> file = ParseFileName(name);
  const bool whole = !file.has_value() || file->type == FileType::kCurrent;
  const std::string directory = file.has_value() ? parent : path;
  const Result<ManifestState> state = Manifest::Read(file_system, directory);
  if (whole) {
    if (!state.ok()) return state.status();
    DumpState(directory, *state, sink);
    return {};
  }
  switch (file->type) {
    case FileType::kWal:
      return DumpWal(file_system, path, file->number, sink);
    case FileType::kTable:
      return DumpTable(file_system, path, file->number, state, options, sink);
    case FileType::kManifest:
      return DumpManifestFile(file_system, directory, file->number, state, sink);
    default:
      return Status::InvalidArgument(fmt::format("{} holds nothing that can be shown", path));
  }
}

}  // namespace varve
