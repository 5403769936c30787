// Recovery: from the files of a directory to the state of an open database.
//
// A new manifest with the state that was read comes first: what a process that died wrote last may
// not be durable, and nothing that an older state needs is removed before it is. Then logs are
// replayed into memtables, which are flushed to tables as they fill, so that memory does not grow
// with the logs. All tables become part of the tree, and the logs obsolete, in one edit: a crash at
// any point before it leaves the logs in charge, and the tables are removed at the next open.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "engine/db_state.h"
#include "engine/table_options.h"
#include "engine/tree/file_names.h"
#include "engine/util/hash.h"
#include "engine/wal/wal_reader.h"
#include "engine/write_batch_bytes.h"

namespace varve {
namespace {

constexpr IoCause kFlushCause{IoKind::kFlush};

uint64_t NewIdentity(const Options& options) {
  if (options.background == "inline") return Mix64(options.seed, 0x7661727665);
  std::random_device random;
  return Mix64(uint64_t{random()} << 32 | random(), uint64_t{random()} << 32 | random());
}

Result<ManifestState> ReadOrMakeManifest(DbState& state) {
  FileSystem& files = *state.file_system;
  Result<ManifestState> read = Manifest::Read(files, state.directory);
  if (read.ok()) {
    if (!state.options.error_if_exists) return read;
    return Status::InvalidArgument(fmt::format(
        "{} holds a database already, and engine.error_if_exists is set", state.directory));
  }
  if (read.status().code() != Status::Code::kNotFound) return read;
  if (!state.options.create_if_missing) {
    return Status::NotFound(
        fmt::format("{} is not a database: it has no CURRENT file", state.directory));
  }
  ManifestState fresh;
  fresh.identity = NewIdentity(state.options);
  return fresh;
}

struct Listing {
  std::vector<uint64_t> logs;         // to replay, in order
  std::vector<std::string> obsolete;  // once there is a new manifest
};

// Looks through the directory, and removes what no manifest ever named.
Result<Listing> ListDirectory(DbState& state, const ManifestState& manifest) {
  auto names = state.file_system->List(state.directory);
  if (!names.ok()) return names.status();
  Listing listing;
  std::set<uint64_t> live;
  for (const Level& level : manifest.tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& table : run.tables) live.insert(table->number);
    }
  }
  for (const std::string& name : *names) {
    const std::optional<FileName> file = ParseFileName(name);
    if (!file.has_value()) continue;
    const std::string path = state.directory + "/" + name;
    // Numbers of files that no edit knows of must not be given out again before they are gone.
    uint64_t next = state.next_number.load();
    if (file->number >= next) state.next_number.store(file->number + 1);
    bool obsolete = file->type == FileType::kManifest;
    if (file->type == FileType::kTable) obsolete = !live.contains(file->number);
    if (file->type == FileType::kWal) {
      obsolete = file->number < manifest.oldest_wal;
      if (!obsolete) listing.logs.push_back(file->number);
    }
    if (obsolete) listing.obsolete.push_back(path);
    if (file->type != FileType::kTemporary) continue;
    if (Status s = state.file_system->Remove(path); !s.ok()) return s;
  }
  std::sort(listing.logs.begin(), listing.logs.end());
  return listing;
}

// Replays logs into memtables and those into tables.
class Replay {
 public:
  Replay(DbState& state, const Tree& tree) : state_(state), tree_(tree) {}

  // `logs`: numbers, ascending. `manifest`: which of them are needed, and what they had at least.
  Status Run(const std::vector<uint64_t>& logs, const ManifestState& manifest) {
    const uint64_t oldest = std::max<uint64_t>(manifest.oldest_wal, 1);
    WalPosition last;  // the good part of the log before
    for (const uint64_t log : logs) {
      bool hole = false;
      if (Status s = ReplayLog(log, oldest, &last, &hole); !s.ok()) return s;
      // What this log holds was written after what is missing: a prefix ends at the hole.
      if (hole) break;
    }
    const CleanClose closed = manifest.closed.value_or(CleanClose());
    if (closed.wal >= oldest) {
      if (Status s = CheckClose(closed, last); !s.ok()) return s;
    }
    return Flush();
  }

