// Adds up what RocksDB tells.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_record.h"

#include <fmt/format.h>
#include <rocksdb/version.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "engine/util/clock.h"

namespace varve::harness {
namespace {

// A key in a table ends with 8 bytes of RocksDB's own.
constexpr uint64_t kTrailerBytes = 8;

// "/directory/000123.sst" is 123; 0 if it is no such name.
uint64_t NumberOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const char* begin = path.c_str() + (slash == path.npos ? 0 : slash + 1);
  uint64_t number = 0;
  std::from_chars(begin, path.c_str() + path.size(), number);
  return number;
}

int Level(int level) { return std::clamp(level, 0, kLevelsMax - 1); }

size_t At(StallCause cause) { return static_cast<size_t>(cause); }

#if ROCKSDB_MAJOR >= 8
uint64_t CountOf(const std::map<std::string, std::string>& map, rocksdb::WriteStallCause cause,
                 rocksdb::WriteStallCondition condition) {
  const auto at = map.find(rocksdb::WriteStallStatsMapKeys::CauseConditionCount(cause, condition));
  return at == map.end() ? 0 : std::strtoull(at->second.c_str(), nullptr, 10);
}
#else
uint64_t CountOf(const std::map<std::string, std::string>& map, const char* name) {
  const auto at = map.find(std::string("io_stalls.") + name);
  return at == map.end() ? 0 : std::strtoull(at->second.c_str(), nullptr, 10);
}
#endif

uint64_t Grown(uint64_t after, uint64_t before) { return after > before ? after - before : 0; }

StallChanges::Condition ConditionOf(rocksdb::WriteStallCondition condition) {
  switch (condition) {
    case rocksdb::WriteStallCondition::kDelayed:
      return StallChanges::Condition::kDelayed;
    case rocksdb::WriteStallCondition::kStopped:
      return StallChanges::Condition::kStopped;
    default:
      return StallChanges::Condition::kNormal;
  }
}

// A compaction of which every output is one of the inputs moved them.
bool OnlyMoved(const rocksdb::CompactionJobInfo& info) {
  if (info.output_file_infos.empty() || info.stats.num_input_records > 0) return false;
  std::set<uint64_t> inputs;
  for (const auto& input : info.input_file_infos) inputs.insert(input.file_number);
  return std::all_of(
      info.output_file_infos.begin(), info.output_file_infos.end(),
      [&inputs](const auto& output) { return inputs.count(output.file_number) > 0; });
}

}  // namespace

RocksDbTableFacts RocksDbFactsOf(const rocksdb::TableProperties& properties, uint64_t bytes) {
  RocksDbTableFacts facts;
  facts.bytes = bytes;
  facts.entries = properties.num_entries;
  facts.data_bytes = Grown(properties.raw_key_size, kTrailerBytes * properties.num_entries) +
                     properties.raw_value_size;
  facts.tombstones = properties.num_deletions;
  facts.filter_bytes = properties.filter_size;
  facts.index_bytes = properties.index_size;
  return facts;
}

CompactionReason RocksDbReason(rocksdb::CompactionReason reason) {
  using Theirs = rocksdb::CompactionReason;
  switch (reason) {
    case Theirs::kLevelL0FilesNum:
    case Theirs::kUniversalSortedRunNum:
    case Theirs::kFIFOReduceNumFiles:
      return CompactionReason::kRunCount;
    case Theirs::kLevelMaxLevelSize:
      return CompactionReason::kLevelSaturation;
    case Theirs::kUniversalSizeAmplification:
      return CompactionReason::kSpaceAmplification;
    case Theirs::kUniversalSizeRatio:
      return CompactionReason::kSimilarSizes;
    case Theirs::kFIFOMaxSize:
    case Theirs::kFIFOTtl:
      return CompactionReason::kExpired;
    case Theirs::kTtl:
    case Theirs::kPeriodicCompaction:
    case Theirs::kRoundRobinTtl:
      return CompactionReason::kFileAge;
    case Theirs::kFilesMarkedForCompaction:
      return CompactionReason::kTombstoneDensity;
    default:
      return CompactionReason::kManual;
  }
}

Status StatusOfRocksDb(std::string_view call, const rocksdb::Status& status) {
  if (status.ok()) return {};
  std::string message = fmt::format("{}: {}", call, status.ToString());
  if (status.IsNoSpace()) return Status::NoSpace(std::move(message));
  if (status.IsCorruption()) return Status::Corruption(std::move(message));
  if (status.IsNotSupported()) return Status::NotSupported(std::move(message));
  if (status.IsInvalidArgument()) return Status::InvalidArgument(std::move(message));
  if (status.IsBusy()) return Status::Busy(std::move(message));
  return Status::IoError(std::move(message));
}

void RocksDbRecord::Watch(rocksdb::DB* db) {
  const std::lock_guard lock(database_mutex_);
  db_ = db;
}

