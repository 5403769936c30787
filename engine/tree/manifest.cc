// Manifest: framing, reading and the durable order. Format: engine/FORMAT.md, "Manifest".
//
//   manifest := (record seal)* tail
//   record   := checksum fixed64 | length fixed32 | payload
//   seal     := fixed64, a hash of the manifest's number and the seal's offset
//
// A seal is written after the sync that covers all before it, and says so. Damage with a seal
// somewhere behind it is therefore corruption; damage without one is the tail of an edit that was
// never acknowledged, and is cut. The first record holds the whole state and is sealed from the
// start, because CURRENT names the file only after its sync.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/tree/apply_edit.h"
#include "engine/tree/file_names.h"
#include "engine/util/coding.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr std::string_view kMagic = "varvemf1";
constexpr size_t kChecksumBytes = 8;
constexpr size_t kHeaderBytes = kChecksumBytes + 4;
constexpr size_t kSealBytes = 8;
constexpr uint64_t kPayloadBytesMax = UINT32_MAX;
constexpr IoCause kWriteCause{IoKind::kManifest};
constexpr IoCause kReadCause{IoKind::kOpen};

std::string TemporaryName(const std::string& directory) {
  return CurrentFileName(directory) + ".tmp";
}

// Both depend on manifest and place, so that intact bytes of another manifest do not pass.
uint64_t RecordContext(uint64_t number, uint64_t offset) { return Mix64(number, offset); }
uint64_t Seal(uint64_t number, uint64_t offset) {
  return Checksum64("seal", Mix64(number, offset));
}

// `head` and the bytes of `edit` as one record. What a reader would refuse is not written.
Status AppendRecord(uint64_t number, uint64_t offset, std::string_view head, const TreeEdit& edit,
                    std::string* to) {
  std::string payload(head);
  edit.EncodeTo(&payload);
  if (payload.size() > kPayloadBytesMax) {
    return Status::InvalidArgument("manifest: an edit of more than 4 GiB");
  }
  const Status readable = TreeEdit::Decode(std::string_view(payload).substr(head.size())).status();
  if (!readable.ok()) return Status::InvalidArgument(std::string(readable.message()));
  std::string checked;
  PutFixed32(&checked, static_cast<uint32_t>(payload.size()));
  checked.append(payload);
  PutFixed64(to, Checksum64(checked, RecordContext(number, offset)));
  to->append(checked);
  return {};
}

void AppendSeal(uint64_t number, uint64_t offset, std::string* to) {
  PutFixed64(to, Seal(number, offset));
}

bool IsSeal(std::string_view file, uint64_t number, size_t offset) {
  return file.size() - offset >= kSealBytes &&
         DecodeFixed64(file.data() + offset) == Seal(number, offset);
}

// The payload of the record at `offset`, or nothing if there is no intact one.
std::optional<std::string_view> RecordAt(std::string_view file, uint64_t number, size_t offset) {
  const std::string_view from = file.substr(offset);
  if (from.size() < kHeaderBytes) return std::nullopt;
  const uint64_t length = DecodeFixed32(from.data() + kChecksumBytes);
  if (length > from.size() - kHeaderBytes) return std::nullopt;
  const std::string_view checked =
      from.substr(kChecksumBytes, kHeaderBytes - kChecksumBytes + length);
  if (DecodeFixed64(from.data()) != Checksum64(checked, RecordContext(number, offset))) {
    return std::nullopt;
  }
  return from.substr(kHeaderBytes, length);
}

bool SealFollows(std::string_view file, uint64_t number, size_t offset) {
  for (; offset + kSealBytes <= file.size(); ++offset) {
    if (IsSeal(file, number, offset)) return true;
  }
  return false;
}

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
  return edit;
}

std::string HeadOf(const ManifestState& state) {
  std::string head(kMagic);
  PutFixed64(&head, state.identity);
  return head;
}

Status DecodeFirstPayload(std::string_view payload, ManifestState* state, TreeEdit* edit) {
  if (!payload.starts_with(kMagic)) {
    return Status::NotSupported("manifest: not of this format, or of a newer version");
  }
  payload.remove_prefix(kMagic.size());
  if (!GetFixed64(&payload, &state->identity)) return Status::Corruption("manifest: no identity");
  Result<TreeEdit> decoded = TreeEdit::Decode(payload);
  if (!decoded.ok()) return decoded.status();
  *edit = std::move(*decoded);
  return {};
}