  // Removes the tables that were made.
  void Discard() {
    for (const Version::NumberedTable& made : open_) made.table->MarkObsolete();
  }

  SequenceNumber last_sequence() const { return last_sequence_; }
  TreeEdit& edit() { return edit_; }
  std::vector<Version::NumberedTable>& open() { return open_; }

 private:
  // Applies the records of a log, unless there is a hole before it. Nothing that was synced may go
  // missing, whatever the class is now.
  Status ReplayLog(uint64_t number, uint64_t oldest, WalPosition* last, bool* hole) {
    const std::string path = WalFileName(state_.directory, number);
    auto opened = WalReader::Open(*state_.file_system, path, number);
    if (!opened.ok()) return opened.status();
    WalReader& reader = **opened;
    std::string_view payload;
    Result<bool> more = reader.Next(&payload);
    const WalPosition previous = reader.previous();
    *hole = EndIsMissing(previous, oldest, *last);
    if (*hole && previous.synced) {
      return Status::Corruption(path + ": the end of the log before it is missing");
    }
    if (*hole) return {};
    while (more.ok() && *more) {
      if (Status s = Apply(payload); !s.ok()) return s.Annotate(path);
      more = reader.Next(&payload);
    }
    if (!more.ok()) return more.status();
    *last = {number, reader.good_bytes()};
    return {};
  }

  // `last`: the end of the logs. After a clean close that is where the newest ended then.
  Status CheckClose(const CleanClose& closed, const WalPosition& last) const {
    const uint64_t bytes = last.number == closed.wal ? last.bytes : 0;
    if (bytes >= closed.wal_bytes) return {};
    return Status::Corruption(
        fmt::format("{}: {} bytes of it are intact, but it had {} when it was closed",
                    WalFileName(state_.directory, closed.wal), bytes, closed.wal_bytes));
  }

  Status Apply(std::string_view payload) {
    auto batch = BatchReader::OfPayload(payload);
    if (!batch.ok()) return batch.status();
    if (batch->next_sequence() <= last_sequence_) {
      return Status::Corruption("a log record repeats sequence numbers");
    }
    if (memtable_ != nullptr && memtable_->bytes() >= state_.options.memtable_bytes) {
      if (Status s = Flush(); !s.ok()) return s;
    }
    if (memtable_ == nullptr) memtable_ = NewReplayTable();
    Entry entry;
    while (true) {
      Result<bool> more = batch->Next(&entry);
      if (!more.ok()) return more.status();
      if (!*more) break;
      memtable_->Add(entry);
    }
    last_sequence_ = std::max(last_sequence_, batch->next_sequence() - 1);
    return {};
  }

  Status Flush() {
    if (memtable_ == nullptr || memtable_->entries() == 0) return {};
    memtable_->Seal();
    std::unique_ptr<EntryIterator> input = memtable_->table->NewIterator();
    std::vector<RangeTombstone> ranges;
    memtable_->ranges.AppendTo(&ranges);
    const RangeTombstones tombstones(ranges);
    OlderData older = edit_.added_tables.empty() ? OlderData(tree_) : OlderData::Everything();
    MergeRequest request;
    request.input = input.get();
    if (!tombstones.empty()) request.tombstones = &tombstones;
    request.older = &older;
    request.cause = kFlushCause;
    request.new_number = [this] { return state_.NewNumber(); };
    request.filter_bits_per_key = FilterBitsPerKey(state_.options, tree_, {}, memtable_->entries());
    auto output = RunMerge(state_.tables, request);
    if (!output.ok()) return output.status();
    const uint64_t run = state_.NewNumber();
    for (const TablePtr& table : output->tables) edit_.added_tables.push_back({0, run, table});
    for (auto& open : output->open) open_.push_back(std::move(open));
    input.reset();
    memtable_.reset();
    return {};
  }

  // Nobody reads while logs are replayed: to append, and to sort once, is quickest.
  std::unique_ptr<LoggedMemTable> NewReplayTable() const {
    auto memtable = std::make_unique<LoggedMemTable>();
    memtable->table = FindPart(MemTableParts(), "vector")->make(MemTableOptionsOf(state_.options));
    return memtable;
  }

  DbState& state_;
  const Tree& tree_;
  std::unique_ptr<LoggedMemTable> memtable_;
  SequenceNumber last_sequence_ = 0;
  TreeEdit edit_;
  std::vector<Version::NumberedTable> open_;
};

