// Manifest: reading, and the durable order of writing. Its bytes are those of manifest_format.h. A
// seal that finds no space is written together with the next record.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/tree/apply_edit.h"
#include "engine/tree/current_file.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest_format.h"

namespace varve {
namespace {

constexpr IoCause kWriteCause{IoKind::kManifest};
constexpr IoCause kReadCause{IoKind::kOpen};

// The runs of a level oldest first: as an edit, each becomes the newest of its level.
TreeEdit EditOf(const ManifestState& state) {
  TreeEdit edit;
  for (size_t i = 0; i < state.tree.levels.size(); ++i) {
    const Level& level = state.tree.levels[i];
    const int index = static_cast<int>(i);
    for (auto run = level.runs.rbegin(); run != level.runs.rend(); ++run) {
      for (const TablePtr& table : run->tables)
        edit.added_tables.push_back({index, run->id, table});
    }
    if (!level.cursor.empty()) edit.cursors.push_back({index, level.cursor});
  }
  edit.oldest_wal = state.oldest_wal;
  edit.next_number = state.next_number;
  edit.last_sequence = state.last_sequence;
  edit.times = state.times.samples();
  return edit;
}

Status ApplyToState(const TreeEdit& edit, ManifestState* state) {
  state->oldest_wal = std::max(state->oldest_wal, edit.oldest_wal.value_or(0));
  state->next_number = std::max(state->next_number, edit.next_number.value_or(0));
  state->last_sequence = std::max(state->last_sequence, edit.last_sequence.value_or(0));
  for (const auto& time : edit.times) state->times.Add(time.sequence, time.seconds);
  return ApplyEditTo(edit, &state->tree);
}

// What is wrong if `table` in run `run` breaks TreeEdit's promises about the numbers in use.
std::string CheckNumbers(const TableInfo& table, uint64_t run, uint64_t next_number,
                         SequenceNumber last_sequence) {
  if (table.number >= next_number || run >= next_number) {
    return fmt::format("table {} in run {} is there, but the next number is {}", table.number, run,
                       next_number);
  }
  if (table.sequence_max > last_sequence) {
    return fmt::format("table {} holds sequence number {}, but the last one is {}", table.number,
                       table.sequence_max, last_sequence);
  }
  return "";
}

std::string CheckState(const ManifestState& state) {
  std::string wrong = state.tree.CheckInvariants();
  if (wrong.empty() && state.manifest_number >= state.next_number) {
    wrong = fmt::format("its own number is {}, but the next number is {}", state.manifest_number,
                        state.next_number);
  }
  for (const Level& level : state.tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& table : run.tables) {
        if (!wrong.empty()) return wrong;
        wrong = CheckNumbers(*table, run.id, state.next_number, state.last_sequence);
      }
    }
  }
  return wrong;
}

// Why there is no CURRENT: kNotFound where no database was made yet, kCorruption where there are
// files that only a database with a CURRENT can have.
Status WithoutCurrent(FileSystem& file_system, const std::string& directory) {
  const Result<std::vector<std::string>> names = file_system.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::optional<FileName> parsed = ParseFileName(name);
    if (!parsed.has_value()) continue;
    if (parsed->type == FileType::kTable || parsed->type == FileType::kWal) {
      return Status::Corruption(
          fmt::format("{}: CURRENT is missing, but {} is there", directory, name));
    }
  }
  return Status::NotFound(directory + ": no database");
}

// Applies the records of a whole manifest file in order.
Status ReplayRecords(std::string_view file, ManifestState* state) {
  const uint64_t number = state->manifest_number;
  size_t offset = 0;
  while (true) {
    const std::optional<std::string_view> payload = ManifestRecordAt(file, number, offset);
    if (!payload.has_value()) break;
    TreeEdit edit;
    Status status = DecodeManifestPayload(*payload, offset == 0, &state->identity, &edit);
    if (status.ok()) status = ApplyToState(edit, state);
    if (!status.ok()) return status.Annotate(fmt::format("offset {}", offset));
    offset += kManifestHeaderBytes + payload->size();
    state->manifest_bytes = offset;
    if (!IsManifestSeal(file, number, offset)) break;
    offset += kManifestSealBytes;
    state->manifest_bytes = offset;
  }
  if (offset == 0 || NextManifestSeal(file, number, offset).has_value()) {
    return Status::Corruption(fmt::format("offset {}: damaged record", offset));
  }
  return {};
}

