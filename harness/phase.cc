// Threads of clients, and the loop that samples them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/phase.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <thread>

#include "engine/util/clock.h"
#include "harness/client.h"
#include "harness/files.h"
#include "harness/series.h"

namespace varve::harness {
namespace {

constexpr double kNsPerSecond = 1e9;
// How often the sampling thread looks at interruption and memory.
constexpr uint64_t kRateIntervalNs = 1'000'000'000;
constexpr auto kPollInterval = std::chrono::milliseconds(50);

uint64_t Now(const PhaseParts& parts) { return RealClock()->NowNs() - parts.origin_ns; }

SampleState StateAt(uint64_t time_ns, PhaseParts* parts) {
  SampleState state;
  state.time_ns = time_ns;
  state.store = parts->store->State();
  state.disk_bytes = BytesOnDisk(parts->data_directory);
  state.live_bytes = parts->oracle->live_bytes();
  state.memory_bytes = AnonymousBytes(state.store.server_process);
  parts->memory_peak_bytes = std::max(parts->memory_peak_bytes, state.memory_bytes);
  return state;
}

uint64_t HarnessBytes(const PhaseParts& parts) {
  return parts.event_bytes + (parts.files == nullptr ? 0 : parts.files->bytes_written());
}

std::unique_ptr<PhaseRecord> BeginRecord(const std::string& name, PhaseParts* parts) {
  auto record = std::make_unique<PhaseRecord>();
  record->name = name;
  record->before = parts->store->State();
  record->harness_bytes_before = HarnessBytes(*parts);
  record->process_before = ReadProcessStats(record->before.server_process);
  const uint64_t now = RealClock()->NowNs();
  if (parts->origin_ns == 0) parts->origin_ns = now;
  record->start_ns = now - parts->origin_ns;
  return record;
}

void EndRecord(PhaseParts* parts, PhaseRecord* record) {
  record->after = parts->store->State();
  record->process_after = ReadProcessStats(record->after.server_process);
  record->harness_bytes_after = HarnessBytes(*parts);
  record->disk_bytes = BytesOnDisk(parts->data_directory);
  record->live_bytes = parts->oracle->live_bytes();
  const uint64_t memory = AnonymousBytes(record->after.server_process);
  parts->memory_peak_bytes = std::max(parts->memory_peak_bytes, memory);
}

uint64_t ThreadCpuNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// "L0 3 L1 12": tables of each level, for the progress line.
std::string TreeLine(const StoreState& state) {
  std::string line;
  for (size_t level = 0; level < state.levels.size(); ++level) {
    if (state.levels[level].tables == 0) continue;
    line += fmt::format("{}L{} {}", line.empty() ? "" : " ", level, state.levels[level].tables);
  }
  return line;
}

// The clients of one phase and their threads.
class ClientGroup {
 public:
  ClientGroup(const ClientPhase& phase, const PhaseParts& parts, Intervals* intervals)
      : ready_(static_cast<ptrdiff_t>(phase.streams.size())), running_(phase.streams.size()) {
    ClientParts client;
    client.store = parts.store;
    client.workload = parts.workload;
    client.oracle = parts.oracle;
    client.intervals = intervals;
    client.stop = &stop_;
    client.think_seconds = phase.arrivals.think_seconds;
    const auto clients = static_cast<int>(phase.streams.size());
    for (const auto& stream : phase.streams) {
      client.stream = stream.get();
      if (phase.arrivals.kind != ArrivalPlan::Kind::kClosed) {
        pacings_.push_back(std::make_unique<Pacing>(phase.arrivals, client.client, clients));
        client.pacing = pacings_.back().get();
      }
      clients_.push_back(std::make_unique<Client>(client));
      ++client.client;
    }
    for (const auto& made : clients_) {
      threads_.emplace_back([this, runs = made.get()] {
        ready_.count_down();
        go_.wait();
        End(runs->Run(schedule_));
      });
    }
  }
  // Waits for the clients.
  ~ClientGroup() {
    stop_.store(true);
    if (!go_.try_wait()) go_.count_down();
  }
  ClientGroup(const ClientGroup&) = delete;
  ClientGroup& operator=(const ClientGroup&) = delete;

