// Holding writes back: slowdowns and stops, each with its cause.
//
// The gate is recomputed whenever the tree or the memtables change, and is one relaxed load for a
// writer while it is open. Below the stop threshold writes are slowed to a rate that falls from
// kSlowBytesPerSecondMax to a tenth of it as the threshold comes nearer, so that a stop, if it
// comes, comes late.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/maintenance.h"

namespace varve {
namespace {

constexpr double kSlowBytesPerSecondMax = 64 << 20;
// Sleeping is not worth its system call for less.
constexpr uint64_t kSleepNsMin = 1'000'000;

// How far `value` is on the way from `slow` to `stop`, 0 to 1; negative below `slow`.
double Pressure(uint64_t value, uint64_t slow, uint64_t stop) {
  if (value < slow) return -1;
  if (value >= stop || stop <= slow) return 1;
  return static_cast<double>(value - slow) / static_cast<double>(stop - slow);
}

}  // namespace

void Maintenance::UpdateGate() {
  const Options& options = state_.options;
  const Tree& tree = state_.version->tree();
  const bool counts = state_.strategy.limits_level0() && !tree.levels.empty();
  const uint64_t level0 = counts ? tree.levels[0].runs.size() : 0;
  const double runs = Pressure(level0, options.level0_slowdown_runs, options.level0_stop_runs);
  const double pending =
      Pressure(PendingBytes(), options.pending_slowdown_bytes, options.pending_stop_bytes);
  const double pressure = std::max(runs, pending);
  const StallCause cause = runs >= pending ? StallCause::kLevel0Runs : StallCause::kPendingBytes;
  if (pressure < 0) {
    gate_cause_.store(StallCause::kNone);
    gate_.store(Gate::kOpen);
    return;
  }
  gate_cause_.store(cause);
  slow_bytes_per_second_.store(
      static_cast<uint64_t>(kSlowBytesPerSecondMax * (1 - 0.9 * pressure)));
  gate_.store(pressure >= 1 ? Gate::kStopped : Gate::kSlow);
}

Status Maintenance::AdmitWrite(uint64_t bytes) {
  if (gate_.load(std::memory_order_relaxed) == Gate::kOpen &&
      !failed_.load(std::memory_order_relaxed)) {
    return {};
  }
  return AdmitSlowly(bytes);
}

Status Maintenance::AdmitSlowly(uint64_t bytes) {
  {
    MutexLock lock(state_.mutex);
    if (!error_.ok()) return error_;
    // Inline, all due work is done by now: nobody could open the gate while this waits.
    if (executor_->inline_mode()) return {};
  }
  if (gate_.load() == Gate::kStopped) {
    // A compaction that failed for want of space is tried again whenever a writer needs it.
    Retry();
    MutexLock lock(state_.mutex);
    return WaitWhileStopped(gate_cause_.load(), [this] { return gate_.load() == Gate::kStopped; });
  }
  const uint64_t rate = slow_bytes_per_second_.load();
  if (gate_.load() != Gate::kSlow || rate == 0) return {};
  slow_debt_ns_ += bytes * 1'000'000'000 / rate;
  if (slow_debt_ns_ < kSleepNsMin) return {};
  StallEvent event{gate_cause_.load(), false, state_.clock->NowNs(), 0};
  state_.listener->OnStallBegin(event);
  state_.clock->SleepNs(slow_debt_ns_);
  event.end_ns = state_.clock->NowNs();
  slow_debt_ns_ = 0;
  {
    MutexLock lock(state_.mutex);
    ++totals_.stalls[static_cast<size_t>(event.cause)];
    totals_.stall_ns[static_cast<size_t>(event.cause)] += event.end_ns - event.start_ns;
  }
  state_.listener->OnStallEnd(event);
  return {};
}

Status Maintenance::WaitForMemTableRoom() {
  const auto full = [this]() REQUIRES_LOCK(state_.mutex) {
    return state_.sealed.size() + 1 >= state_.options.memtables_max;
  };
  {
    MutexLock lock(state_.mutex);
    if (!error_.ok()) return error_;
    if (!full()) return {};
  }
  // A flush that failed for want of space is tried again whenever a writer needs it.
  Retry();
  MutexLock lock(state_.mutex);
  if (!full()) return error_;
  if (executor_->inline_mode()) return error_.ok() ? no_space_to_flush_ : error_;
  return WaitWhileStopped(StallCause::kMemtables, full);
}

Status Maintenance::WaitWhileStopped(StallCause cause, const std::function<bool()>& stopped) {
  StallEvent event{cause, true, state_.clock->NowNs(), 0};
  state_.mutex.Unlock();
  state_.listener->OnStallBegin(event);
  state_.mutex.Lock();
  const Status& no_space =
      cause == StallCause::kMemtables ? no_space_to_flush_ : no_space_to_compact_;
  while (error_.ok() && no_space.ok() && stopped()) changed_.Wait(state_.mutex);
  event.end_ns = state_.clock->NowNs();
  ++totals_.stalls[static_cast<size_t>(cause)];
  totals_.stall_ns[static_cast<size_t>(cause)] += event.end_ns - event.start_ns;
  state_.mutex.Unlock();
  state_.listener->OnStallEnd(event);
  state_.mutex.Lock();
  if (!error_.ok()) return error_;
  return stopped() ? no_space : Status();
}

}  // namespace varve
