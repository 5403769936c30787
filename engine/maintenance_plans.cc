// Asking the planner: what it is told, and holding what its plans take.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "engine/maintenance.h"

namespace varve {
namespace {

// Of the tables of one version.
class VersionReads final : public AccessCounts {
 public:
  explicit VersionReads(const Version& version) : version_(version) {}
  uint64_t Reads(uint64_t table_number) const override {
    const OpenTablePtr& table = version_.Find(table_number);
    return table == nullptr ? 0 : table->reads();
  }

 private:
  const Version& version_;
};

}  // namespace

BusyTables Maintenance::Busy() const {
  BusyTables busy;
  for (const auto& running : running_) busy.Add(running->plan);
  return busy;
}

PlannerInput Maintenance::InputWith(const BusyTables& busy) const {
  PlannerInput input{state_.version->tree(), busy};
  input.now = std::max(state_.last_sequence.load(), plans_ahead_to_);
  input.oldest_snapshot = OldestSnapshot();
  input.times = &state_.times;
  if (state_.strategy.limits.ages_in_seconds) input.now_seconds = state_.clock->UnixSeconds();
  return input;
}

std::optional<CompactionPlan> Maintenance::NextPlan() const {
  const BusyTables busy = Busy();
  PlannerInput input = InputWith(busy);
  const VersionReads reads(*state_.version);
  if (state_.strategy.counts_reads()) input.reads = &reads;
  return state_.planner->Plan(input);
}

uint64_t Maintenance::PendingBytes() const {
  const BusyTables nothing;
  return state_.planner->PendingBytes(InputWith(nothing));
}

std::shared_ptr<Maintenance::RunningCompaction> Maintenance::TakeFlushPlan(
    const LoggedMemTable& memtable) {
  auto running = std::make_shared<RunningCompaction>();
  CompactionPlan::Flush flush;
  flush.bytes = memtable.bytes();
  std::tie(flush.smallest, flush.largest) = memtable.KeyRange();
  MutexLock lock(state_.mutex);
  const BusyTables busy = Busy();
  std::optional<CompactionPlan> plan;
  if (!compacting_all_) plan = state_.planner->PlanFlush(InputWith(busy), flush);
  if (plan.has_value()) {
    running->plan = std::move(*plan);
    running_.push_back(running);
  } else {
    running->plan.reason = CompactionReason::kFlush;
    running->plan.flush = std::move(flush);
  }
  return running;
}

void Maintenance::Release(const std::shared_ptr<RunningCompaction>& running) {
  std::erase(running_, running);
}

size_t Maintenance::RunningCompactions() const {
  return static_cast<size_t>(
      std::count_if(running_.begin(), running_.end(),
                    [](const auto& running) { return !running->plan.flush.has_value(); }));
}

void Maintenance::ChangeOptions(const Options& options) {
  {
    MutexLock lock(state_.mutex);
    SetLivingOptions(state_, options);
    UpdateGate();
    changed_.NotifyAll();
  }
  Schedule();
}

SequenceNumber Maintenance::OldestSnapshot() const {
  return state_.snapshots.empty() ? kSequenceMax : *state_.snapshots.begin();
}

SequenceNumber Maintenance::OldestTombstone() const {
  const SequenceNumber snapshot = OldestSnapshot();
  SequenceNumber oldest = 0;
  const auto note = [&](SequenceNumber tombstone) {
    if (tombstone == 0 || tombstone > snapshot) return;
    oldest = oldest == 0 ? tombstone : std::min(oldest, tombstone);
  };
  for (const MemTablePtr& sealed : state_.sealed) note(sealed->oldest_tombstone);
  for (const Level& level : state_.version->tree().levels) {
    for (const Run& run : level.runs) note(run.summary()->oldest_tombstone);
  }
  return oldest;
}

Status Maintenance::KeepTombstonesYoung(SequenceNumber next) {
  const auto too_old = [this, next]() REQUIRES_LOCK(state_.mutex) {
    const uint64_t age_max = state_.strategy.limits.tombstone_age;
    const SequenceNumber oldest = OldestTombstone();
    return age_max != 0 && oldest != 0 && oldest + age_max < next;
  };
  {
    // What will be too old then is due now: else nobody would end the wait.
    MutexLock lock(state_.mutex);
    plans_ahead_to_ = next;
  }
  Schedule();
  MutexLock lock(state_.mutex);
  Status status = error_;
  if (status.ok() && !executor_->inline_mode() && too_old()) {
    status = WaitWhileStopped(StallCause::kTombstoneAge, too_old);
  }
  plans_ahead_to_ = 0;
  return status;
}

void Maintenance::NoteTime(TreeEdit* edit) const {
  MutexLock lock(state_.mutex);
  if (!state_.strategy.limits.ages_in_seconds) return;
  edit->times.push_back({state_.last_sequence.load(), state_.clock->UnixSeconds()});
}

}  // namespace varve
