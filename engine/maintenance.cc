// Choosing, running and installing flushes and compactions.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance.h"

#include <algorithm>
#include <cassert>

#include "engine/tree/file_names.h"

namespace varve {

Maintenance::Maintenance(DbState& state, std::unique_ptr<Executor> executor)
    : state_(state),
      pacer_(executor->inline_mode()
                 ? nullptr
                 : NewJobPacer(state.scheduler.get(), state.options.compaction_bytes_per_second,
                               state.clock, &stopping_)),
      executor_(std::move(executor)) {
  MutexLock lock(state_.mutex);
  UpdateGate();
}

// The executor, the last member, goes first, and waits for running jobs, which still use it.
Maintenance::~Maintenance() { stopping_.store(true); }

void Maintenance::Schedule() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    std::shared_ptr<RunningCompaction> compaction;
    bool flush = false;
    {
      MutexLock lock(state_.mutex);
      flush = TakeFlush();
      if (!flush) compaction = TakeCompaction();
    }
    if (flush) {
      executor_->Schedule(JobPriority::kFlush, [this] { RunFlush(); });
    } else if (compaction != nullptr) {
      executor_->Schedule(JobPriority::kCompaction,
                          [this, compaction] { RunCompaction(compaction); });
    } else {
      return;
    }
  }
}

void Maintenance::Retry() {
  {
    MutexLock lock(state_.mutex);
    no_space_to_flush_ = no_space_to_compact_ = Status();
  }
  Schedule();
}

bool Maintenance::TakeFlush() {
  if (flushing_ || state_.sealed.empty() || !error_.ok() || !no_space_to_flush_.ok()) return false;
  flushing_ = true;
  return true;
}

std::shared_ptr<Maintenance::RunningCompaction> Maintenance::TakeCompaction() {
  if (compacting_all_ || !error_.ok() || !no_space_to_compact_.ok()) return nullptr;
  const auto may_begin = [this](int level) REQUIRES_LOCK(state_.mutex) {
    const size_t threads = state_.options.compaction_threads;
    return state_.scheduler->MayBegin(level, RunningCompactions(), threads);
  };
  if (!may_begin(0)) return nullptr;
  std::optional<CompactionPlan> plan = NextPlan();
  if (!plan.has_value() || !may_begin(plan->inputs.front().level)) return nullptr;
  auto running = std::make_shared<RunningCompaction>();
  running->job = next_job_.fetch_add(1);
  running->plan = std::move(*plan);
  running_.push_back(running);
  return running;
}

void Maintenance::RunFlush() {
  JobEvent event;
  event.job = next_job_.fetch_add(1);
  event.flush = true;
  event.start_ns = state_.clock->NowNs();
  state_.listener->OnJobBegin(event);
  std::shared_ptr<RunningCompaction> running;
  event.status = FlushOldest(&event, &running);
  event.end_ns = state_.clock->NowNs();
  bool failed = false;
  {
    MutexLock lock(state_.mutex);
    flushing_ = false;
    failed = !Record(event);
    UpdateGate();
    changed_.NotifyAll();
  }
  if (failed) state_.listener->OnError(event.status);
  state_.listener->OnJobEnd(event);
  if (event.status.ok()) Schedule();
}

void Maintenance::RunCompaction(const std::shared_ptr<RunningCompaction>& running) {
  const CompactionPlan& plan = running->plan;
  JobEvent event;
  event.job = running->job;
  Describe(plan, plan.inputs.front().level, &event);
  event.start_ns = state_.clock->NowNs();
  state_.listener->OnJobBegin(event);
  event.status = Compact(plan, &event);
  event.end_ns = state_.clock->NowNs();
  bool failed = false;
  {
    MutexLock lock(state_.mutex);
    Release(running);
    running->status = event.status;
    failed = !Record(event);
    UpdateGate();
    changed_.NotifyAll();
  }
  if (failed) state_.listener->OnError(event.status);
  state_.listener->OnJobEnd(event);
  if (event.status.ok()) Schedule();
}