  // Until every client is at its start line.
  void WaitUntilReady() { ready_.wait(); }
  // All clients begin.
  void Start(const ClientSchedule& schedule) {
    schedule_ = schedule;
    go_.count_down();
  }

  // True when all clients have ended; false after `wait`.
  bool WaitFor(std::chrono::nanoseconds wait) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, wait, [this] { return running_ == 0; });
  }
  void Stop() { stop_.store(true); }

  // REQUIRES: all clients have ended (both).
  Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  uint64_t end_ns() {
    const std::lock_guard lock(mutex_);
    return end_ns_;
  }

  uint64_t completed() const {
    uint64_t sum = 0;
    for (const auto& client : clients_) sum += client->completed();
    return sum;
  }

 private:
  void End(const Status& status) {
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = status;
    end_ns_ = RealClock()->NowNs();
    if (--running_ == 0) ended_.notify_all();
  }

  std::atomic<bool> stop_{false};
  std::latch ready_;
  std::latch go_{1};
  ClientSchedule schedule_;  // written before go_ opens
  std::vector<std::unique_ptr<Pacing>> pacings_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t running_;  // guarded by mutex_, as is what follows
  Status status_;
  uint64_t end_ns_ = 0;                // when the last client ended
  std::vector<std::jthread> threads_;  // last: its destructor waits for what uses the rest
};

// Watches a running group: samples, progress, interruption.
class Watch {
 public:
  Watch(const ClientPhase& phase, uint64_t start_ns, PhaseParts* parts, ClientGroup* group,
        Sampler* sampler)
      : name_(phase.name),
        operations_(static_cast<double>(phase.operations)),
        seconds_(phase.seconds),
        interval_width_(phase.interval_width),
        start_ns_(start_ns),
        sample_ns_(static_cast<uint64_t>(parts->sample_seconds * kNsPerSecond)),
        parts_(parts),
        group_(group),
        sampler_(sampler),
        rate_time_ns_(start_ns) {}

  bool interval_reached() const { return interval_reached_; }

  // Returns when all clients have ended.
  Status Run() {
    Status status;
    while (!group_->WaitFor(UntilNextLook())) {
      if (parts_->control->interrupted()) group_->Stop();
      if (status.ok()) status = Look();
      if (!status.ok()) group_->Stop();
    }
    return status;
  }

 private:
  std::chrono::nanoseconds UntilNextLook() const {
    const uint64_t now = Now(*parts_);
    const uint64_t next = start_ns_ + (samples_ + 1) * sample_ns_;
    const std::chrono::nanoseconds left(next > now ? next - now : 0);
    return std::min<std::chrono::nanoseconds>(kPollInterval, left);
  }

  Status Look() {
    const uint64_t memory = AnonymousBytes(server_process_);
    parts_->memory_peak_bytes = std::max(parts_->memory_peak_bytes, memory);
    const uint64_t now = Now(*parts_);
    bool due = false;
    for (; start_ns_ + (samples_ + 1) * sample_ns_ <= now; ++samples_) {
      const SampleState state = StateAt(start_ns_ + (samples_ + 1) * sample_ns_, parts_);
      server_process_ = state.store.server_process;
      tree_ = TreeLine(state.store);
      sampler_->Add(state);
      due = true;
    }
    Publish(now);
    if (!due) return {};
    Status status = sampler_->Drain();
    if (status.ok() && interval_width_ > 0) StopIfNarrow();
    return status;
  }

  void StopIfNarrow() {
    const auto interval = IntervalOfMean(sampler_->summary().throughputs);
    if (!interval || interval->mean <= 0 || interval->width() > interval_width_) return;
    interval_reached_ = true;
    group_->Stop();
  }

  void Publish(uint64_t now) {
    const uint64_t completed = group_->completed();
    if (now - rate_time_ns_ >= kRateIntervalNs) {
      const auto elapsed = static_cast<double>(now - rate_time_ns_);
      rate_ = static_cast<double>(completed - rate_completed_) * kNsPerSecond / elapsed;
      rate_time_ns_ = now;
      rate_completed_ = completed;
    }
    const double elapsed_s = static_cast<double>(now - start_ns_) / kNsPerSecond;
    const double by_time = seconds_ > 0 ? elapsed_s / seconds_ : 0;
    const double by_count = operations_ > 0 ? static_cast<double>(completed) / operations_ : 0;
    const double fraction = std::min(1.0, std::max(by_time, by_count));
    parts_->control->Publish({name_, fraction, rate_, tree_});
  }

