// Db: wiring. Opening, closing, reads. No bytes and no policy.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/db.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "engine/db_impl.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/iterator/uncovered_sources.h"
#include "engine/iterator/visible_iterator.h"
#include "engine/util/hash.h"

namespace varve {

DbImpl::~DbImpl() {
  ticker_.reset();
  const bool healthy = maintenance_ != nullptr && maintenance_->error().ok();
  maintenance_.reset();
  // What was acknowledged is with the kernel already: a failure loses only the proof that all of it
  // is there.
  const Status closed = healthy ? CloseCleanly() : Status();
  // Only the reserve is cut off here.
  if (wal_ != nullptr && wal_->Close().ok() && closed.ok()) wal_.reset();
}

Status DbImpl::CloseCleanly() {
  DbState& state = *state_;
  {
    MutexLock lock(state.mutex);
    // The log of a sealed memtable is closed, and nobody can sync it any more.
    if (!state.sealed.empty()) return {};
  }
  const WalPosition log = wal_ == nullptr ? WalPosition() : wal_->position();
  if (log.bytes != 0) {
    if (Status s = wal_->Sync(); !s.ok()) return s;
  }
  return state.manifest->Close(log.number, log.bytes);
}

Status DbImpl::Start() {
  DbState& state = *state_;
  if (Status s = Recover(state); !s.ok()) return s;
  next_sequence_ = state.last_sequence.load() + 1;
  uint64_t wal_number = 0;
  if (state.durability != Durability::kNone) {
    wal_number = state.NewNumber();
    auto wal = NewWal(state, wal_number, {});
    if (!wal.ok()) return wal.status();
    wal_ = std::move(*wal);
  }
  {
    MutexLock lock(state.mutex);
    state.active = state.NewMemTable(wal_number);
    active_ = state.active.get();
    state.PublishReads();
  }
  std::unique_ptr<Executor> executor =
      state.options.background == "inline"
          ? NewInlineExecutor()
          : NewThreadExecutor(
                static_cast<int>(state.scheduler->ThreadsMax(state.options.compaction_threads)));
  maintenance_ = std::make_unique<Maintenance>(state, std::move(executor));
  maintenance_->Schedule();
  return RunAsLeader([this]() -> Status {
    FollowStrategy();
    return {};
  });
}

Status DbImpl::SetOptions(const std::vector<SettingText>& settings) {
  return RunAsLeader([&]() -> Status {
    Options changed = options();
    const std::vector<Setting> known = OptionSettings();
    for (const SettingText& setting : settings) {
      if (Status s = SetOption(&changed, setting.name, setting.text); !s.ok()) return s;
      const auto at = std::find_if(known.begin(), known.end(),
                                   [&](const Setting& one) { return one.name == setting.name; });
      if (at->living) continue;
      return Status::InvalidArgument(setting.name + ": cannot change while the database is open");
    }
    if (Status s = CheckOptions(changed); !s.ok()) return s;
    maintenance_->ChangeOptions(changed);
    FollowStrategy();
    return {};
  });
}

Result<bool> DbImpl::Get(std::string_view key, std::string* value, const ReadOptions& options) {
  ReadCounters& counters = read_counters_.Local();
  // The pin comes before the sequence number: what compaction dropped from the pinned version was
  // hidden by something that is visible at any later sequence number.
  const ReadStateCell::Pin pin(state_->reads);
  const SequenceNumber at = ReadSequence(options);
  Entry entry;
  bool in_memtable = pin->active->Get(key, at, &entry);
  for (size_t i = 0; !in_memtable && i < pin->sealed.size(); ++i) {
    in_memtable = pin->sealed[i]->Get(key, at, &entry);
  }
  TableHit hit;
  if (in_memtable) {
    counters.gets_from_memtable.Add();
    hit.found = true;
    hit.tag = entry.tag;
    hit.value = entry.value;
  } else {
    ReadContext context;
    context.fill_cache = options.fill_cache;
    context.counters = &counters;
    context.count_reads = state_->count_reads.load(std::memory_order_relaxed);
    Status s = pin->version->Get(context, key, HashKey(key), at, &hit);
    if (!s.ok()) return s;
  }
  if (!hit.found || KindOf(hit.tag) == EntryKind::kDelete) {
    counters.gets_absent.Add();
    return false;
  }
  value->assign(hit.value);
  counters.gets_found.Add();
  counters.user_bytes_read.Add(key.size() + value->size());
  return true;
}

std::unique_ptr<Iterator> DbImpl::NewIterator(const ReadOptions& options) {
  ReadCounters& counters = read_counters_.Local();
  ReadStatePtr reads = state_->reads.Share();
  const SequenceNumber at = ReadSequence(options);
  UncoveredSources sources(at);
  reads->active->AddTo(&sources);
  for (const MemTablePtr& sealed : reads->sealed) sealed->AddTo(&sources);
  ReadContext context;
  context.kind = IoKind::kScan;
  context.fill_cache = options.fill_cache;
  context.counters = &counters;
  reads->version->AddSources(context, options.lower_bound, options.upper_bound, &sources);
  counters.iterators.Add();
  VisibleIteratorOptions visible;
  visible.at = at;
  visible.lower_bound = options.lower_bound;
  visible.upper_bound = options.upper_bound;
  visible.counters = &counters;
  visible.pinned = std::move(reads);
  return NewVisibleIterator(NewMergingIterator(sources.Take()), std::move(visible));
}

std::unique_ptr<const Snapshot> DbImpl::GetSnapshot() {
  MutexLock lock(state_->mutex);
  const SequenceNumber sequence = state_->last_sequence.load(std::memory_order_acquire);
  state_->snapshots.insert(sequence);
  return std::make_unique<SnapshotImpl>(*state_, sequence);
}

Status DbImpl::Flush() {
  Status status = RunAsLeader([this]() -> Status {
    if (active_->entries() == 0) return {};
    return Seal();
  });
  if (!status.ok()) return status;
  return maintenance_->WaitForFlush();
}

Status DbImpl::Compact() {
  if (Status s = Flush(); !s.ok()) return s;
  return maintenance_->CompactAll();
}

Status DbImpl::Settle() {
  if (Status s = Flush(); !s.ok()) return s;
  return maintenance_->WaitUntilSettled();
}

Status DbImpl::Sync() {
  if (state_->durability == Durability::kNone) return Flush();
  Status status = RunAsLeader([this]() -> Status {
    if (Status s = maintenance_->error(); !s.ok()) return s;
    Status synced = wal_->Sync();
    if (synced.ok()) synced = SyncLogDirectory(*state_);
    if (synced.code() == Status::Code::kIndeterminate) maintenance_->Poison(synced);
    return synced;
  });
  if (!status.ok()) return status;
  // The logs of sealed memtables were not synced; their tables will be.
  return maintenance_->WaitForFlush();
}

Counters DbImpl::counters() const {
  Counters counters;
  counters.puts = write_counters_.puts.Read();
  counters.deletes = write_counters_.deletes.Read();
  counters.write_batches = write_counters_.batches.Read();
  counters.write_groups = write_counters_.groups.Read();
  counters.user_bytes_written = write_counters_.user_bytes.Read();
  read_counters_.ForEach([&counters](const ReadCounters& mine) { mine.AddTo(&counters); });
  if (state_->cache != nullptr) counters.cache_bytes = state_->cache->bytes();
  maintenance_->AddTo(&counters);
  return counters;
}

LedgerSnapshot DbImpl::ledger() const {
  LedgerSnapshot snapshot = state_->ledger.Snapshot();
  snapshot.bytes_written_ahead = state_->file_system->bytes_written_ahead();
  return snapshot;
}

uint64_t DbImpl::file_bytes() const {
  MutexLock lock(state_->mutex);
  uint64_t bytes = state_->version->tree().bytes() + state_->manifest_bytes.load();
  for (const MemTablePtr& sealed : state_->sealed) bytes += sealed->wal_bytes;
  return bytes + wal_bytes_.load(std::memory_order_relaxed);
}

Status DbImpl::Verify() {
  const ReadStatePtr reads = state_->reads.Share();
  const std::string wrong = reads->version->tree().CheckInvariants();
  if (!wrong.empty()) return Status::Corruption("the tree is not in order: " + wrong);
  for (const auto& table : reads->version->open_tables()) {
    if (Status s = table.table->reader().Verify(); !s.ok()) return s;
  }
  return {};
}

Result<std::unique_ptr<Db>> Db::Open(const Options& options, const Environment& environment,
                                     const std::string& directory) {
  if (Status s = CheckOptions(options); !s.ok()) return s;
  auto state = std::make_unique<DbState>();
  state->options = options;
  state->directory = directory;
  state->clock = environment.clock != nullptr ? environment.clock : RealClock();
  state->own_listener = std::make_unique<EventListener>();
  state->listener =
      environment.listener != nullptr ? environment.listener : state->own_listener.get();
  FileSystem* below =
      environment.file_system != nullptr ? environment.file_system : PosixFileSystem();
  state->file_system = NewLedgerFileSystem(below, &state->ledger);
  ResolveParts(*state);
  {
    MutexLock lock(state->mutex);
    SetLivingOptions(*state, options);
  }
  if (Status s = LockDirectory(*state); !s.ok()) return s;
  auto db = std::make_unique<DbImpl>(std::move(state));
  if (Status s = db->Start(); !s.ok()) return s;
  return std::unique_ptr<Db>(std::move(db));
}

}  // namespace varve