// Writes and syncs the new manifest and the temporary that will be CURRENT.
Result<std::unique_ptr<WritableFile>> Prepare(FileSystem& file_system, const std::string& directory,
                                              const ManifestState& state) {
  const uint64_t number = state.manifest_number;
  std::string content;
  const std::string head = ManifestHead(state.identity);
  Status status = AppendManifestRecord(number, 0, head, EditOf(state), &content);
  if (!status.ok()) return status;
  AppendManifestSeal(number, content.size(), &content);
  Result<std::unique_ptr<WritableFile>> file =
      file_system.NewWritableFile(ManifestFileName(directory, number), {});
  if (!file.ok()) return file;
  status = (*file)->Append(kWriteCause, content);
  if (status.ok()) status = (*file)->Sync(kWriteCause);
  if (status.ok()) status = file_system.SyncDirectory(kWriteCause, directory);
  CurrentFile current = {number, state.closed};
  if (current.closed.has_value()) {
    current.closed->manifest_bytes = content.size();
    current.closed->opened = true;
  }
  if (status.ok()) status = PrepareCurrent(file_system, directory, current);
  if (!status.ok()) return status;
  return file;
}

}  // namespace

struct Manifest::Rep {
  // Appends all of `more`, or nothing if it finds no space; another error gives the manifest up.
  Status AppendWhole(std::string_view more) {
    const Status status = file->Append(kWriteCause, more);
    if (status.ok()) bytes += more.size();
    const bool restored = status.code() == Status::Code::kNoSpace && file->Truncate(bytes).ok();
    return status.ok() || restored ? status : GiveUp(status);
  }

  Status GiveUp(const Status& cause) {
    broken =
        Status::Indeterminate(fmt::format("manifest {} is given up: {}", number, cause.message()));
    return broken;
  }

  FileSystem* file_system = nullptr;
  std::string directory;
  std::unique_ptr<WritableFile> file;
  uint64_t number = 0;
  uint64_t bytes = 0;
  uint64_t synced_bytes = 0;
  bool owes_seal = false;
  uint64_t next_number = 0;
  SequenceNumber last_sequence = 0;
  // Why nothing may be appended any more; OK while all is well.
  Status broken;
};