  const std::string name_;
  const double operations_;
  const double seconds_;
  const double interval_width_;
  const uint64_t start_ns_;
  const uint64_t sample_ns_;
  PhaseParts* const parts_;
  ClientGroup* const group_;
  Sampler* const sampler_;
  uint64_t samples_ = 0;  // taken
  int64_t server_process_ = 0;
  bool interval_reached_ = false;
  std::string tree_;
  double rate_ = 0;
  uint64_t rate_time_ns_;
  uint64_t rate_completed_ = 0;
};

ClientSchedule MakeSchedule(const ClientPhase& phase, double sample_seconds) {
  const OperationClock& clock = OperationClock::Best();
  ClientSchedule schedule;
  schedule.start = clock.Start();
  schedule.sample = std::max<uint64_t>(1, clock.TicksOf(sample_seconds * kNsPerSecond));
  if (phase.seconds > 0) {
    schedule.end = schedule.start + clock.TicksOf(phase.seconds * kNsPerSecond);
  }
  return schedule;
}

}  // namespace

void TrialControl::Publish(const TrialProgress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

TrialProgress TrialControl::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

Result<ClientPhaseResult> RunClientPhase(ClientPhase phase, PhaseParts* parts) {
  const int clients = static_cast<int>(phase.streams.size());
  parts->oracle->SetClients(clients);
  OperationClock::Best();  // calibrated before anything is timed
  Intervals intervals(clients);
  ClientGroup group(phase, *parts, &intervals);
  group.WaitUntilReady();

  std::unique_ptr<PhaseRecord> record = BeginRecord(phase.name, parts);
  group.Start(MakeSchedule(phase, parts->sample_seconds));
  const auto sample_ns = static_cast<uint64_t>(parts->sample_seconds * kNsPerSecond);
  SampleState start;
  start.time_ns = record->start_ns;
  start.store = record->before;
  Sampler sampler(phase.name, start, sample_ns, parts->files, &intervals);
  Watch watch(phase, record->start_ns, parts, &group, &sampler);
  Status status = watch.Run();
  record->end_ns = std::max(group.end_ns() - parts->origin_ns, record->start_ns);
  EndRecord(parts, record.get());

  if (status.ok()) status = group.status();
  if (status.ok()) status = sampler.Finish(StateAt(record->end_ns, parts));
  if (!status.ok()) return status;
  record->counts = sampler.summary().counts;
  for (const auto& stream : phase.streams) record->stream_hash += stream->hash();
  return ClientPhaseResult{std::move(record), sampler.TakeSummary(), watch.interval_reached()};
}

Result<std::unique_ptr<PhaseRecord>> RunQuietPhase(const std::string& name,
                                                   const std::function<Status()>& work,
                                                   PhaseParts* parts) {
  parts->control->Publish({name, 0, 0, TreeLine(parts->store->State())});
  std::unique_ptr<PhaseRecord> record = BeginRecord(name, parts);
  if (Status status = work(); !status.ok()) return status;
  record->end_ns = Now(*parts);
  EndRecord(parts, record.get());
  return record;
}

double NullNsPerOperation(workloads::OperationStream* stream, workloads::WorkloadState* workload,
                          double seconds) {
  const Result<std::unique_ptr<Store>> store = FindStoreKind("null")->Open({});
  std::atomic<bool> stop{false};
  ClientParts parts;
  parts.store = store->get();
  parts.stream = stream;
  parts.workload = workload;
  parts.stop = &stop;
  const auto client = std::make_unique<Client>(parts);
  const OperationClock& clock = OperationClock::Best();
  ClientSchedule schedule;
  schedule.start = clock.Start();
  schedule.end = schedule.start + clock.TicksOf(seconds * kNsPerSecond);
  const uint64_t cpu_before_ns = ThreadCpuNs();
  const bool ok = client->Run(schedule).ok();
  const uint64_t cpu_ns = ThreadCpuNs() - cpu_before_ns;
  if (!ok || client->completed() == 0) return 0;
  return static_cast<double>(cpu_ns) / static_cast<double>(client->completed());
}

}  // namespace varve::harness
