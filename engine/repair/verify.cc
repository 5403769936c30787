// Checking a database file by file.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "engine/table/table_salvage.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest_format.h"
#include "engine/wal/wal_reader.h"
#include "engine/write_batch_bytes.h"

namespace varve {
namespace {

// The name of a file without its directory.
std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

std::string TableName(uint64_t number) { return BaseName(TableFileName("", number)); }
std::string WalName(uint64_t number) { return BaseName(WalFileName("", number)); }
std::string ManifestName(uint64_t number) { return BaseName(ManifestFileName("", number)); }

// The message of an error, without the path that the finding names anyway.
std::string MessageOf(const Status& status, const std::string& path) {
  const std::string message(status.message());
  return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
}

// Counts the entries of a log record.
Status TakeBatch(std::string_view payload, LogExamination* log) {
  Result<BatchReader> batch = BatchReader::OfPayload(payload);
  if (!batch.ok()) return batch.status();
  if (batch->next_sequence() <= log->last_sequence) {
    return Status::Corruption("a log record repeats sequence numbers");
  }
  Entry entry;
  Result<bool> more = batch->Next(&entry);
  for (; more.ok() && *more; more = batch->Next(&entry)) ++log->entries;
  log->last_sequence = std::max(log->last_sequence, batch->next_sequence() - 1);
  return more.status();
}

Status ReadLog(WalReader& reader, LogExamination* log) {
  std::string_view payload;
  Result<bool> record = reader.Next(&payload);
  log->previous = reader.previous();
  while (record.ok() && *record) {
    if (Status s = TakeBatch(payload, log); !s.ok()) return s;
    record = reader.Next(&payload);
  }
  return record.status();
}

// One after the other, what VerifyDatabase looks at.
class Verifier {
 public:
  Verifier(FileSystem& file_system, const std::string& directory)
      : files_(file_system), directory_(directory) {}

  Result<VerifyReport> Verify() {
    Result<std::vector<std::string>> names = files_.List(directory_);
    if (!names.ok()) return names.status();
    names_ = std::move(*names);
    const bool any = std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
      const std::optional<FileName> file = ParseFileName(name);
      return file.has_value() && file->type != FileType::kLock;
    });
    if (!any) return Status::InvalidArgument(directory_ + " is not a database");
    const Result<ManifestState> state = Manifest::Read(files_, directory_);
    if (state.ok()) {
      VerifyState(*state);
    } else {
      VerifyWithoutState(state.status());
    }
    return std::move(report_);
  }

 private:
  void Damage(std::string file, std::optional<uint64_t> offset, std::string what) {
    report_.damage.push_back({std::move(file), offset, std::move(what)});
  }
  void Note(std::string file, std::string what) {
    report_.notes.push_back({std::move(file), std::nullopt, std::move(what)});
  }

  void VerifyState(const ManifestState& state) {
    NoteManifestTail(state);
    for (const Level& level : state.tree.levels) {
      for (const Run& run : level.runs) {
        for (const TablePtr& info : run.tables) VerifyTable({state.identity, info->number}, &*info);
      }
    }
    LogsExamination logs = ExamineLogs(files_, directory_, names_, state);
    report_.logs = logs.logs.size();
    for (const LogExamination& log : logs.logs) report_.log_entries += log.entries;
    std::move(logs.damage.begin(), logs.damage.end(), std::back_inserter(report_.damage));
    std::move(logs.notes.begin(), logs.notes.end(), std::back_inserter(report_.notes));
    for (const std::string& name : names_) NoteFile(name, state);
  }

  void NoteManifestTail(const ManifestState& state) {
    const std::string name = ManifestName(state.manifest_number);
    const Result<uint64_t> length = files_.FileLength(directory_ + "/" + name);
    if (!length.ok() || *length <= state.manifest_bytes) return;
    report_.notes.push_back({name, state.manifest_bytes,
                             fmt::format("{} bytes of an edit that was never acknowledged",
                                         *length - state.manifest_bytes)});
  }

  void NoteFile(const std::string& name, const ManifestState& state) {
    const std::optional<FileName> file = ParseFileName(name);
    if (!file.has_value()) {
      Note(name, "not of this database");
    } else if (file->type == FileType::kTemporary) {
      Note(name, "not finished; the next open removes it");
    } else if ((file->type == FileType::kTable && !live_.contains(file->number)) ||
               (file->type == FileType::kManifest && file->number != state.manifest_number) ||
               (file->type == FileType::kWal && file->number < state.oldest_wal)) {
      Note(name, "not in use; the next open removes it");
    }
  }

  void VerifyTable(const TableIdentity& identity, const TableInfo* info) {
    const std::string name = TableName(identity.number);
    live_.insert(identity.number);
    ++report_.tables;
    const std::string path = directory_ + "/" + name;
    const auto file = files_.OpenFile(path);
    if (!file.ok()) {
      Damage(name, std::nullopt, MessageOf(file.status(), path));
      return;
    }
    const TableExamination table = ExamineTable(**file, identity, info);
    report_.table_bytes += table.found.file_bytes;
    for (const TableDamage& damage : table.damage) Damage(name, damage.offset, damage.what);
  }

