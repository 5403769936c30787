// Doing what a plan says: the work of a flush or a compaction, without the bookkeeping around it.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>

#include "engine/compaction/split_merge.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/maintenance.h"
#include "engine/table_options.h"
#include "engine/tree/file_names.h"

namespace varve {
namespace {

// Of input tables that are in the output level already, for a merge that begins above it.
uint64_t OverlapBytes(const CompactionPlan& plan, int from_level) {
  if (from_level == plan.output_level) return 0;
  uint64_t sum = 0;
  for (const CompactionPlan::Input& input : plan.inputs) {
    if (input.level != plan.output_level) continue;
    for (const TablePtr& table : input.tables) sum += table->file_bytes;
  }
  return sum;
}

void AddRemoved(const CompactionPlan& plan, TreeEdit* edit) {
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) edit->removed_tables.push_back(table->number);
  }
}

// The inputs of a plan as one, without the tables that have no key in [begin, end). An empty `end`
// is no bound. `memtable`: the newest input, or nullptr.
std::unique_ptr<EntryIterator> NewInput(const Version& version, const CompactionPlan& plan,
                                        const LoggedMemTable* memtable, const ReadContext& context,
                                        std::string_view begin, std::string_view end) {
  std::vector<std::unique_ptr<EntryIterator>> runs;
  if (memtable != nullptr) runs.push_back(memtable->table->NewIterator());
  for (const CompactionPlan::Input& input : plan.inputs) {
    std::vector<TablePtr> tables;
    for (const TablePtr& table : input.tables) {
      if (table->largest >= begin && (end.empty() || table->smallest < end)) {
        tables.push_back(table);
      }
    }
    if (!tables.empty()) runs.push_back(version.NewIterator(context, tables));
  }
  return NewMergingIterator(std::move(runs), SharedKeyBytes(plan));
}

// The range tombstones of all inputs.
RangeTombstones InputTombstones(const Version& version, const CompactionPlan& plan,
                                const LoggedMemTable* memtable) {
  std::vector<RangeTombstone> all;
  if (memtable != nullptr) memtable->ranges.AppendTo(&all);
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      const RangeTombstones* tombstones = version.Find(table->number)->reader().range_tombstones();
      if (tombstones != nullptr) tombstones->AppendTo(&all);
    }
  }
  return RangeTombstones(all);
}

}  // namespace

void Maintenance::Describe(const CompactionPlan& plan, int from_level, JobEvent* event) {
  event->reason = plan.reason;
  if (plan.reason != CompactionReason::kFlush) event->plan = &plan;
  event->trivial_move = plan.trivial_move;
  event->input_level = from_level;
  event->output_level = plan.output_level;
  for (const CompactionPlan::Input& input : plan.inputs) event->input_tables += input.tables.size();
  event->input_bytes = plan.input_bytes();
  event->overlap_bytes = OverlapBytes(plan, from_level);
}

Status Maintenance::FlushOldest(JobEvent* event, std::shared_ptr<RunningCompaction>* running) {
  MemTablePtr memtable;
  {
    MutexLock lock(state_.mutex);
    memtable = state_.sealed.front();
  }
  *running = TakeFlushPlan(*memtable);
  const Status status = FlushInto(memtable, (*running)->plan, event);
  MutexLock lock(state_.mutex);
  Release(*running);
  return status;
}

Status Maintenance::FlushInto(const MemTablePtr& memtable, const CompactionPlan& plan,
                              JobEvent* event) {
  Describe(plan, kMemTableLevel, event);
  event->input_bytes += memtable->bytes();
  TreeEdit edit;
  std::vector<Version::NumberedTable> open;
  if (Status s = MergePlan(plan, memtable.get(), event, &edit, &open); !s.ok()) return s;
  AddRemoved(plan, &edit);
  {
    MutexLock lock(state_.mutex);
    edit.oldest_wal =
        state_.sealed.size() > 1 ? state_.sealed[1]->wal_number : state_.active->wal_number;
  }
  if (Status s = Install(std::move(edit), open, true); !s.ok()) return s;
  if (memtable->wal_number == 0) return {};
  // A log that cannot be removed now is removed at the next open: nothing needs it.
  const std::string log = WalFileName(state_.directory, memtable->wal_number);
  static_cast<void>(state_.file_system->Remove(log).ok());
  return {};
}

