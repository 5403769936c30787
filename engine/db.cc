// Db: wiring. Opening, the write leader, reads. No bytes and no policy.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/db.h"

#include <fmt/format.h>

#include <cassert>

#include "engine/db_state.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/iterator/visible_iterator.h"
#include "engine/maintenance.h"
#include "engine/tree/file_names.h"
#include "engine/util/hash.h"
#include "engine/write_batch_bytes.h"
#include "engine/write_queue.h"

namespace varve {
namespace {

class DbImpl;

class SnapshotImpl final : public Snapshot {
 public:
  SnapshotImpl(DbState& state, SequenceNumber sequence) : state_(state), sequence_(sequence) {}
  ~SnapshotImpl() override {
    MutexLock lock(state_.mutex);
    state_.snapshots.erase(state_.snapshots.find(sequence_));
  }
  SequenceNumber sequence() const override { return sequence_; }

 private:
  DbState& state_;
  SequenceNumber sequence_;
};

// What the write leader counts; there is one leader at a time.
struct WriteCounters {
  Tally puts, deletes, batches, groups, user_bytes;
};

class DbImpl final : public Db {
 public:
  explicit DbImpl(std::unique_ptr<DbState> state) : state_(std::move(state)) {}
  ~DbImpl() override;

  // Recovers and starts. Called once, before any other method.
  Status Start();

  Status Put(std::string_view key, std::string_view value) override;
  Status Delete(std::string_view key) override;
  Status Write(const WriteBatch& batch) override;
  Result<bool> Get(std::string_view key, std::string* value, const ReadOptions& options) override;
  std::unique_ptr<Iterator> NewIterator(const ReadOptions& options) override;
  std::unique_ptr<const Snapshot> GetSnapshot() override;
  Status Flush() override;
  Status Compact() override;
  Status Settle() override;
  Status Sync() override;
  Counters counters() const override;
  LedgerSnapshot ledger() const override;
  Tree tree() const override { return state_->reads.Share()->version->tree(); }
  uint64_t file_bytes() const override;
  const Options& options() const override { return state_->options; }
  Status Verify() override;

 private:
  // Makes what is in the log durable, and notes that all is there.
  Status CloseCleanly();

  // All of these run in the write leader.
  Status Commit(const std::vector<WriteQueue::Writer*>& group);
  Status AppendToWal(const std::vector<WriteQueue::Writer*>& group, SequenceNumber first,
                     uint32_t count);
  void AddToMemTable(const std::vector<WriteQueue::Writer*>& group, SequenceNumber first);
  Status Seal();

  // Runs `work` as the write leader, alone.
  template <class Work>
  Status RunAsLeader(Work work);

  SequenceNumber ReadSequence(const ReadOptions& options) const {
    return options.snapshot != nullptr ? options.snapshot->sequence()
                                       : state_->last_sequence.load(std::memory_order_acquire);
  }

  std::unique_ptr<DbState> state_;
  mutable PerThread<ReadCounters> read_counters_;
  WriteCounters write_counters_;
  WriteQueue queue_;

  // Of the write leader.
  std::unique_ptr<WalWriter> wal_;  // null: durability none
  MemTable* active_ = nullptr;      // state_->active
  SequenceNumber next_sequence_ = 1;
  std::string payload_;
  std::atomic<uint64_t> wal_bytes_{0};

