// Client: a thread that issues operations, and the measured loop.
//
// Closed loop: the next operation is made when the one before has returned, perhaps after a time to
// think. Open loop: when it is due (pacing.h). The loop is compiled once for each of these, so that
// the first costs nothing more.
//
// The latency of an operation is the time between two reads of the clock, immediately before and
// after the call of the store: neither making the operation nor checking its answer is in it.
// Throughput is that of the whole loop, so what a client needs for itself lowers it a little;
// harness/README.md tells how much, and each result holds it for its own workload.
//
// Nothing else may be added to the loop. It takes no lock and allocates nothing; it writes only
// memory of its own (and, in a trial with several clients, the oracle's slot of the record).
//
// Started by phase.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/clock.h"
#include "harness/intervals.h"
#include "harness/oracle.h"
#include "harness/pacing.h"
#include "harness/scan_answer.h"
#include "harness/store.h"
#include "workloads/stream.h"

namespace varve::harness {

// What a client works with; all of it outlives the client.
struct ClientParts {
  Store* store = nullptr;
  workloads::OperationStream* stream = nullptr;
  workloads::WorkloadState* workload = nullptr;
  Oracle* oracle = nullptr;           // may be nullptr: nothing is checked or kept
  Intervals* intervals = nullptr;     // may be nullptr: latencies are thrown away
  std::atomic<bool>* stop = nullptr;  // set by anyone: stop after the present operation
  Pacing* pacing = nullptr;           // nullptr: closed loop
  double think_seconds = 0;           // closed loop: between operations
  int client = 0;
};

// When things happen, in ticks of the clock.
struct ClientSchedule {
  uint64_t start = 0;                // of the phase: sample 0 begins
  uint64_t sample = UINT64_MAX / 2;  // length of a sample
  uint64_t end = UINT64_MAX;         // no operation begins after one has ended at or after this
};

class alignas(64) Client {
 public:
  explicit Client(const ClientParts& parts);

  // Issues operations until the stream ends, the time is over, or *stop is set. A failure of the
  // store sets *stop, and is returned with operation and key.
  Status Run(const ClientSchedule& schedule);

  // Operations so far; from any thread.
  uint64_t completed() const { return completed_.load(std::memory_order_relaxed); }

 private:
  using Operation = workloads::Operation;

  // When the next operation begins.
  enum class Begin { kAtOnce, kAfterThinking, kWhenDue };
  template <Begin kBegin>
  Status Loop();
  template <Begin kBegin>
  bool Wait();
  bool Think();
  bool NextArrival();
  bool WaitForArrival();
  void RecordPaced(const Operation& operation, uint64_t start, uint64_t end);
  void RecordCalls(uint64_t start, uint64_t end);
  void CountUnserved();
  [[gnu::always_inline]] inline Status Perform(const Operation& operation);
  [[gnu::always_inline]] inline Status Get(const Operation& operation);
  Status Scan(const Operation& operation);
  void Judge(const Operation& operation, uint64_t before);
  [[gnu::always_inline]] inline void Count(const Operation& operation);
  void HandOver(uint64_t now);

  const ClientParts parts_;
  const OperationClock clock_;
  ClientSchedule schedule_;
  uint64_t sample_ = 0;               // the present sample
  uint64_t sample_end_ = UINT64_MAX;  // in ticks

  bool found_ = false;  // the answer of the last get
  std::string value_;
  ScanAnswer scanned_;    // of the last scan
  uint64_t between_ = 0;  // the two calls of the last read-modify-write, in ticks
  const Store::Visit visit_;

  std::atomic<uint64_t> completed_{0};
  ClientCounts counts_;     // of the present sample
  KindHistograms latency_;  // the same

  const uint64_t think_;    // in ticks
  uint64_t think_end_ = 0;  // of the present operation; in ticks

  // Open loop only.
  uint64_t intended_ = 0;  // when the present operation should have begun, in ticks
  const std::unique_ptr<PacedLatency> paced_;  // of the present sample; null in a closed loop
};

}  // namespace varve::harness