  // The manifest is no help: every table and log is checked as what it says it is.
  void VerifyWithoutState(const Status& status) {
    DamageOfManifest(status);
    for (const std::string& name : names_) {
      const std::optional<FileName> file = ParseFileName(name);
      if (!file.has_value()) continue;
      if (file->type == FileType::kTable) VerifyLonelyTable(name, file->number);
      if (file->type != FileType::kWal) continue;
      const LogExamination log = ExamineLog(files_, directory_, file->number, 0);
      ++report_.logs;
      report_.log_entries += log.entries;
      if (log.damage.has_value()) report_.damage.push_back(*log.damage);
    }
  }

  void DamageOfManifest(const Status& status) {
    const Result<CurrentFile> current = ReadCurrent(files_, directory_);
    const std::string name = current.ok() ? ManifestName(current->manifest) : "CURRENT";
    Damage(name, std::nullopt, MessageOf(status, directory_ + "/" + name));
  }

  void VerifyLonelyTable(const std::string& name, uint64_t number) {
    const std::string path = directory_ + "/" + name;
    const auto file = files_.OpenFile(path);
    if (!file.ok()) {
      Damage(name, std::nullopt, MessageOf(file.status(), path));
      return;
    }
    const Result<TableIdentity> told = ReadTableIdentity(**file);
    if (told.ok() && told->number == number) {
      VerifyTable(*told, nullptr);
    } else if (told.ok()) {
      Damage(name, std::nullopt, fmt::format("it is table {}", told->number));
    } else {
      Damage(name, std::nullopt, std::string(told.status().message()));
    }
  }

  FileSystem& files_;
  const std::string directory_;
  std::vector<std::string> names_;
  std::set<uint64_t> live_;  // tables
  VerifyReport report_;
};

}  // namespace

std::string Finding::ToString() const {
  if (offset.has_value()) return fmt::format("{}, offset {}: {}", file, *offset, what);
  return fmt::format("{}: {}", file, what);
}

Result<VerifyReport> VerifyDatabase(FileSystem& file_system, const std::string& directory) {
  return Verifier(file_system, directory).Verify();
}

LogExamination ExamineLog(FileSystem& file_system, const std::string& directory, uint64_t number,
                          SequenceNumber before) {
  LogExamination log;
  log.last_sequence = before;
  const std::string path = WalFileName(directory, number);
  auto reader = WalReader::Open(file_system, path, number);
  const Status status = reader.ok() ? ReadLog(**reader, &log) : reader.status();
  if (reader.ok()) log.good_bytes = (*reader)->good_bytes();
  if (!status.ok()) {
    log.damage = Finding{WalName(number), log.good_bytes, MessageOf(status, path)};
  } else if ((*reader)->torn()) {
    const Result<uint64_t> length = file_system.FileLength(path);
    log.dropped_bytes = length.ok() ? *length - log.good_bytes : 0;
  }
  return log;
}

LogsExamination ExamineLogs(FileSystem& file_system, const std::string& directory,
                            const std::vector<std::string>& names, const ManifestState& state) {
  LogsExamination all;
  const uint64_t oldest = std::max<uint64_t>(state.oldest_wal, 1);
  for (const std::string& name : names) {
    const std::optional<FileName> file = ParseFileName(name);
    const bool live = file && file->type == FileType::kWal && file->number >= state.oldest_wal;
    if (live) all.numbers.push_back(file->number);
  }
  std::sort(all.numbers.begin(), all.numbers.end());
  WalPosition last;
  SequenceNumber sequence = 0;
  for (const uint64_t number : all.numbers) {
    LogExamination log = ExamineLog(file_system, directory, number, sequence);
    if (log.damage.has_value()) all.damage.push_back(*log.damage);
    if (log.dropped_bytes != 0) {
      all.notes.push_back({WalName(number), log.good_bytes,
                           fmt::format("a torn tail of {} bytes", log.dropped_bytes)});
    }
    if (EndIsMissing(log.previous, oldest, last)) {
      // Not all that is missing was synced: power loss leaves this, too, and the prefix ends here.
      auto& found = log.previous.synced ? all.damage : all.notes;
      found.push_back({WalName(log.previous.number), std::nullopt,
                       fmt::format("{} bytes of it are there, but {} goes on from {}",
                                   last.number == log.previous.number ? last.bytes : 0,
                                   WalName(number), log.previous.bytes)});
    }
    // A log without a record was never followed by one: nothing can be missing from it.
    if (log.good_bytes != 0) last = {number, log.good_bytes};
    sequence = log.last_sequence;
    all.logs.push_back(std::move(log));
  }
  const CleanClose closed = state.closed.value_or(CleanClose());
  const uint64_t bytes = last.number == closed.wal ? last.bytes : 0;
  if (closed.wal >= oldest && bytes < closed.wal_bytes) {
    all.damage.push_back({WalName(closed.wal), bytes,
                          fmt::format("{} bytes of it are intact, but it had {} when it was closed",
                                      bytes, closed.wal_bytes)});
  }
  return all;
}

}  // namespace varve
