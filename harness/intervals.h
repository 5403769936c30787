// Intervals: where clients leave what they measured in each sample.
//
// A client keeps the histograms of the current sample to itself. When an operation ends in a later
// sample than the one before it, the client hands them over, under a lock, between two operations:
// once a second, outside of everything that is timed. So nothing is shared on the hot path, and an
// operation belongs to exactly the sample in which it ended. A sample is complete when every client
// has gone past it; a client that is stuck in a store holds it back until it returns.
//
// Filled by client.cc, emptied by sampler.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "harness/histogram.h"
#include "workloads/operation.h"

namespace varve::harness {

// What clients did. A value.
struct ClientCounts {
  std::array<uint64_t, workloads::kOperationKinds> operations{};
  uint64_t found = 0;   // gets (reads, and those of read-modify-writes) that found the key
  uint64_t absent = 0;  // gets that did not
  uint64_t scanned_entries = 0;
  uint64_t user_bytes_written = 0;  // keys and values of puts, keys of deletes
  uint64_t bytes_returned = 0;      // keys and values that gets and scans returned
  uint64_t unserved = 0;            // open loop: due before the time was over, and never begun

  uint64_t total() const;
  ClientCounts& operator+=(const ClientCounts& other);
};

// What is timed: every kind of operation and, behind them, the two calls of a read-modify-write,
// which that kind times as one.
inline constexpr size_t kReadModifyWriteRead = workloads::kOperationKinds;
inline constexpr size_t kReadModifyWriteUpdate = kReadModifyWriteRead + 1;
inline constexpr size_t kTimedKinds = kReadModifyWriteUpdate + 1;

// "read", … as OperationName; "read_modify_write_read", "read_modify_write_update".
std::string_view TimedName(size_t timed);

using KindHistograms = std::array<Histogram, kTimedKinds>;

// All operations, each once: without the calls that another kind holds already.
Histogram MergedOperations(const KindHistograms& latency);

// Open loop only: what operations took from the moment at which they should have begun.
struct PacedLatency {
  KindHistograms response;  // until the return
  Histogram queueing;       // until the call
  Histogram lag;            // until the call, of those that the client had slept for: its own fault

  void Merge(const PacedLatency& other);
  void Clear();
};

// What all clients did in one sample. 0.4 MB.
struct Interval {
  ClientCounts counts;
  KindHistograms latency;
  std::unique_ptr<PacedLatency> paced;  // null: closed loop

  void MergePaced(const PacedLatency* other);  // null: nothing
};

// Thread safe.
class Intervals {
 public:
  explicit Intervals(int clients) : next_(static_cast<size_t>(clients), 0) {}

  // Client `client` did this in sample `sample`, and its next operation ends in sample `next` or
  // later. `paced` is null in a closed loop. REQUIRES: sample < next, and sample is not below the
  // `next` of the call before.
  void Deliver(int client, uint64_t sample, uint64_t next, const ClientCounts& counts,
               const KindHistograms& latency, const PacedLatency* paced = nullptr);
  // The client delivers nothing more.
  void Finish(int client);

  // The sum of all deliveries of `sample` if it is complete, and forgets it; nullptr if some client
  // may still deliver. REQUIRES: called for 0, 1, 2, … until it has answered for each.
  std::unique_ptr<Interval> Take(uint64_t sample);
  // The sum of everything that was not taken. REQUIRES: all clients have finished.
  std::unique_ptr<Interval> TakeRest();

 private:
  std::mutex mutex_;
  std::vector<uint64_t> next_;  // by client
  std::map<uint64_t, std::unique_ptr<Interval>> open_;
};

}  // namespace varve::harness
