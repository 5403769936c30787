// A phase that clients work in: load, warm-up, measure.
//
// Clients start together, each on a thread of its own, and the calling thread takes samples until
// the last of them has ended. Afterwards nothing of the phase is running.
//
// Called by trial_phases.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/oracle.h"
#include "harness/pacing.h"
#include "harness/process_stats.h"
#include "harness/sampler.h"
#include "harness/store.h"
#include "harness/trial.h"
#include "workloads/stream.h"

namespace varve::harness {

// Between the thread that runs a trial and the one that waits for it. Thread safe.
class TrialControl {
 public:
  void Interrupt() { interrupted_.store(true); }
  bool interrupted() const { return interrupted_.load(); }

  void Publish(const TrialProgress& progress);
  TrialProgress progress() const;

 private:
  std::atomic<bool> interrupted_{false};
  mutable std::mutex mutex_;
  TrialProgress progress_;  // guarded by mutex_
};

// What the phases of a trial share. All pointers outlive the phase.
struct PhaseParts {
  Store* store = nullptr;
  workloads::WorkloadState* workload = nullptr;
  Oracle* oracle = nullptr;
  SampleFiles* files = nullptr;
  TrialControl* control = nullptr;
  uint64_t origin_ns = 0;  // time 0 of the results, on RealClock: the first phase sets it
  double sample_seconds = 1;
  uint64_t memory_peak_bytes = 0;  // anonymous; raised by every phase
  std::string data_directory;      // of the store
  uint64_t event_bytes = 0;        // that the harness wrote besides `files`
};

// One of the phases of result.json.
struct PhaseRecord {
  std::string name;
  uint64_t start_ns = 0;  // on the scale of the results
  uint64_t end_ns = 0;
  ClientCounts counts;
  StoreState before;
  StoreState after;
  ProcessStats process_before;
  ProcessStats process_after;
  uint64_t harness_bytes_before = 0;  // that the harness itself had written to files
  uint64_t harness_bytes_after = 0;
  uint64_t disk_bytes = 0;  // of the store's directory, at the end (BytesOnDisk)
  uint64_t live_bytes = 0;  // at the end
  uint64_t stream_hash = 0;

  double seconds() const { return static_cast<double>(end_ns - start_ns) / 1e9; }
};

struct ClientPhase {
  std::string name;
  // One for each client.
  std::vector<std::unique_ptr<workloads::OperationStream>> streams;
  uint64_t operations = 0;    // that the streams hold, for progress; 0 or huge: unknown
  double seconds = 0;         // 0: until the streams end
  double interval_width = 0;  // end when that of the throughput is so narrow; 0: do not
  ArrivalPlan arrivals;       // of all clients together
};

struct ClientPhaseResult {
  std::unique_ptr<PhaseRecord> record;
  std::unique_ptr<SampleSummary> summary;
  bool interval_reached = false;  // it was so narrow, and the phase ended by it
};

// Runs the phase. Interruption ends it early, with an OK status. A failure of the store or of the
// files of results is returned.
Result<ClientPhaseResult> RunClientPhase(ClientPhase phase, PhaseParts* parts);

// Runs `work` as a phase without clients (settle, drain, verify).
Result<std::unique_ptr<PhaseRecord>> RunQuietPhase(const std::string& name,
                                                   const std::function<Status()>& work,
                                                   PhaseParts* parts);

// Nanoseconds of processor time that one operation of `stream` costs the harness itself, measured
// for `seconds` against the null store, without the oracle; 0 if the stream is empty.
double NullNsPerOperation(workloads::OperationStream* stream, workloads::WorkloadState* workload,
                          double seconds);

}  // namespace varve::harness