Manifest::Manifest(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Manifest::~Manifest() = default;

uint64_t Manifest::bytes() const { return rep_->bytes; }

Result<ManifestState> Manifest::ReadNumber(FileSystem& file_system, const std::string& directory,
                                           uint64_t number) {
  ManifestState state;
  state.manifest_number = number;
  const std::string path = ManifestFileName(directory, number);
  const Result<std::string> file = ReadWholeFile(file_system, kReadCause, path);
  if (!file.ok()) return file.status();
  const Status status = ReplayRecords(*file, &state);
  if (!status.ok()) return status.Annotate(path);
  const std::string wrong = CheckState(state);
  if (!wrong.empty()) return Status::Corruption(path + ": " + wrong);
  return state;
}

Result<ManifestState> Manifest::Read(FileSystem& file_system, const std::string& directory) {
  if (!file_system.Exists(CurrentFileName(directory))) {
    return WithoutCurrent(file_system, directory);
  }
  const Result<CurrentFile> current = ReadCurrent(file_system, directory);
  if (!current.ok()) return current.status();
  Result<ManifestState> state = ReadNumber(file_system, directory, current->manifest);
  const std::string path = ManifestFileName(directory, current->manifest);
  if (state.status().code() == Status::Code::kNotFound) {
    return Status::Corruption(path + ": missing, but CURRENT names it");
  }
  if (!state.ok()) return state;
  state->closed = current->closed;
  if (state->closed.has_value() && state->manifest_bytes < state->closed->manifest_bytes) {
    return Status::Corruption(fmt::format("{}: offset {}: it had {} bytes when it was closed", path,
                                          state->manifest_bytes, state->closed->manifest_bytes));
  }
  return state;
}

Result<std::unique_ptr<Manifest>> Manifest::Create(FileSystem& file_system,
                                                   const std::string& directory,
                                                   const ManifestState& state) {
  const std::string wrong = CheckState(state);
  if (!wrong.empty()) return Status::InvalidArgument("manifest: " + wrong);
  Result<std::unique_ptr<WritableFile>> file = Prepare(file_system, directory, state);
  if (!file.ok()) {
    // Best effort: what stays behind is removed at the next open.
    (void)file_system.Remove(TemporaryCurrentName(directory));
    (void)file_system.Remove(ManifestFileName(directory, state.manifest_number));
    return file.status();
  }
  // From here on the new manifest may be the current one, whatever the calls return.
  Status status = file_system.Rename(TemporaryCurrentName(directory), CurrentFileName(directory));
  if (status.ok()) status = file_system.SyncDirectory(kWriteCause, directory);
  if (!status.ok()) return status;
  auto rep = std::make_unique<Rep>();
  rep->file_system = &file_system;
  rep->directory = directory;
  rep->bytes = (*file)->length();
  rep->synced_bytes = rep->bytes;
  rep->file = std::move(*file);
  rep->number = state.manifest_number;
  rep->next_number = state.next_number;
  rep->last_sequence = state.last_sequence;
  return std::unique_ptr<Manifest>(new Manifest(std::move(rep)));
}

Status Manifest::Append(const TreeEdit& edit) {
  Rep& rep = *rep_;
  if (!rep.broken.ok()) return rep.broken;
  rep.next_number = std::max(rep.next_number, edit.next_number.value_or(0));
  rep.last_sequence = std::max(rep.last_sequence, edit.last_sequence.value_or(0));
  for (const TreeEdit::AddedTable& added : edit.added_tables) {
    const std::string wrong =
        CheckNumbers(*added.table, added.run, rep.next_number, rep.last_sequence);
    if (!wrong.empty()) return Status::InvalidArgument("manifest: " + wrong);
  }
  std::string record;
  if (rep.owes_seal) AppendManifestSeal(rep.number, rep.bytes, &record);
  Status status = AppendManifestRecord(rep.number, rep.bytes + record.size(), "", edit, &record);
  if (status.ok()) status = rep.AppendWhole(record);
  if (!status.ok()) return status;
  status = rep.file->Sync(kWriteCause);
  // Whatever the reason: what the kernel dropped cannot be known.
  if (!status.ok()) return rep.GiveUp(status);
  rep.synced_bytes = rep.bytes;
  std::string seal;
  AppendManifestSeal(rep.number, rep.bytes, &seal);
  // The edit is durable already: a failure here concerns the next one.
  rep.owes_seal = !rep.AppendWhole(seal).ok();
  return {};
}

Status Manifest::Close(uint64_t wal, uint64_t wal_bytes) {
  Rep& rep = *rep_;
  if (!rep.broken.ok()) return rep.broken;
  rep.broken = Status::InvalidArgument(fmt::format("manifest {} is closed", rep.number));
  Status status;
  if (wal_bytes != 0) status = rep.file_system->SyncDirectory(kWriteCause, rep.directory);
  const CurrentFile current = {rep.number, CleanClose{rep.synced_bytes, wal, wal_bytes, false}};
  if (status.ok()) status = PrepareCurrent(*rep.file_system, rep.directory, current);
  const std::string prepared = TemporaryCurrentName(rep.directory);
  if (status.ok()) {
    return rep.file_system->Rename(prepared, CurrentFileName(rep.directory));
  }
  // Best effort: what stays behind is removed at the next open.
  (void)rep.file_system->Remove(prepared);
  return status;
}

}  // namespace varve