  std::unique_ptr<Maintenance> maintenance_;  // last: stops first
};

DbImpl::~DbImpl() {
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
    active_ = state.active->table.get();
    state.PublishReads();
  }
  std::unique_ptr<Executor> executor =
      state.options.background == "inline"
          ? NewInlineExecutor()
          : NewThreadExecutor(static_cast<int>(state.options.compaction_threads));
  maintenance_ = std::make_unique<Maintenance>(state, std::move(executor));
  maintenance_->Schedule();
  return {};
}

Status DbImpl::Put(std::string_view key, std::string_view value) {
  thread_local WriteBatch batch;
  batch.Clear();
  batch.Put(key, value);
  return Write(batch);
}

Status DbImpl::Delete(std::string_view key) {
  thread_local WriteBatch batch;
  batch.Clear();
  batch.Delete(key);
  return Write(batch);
}

Status DbImpl::Write(const WriteBatch& batch) {
  if (!batch.status().ok()) return batch.status();
  if (batch.count() == 0) return {};
  WriteQueue::Writer writer;
  writer.operations = WriteBatchBytes::Operations(batch);
  writer.count = batch.count();
  writer.user_bytes = batch.user_bytes();
  if (queue_.Enter(&writer)) queue_.Leave(Commit(queue_.group()));
  return writer.status;
}

Status DbImpl::Commit(const std::vector<WriteQueue::Writer*>& group) {
  uint64_t bytes = 0;
  uint32_t count = 0;
  for (const WriteQueue::Writer* writer : group) {
    bytes += writer->operations.size();
    count += writer->count;
  }
  // A sealed memtable is never empty, so a log before another one is not, either.
  if (active_->bytes() >= state_->options.memtable_bytes && active_->entries() != 0) {
    if (Status s = Seal(); !s.ok()) return s;
  }
  // After sealing, which may have run, and failed, a flush.
  if (Status s = maintenance_->AdmitWrite(bytes); !s.ok()) return s;
  // Numbers are spent even if the log refuses them: none is ever given to two writes.
  const SequenceNumber first = next_sequence_;
  next_sequence_ += count;
  if (wal_ != nullptr) {
    if (Status s = AppendToWal(group, first, count); !s.ok()) return s;
  }
  AddToMemTable(group, first);
  state_->last_sequence.store(next_sequence_ - 1, std::memory_order_release);
  write_counters_.batches.Add(group.size());
  write_counters_.groups.Add();
  return {};
}

Status DbImpl::AppendToWal(const std::vector<WriteQueue::Writer*>& group, SequenceNumber first,
                           uint32_t count) {
  WriteBatchBytes::StartPayload(&payload_);
  for (const WriteQueue::Writer* writer : group) payload_.append(writer->operations);
  WriteBatchBytes::FinishPayload(&payload_, first, count);
  Status status = wal_->Append(payload_);
  // A huge write must not leave a huge buffer behind.
  constexpr size_t kPayloadBytesKept = 4 << 20;
  if (payload_.capacity() > kPayloadBytesKept) std::string().swap(payload_);
  if (status.ok() && state_->durability == Durability::kPower) status = wal_->Sync();
  wal_bytes_.store(wal_->bytes(), std::memory_order_relaxed);
  if (status.code() == Status::Code::kIndeterminate) maintenance_->Poison(status);
  return status;
}

void DbImpl::AddToMemTable(const std::vector<WriteQueue::Writer*>& group, SequenceNumber first) {
  for (const WriteQueue::Writer* writer : group) {
    BatchReader reader(writer->operations, first, writer->count);
    Entry entry;
    for (uint32_t i = 0; i < writer->count; ++i) {
      [[maybe_unused]] const Result<bool> more = reader.Next(&entry);
      assert(more.ok() && *more);
      active_->Add(entry);
      (KindOf(entry.tag) == EntryKind::kPut ? write_counters_.puts : write_counters_.deletes).Add();
    }
    first += writer->count;
    write_counters_.user_bytes.Add(writer->user_bytes);
  }
}

Status DbImpl::Seal() {
  if (Status s = maintenance_->WaitForMemTableRoom(); !s.ok()) return s;
  DbState& state = *state_;
  uint64_t wal_number = 0;
  std::unique_ptr<WalWriter> wal;
  if (wal_ != nullptr) {
    wal_number = state.NewNumber();
    auto made = NewWal(state, wal_number, wal_->position());
    if (made.status().code() == Status::Code::kIndeterminate) maintenance_->Poison(made.status());
    if (!made.ok()) return made.status();
    wal = std::move(*made);
    if (Status s = wal_->Close(); !s.ok()) {
      maintenance_->Poison(s);
      return s;
    }
  }
  active_->Seal();
  {
    MutexLock lock(state.mutex);
    state.active->wal_bytes = wal_ == nullptr ? 0 : wal_->bytes();
    state.sealed.push_back(state.active);
    state.active = state.NewMemTable(wal_number);
    active_ = state.active->table.get();
    state.PublishReads();
  }
  wal_ = std::move(wal);
  wal_bytes_.store(0, std::memory_order_relaxed);
  maintenance_->Retry();
  return {};
}

template <class Work>
Status DbImpl::RunAsLeader(Work work) {
  WriteQueue::Writer writer;
  writer.alone = true;
  [[maybe_unused]] const bool leads = queue_.Enter(&writer);
  assert(leads);
  queue_.Leave(work());
  return writer.status;
}

Result<bool> DbImpl::Get(std::string_view key, std::string* value, const ReadOptions& options) {
  ReadCounters& counters = read_counters_.Local();
  // The pin comes before the sequence number: what compaction dropped from the pinned version was
  // hidden by something that is visible at any later sequence number.
  const ReadStateCell::Pin pin(state_->reads);
  const SequenceNumber at = ReadSequence(options);
  Entry entry;
  bool in_memtable = pin->active->table->Get(key, at, &entry);
  for (size_t i = 0; !in_memtable && i < pin->sealed.size(); ++i) {
    in_memtable = pin->sealed[i]->table->Get(key, at, &entry);
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
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(reads->active->table->NewIterator());
  for (const MemTablePtr& sealed : reads->sealed) sources.push_back(sealed->table->NewIterator());
  ReadContext context;
  context.kind = IoKind::kScan;
  context.fill_cache = options.fill_cache;
  context.counters = &counters;
  reads->version->AddIterators(context, &sources);
  counters.iterators.Add();
  VisibleIteratorOptions visible;
  visible.at = at;
  visible.lower_bound = options.lower_bound;
  visible.upper_bound = options.upper_bound;
  visible.counters = &counters;
  visible.pinned = std::move(reads);
  return NewVisibleIterator(NewMergingIterator(std::move(sources)), std::move(visible));
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

// Resolves names to parts. REQUIRES: CheckOptions(options) is OK.
void ResolveParts(DbState& state) {
  const Options& options = state.options;
  if (options.durability == "none") state.durability = Durability::kNone;
  if (options.durability == "power") state.durability = Durability::kPower;
  state.memtable_part = FindPart(MemTableParts(), options.memtable);
  state.filter = FindPart(FilterParts(), options.filter)->make();
  state.cache = FindPart(CacheParts(), options.cache)->make(options.cache_bytes);
  const Strategy strategy = FindPart(CompactionParts(), options.compaction)->make(options);
  state.planner = NewStrategyPlanner(strategy);

  const uint64_t open_max = options.open_files_max;
  state.files = std::make_unique<FileHandles>(
      state.file_system.get(), open_max != 0 ? open_max : FileHandles::DefaultOpenMax());

  TableFactory& tables = state.tables;
  tables.file_system = state.file_system.get();
  tables.files = state.files.get();
  tables.directory = state.directory;
  tables.table_bytes = options.table_bytes;
  tables.cache = state.cache.get();
  tables.builder.block_bytes = options.block_bytes;
  tables.builder.restart_interval = options.restart_interval;
  tables.builder.compression = FindPart(CompressionParts(), options.compression)->make();
  tables.builder.filter = state.filter.get();
  tables.builder.filter_bits_per_key = options.filter_bits_per_key;
}

Status LockDirectory(DbState& state) {
  FileSystem& files = *state.file_system;
  const bool there = files.Exists(CurrentFileName(state.directory));
  if (!there && !state.options.create_if_missing) {
    return Status::NotFound(
        fmt::format("{} is not a database: it has no CURRENT file", state.directory));
  }
  if (Status s = files.CreateDirectory(state.directory); !s.ok()) return s;
  auto lock = files.Lock(LockFileName(state.directory));
  if (!lock.ok()) {
    if (lock.status().code() != Status::Code::kBusy) return lock.status();
    return Status::Busy(fmt::format("{} is open already", state.directory));
  }
  state.lock = std::move(*lock);
  return {};
}

}  // namespace

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
  if (Status s = LockDirectory(*state); !s.ok()) return s;
  auto db = std::make_unique<DbImpl>(std::move(state));
  if (Status s = db->Start(); !s.ok()) return s;
  return std::unique_ptr<Db>(std::move(db));
}

}  // namespace varve
