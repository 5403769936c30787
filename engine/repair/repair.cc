// Repair, in three steps: find out what is there, say what is lost, and write a manifest of what is
// not. Until that manifest is the current one, all that the old state needs stays readable, in its
// place or among the lost files: so that an interrupted repair can be run again.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "engine/io/file_handles.h"
#include "engine/parts.h"
#include "engine/repair/repair_logs.h"
#include "engine/repair/repair_sources.h"
#include "engine/repair/repair_tree.h"
#include "engine/repair/verify.h"
#include "engine/table_options.h"
#include "engine/tree/manifest.h"
#include "engine/tree/manifest_format.h"
#include "engine/tree/manifest_salvage.h"

namespace varve {
namespace {

constexpr IoCause kReadCause{IoKind::kVerify};
constexpr IoCause kWriteCause{IoKind::kManifest};

std::string TableName(uint64_t number) { return TableFileName("", number).substr(1); }

// A table that cannot stay as it is.
struct DamagedTable {
  uint64_t number = 0;
  std::string path;  // of what is left of it; "": nothing
  TableIdentity identity;
  TableExamination examination;
  // Its place, where the tree is known.
  int level = 0;
  uint64_t run = 0;
};

class Repair {
 public:
  Repair(FileSystem& file_system, const Options& options, std::string directory)
      : files_(file_system), options_(options), directory_(std::move(directory)) {}

  Result<RepairReport> Run(RepairMode mode);

 private:
  // Finding out.
  Status FindManifest();
  void TakeNewestManifest();
  void GatherRemains();
  void FindKnownTables();
  Status FindAllTables();
  void FindBest(DamagedTable* table, const TableInfo& info);
  Status FindIdentity();
  void LoseMissingTables(const std::set<uint64_t>& found);
  void FindLogs();
  void Judge(DamagedTable table, const TableInfo* expected);

  // Doing.
  Status Execute();
  void MakeFactory();
  Result<std::vector<TablePtr>> Salvage(const DamagedTable& table);
  Result<ManifestState> KnownState(std::vector<std::vector<TablePtr>> log_runs);
  Result<ManifestState> RebuiltState(std::vector<std::vector<TablePtr>> log_runs);
  Status SetAside();