Status OpenTables(DbState& state, const Tree& tree, std::vector<Version::NumberedTable>* open) {
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& info : run.tables) {
        Result<OpenTablePtr> table = state.tables.Open(*info, IoKind::kOpen);
        if (!table.ok()) return table.status();
        open->push_back({info->number, std::move(*table)});
      }
    }
  }
  return {};
}

// Installs what the replay made, and makes the logs obsolete.
Status InstallReplay(DbState& state, ManifestState* manifest, Replay& replay,
                     const std::vector<uint64_t>& logs) {
  if (logs.empty()) return {};
  TreeEdit& edit = replay.edit();
  edit.oldest_wal = logs.back() + 1;
  edit.next_number = state.next_number.load();
  edit.last_sequence = std::max(manifest->last_sequence, replay.last_sequence());
  Result<Tree> tree = ApplyEdit(manifest->tree, edit);
  if (!tree.ok()) return tree.status();
  if (Status s = state.manifest->Append(edit); !s.ok()) return s;
  state.manifest_bytes.store(state.manifest->bytes());
  manifest->tree = std::move(*tree);
  manifest->last_sequence = *edit.last_sequence;
  state.oldest_wal = *edit.oldest_wal;
  for (const uint64_t log : logs) {
    if (Status s = state.file_system->Remove(WalFileName(state.directory, log)); !s.ok()) return s;
  }
  return {};
}

// Brings what the logs hold into the tree. Leaves no table behind that is not in it.
Status ReplayLogs(DbState& state, ManifestState* manifest, const std::vector<uint64_t>& logs,
                  std::vector<Version::NumberedTable>* open) {
  Replay replay(state, manifest->tree);
  Status status = replay.Run(logs, *manifest);
  if (!status.ok()) {
    replay.Discard();
    return status;
  }
  status = InstallReplay(state, manifest, replay, logs);
  if (status.code() == Status::Code::kNoSpace) replay.Discard();
  for (auto& table : replay.open()) open->push_back(std::move(table));
  return status;
}

}  // namespace

Status SyncLogDirectory(DbState& state) {
  const Status status = state.file_system->SyncDirectory({IoKind::kWal}, state.directory);
  return status.ok() ? status : Status::Indeterminate(std::string(status.message()));
}

Result<std::unique_ptr<WalWriter>> NewWal(DbState& state, uint64_t number, WalPosition previous) {
  WriteOptions options;
  if (state.options.wal == "mmap") {
    options.mode = WriteMode::kMapped;
    // Steps of a reservation: a quarter of what the log will hold, within reason.
    options.preallocate_bytes =
        std::clamp<uint64_t>(state.options.memtable_bytes / 4, 64 << 10, 16 << 20);
  }
  auto file = state.file_system->NewWritableFile(WalFileName(state.directory, number), options);
  if (!file.ok()) return file.status();
  if (state.durability == Durability::kPower) {
    if (Status s = SyncLogDirectory(state); !s.ok()) return s;
  }
  return std::make_unique<WalWriter>(std::move(*file), number, previous);
}

Status Recover(DbState& state) {
  Result<ManifestState> manifest = ReadOrMakeManifest(state);
  if (!manifest.ok()) return manifest.status();
  state.next_number.store(manifest->next_number);
  state.tables.identity = manifest->identity;
  Result<Listing> listing = ListDirectory(state, *manifest);
  if (!listing.ok()) return listing.status();

  std::vector<Version::NumberedTable> open;
  if (Status s = OpenTables(state, manifest->tree, &open); !s.ok()) return s;
  if (Status s = StartManifest(state, &*manifest); !s.ok()) return s;
  for (const std::string& path : listing->obsolete) {
    if (Status s = state.file_system->Remove(path); !s.ok()) return s;
  }
  if (Status s = ReplayLogs(state, &*manifest, listing->logs, &open); !s.ok()) return s;
  std::sort(open.begin(), open.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });

  state.last_sequence.store(manifest->last_sequence);
  MutexLock lock(state.mutex);
  state.times = manifest->times;
  state.version = std::make_shared<const Version>(std::move(manifest->tree), open);
  return {};
}

}  // namespace varve
