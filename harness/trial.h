// Trial: one store, one workload, one repetition, through its phases:
//
//   load -> settle -> warm-up -> measure -> drain -> verify
//
// A trial runs in a process of its own with a fresh directory. It leaves the files of
// docs/results.md behind.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/status.h"
#include "harness/trial_spec.h"

namespace varve::harness {

// Where a running trial is, for a progress bar.
struct TrialProgress {
  std::string phase;
  double fraction = 0;               // of the phase, 0 to 1
  double operations_per_second = 0;  // in the last second
  std::string tree;                  // one short line: "L0 3 L1 12 L2 110"
};

struct TrialContext {
  std::string results_directory;  // exists; the trial's files go here
  std::string data_directory;     // fresh; the database goes here, and is left there
  std::string workloads_directory;
  const std::atomic<bool>* interrupted = nullptr;      // set by a signal: stop, clean up, return
  std::function<void(const TrialProgress&)> progress;  // called about once a second
};

// Runs the trial in this process. OK: result.json and its siblings are complete, also if
// verification failed ("verified": false in the result). Otherwise the status says what broke;
// kIndeterminate: it was interrupted. Returns within a second of an interruption: if the store is
// busy for longer, a thread of the trial is left running, and the process should end by _Exit.
Status RunTrial(const TrialSpec& spec, const TrialContext& context);

}  // namespace varve::harness