  void Act(std::string what) { report_.actions.push_back(std::move(what)); }
  uint64_t NewNumber() { return next_number_++; }
  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  FileSystem& files_;
  const Options options_;
  const std::string directory_;
  RepairReport report_;
  RepairSources sources_;
  std::optional<ManifestState> state_;  // nothing: the tree is made anew
  ManifestRemains remains_;             // of the manifest, if it is damaged
  CleanClose closed_;
  bool knows_close_ = false;  // CURRENT is intact
  bool was_closed_ = false;   // nothing that a crash leaves can be there
  uint64_t identity_ = 0;
  std::vector<TablePtr> intact_;  // where the tree is made anew
  std::vector<DamagedTable> damaged_;
  std::unique_ptr<RepairLogs> logs_;  // to be replayed; null: left to the next open
  std::set<std::string> set_aside_;   // names
  std::unique_ptr<FilterPolicy> filter_;
  std::unique_ptr<FileHandles> handles_;
  TableFactory factory_;
  uint64_t next_number_ = 1;
};

Result<RepairReport> Repair::Run(RepairMode mode) {
  Result<RepairSources> sources = RepairSources::Find(files_, directory_);
  if (!sources.ok()) return sources.status();
  sources_ = std::move(*sources);
  if (sources_.files.empty()) return Status::InvalidArgument(directory_ + " is not a database");
  auto lock = files_.Lock(LockFileName(directory_));
  if (!lock.ok()) {
    if (lock.status().code() != Status::Code::kBusy) return lock.status();
    return Status::Busy(fmt::format("{} is open", directory_));
  }
  if (Status s = FindManifest(); !s.ok()) return s;
  if (state_.has_value()) {
    FindKnownTables();
  } else if (Status s = FindAllTables(); !s.ok()) {
    return s;
  }
  FindLogs();
  if (mode == RepairMode::kDryRun || report_.nothing_to_do()) return std::move(report_);
  if (Status s = Execute(); !s.ok()) return s;
  return std::move(report_);
}

Status Repair::FindManifest() {
  const Result<CurrentFile> current = ReadCurrent(files_, directory_);
  knows_close_ = current.ok();
  if (current.ok()) {
    closed_ = current->closed.value_or(CleanClose());
    was_closed_ = current->closed.has_value() && !current->closed->opened;
  }
  Result<ManifestState> read = Manifest::Read(files_, directory_);
  if (read.ok()) {
    state_ = std::move(*read);
    identity_ = state_->identity;
    return {};
  }
  if (read.status().code() == Status::Code::kIoError) return read.status();
  if (!current.ok()) TakeNewestManifest();
  if (!current.ok() && files_.Exists(CurrentFileName(directory_))) set_aside_.insert("CURRENT");
  if (state_.has_value()) {
    Act(fmt::format("{}; {} is taken", read.status().message(),
                    ManifestFileName("", state_->manifest_number).substr(1)));
    return {};
  }
  GatherRemains();
  report_.rebuilt = true;
  Act(fmt::format("{}; the tree is put together from the tables that are there",
                  read.status().message()));
  if (was_closed_) return {};
  // After a crash there may be tables that a compaction had replaced, and not all that it replaced.
  report_.losses.push_back({"CURRENT", KeyRange::Everything(),
                            "which tables counted is not certain: deleted keys may be back"});
  return {};
}

// Without CURRENT: the newest manifest, if it was made after all that the others say.
void Repair::TakeNewestManifest() {
  std::optional<ManifestState> newest;
  ManifestRemains others;
  for (auto source = sources_.files.rbegin(); source != sources_.files.rend(); ++source) {
    const uint64_t number = source->parsed.number;
    if (source->parsed.type != FileType::kManifest) continue;
    const Result<std::string> bytes = ReadWholeFile(files_, kReadCause, PathOf(source->name));
    if (!bytes.ok()) return;
    // One without a seal was never finished, and never in charge.
    if (!NextManifestSeal(*bytes, number, 0).has_value()) continue;
    if (newest.has_value()) {
      others.Add(*bytes, number);
      continue;
    }
    Result<ManifestState> state = Manifest::ReadNumber(files_, directory_, number);
    if (!state.ok()) return;
    newest = std::move(*state);
  }
  if (!newest.has_value() || others.next_number > newest->manifest_number) return;
  state_ = std::move(newest);
  identity_ = state_->identity;
}

void Repair::GatherRemains() {
  bool any = false;
  for (const RepairSource& source : sources_.files) {
    if (source.parsed.type != FileType::kManifest || !source.InPlace()) continue;
    any = true;
    set_aside_.insert(source.name);
    const Result<std::string> bytes = ReadWholeFile(files_, kReadCause, PathOf(source.name));
    if (bytes.ok()) remains_.Add(*bytes, source.parsed.number);
  }
  for (const RepairSource& source : sources_.lost) {
    if (any || source.parsed.type != FileType::kManifest) continue;
    const std::string path = LostDirectory(directory_) + "/" + source.name;
    const Result<std::string> bytes = ReadWholeFile(files_, kReadCause, path);
    if (bytes.ok()) remains_.Add(*bytes, source.parsed.number);
  }
}

// Decides what becomes of a table that was examined.
void Repair::Judge(DamagedTable table, const TableInfo* expected) {
  const std::string name = TableName(table.number);
  const TableExamination& examination = table.examination;
  if (table.path.empty()) {
    KeyRange keys = KeyRange::Everything();
    if (expected != nullptr) keys = {expected->smallest, expected->largest, false};
    report_.losses.push_back({name, std::move(keys), "it is missing"});
    Act(fmt::format("{}: it is missing, and leaves the tree", name));
    damaged_.push_back(std::move(table));
    return;
  }
  std::string what = "it is in the wrong place";
  if (!examination.intact()) {
    const TableDamage& first = examination.damage.front();
    what = fmt::format("offset {}: {}", first.offset, first.what);
  }
  for (const KeyRange& keys : examination.lost) report_.losses.push_back({name, keys, what});
  Act(fmt::format("{}: {}; {} entries of {} blocks go into a new table", name, what,
                  examination.found.entries, examination.blocks.size()));
  damaged_.push_back(std::move(table));
}

// Looks for the bytes of a table wherever they may be.
void Repair::FindBest(DamagedTable* table, const TableInfo& info) {
  const auto consider = [&](const RepairSource& source, const std::string& path) {
    if (!source.MayBeTable() || source.table_number() != info.number) return;
    if (source.table.has_value() && source.table->identity != identity_) return;
    const auto file = files_.OpenFile(path);
    if (!file.ok()) return;
    TableExamination examination = ExamineTable(**file, table->identity, &info);
    const bool better =
        table->path.empty() || examination.found.entries > table->examination.found.entries;
    if (!better) return;
    table->path = path;
    table->examination = std::move(examination);
  };
  for (const RepairSource& source : sources_.files) consider(source, PathOf(source.name));
  if (!table->path.empty() && table->examination.intact()) return;
  for (const RepairSource& source : sources_.lost) {
    consider(source, LostDirectory(directory_) + "/" + source.name);
  }
}

void Repair::FindKnownTables() {
  for (size_t level = 0; level < state_->tree.levels.size(); ++level) {
    for (const varve::Run& run : state_->tree.levels[level].runs) {
      for (const TablePtr& info : run.tables) {
        DamagedTable table;
        table.number = info->number;
        table.identity = {identity_, info->number};
        table.level = static_cast<int>(level);
        table.run = run.id;
        FindBest(&table, *info);
        const std::string name = TableName(info->number);
        const bool in_place = table.path == PathOf(name);
        if (in_place && table.examination.intact()) continue;
        if (files_.Exists(PathOf(name))) set_aside_.insert(name);
        Judge(std::move(table), &*info);
      }
    }
  }
}

// The database that most tables say they are of.
Status Repair::FindIdentity() {
  std::map<uint64_t, int> votes;
  for (const RepairSource& source : sources_.files) {
    if (source.table.has_value()) ++votes[source.table->identity];
  }
  if (remains_.identity.has_value()) {
    identity_ = *remains_.identity;
    return {};
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != votes.end()) {
    identity_ = most->first;
    return {};
  }
  const bool any_table = std::any_of(
      sources_.files.begin(), sources_.files.end(),
      [](const RepairSource& source) { return source.parsed.type == FileType::kTable; });
  if (any_table) {
    return Status::Corruption(directory_ + ": no file says of which database its tables are");
  }
  // Only logs, or nothing: any identity will do.
  identity_ = std::hash<std::string>()(directory_);
  return {};
}

Status Repair::FindAllTables() {
  if (Status s = FindIdentity(); !s.ok()) return s;
  std::set<uint64_t> found;
  for (const RepairSource& source : sources_.files) {
    if (!source.MayBeTable()) continue;
    const uint64_t number = source.table_number();
    if (source.table.has_value() && source.table->identity != identity_) {
      Act(fmt::format("{}: it is of another database", source.name));
      set_aside_.insert(source.name);
      continue;
    }
    if (remains_.removed.contains(number)) continue;
    const auto file = files_.OpenFile(PathOf(source.name));
    if (!file.ok()) return file.status();
    const auto known = remains_.tables.find(number);
    const TableInfo* expected = known == remains_.tables.end() ? nullptr : &*known->second;
    DamagedTable table;
    table.number = number;
    table.path = PathOf(source.name);
    table.identity = {identity_, number};
    table.examination = ExamineTable(**file, table.identity, expected);
    found.insert(number);
    if (table.examination.intact() && source.InPlace()) {
      intact_.push_back(std::make_shared<const TableInfo>(table.examination.found));
      continue;
    }
    set_aside_.insert(source.name);
    Judge(std::move(table), expected);
  }
  LoseMissingTables(found);
  return {};
}

void Repair::LoseMissingTables(const std::set<uint64_t>& found) {
  for (const auto& [number, info] : remains_.tables) {
    if (found.contains(number)) continue;
    report_.losses.push_back(
        {TableName(number), {info->smallest, info->largest, false}, "it is missing"});
  }
}

void Repair::FindLogs() {
  uint64_t oldest = state_.has_value() ? state_->oldest_wal : remains_.oldest_wal;
  // At a clean close only the newest log is needed.
  if (was_closed_) oldest = std::max(oldest, closed_.wal);
  if (state_.has_value()) {
    bool in_place = true;
    std::vector<std::string> names;
    for (const RepairSource& source : sources_.files) {
      names.push_back(source.name);
      if (source.wal.value_or(0) >= oldest && !source.InPlace()) in_place = false;
    }
    const LogsExamination logs = ExamineLogs(files_, directory_, names, *state_);
    // Without CURRENT a torn tail cannot be told from damage.
    const bool good = logs.damage.empty() && (knows_close_ || logs.notes.empty());
    if (in_place && good) return;
  }
  logs_ = std::make_unique<RepairLogs>(files_, directory_, sources_, oldest, state_.has_value());
  logs_->Examine(closed_, knows_close_);
  for (const std::string& action : logs_->actions()) Act(action);
  for (const RepairLoss& loss : logs_->losses()) report_.losses.push_back(loss);
  for (const std::string& name : logs_->Damaged()) set_aside_.insert(name);
}

void Repair::MakeFactory() {
  next_number_ = std::max(sources_.number_max + 1, remains_.next_number);
  if (state_.has_value()) next_number_ = std::max(next_number_, state_->next_number);
  filter_ = FindPart(FilterParts(), options_.filter)->make();
  handles_ = std::make_unique<FileHandles>(&files_, FileHandles::DefaultOpenMax());
  factory_.file_system = &files_;
  factory_.files = handles_.get();
  factory_.directory = directory_;
  factory_.identity = identity_;
  factory_.table_bytes = options_.table_bytes;
  factory_.builder = TableOptionsOf(options_, filter_.get());
}

Result<std::vector<TablePtr>> Repair::Salvage(const DamagedTable& table) {
  if (table.examination.found.entries == 0) return std::vector<TablePtr>();
  auto file = files_.OpenFile(table.path);
  if (!file.ok()) return file.status();
  std::shared_ptr<const RandomAccessFile> shared = std::move(*file);
  return WriteTables(
      factory_, [this] { return NewNumber(); },
      NewSalvageIterator(std::move(shared), table.identity, table.examination.blocks),
      table.examination.tombstones);
}

// The tree as it was, with new tables in the places of those that were damaged.
Result<ManifestState> Repair::KnownState(std::vector<std::vector<TablePtr>> log_runs) {
  TreeEdit edit;
  for (const DamagedTable& table : damaged_) {
    edit.removed_tables.push_back(table.number);
    const Result<std::vector<TablePtr>> salvaged = Salvage(table);
    if (!salvaged.ok()) return salvaged.status();
    for (const TablePtr& made : *salvaged) {
      edit.added_tables.push_back({table.level, table.run, made});
    }
  }
  for (const std::vector<TablePtr>& tables : log_runs) {
    const uint64_t run = NewNumber();
    for (const TablePtr& made : tables) edit.added_tables.push_back({0, run, made});
  }
  ManifestState state = *state_;
  Result<Tree> tree = ApplyEdit(state.tree, edit);
  if (!tree.ok()) return tree.status();
  state.tree = std::move(*tree);
  return state;
}

Result<ManifestState> Repair::RebuiltState(std::vector<std::vector<TablePtr>> log_runs) {
  std::vector<TablePtr> tables = intact_;
  for (const DamagedTable& table : damaged_) {
    const Result<std::vector<TablePtr>> salvaged = Salvage(table);
    if (!salvaged.ok()) return salvaged.status();
    tables.insert(tables.end(), salvaged->begin(), salvaged->end());
  }
  for (const std::vector<TablePtr>& run : log_runs) {
    tables.insert(tables.end(), run.begin(), run.end());
  }
  ManifestState state;
  state.identity = identity_;
  state.oldest_wal = remains_.oldest_wal;
  state.last_sequence = remains_.last_sequence;
  for (const TablePtr& table : tables) {
    state.last_sequence = std::max(state.last_sequence, table->sequence_max);
  }
  Result<Tree> tree = TreeOfTables(
      factory_, [this] { return NewNumber(); }, tables);
  if (!tree.ok()) return tree.status();
  state.tree = std::move(*tree);
  return state;
}

Status Repair::Execute() {
  MakeFactory();
  std::vector<std::vector<TablePtr>> log_runs;
  if (logs_ != nullptr) {
    auto replayed = logs_->Replay(factory_, options_, [this] { return NewNumber(); });
    if (!replayed.ok()) return replayed.status();
    log_runs = std::move(*replayed);
  }
  Result<ManifestState> state =
      state_.has_value() ? KnownState(std::move(log_runs)) : RebuiltState(std::move(log_runs));
  if (!state.ok()) return state.status();
  if (logs_ != nullptr) {
    // All that the logs hold is in tables now.
    state->oldest_wal = sources_.number_max + 1;
    state->last_sequence =
        std::max(state->last_sequence, logs_->last_sequence()) + logs_->lost_bytes();
    state->closed.reset();
  }
  if (Status s = SetAside(); !s.ok()) return s;
  state->manifest_number = NewNumber();
  state->next_number = next_number_;
  const auto manifest = Manifest::Create(files_, directory_, *state);
  return manifest.status();
}

Status Repair::SetAside() {
  if (set_aside_.empty()) return {};
  const std::string lost = LostDirectory(directory_);
  if (Status s = files_.CreateDirectory(lost); !s.ok()) return s;
  for (const std::string& name : set_aside_) {
    if (Status s = files_.Rename(PathOf(name), lost + "/" + name); !s.ok()) return s;
    Act(fmt::format("{}: moved to lost/", name));
  }
  if (Status s = files_.SyncDirectory(kWriteCause, lost); !s.ok()) return s;
  return files_.SyncDirectory(kWriteCause, directory_);
}

}  // namespace

bool RepairReport::MayHaveLost(std::string_view key) const {
  return std::any_of(losses.begin(), losses.end(),
                     [key](const RepairLoss& loss) { return loss.keys.Holds(key); });
}

Result<RepairReport> RepairDatabase(FileSystem& file_system, const Options& options,
                                    const std::string& directory, RepairMode mode) {
  if (Status s = CheckOptions(options); !s.ok()) return s;
  return Repair(file_system, options, directory).Run(mode);
}

}  // namespace varve
