// Sampler: one row of samples.csv and one line of latency.hlog for each sample of a phase.
//
// A row joins what clients did in the sample (intervals.h) with the state of the store at its end,
// and is written when both are there. Rows are written in order.
//
// Called by phase.cc, from one thread.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "harness/intervals.h"
#include "harness/oracle.h"
#include "harness/output_file.h"
#include "harness/store.h"

namespace varve::harness {

// The files that samples go to, and what is kept of them for the result. One a trial.
class SampleFiles {
 public:
  // Makes samples.csv and latency.hlog in `directory`, with their headers.
  static Result<std::unique_ptr<SampleFiles>> Open(const std::string& directory);

  Status WriteRow(const std::string& row) { return samples_->Write(row); }
  Status WriteHistogram(const std::string& line) { return latency_->Write(line); }
  uint64_t bytes_written() const { return samples_->bytes_written() + latency_->bytes_written(); }

 private:
  SampleFiles() = default;
  std::unique_ptr<OutputFile> samples_;
  std::unique_ptr<OutputFile> latency_;
};

// The state of everything at one moment.
struct SampleState {
  uint64_t time_ns = 0;  // on the scale of the results
  StoreState store;
  uint64_t disk_bytes = 0;  // of the store's directory (BytesOnDisk)
  uint64_t live_bytes = 0;
  uint64_t memory_bytes = 0;
};

// One full sample, of those things that are judged from sample to sample. In an open loop times are
// responses, else latencies.
struct SampleWindow {
  double start_seconds = 0;  // since the start of the phase
  double throughput = 0;     // operations per second
  uint64_t operations = 0;   // none: there are no times
  uint64_t p99_ns = 0;
  double mean_ns = 0;
  double pending_compaction_bytes = 0;  // at its end; 0 if the store does not know
};

// What a phase left behind in its samples.
struct SampleSummary {
  ClientCounts counts;
  KindHistograms latency;
  std::unique_ptr<PacedLatency> paced;  // null: closed loop
  std::vector<double> throughputs;      // operations per second of each full sample
  std::vector<SampleWindow> windows;    // the same samples
  double space_amplification_peak = 0;  // 0: not known
  double space_amplification_sum = 0;   // over so many samples
  uint64_t space_amplification_samples = 0;
  double system_space_amplification_peak = 0;  // 0: not known
  double space_overhead_peak = 0;
  double space_overhead_sum = 0;  // over so many samples
  uint64_t space_overhead_samples = 0;
  uint64_t runs_sum = 0;  // of the tree, over so many samples
  uint64_t runs_samples = 0;
  uint64_t tombstone_age_max = 0;  // over the samples
};

// Keys and values in tables beyond those that are live, as a share of these (docs/results.md).
// REQUIRES: counters, and live_bytes > 0.
double SpaceOverhead(const StoreState& store, uint64_t live_bytes);

// The sorted runs of the tree. REQUIRES: levels are known.
uint64_t RunsOf(const StoreState& store);

class Sampler {
 public:
  // All outlive the sampler. `start` is the state when the phase begins; the row of a sample
  // shorter than `full_ns` (the last one) is written, but its throughput is not kept.
  Sampler(std::string phase, const SampleState& start, uint64_t full_ns, SampleFiles* files,
          Intervals* intervals);

  // The state at the end of the next sample.
  void Add(const SampleState& state);
  // Writes the rows that are complete.
  Status Drain();

  // The last state, after all clients have finished: writes all that is left.
  Status Finish(const SampleState& state);

  // REQUIRES: TakeSummary was not called.
  const SampleSummary& summary() const { return *summary_; }
  std::unique_ptr<SampleSummary> TakeSummary() { return std::move(summary_); }

 private:
  Status Write(const SampleState& state, const Interval& interval);
  void KeepWindow(const SampleState& state, const Interval& interval, double seconds);
  Status WriteResponses(double start_seconds, double seconds, const Interval& interval);
  std::string Row(const SampleState& state, const Interval& interval) const;

  const std::string phase_;
  const uint64_t start_ns_;
  const uint64_t full_ns_;
  SampleFiles* const files_;
  Intervals* const intervals_;
  std::unique_ptr<SampleState> last_;  // of the last row
  std::deque<std::unique_ptr<SampleState>> waiting_;
  uint64_t sample_ = 0;  // of the next row
  std::unique_ptr<SampleSummary> summary_;
};

}  // namespace varve::harness
