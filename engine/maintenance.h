// Maintenance: when to flush, when to compact, when to hold writes back.
//
// The writer seals memtables and hands them over; maintenance flushes them oldest first, asks the
// planner for compactions, runs both on the executor, and installs their results. Installation is
// serialised by install_mutex_, which is held over the manifest's sync; state.mutex is held for
// moments only.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/compaction/scheduler/bandwidth.h"
#include "engine/db_state.h"

namespace varve {

// Thread safe.
class Maintenance {
 public:
  Maintenance(DbState& state, std::unique_ptr<Executor> executor);
  // Waits for running jobs; starts no more.
  ~Maintenance();

  // Called by the write leader before each commit: returns at once, or after the delay that the
  // state of the tree asks for. An error means that writes fail from now on.
  Status AdmitWrite(uint64_t bytes);

  // Waits until another memtable may be sealed.
  Status WaitForMemTableRoom() EXCLUDES_LOCK(state_.mutex);

  // Starts what age has made due, as if the next sequence number were `next`, and waits, with
  // threads, until no tombstone would be older than its limit then. Those that a snapshot needs do
  // not count.
  Status KeepTombstonesYoung(SequenceNumber next) EXCLUDES_LOCK(state_.mutex);

  // Goes on by these options, which were checked.
  void ChangeOptions(const Options& options) EXCLUDES_LOCK(state_.mutex);

  // Starts the jobs that are due.
  void Schedule() EXCLUDES_LOCK(state_.mutex);
  // The same, and jobs that failed for want of space are tried again. Call it after sealing.
  void Retry() EXCLUDES_LOCK(state_.mutex);

  // Returns when all memtables that are sealed now are in tables.
  Status WaitForFlush() EXCLUDES_LOCK(state_.mutex);
  // Returns when no job runs and none is due.
  Status WaitUntilSettled() EXCLUDES_LOCK(state_.mutex);
  // Merges all tables into one run.
  Status CompactAll() EXCLUDES_LOCK(state_.mutex);

  // The failure that makes writes fail, or OK.
  Status error() const EXCLUDES_LOCK(state_.mutex);
  // Makes every later write fail with the message of `status`.
  void Poison(const Status& status) EXCLUDES_LOCK(state_.mutex);

  // Adds flushes, compactions, stalls and gauges.
  void AddTo(Counters* counters) const EXCLUDES_LOCK(state_.mutex);

 private:
  struct RunningCompaction {
    uint64_t job = 0;
    CompactionPlan plan;
    Status status;  // once it has run; guarded
  };
  enum class Gate : uint8_t { kOpen, kSlow, kStopped };

  // Choosing and running jobs (maintenance.cc).
  bool TakeFlush() REQUIRES_LOCK(state_.mutex);
  std::shared_ptr<RunningCompaction> TakeCompaction() REQUIRES_LOCK(state_.mutex);
  void RunFlush() EXCLUDES_LOCK(state_.mutex);
  // Keeps in *running what event->plan refers to.
  Status FlushOldest(JobEvent* event, std::shared_ptr<RunningCompaction>* running)
      EXCLUDES_LOCK(state_.mutex);
  // Fills in what is known of a job before it runs. `from_level`: the shallowest of its inputs.
  static void Describe(const CompactionPlan& plan, int from_level, JobEvent* event);
  Status FlushInto(const MemTablePtr& memtable, const CompactionPlan& plan, JobEvent* event)
      EXCLUDES_LOCK(state_.mutex);
  void RunCompaction(const std::shared_ptr<RunningCompaction>& running) EXCLUDES_LOCK(state_.mutex);
  Status Compact(const CompactionPlan& plan, JobEvent* event) EXCLUDES_LOCK(state_.mutex);
  // `memtable`: of a flush, else nullptr.
  Status MergePlan(const CompactionPlan& plan, const LoggedMemTable* memtable, JobEvent* event,
                   TreeEdit* edit, std::vector<Version::NumberedTable>* open)
      EXCLUDES_LOCK(state_.mutex);
  // `flushed`: the tables hold what the oldest sealed memtable holds, which therefore goes.
  Status Install(TreeEdit edit, const std::vector<Version::NumberedTable>& open, bool flushed)
      EXCLUDES_LOCK(state_.mutex, install_mutex_);
  // The pace of a job that begins to write; nullptr: as fast as it goes.
  std::unique_ptr<JobPace> BeginPace(const JobEvent& event);
  std::vector<SequenceNumber> Snapshots() EXCLUDES_LOCK(state_.mutex);