Status Maintenance::Compact(const CompactionPlan& plan, JobEvent* event) {
  TreeEdit edit;
  std::vector<Version::NumberedTable> open;
  if (plan.trivial_move) {
    const uint64_t run = plan.output_run != 0 ? plan.output_run : state_.NewNumber();
    for (const CompactionPlan::Input& input : plan.inputs) {
      for (const TablePtr& table : input.tables) {
        edit.added_tables.push_back({plan.output_level, run, table});
        event->outputs.push_back(table);
      }
    }
    event->output_tables = edit.added_tables.size();
    event->output_bytes = event->input_bytes;
  } else if (!plan.drop) {
    if (Status s = MergePlan(plan, nullptr, event, &edit, &open); !s.ok()) return s;
  }
  AddRemoved(plan, &edit);
  if (plan.moves_cursor) edit.cursors.push_back({plan.inputs.front().level, plan.cursor});
  return Install(std::move(edit), open, false);
}

Status Maintenance::MergePlan(const CompactionPlan& plan, const LoggedMemTable* memtable,
                              JobEvent* event, TreeEdit* edit,
                              std::vector<Version::NumberedTable>* open) {
  VersionPtr version;
  {
    MutexLock lock(state_.mutex);
    version = state_.version;
  }
  SplitMergeRequest split;
  split.bounds =
      SplitPlan(*version, plan, state_.options.subcompactions, state_.options.table_bytes);
  std::atomic<uint64_t> bytes_read{0};
  ReadContext context;
  context.kind = plan.reason == CompactionReason::kFlush ? IoKind::kFlush : IoKind::kCompaction;
  context.level = static_cast<uint8_t>(plan.output_level);
  context.reason = static_cast<uint8_t>(plan.reason);
  context.fill_cache = false;
  context.bytes_read = &bytes_read;
  // Many runs and parts share what a few would read ahead.
  constexpr uint64_t kReadAheadBytes = 4 << 20;
  const uint64_t readers = std::max<size_t>(1, plan.inputs.size() * (split.bounds.size() + 1));
  context.read_ahead_bytes =
      std::clamp<uint64_t>(kReadAheadBytes / readers, 16 << 10, context.read_ahead_bytes);
  split.new_input = [&](std::string_view begin, std::string_view end) {
    return NewInput(*version, plan, memtable, context, begin, end);
  };
  split.run_parts = [this](auto parts) { executor_->RunParts(std::move(parts)); };
  OlderData older(version->tree(), plan);
  const RangeTombstones tombstones = InputTombstones(*version, plan, memtable);
  MergeRequest& request = split.merge;
  if (!tombstones.empty()) request.tombstones = &tombstones;
  request.snapshots = Snapshots();
  request.older = &older;
  request.cause = {context.kind, context.level, context.reason};
  request.new_number = [this] { return state_.NewNumber(); };
  request.stopping = &stopping_;
  request.cuts = plan.cuts;
  request.filter_bits_per_key = FilterBitsPerKey(state_.options, version->tree(), plan,
                                                 memtable == nullptr ? 0 : memtable->entries());
  const std::unique_ptr<JobPace> pace = BeginPace(*event);
  request.pace = pace.get();
  Result<MergeOutput> output = RunSplitMerge(state_.tables, split);
  event->bytes_read = bytes_read.load();
  if (!output.ok()) return output.status();
  event->output_tables = output->tables.size();
  event->output_bytes = output->bytes;
  event->entries_read = output->entries_read;
  event->entries_dropped = output->entries_dropped;
  event->tombstones_dropped = output->tombstones_dropped;
  event->outputs = output->tables;
  const uint64_t run = plan.output_run != 0 ? plan.output_run : state_.NewNumber();
  for (const TablePtr& table : output->tables) {
    edit->added_tables.push_back({plan.output_level, run, table});
  }
  *open = std::move(output->open);
  return {};
}

std::unique_ptr<JobPace> Maintenance::BeginPace(const JobEvent& event) {
  if (pacer_ == nullptr) return nullptr;
  return pacer_->Begin({event.job, event.flush, event.input_level, event.input_bytes});
}

}  // namespace varve
