// The write leader: log, memtable, sealing, and what age makes due.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "engine/db_impl.h"
#include "engine/write_batch_bytes.h"

namespace varve {

// By the write leader, whenever the strategy is another.
void DbImpl::FollowStrategy() {
  {
    MutexLock lock(state_->mutex);
    ages_.SetLimits(state_->strategy);
    ages_in_seconds_ = state_->strategy.limits.ages_in_seconds;
  }
  first_tombstone_time_ = first_tombstone_ != 0 ? AgeNow() : 0;
  // Time in seconds passes without writes, too.
  const bool ticks = ages_in_seconds_ && ages_.watches() && state_->options.background != "inline";
  if (!ticks) return;
  constexpr uint64_t kTickMs = 250;
  if (ticker_ == nullptr) ticker_ = std::make_unique<Ticker>(kTickMs, [this] { Tick(); });
}

void DbImpl::Tick() {
  // What fails here fails again in the next write.
  static_cast<void>(RunAsLeader([this]() -> Status {
                      if (ages_.watches() && SealIsDue()) return Seal();
                      return {};
                    }).ok());
  maintenance_->Schedule();
}

bool DbImpl::SealIsDue() const {
  if (active_->IsFull(state_->memtable_options)) return true;
  return first_tombstone_ != 0 && ages_.watches() &&
         ages_.SealIsDue(first_tombstone_time_, AgeNow());
}

Status DbImpl::WatchAges(uint64_t count) {
  if (!ages_.CheckIsDue(AgeNow(), ages_in_seconds_ ? 1 : count)) return {};
  if (!ages_in_seconds_) return maintenance_->KeepTombstonesYoung(ages_.next_check());
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

Status DbImpl::DeleteRange(std::string_view begin, std::string_view end) {
  thread_local WriteBatch batch;
  batch.Clear();
  batch.DeleteRange(begin, end);
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
  if (SealIsDue()) {
    if (Status s = Seal(); !s.ok()) return s;
  }
  if (ages_.watches()) {
    if (Status s = WatchAges(count); !s.ok()) return s;
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
      if (KindOf(entry.tag) == EntryKind::kPut) {
        write_counters_.puts.Add();
        continue;
      }
      write_counters_.deletes.Add();
      if (first_tombstone_ != 0) continue;
      first_tombstone_ = SequenceOf(entry.tag);
      if (ages_.watches()) first_tombstone_time_ = ages_in_seconds_ ? AgeNow() : first_tombstone_;
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
    state.active->oldest_tombstone = first_tombstone_;
    state.sealed.push_back(state.active);
    state.active = state.NewMemTable(wal_number);
    active_ = state.active.get();
    state.PublishReads();
  }
  first_tombstone_ = 0;
  wal_ = std::move(wal);
  wal_bytes_.store(0, std::memory_order_relaxed);
  maintenance_->Retry();
  return {};
}

}  // namespace varve