IoCounts& RocksDbRecord::LedgerCell(const Job& job) {
  const IoKind kind = job.flush ? IoKind::kFlush : IoKind::kCompaction;
  const auto reason = job.flush ? 0 : static_cast<size_t>(job.reason);
  return ledger_->cells.at(static_cast<size_t>(kind))
      .at(static_cast<size_t>(Level(job.output_level)))
      .at(reason);
}

// What is written when a log is recovered is a flush, too.
void RocksDbRecord::TableMade(const rocksdb::TableFileCreationInfo& info) {
  if (!info.status.ok()) return;
  const std::lock_guard lock(mutex_);
  tables_[NumberOf(info.file_path)] = RocksDbFactsOf(info.table_properties, info.file_size);
  const bool compaction = info.reason == rocksdb::TableFileCreationReason::kCompaction;
  const auto job = jobs_.find(info.job_id);
  Job of;
  of.flush = !compaction;
  if (compaction && job != jobs_.end()) of = job->second;
  LedgerCell(of).bytes_written += info.file_size;
}

void RocksDbRecord::TableKnown(uint64_t number, const RocksDbTableFacts& facts) {
  const std::lock_guard lock(mutex_);
  tables_.emplace(number, facts);
}

void RocksDbRecord::TableGone(const std::string& path) {
  const std::lock_guard lock(mutex_);
  tables_.erase(NumberOf(path));
}

void RocksDbRecord::BlobFileMade(const rocksdb::BlobFileCreationInfo& info) {
  if (!info.status.ok()) return;
  const std::lock_guard lock(mutex_);
  const auto job = jobs_.find(info.job_id);
  Job of;
  of.flush = info.reason != rocksdb::BlobFileCreationReason::kCompaction;
  if (!of.flush && job != jobs_.end()) of = job->second;
  LedgerCell(of).bytes_written += info.total_blob_bytes;
}

void RocksDbRecord::FlushBegan(const rocksdb::FlushJobInfo& info) {
  ++jobs_seen_;
  Job job;
  job.start_ns = RealClock()->NowNs();
  job.flush = true;
  job.reason = CompactionReason::kFlush;
  const std::lock_guard lock(mutex_);
  jobs_[info.job_id] = job;
}

RocksDbRecord::Job RocksDbRecord::TakeJob(int id) {
  const auto at = jobs_.find(id);
  Job job;
  job.start_ns = RealClock()->NowNs();
  if (at == jobs_.end()) return job;
  job = at->second;
  jobs_.erase(at);
  return job;
}

uint64_t RocksDbRecord::BytesOf(uint64_t number) const {
  const auto at = tables_.find(number);
  return at == tables_.end() ? 0 : at->second.bytes;
}

void RocksDbRecord::FlushEnded(const rocksdb::FlushJobInfo& info) {
  ++jobs_seen_;
  JobEvent event;
  {
    const std::lock_guard lock(mutex_);
    const Job job = TakeJob(info.job_id);
    const RocksDbTableFacts facts =
        RocksDbFactsOf(info.table_properties, BytesOf(info.file_number));
    uint64_t bytes = facts.bytes;
    for (const auto& blob : info.blob_file_addition_infos) bytes += blob.total_blob_bytes;
    ++counters_.flushes;
    counters_.flush_bytes_written += bytes;
    counters_.flush_entries_written += facts.entries;
    event.job = static_cast<uint64_t>(info.job_id);
    event.flush = true;
    event.input_bytes = facts.data_bytes;
    event.output_tables = facts.bytes > 0 ? 1 : 0;
    event.output_bytes = bytes;
    event.entries_read = facts.entries;
    event.start_ns = job.start_ns;
    event.end_ns = RealClock()->NowNs();
  }
  if (forward_ != nullptr) forward_->OnJobEnd(event);
}

void RocksDbRecord::CompactionBegan(const rocksdb::CompactionJobInfo& info) {
  ++jobs_seen_;
  Job job;
  job.start_ns = RealClock()->NowNs();
  job.output_level = info.output_level;
  job.reason = RocksDbReason(info.compaction_reason);
  const std::lock_guard lock(mutex_);
  jobs_[info.job_id] = job;
}

JobEvent RocksDbRecord::EventOf(const rocksdb::CompactionJobInfo& info, const Job& job) const {
  JobEvent event;
  event.job = static_cast<uint64_t>(info.job_id);
  event.reason = RocksDbReason(info.compaction_reason);
  event.input_level = info.base_input_level;
  event.output_level = info.output_level;
  event.trivial_move = OnlyMoved(info);
  event.start_ns = job.start_ns;
  event.end_ns = RealClock()->NowNs();
  event.input_tables = info.input_file_infos.size();
  event.output_tables = info.output_file_infos.size();
  // The inputs are in the order of their levels; what RocksDB 7 calls the level of one is not that.
  const size_t in_output_level = info.stats.num_input_files_at_output_level;
  for (size_t i = 0; i < info.input_file_infos.size(); ++i) {
    const uint64_t bytes = BytesOf(info.input_file_infos[i].file_number);
    event.input_bytes += bytes;
    const bool below = i + in_output_level >= info.input_file_infos.size();
    if (below && info.output_level != info.base_input_level) event.overlap_bytes += bytes;
  }
  event.status = StatusOfRocksDb("compaction", info.status);
  if (event.trivial_move) {
    event.output_bytes = event.input_bytes;
    return event;
  }
  const rocksdb::CompactionJobStats& stats = info.stats;
  event.bytes_read = stats.total_input_bytes + stats.total_blob_bytes_read;
  event.output_bytes = stats.total_output_bytes + stats.total_output_bytes_blob;
  event.entries_read = stats.num_input_records;
  event.entries_dropped = Grown(stats.num_input_records, stats.num_output_records);
  event.tombstones_dropped = stats.num_expired_deletion_records;
  return event;
}

