// Rows and lines of samples.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "harness/hlog.h"

namespace varve::harness {
namespace {

constexpr int kLevelsShown = 7;
constexpr double kNsPerSecond = 1e9;

std::string Header() {
  std::string header =
      "phase,second,time_ns,operations,throughput_ops_per_second,latency_p50_ns,latency_p99_ns,"
      "latency_max_ns,stall_ns,user_bytes_written,bytes_written,bytes_written_wal,"
      "bytes_written_flush,bytes_written_compaction,bytes_read,file_bytes,live_bytes,"
      "memtable_bytes,sealed_memtables,pending_compaction_bytes,memory_bytes,runs,tables";
  for (int level = 0; level < kLevelsShown; ++level) header += fmt::format(",level{}_bytes", level);
  for (int level = 0; level < kLevelsShown; ++level) header += fmt::format(",level{}_runs", level);
  return header +
         ",tombstones,tombstone_age_max"
         ",response_p50_ns,response_p99_ns,response_max_ns,disk_bytes\n";
}

uint64_t StallNs(const Counters& counters) {
  return std::accumulate(counters.stall_ns.begin(), counters.stall_ns.end(), uint64_t{0});
}

// Cells of a row, each after a comma; empty ones for what is not known.
class Cells {
 public:
  void Add(uint64_t value) { text_ += fmt::format(",{}", value); }
  void AddIf(bool known, uint64_t value) { known ? Add(value) : Skip(); }
  void Skip() { text_ += ','; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AddLedger(const StoreState& now, const StoreState& before, Cells* cells) {
  constexpr int kColumns = 5;
  if (!now.has_ledger) {
    for (int column = 0; column < kColumns; ++column) cells->Skip();
    return;
  }
  const LedgerSnapshot difference = now.ledger - before.ledger;
  const IoCounts total = difference.Total();
  cells->Add(total.bytes_written);
  cells->Add(difference.OfKind(IoKind::kWal).bytes_written);
  cells->Add(difference.OfKind(IoKind::kFlush).bytes_written);
  cells->Add(difference.OfKind(IoKind::kCompaction).bytes_written);
  cells->AddIf(!now.ledger_lacks_reads, total.bytes_read);
}

void AddTree(const StoreState& store, Cells* cells) {
  const bool known = !store.levels.empty();
  uint64_t tables = 0;
  for (const LevelShape& level : store.levels) tables += level.tables;
  cells->AddIf(known, RunsOf(store));
  cells->AddIf(known, tables);
  const auto at = [&store](int level) {
    const auto index = static_cast<size_t>(level);
    return index < store.levels.size() ? store.levels[index] : LevelShape();
  };
  for (int level = 0; level < kLevelsShown; ++level) cells->AddIf(known, at(level).bytes);
  for (int level = 0; level < kLevelsShown; ++level) cells->AddIf(known, at(level).runs);
}

void AddLatency(const KindHistograms& latency, Cells* cells) {
  const Histogram all = MergedOperations(latency);
  const bool known = all.count() > 0;
  cells->AddIf(known, all.PercentileNs(50));
  cells->AddIf(known, all.PercentileNs(99));
  cells->AddIf(known, all.max_ns());
}

void AddResponse(const PacedLatency* paced, Cells* cells) {
  if (paced != nullptr) return AddLatency(paced->response, cells);
  constexpr int kColumns = 3;
  for (int column = 0; column < kColumns; ++column) cells->Skip();
}

}  // namespace

Result<std::unique_ptr<SampleFiles>> SampleFiles::Open(const std::string& directory) {
  std::unique_ptr<SampleFiles> files(new SampleFiles());
  Result<std::unique_ptr<OutputFile>> samples = OutputFile::Open(directory + "/samples.csv");
  if (!samples.ok()) return samples.status();
  Result<std::unique_ptr<OutputFile>> latency = OutputFile::Open(directory + "/latency.hlog");
  if (!latency.ok()) return latency.status();
  files->samples_ = std::move(*samples);
  files->latency_ = std::move(*latency);
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const double base_seconds = std::chrono::duration<double>(since_1970).count();
  Status status = files->WriteRow(Header());
  if (status.ok()) status = files->WriteHistogram(HlogHeader(base_seconds));
  if (!status.ok()) return status;
  return files;
}

uint64_t RunsOf(const StoreState& store) {
  uint64_t runs = 0;
  for (const LevelShape& level : store.levels) runs += level.runs;
  return runs;
}

double SpaceOverhead(const StoreState& store, uint64_t live_bytes) {
  const auto live = static_cast<double>(live_bytes);
  return (static_cast<double>(store.counters.table_data_bytes) - live) / live;
}

Sampler::Sampler(std::string phase, const SampleState& start, uint64_t full_ns, SampleFiles* files,
                 Intervals* intervals)
    : phase_(std::move(phase)),
      start_ns_(start.time_ns),
      full_ns_(full_ns),
      files_(files),
      intervals_(intervals),
      last_(std::make_unique<SampleState>(start)),
      summary_(std::make_unique<SampleSummary>()) {}

void Sampler::Add(const SampleState& state) {
  waiting_.push_back(std::make_unique<SampleState>(state));
  summary_->tombstone_age_max =
      std::max(summary_->tombstone_age_max, state.store.counters.tombstone_age_max);
  if (!state.store.levels.empty()) {
    summary_->runs_sum += RunsOf(state.store);
    ++summary_->runs_samples;
  }
  if (state.live_bytes == 0) return;
  const double on_disk =
      static_cast<double>(state.disk_bytes) / static_cast<double>(state.live_bytes);
  summary_->system_space_amplification_peak =
      std::max(summary_->system_space_amplification_peak, on_disk);
  if (state.store.has_counters) {
    const double overhead = SpaceOverhead(state.store, state.live_bytes);
    summary_->space_overhead_peak = std::max(summary_->space_overhead_peak, overhead);
    summary_->space_overhead_sum += overhead;
    ++summary_->space_overhead_samples;
  }
  if (!state.store.has_file_bytes) return;
  const double space =
      static_cast<double>(state.store.file_bytes) / static_cast<double>(state.live_bytes);
  summary_->space_amplification_peak = std::max(summary_->space_amplification_peak, space);
  summary_->space_amplification_sum += space;
  ++summary_->space_amplification_samples;
}

Status Sampler::Drain() {
  while (!waiting_.empty()) {
    const std::unique_ptr<Interval> interval = intervals_->Take(sample_);
    if (interval == nullptr) return {};
    if (Status status = Write(*waiting_.front(), *interval); !status.ok()) return status;
    last_ = std::move(waiting_.front());
    waiting_.pop_front();
    ++sample_;
  }
  return {};
}

Status Sampler::Finish(const SampleState& state) {
  if (Status status = Drain(); !status.ok()) return status;
  // A sample may have begun just before the last client ended.
  SampleState end = state;
  end.time_ns = std::max(end.time_ns, last_->time_ns);
  Add(end);
  return Write(end, *intervals_->TakeRest());
}

Status Sampler::Write(const SampleState& state, const Interval& interval) {
  summary_->counts += interval.counts;
  const double start = static_cast<double>(last_->time_ns) / kNsPerSecond;
  const double length = static_cast<double>(state.time_ns - last_->time_ns) / kNsPerSecond;
  if (state.time_ns - last_->time_ns >= full_ns_) KeepWindow(state, interval, length);
  const std::string prefix = phase_ == "measure" ? "" : phase_ + "_";
  for (size_t kind = 0; kind < interval.latency.size(); ++kind) {
    const Histogram& histogram = interval.latency[kind];
    if (histogram.count() == 0) continue;
    summary_->latency[kind].Merge(histogram);
    Status status = files_->WriteHistogram(
        HlogLine(prefix + std::string(TimedName(kind)), start, length, histogram));
    if (!status.ok()) return status;
  }
  if (Status status = WriteResponses(start, length, interval); !status.ok()) return status;
  return files_->WriteRow(Row(state, interval));
}

void Sampler::KeepWindow(const SampleState& state, const Interval& interval, double seconds) {
  const Histogram times =
      MergedOperations(interval.paced == nullptr ? interval.latency : interval.paced->response);
  SampleWindow window;
  window.start_seconds = static_cast<double>(last_->time_ns - start_ns_) / kNsPerSecond;
  window.operations = interval.counts.total();
  window.throughput = static_cast<double>(window.operations) / seconds;
  window.p99_ns = times.PercentileNs(99);
  window.mean_ns = times.mean_ns();
  window.pending_compaction_bytes =
      static_cast<double>(state.store.counters.pending_compaction_bytes);
  summary_->throughputs.push_back(window.throughput);
  summary_->windows.push_back(window);
}

// Responses and what was waited for; nothing in a closed loop.
Status Sampler::WriteResponses(double start_seconds, double seconds, const Interval& interval) {
  if (interval.paced == nullptr) return {};
  if (summary_->paced == nullptr) summary_->paced = std::make_unique<PacedLatency>();
  summary_->paced->Merge(*interval.paced);
  const std::string prefix = phase_ == "measure" ? "response_" : phase_ + "_response_";
  for (size_t kind = 0; kind < interval.paced->response.size(); ++kind) {
    const Histogram& histogram = interval.paced->response[kind];
    if (histogram.count() == 0) continue;
    Status status = files_->WriteHistogram(
        HlogLine(prefix + std::string(TimedName(kind)), start_seconds, seconds, histogram));
    if (!status.ok()) return status;
  }
  const Histogram& queueing = interval.paced->queueing;
  if (queueing.count() == 0) return {};
  const std::string tag = phase_ == "measure" ? "queueing" : phase_ + "_queueing";
  return files_->WriteHistogram(HlogLine(tag, start_seconds, seconds, queueing));
}

std::string Sampler::Row(const SampleState& state, const Interval& interval) const {
  const double second = static_cast<double>(state.time_ns - start_ns_) / kNsPerSecond;
  const double length = static_cast<double>(state.time_ns - last_->time_ns) / kNsPerSecond;
  const auto operations = interval.counts.total();
  const StoreState& store = state.store;
  const Counters& counters = store.counters;
  Cells cells;
  cells.Add(state.time_ns);
  cells.Add(operations);
  cells.AddIf(length > 0, static_cast<uint64_t>(static_cast<double>(operations) / length));
  AddLatency(interval.latency, &cells);
  cells.AddIf(store.has_counters, StallNs(counters) - StallNs(last_->store.counters));
  cells.Add(interval.counts.user_bytes_written);
  AddLedger(store, last_->store, &cells);
  cells.AddIf(store.has_file_bytes, store.file_bytes);
  cells.Add(state.live_bytes);
  cells.AddIf(store.has_counters || store.has_memtable,
              store.has_memtable ? store.memtable_use.total() : counters.memtable_bytes);
  cells.AddIf(store.has_counters, counters.sealed_memtables);
  cells.AddIf(store.has_counters, counters.pending_compaction_bytes);
  cells.Add(state.memory_bytes);
  AddTree(store, &cells);
  cells.AddIf(store.has_counters, counters.tombstones);
  cells.AddIf(store.has_counters && !store.counters_lack_tombstone_age, counters.tombstone_age_max);
  AddResponse(interval.paced.get(), &cells);
  cells.AddIf(state.disk_bytes > 0, state.disk_bytes);
  return fmt::format("{},{:.3f}{}\n", phase_, second, cells.text());
}

}  // namespace varve::harness