Status ApplyToState(const TreeEdit& edit, ManifestState* state) {
  state->oldest_wal = std::max(state->oldest_wal, edit.oldest_wal.value_or(0));
  state->next_number = std::max(state->next_number, edit.next_number.value_or(0));
  state->last_sequence = std::max(state->last_sequence, edit.last_sequence.value_or(0));
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

// The number of the manifest that CURRENT names.
Result<uint64_t> ReadCurrent(FileSystem& file_system, const std::string& directory) {
  const std::string path = CurrentFileName(directory);
  Result<std::string> content = ReadWholeFile(file_system, kReadCause, path);
  if (!content.ok()) return content.status();
  std::string_view name = *content;
  if (name.ends_with('\n')) {
    name.remove_suffix(1);
    const std::optional<FileName> parsed = ParseFileName(name);
    if (parsed.has_value() && parsed->type == FileType::kManifest) return parsed->number;
  }
  return Status::Corruption(path + ": does not name a manifest");
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
    const std::optional<std::string_view> payload = RecordAt(file, number, offset);
    if (!payload.has_value()) break;
    TreeEdit edit;
    Status status;
    if (offset == 0) {
      status = DecodeFirstPayload(*payload, state, &edit);
    } else {
      Result<TreeEdit> decoded = TreeEdit::Decode(*payload);
      status = decoded.status();
      if (decoded.ok()) edit = std::move(*decoded);
    }
    if (status.ok()) status = ApplyToState(edit, state);
    if (!status.ok()) return status.Annotate(fmt::format("offset {}", offset));
    offset += kHeaderBytes + payload->size();
    if (!IsSeal(file, number, offset)) break;
    offset += kSealBytes;
  }
  if (offset == 0 || SealFollows(file, number, offset)) {
    return Status::Corruption(fmt::format("offset {}: damaged record", offset));
  }
  return {};
}

Status WriteCurrent(FileSystem& file_system, const std::string& path, uint64_t number) {
  Result<std::unique_ptr<WritableFile>> file = file_system.NewWritableFile(path, {});
  if (!file.ok()) return file.status();
  // The file name without its directory.
  const std::string name = ManifestFileName("", number).substr(1);
  Status status = (*file)->Append(kWriteCause, name + "\n");
  if (status.ok()) status = (*file)->Sync(kWriteCause);
  if (status.ok()) status = (*file)->Close();
  return status;
}

// Writes and syncs the new manifest and the temporary that will be CURRENT.
Result<std::unique_ptr<WritableFile>> Prepare(FileSystem& file_system, const std::string& directory,
                                              const ManifestState& state) {
  const uint64_t number = state.manifest_number;
  std::string content;
  Status status = AppendRecord(number, 0, HeadOf(state), EditOf(state), &content);
  if (!status.ok()) return status;
  AppendSeal(number, content.size(), &content);
  Result<std::unique_ptr<WritableFile>> file =
      file_system.NewWritableFile(ManifestFileName(directory, number), {});
  if (!file.ok()) return file;
  status = (*file)->Append(kWriteCause, content);
  if (status.ok()) status = (*file)->Sync(kWriteCause);
  if (status.ok()) status = file_system.SyncDirectory(kWriteCause, directory);
  if (status.ok()) status = WriteCurrent(file_system, TemporaryName(directory), number);
  if (!status.ok()) return status;
  return file;
}

}  // namespace

struct Manifest::Rep {
  std::unique_ptr<WritableFile> file;
  uint64_t number = 0;
  uint64_t bytes = 0;
  uint64_t next_number = 0;
  SequenceNumber last_sequence = 0;
  // Why nothing may be appended any more; OK while all is well.
  Status broken;
};

Manifest::Manifest(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Manifest::~Manifest() = default;

uint64_t Manifest::bytes() const { return rep_->bytes; }

Result<ManifestState> Manifest::Read(FileSystem& file_system, const std::string& directory) {
  if (!file_system.Exists(CurrentFileName(directory))) {
    return WithoutCurrent(file_system, directory);
  }
  const Result<uint64_t> number = ReadCurrent(file_system, directory);
  if (!number.ok()) return number.status();
  ManifestState state;
  state.manifest_number = *number;
  const std::string path = ManifestFileName(directory, *number);
  const Result<std::string> file = ReadWholeFile(file_system, kReadCause, path);
  if (file.status().code() == Status::Code::kNotFound) {
    return Status::Corruption(path + ": missing, but CURRENT names it");
  }
  if (!file.ok()) return file.status();
  const Status status = ReplayRecords(*file, &state);
  if (!status.ok()) return status.Annotate(path);
  const std::string wrong = CheckState(state);
  if (!wrong.empty()) return Status::Corruption(path + ": " + wrong);
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
    (void)file_system.Remove(TemporaryName(directory));
    (void)file_system.Remove(ManifestFileName(directory, state.manifest_number));
    return file.status();
  }
  // From here on the new manifest may be the current one, whatever the calls return.
  Status status = file_system.Rename(TemporaryName(directory), CurrentFileName(directory));
  if (status.ok()) status = file_system.SyncDirectory(kWriteCause, directory);
  if (!status.ok()) return status;
  auto rep = std::make_unique<Rep>();
  rep->bytes = (*file)->length();
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
  Status status = AppendRecord(rep.number, rep.bytes, "", edit, &record);
  if (!status.ok()) return status;
  status = rep.file->Append(kWriteCause, record);
  if (status.ok()) status = rep.file->Sync(kWriteCause);
  if (!status.ok()) {
    rep.broken = status.Annotate("the manifest is given up");
    return status;
  }
  rep.bytes += record.size();
  std::string seal;
  AppendSeal(rep.number, rep.bytes, &seal);
  // The edit is durable already: a failure here only ends this file.
  status = rep.file->Append(kWriteCause, seal);
  if (!status.ok()) rep.broken = status.Annotate("the manifest is given up");
  rep.bytes += seal.size();
  return {};
}

}  // namespace varve