void RocksDbRecord::CompactionEnded(const rocksdb::CompactionJobInfo& info) {
  ++jobs_seen_;
  JobEvent event;
  {
    const std::lock_guard lock(mutex_);
    Job job = TakeJob(info.job_id);
    job.output_level = info.output_level;
    job.reason = RocksDbReason(info.compaction_reason);
    event = EventOf(info, job);
    CompactionCounters& totals =
        EntryOf(&counters_.compactions, event.input_level, Level(event.output_level), event.reason);
    if (!event.status.ok()) {
      ++counters_.jobs_failed;
    } else if (event.trivial_move) {
      ++totals.trivial_moves;
    } else {
      LedgerCell(job).bytes_read += event.bytes_read;
      ++totals.jobs;
      totals.bytes_read += event.bytes_read;
      totals.bytes_written += event.output_bytes;
      totals.bytes_overlap += event.overlap_bytes;
      totals.entries_read += event.entries_read;
      totals.entries_dropped += event.entries_dropped;
      totals.tombstones_dropped += event.tombstones_dropped;
      totals.nanoseconds += event.end_ns - event.start_ns;
    }
  }
  if (forward_ != nullptr) forward_->OnJobEnd(event);
}

StallCounts RocksDbRecord::ReadStalls() const {
  StallCounts stalls;
  std::map<std::string, std::string> map;
  const std::lock_guard lock(database_mutex_);
  if (db_ == nullptr) return stalls;
  const size_t memtables = At(StallCause::kMemtables);
  const size_t level0 = At(StallCause::kLevel0Runs);
  const size_t pending = At(StallCause::kPendingBytes);
#if ROCKSDB_MAJOR >= 8
  using Cause = rocksdb::WriteStallCause;
  const auto read = [&map, &stalls](size_t at, Cause cause) {
    stalls.delays[at] = CountOf(map, cause, rocksdb::WriteStallCondition::kDelayed);
    stalls.stops[at] = CountOf(map, cause, rocksdb::WriteStallCondition::kStopped);
  };
  db_->GetMapProperty(rocksdb::DB::Properties::kCFWriteStallStats, &map);
  read(memtables, Cause::kMemtableLimit);
  read(level0, Cause::kL0FileCountLimit);
  read(pending, Cause::kPendingCompactionBytes);
#else
  db_->GetMapProperty(rocksdb::DB::Properties::kCFStats, &map);
  stalls.delays[memtables] = CountOf(map, "memtable_slowdown");
  stalls.stops[memtables] = CountOf(map, "memtable_compaction");
  stalls.delays[level0] = CountOf(map, "level0_slowdown");
  stalls.stops[level0] = CountOf(map, "level0_numfiles");
  stalls.delays[pending] = CountOf(map, "slowdown_for_pending_compaction_bytes");
  stalls.stops[pending] = CountOf(map, "stop_for_pending_compaction_bytes");
#endif
  map.clear();
  db_->GetMapProperty(rocksdb::DB::Properties::kDBStats, &map);
  stalls.micros = std::strtoull(map["db.user_write_stall_micros"].c_str(), nullptr, 10);
  return stalls;
}

void RocksDbRecord::StallChanged(const rocksdb::WriteStallInfo& info) {
  const StallCounts counts = ReadStalls();
  std::vector<StallEvent> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = stalls_.Change(ConditionOf(info.condition.prev), ConditionOf(info.condition.cur),
                           counts, RealClock()->NowNs());
  }
  if (forward_ == nullptr) return;
  for (const StallEvent& stall : ended) forward_->OnStallEnd(stall);
}

void RocksDbRecord::Failed(const rocksdb::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    ++counters_.jobs_failed;
  }
  if (forward_ != nullptr) forward_->OnError(StatusOfRocksDb("background", status));
}

void RocksDbRecord::AddTo(StoreState* state) {
  const StallCounts stalls = ReadStalls();
  const std::lock_guard lock(mutex_);
  stalls_.Count(stalls);
  state->counters = counters_;
  state->counters.stalls = stalls_.begun();
  state->counters.stall_ns = stalls_.waited_ns();
  state->counters.jobs_running = jobs_.size();
  state->ledger = *ledger_;
}

RocksDbTableFacts RocksDbRecord::FactsOf(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto at = tables_.find(number);
  return at == tables_.end() ? RocksDbTableFacts() : at->second;
}

}  // namespace varve::harness