Status Maintenance::Install(TreeEdit edit, const std::vector<Version::NumberedTable>& open,
                            bool flushed) {
  MutexLock install(install_mutex_);
  VersionPtr before;
  {
    MutexLock lock(state_.mutex);
    before = state_.version;
  }
  edit.next_number = state_.next_number.load();
  edit.last_sequence = state_.last_sequence.load();
  NoteTime(&edit);
  Result<Tree> tree = ApplyEdit(before->tree(), edit);
  Status appended = tree.ok() ? state_.manifest->Append(edit) : tree.status();
  if (!appended.ok()) {
    // Tables that the manifest may name must stay.
    if (appended.code() == Status::Code::kIndeterminate) return appended;
    for (const Version::NumberedTable& made : open) made.table->MarkObsolete();
    return appended;
  }
  state_.manifest_bytes.store(state_.manifest->bytes(), std::memory_order_relaxed);

  std::vector<Version::NumberedTable> tables = before->open_tables();
  tables.insert(tables.end(), open.begin(), open.end());
  std::sort(tables.begin(), tables.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  auto after = std::make_shared<const Version>(std::move(*tree), tables);
  for (const uint64_t number : edit.removed_tables) {
    if (after->Find(number) == nullptr) before->Find(number)->MarkObsolete();
  }
  if (edit.oldest_wal.has_value()) {
    state_.oldest_wal = std::max(state_.oldest_wal, *edit.oldest_wal);
  }
  const VersionPtr installed = after;
  {
    MutexLock lock(state_.mutex);
    state_.version = std::move(after);
    for (const SequenceTimes::Sample& time : edit.times)
      state_.times.Add(time.sequence, time.seconds);
    if (flushed) state_.sealed.pop_front();
    state_.PublishReads();
  }
  // The job is done; what fails now concerns the jobs to come.
  if (Status s = SwitchGrownManifest(state_, installed->tree()); !s.ok()) Poison(s);
  return {};
}

std::vector<SequenceNumber> Maintenance::Snapshots() {
  MutexLock lock(state_.mutex);
  return {state_.snapshots.begin(), state_.snapshots.end()};
}

bool Maintenance::Record(const JobEvent& event) {
  const Status::Code code = event.status.code();
  if (!event.status.ok()) ++totals_.jobs_failed;
  if (code == Status::Code::kBusy && stopping_.load()) return true;
  if (code == Status::Code::kNoSpace) {
    (event.flush ? no_space_to_flush_ : no_space_to_compact_) = event.status;
    return false;
  }
  if (!event.status.ok()) {
    PoisonLocked(event.status);
    return false;
  }
  no_space_to_flush_ = no_space_to_compact_ = Status();
  AddJob(event);
  return true;
}

void Maintenance::AddJob(const JobEvent& event) {
  if (event.flush) ++totals_.flushes;
  if (event.reason == CompactionReason::kFlush) {
    totals_.flush_bytes_written += event.output_bytes;
    totals_.flush_entries_written += event.entries_read - event.entries_dropped;
    return;
  }
  const int from_level = event.flush ? kMemTableLevel : event.input_level;
  CompactionCounters& totals =
      EntryOf(&totals_.compactions, from_level, event.output_level, event.reason);
  if (event.trivial_move) {
    ++totals.trivial_moves;
    return;
  }
  ++totals.jobs;
  totals.bytes_read += event.bytes_read;
  totals.bytes_written += event.output_bytes;
  totals.bytes_overlap += event.overlap_bytes;
  totals.entries_read += event.entries_read;
  totals.entries_dropped += event.entries_dropped;
  totals.tombstones_dropped += event.tombstones_dropped;
  totals.nanoseconds += event.end_ns - event.start_ns;
}

void Maintenance::PoisonLocked(const Status& status) {
  // Of a later write it is known that it does not happen.
  const bool unsure = status.code() == Status::Code::kIndeterminate;
  if (error_.ok()) error_ = unsure ? Status::IoError(std::string(status.message())) : status;
  failed_.store(true);
  changed_.NotifyAll();
}

void Maintenance::Poison(const Status& status) {
  MutexLock lock(state_.mutex);
  PoisonLocked(status);
}

Status Maintenance::error() const {
  MutexLock lock(state_.mutex);
  return error_;
}

bool Maintenance::Due() const {
  return !state_.sealed.empty() || flushing_ || !running_.empty() || NextPlan().has_value();
}

bool Maintenance::Waits(const MemTablePtr& memtable) const {
  return std::find(state_.sealed.begin(), state_.sealed.end(), memtable) != state_.sealed.end();
}

Status Maintenance::WaitForFlush() {
  Retry();
  MutexLock lock(state_.mutex);
  if (state_.sealed.empty()) return error_;
  const MemTablePtr newest = state_.sealed.back();
  while (error_.ok() && no_space_to_flush_.ok() && Waits(newest)) changed_.Wait(state_.mutex);
  if (!error_.ok()) return error_;
  return Waits(newest) ? no_space_to_flush_ : Status();
}

Status Maintenance::WaitUntilSettled() {
  Retry();
  MutexLock lock(state_.mutex);
  while (error_.ok() && no_space_to_flush_.ok() && no_space_to_compact_.ok() && Due()) {
    changed_.Wait(state_.mutex);
  }
  if (!error_.ok()) return error_;
  return no_space_to_flush_.ok() ? no_space_to_compact_ : no_space_to_flush_;
}

Status Maintenance::CompactAll() {
  Retry();
  auto running = std::make_shared<RunningCompaction>();
  {
    MutexLock lock(state_.mutex);
    while (compacting_all_) changed_.Wait(state_.mutex);
    compacting_all_ = true;
    while (error_.ok() && !running_.empty()) changed_.Wait(state_.mutex);
    std::optional<CompactionPlan> plan = PlanFullCompaction(state_.version->tree());
    if (plan.has_value() && error_.ok()) {
      running->job = next_job_.fetch_add(1);
      running->plan = std::move(*plan);
      running_.push_back(running);
    }
  }
  if (running->job != 0) {
    executor_->Schedule(JobPriority::kCompaction, [this, running] { RunCompaction(running); });
  }
  Status status;
  {
    MutexLock lock(state_.mutex);
    while (std::find(running_.begin(), running_.end(), running) != running_.end()) {
      changed_.Wait(state_.mutex);
    }
    compacting_all_ = false;
    changed_.NotifyAll();
    status = error_.ok() ? running->status : error_;
  }
  Schedule();
  return status;
}

void Maintenance::AddTo(Counters* counters) const {
  MutexLock lock(state_.mutex);
  counters->flushes = totals_.flushes;
  counters->flush_bytes_written = totals_.flush_bytes_written;
  counters->flush_entries_written = totals_.flush_entries_written;
  counters->compactions = totals_.compactions;
  counters->jobs_failed = totals_.jobs_failed;
  counters->jobs_running = running_.size() + (flushing_ ? 1 : 0);
  counters->stalls = totals_.stalls;
  counters->stall_ns = totals_.stall_ns;
  counters->background_cpu_ns = executor_->cpu_ns();
  counters->sealed_memtables = state_.sealed.size();
  counters->memtable_spare_bytes = state_.memtable_options.pool->bytes();
  counters->memtable_bytes = state_.active->bytes();
  for (const MemTablePtr& sealed : state_.sealed) counters->memtable_bytes += sealed->bytes();
  counters->pending_compaction_bytes = PendingBytes();
  AddTables(counters);
}

void Maintenance::AddTables(Counters* counters) const {
  const SequenceNumber now = state_.last_sequence.load();
  const std::vector<Level>& levels = state_.version->tree().levels;
  for (size_t level = 0; level < levels.size(); ++level) {
    for (const Run& run : levels[level].runs) {
      for (const TablePtr& table : run.tables) {
        const TableReader& reader = state_.version->Find(table->number)->reader();
        counters->filter_bytes += reader.filter_bytes();
        counters->filter_bytes_by_level[level] += reader.filter_bytes();
        counters->index_bytes += reader.index_bytes();
        counters->table_data_bytes += table->key_bytes + table->value_bytes;
        counters->tombstones += table->tombstones;
        if (table->oldest_tombstone == 0) continue;
        const uint64_t age = now - table->oldest_tombstone;
        counters->tombstone_age_max = std::max(counters->tombstone_age_max, age);
      }
    }
  }
}

}  // namespace varve