  // Asking the planner (maintenance_plans.cc).
  BusyTables Busy() const REQUIRES_LOCK(state_.mutex);
  PlannerInput InputWith(const BusyTables& busy) const REQUIRES_LOCK(state_.mutex);
  std::optional<CompactionPlan> NextPlan() const REQUIRES_LOCK(state_.mutex);
  uint64_t PendingBytes() const REQUIRES_LOCK(state_.mutex);
  // How the sealed memtable is flushed; what the plan takes is held in running_.
  std::shared_ptr<RunningCompaction> TakeFlushPlan(const LoggedMemTable& memtable)
      EXCLUDES_LOCK(state_.mutex);
  void Release(const std::shared_ptr<RunningCompaction>& running) REQUIRES_LOCK(state_.mutex);
  // Compactions, and flushes that are merged with tables.
  size_t RunningCompactions() const REQUIRES_LOCK(state_.mutex);
  // The smallest sequence number that a snapshot reads at; kSequenceMax if there is no snapshot.
  SequenceNumber OldestSnapshot() const REQUIRES_LOCK(state_.mutex);
  // Of the oldest tombstone that a merge could drop, outside of the active memtable; 0: none.
  SequenceNumber OldestTombstone() const REQUIRES_LOCK(state_.mutex);
  // Notes when sequence numbers were given out, if ages are in seconds.
  void NoteTime(TreeEdit* edit) const EXCLUDES_LOCK(state_.mutex);

  // Adds a job that ended to the totals, or lets its failure stop the jobs; false if it does.
  bool Record(const JobEvent& event) REQUIRES_LOCK(state_.mutex);
  void AddJob(const JobEvent& event) REQUIRES_LOCK(state_.mutex);
  void AddTables(Counters* counters) const REQUIRES_LOCK(state_.mutex);
  void PoisonLocked(const Status& status) REQUIRES_LOCK(state_.mutex);
  bool Due() const REQUIRES_LOCK(state_.mutex);
  // True if the memtable is sealed and not in a table yet.
  bool Waits(const MemTablePtr& memtable) const REQUIRES_LOCK(state_.mutex);

  // Holding writes back (write_gate.cc).
  void UpdateGate() REQUIRES_LOCK(state_.mutex);
  Status AdmitSlowly(uint64_t bytes) EXCLUDES_LOCK(state_.mutex);
  Status WaitWhileStopped(StallCause cause, const std::function<bool()>& stopped)
      REQUIRES_LOCK(state_.mutex);

  DbState& state_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> next_job_{1};
  const std::unique_ptr<JobPacer> pacer_;  // may be null: no job waits

  // What AdmitWrite looks at.
  std::atomic<Gate> gate_{Gate::kOpen};
  std::atomic<StallCause> gate_cause_{StallCause::kNone};
  std::atomic<uint64_t> slow_bytes_per_second_{0};
  std::atomic<bool> failed_{false};
  uint64_t slow_debt_ns_ = 0;  // of the write leader alone

  // Order: install_mutex_ before state_.mutex.
  Mutex install_mutex_;

  // Under state_.mutex.
  CondVar changed_;
  bool flushing_ GUARDED_BY(state_.mutex) = false;
  bool compacting_all_ GUARDED_BY(state_.mutex) = false;
  SequenceNumber plans_ahead_to_ GUARDED_BY(state_.mutex) = 0;  // the time that the planner is told
  std::vector<std::shared_ptr<RunningCompaction>> running_ GUARDED_BY(state_.mutex);
  Status error_ GUARDED_BY(state_.mutex);  // for ever
  // Why no flush, no compaction is begun: one found no space. Until a job succeeds, or a retry.
  Status no_space_to_flush_ GUARDED_BY(state_.mutex);
  Status no_space_to_compact_ GUARDED_BY(state_.mutex);
  Counters totals_ GUARDED_BY(state_.mutex);  // flushes, compactions, stalls only

  // Last: its destructor waits for jobs, which use all of the above.
  std::unique_ptr<Executor> executor_;
};

}  // namespace varve
