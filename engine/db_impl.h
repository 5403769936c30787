// DbImpl: an open database. db.cc opens it and reads, db_write.cc is the write leader.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/age_watch.h"
#include "engine/db_state.h"
#include "engine/maintenance.h"
#include "engine/util/ticker.h"
#include "engine/write_queue.h"

namespace varve {

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
  Status DeleteRange(std::string_view begin, std::string_view end) override;
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
  Options options() const override {
    MutexLock lock(state_->mutex);
    return state_->living_options;
  }
  Status SetOptions(const std::vector<SettingText>& settings) override;
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
  bool SealIsDue() const;
  // Starts what age has made due, and waits where a tombstone would get too old. `count`: how many
  // writes come next.
  Status WatchAges(uint64_t count);
  void FollowStrategy() EXCLUDES_LOCK(state_->mutex);
  // The present in the unit of ages.
  uint64_t AgeNow() const {
    return ages_in_seconds_ ? state_->clock->UnixSeconds() : next_sequence_;
  }
  void Tick();

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
  std::unique_ptr<WalWriter> wal_;    // null: durability none
  LoggedMemTable* active_ = nullptr;  // state_->active
  SequenceNumber next_sequence_ = 1;
  std::string payload_;
  std::atomic<uint64_t> wal_bytes_{0};
  AgeWatch ages_;
  bool ages_in_seconds_ = false;
  SequenceNumber first_tombstone_ = 0;  // in the active memtable, 0: none
  uint64_t first_tombstone_time_ = 0;   // in the unit of ages

  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<Ticker> ticker_;  // last: stops first
};

template <class Work>
Status DbImpl::RunAsLeader(Work work) {
  WriteQueue::Writer writer;
  writer.alone = true;
  [[maybe_unused]] const bool leads = queue_.Enter(&writer);
  assert(leads);
  queue_.Leave(work());
  return writer.status;
}

}  // namespace varve
