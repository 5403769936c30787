// Waiting for a trial, so that an interruption is never kept waiting by it.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/files.h"
#include "harness/trial_phases.h"

namespace varve::harness {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(50);
constexpr auto kProgressInterval = std::chrono::seconds(1);
// An interrupted trial has this long to end by itself; a store may be deep in a compaction.
constexpr auto kGrace = std::chrono::milliseconds(700);

// Belongs to the trial's thread and to the waiting one: whoever is last lets it go.
struct Shared {
  TrialSpec spec;
  workloads::Workload workload;
  TrialDirectories directories;
  TrialControl control;

  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;  // guarded by mutex, as is what follows
  Status status;
};

void RunToEnd(const std::shared_ptr<Shared>& shared) {
  Status status =
      RunTrialPhases(shared->spec, shared->workload, shared->directories, &shared->control);
  const std::lock_guard lock(shared->mutex);
  shared->status = std::move(status);
  shared->done = true;
  shared->ended.notify_all();
}

bool WaitFor(std::chrono::milliseconds wait, Shared* shared) {
  std::unique_lock lock(shared->mutex);
  return shared->ended.wait_for(lock, wait, [shared] { return shared->done; });
}

// Until the trial is over or interrupted; tells of progress meanwhile.
void Attend(const TrialContext& context, Shared* shared) {
  auto told = std::chrono::steady_clock::now();
  while (!WaitFor(kPollInterval, shared)) {
    if (context.interrupted != nullptr && context.interrupted->load()) {
      shared->control.Interrupt();
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - told < kProgressInterval || context.progress == nullptr) continue;
    told = now;
    context.progress(shared->control.progress());
  }
}

}  // namespace

Status RunTrial(const TrialSpec& spec, const TrialContext& context) {
  Result<workloads::Workload> workload = TrialWorkload(spec, context.workloads_directory);
  if (!workload.ok()) return workload.status();
  if (spec.trial.seconds <= 0 && workload->operations == 0) {
    return Status::InvalidArgument(
        "neither trial.operations, trial.seconds nor the workload says when to end");
  }
  const auto shared = std::make_shared<Shared>();
  shared->spec = spec;
  shared->workload = std::move(*workload);
  shared->directories = {context.results_directory, context.data_directory};
  std::thread thread([shared] { RunToEnd(shared); });
  Attend(context, shared.get());
  if (!WaitFor(kGrace, shared.get())) {
    thread.detach();
    return Status::Indeterminate("interrupted, and the store had not ended what it was doing");
  }
  thread.join();
  const std::lock_guard lock(shared->mutex);
  return shared->status;
}

}  // namespace varve::harness
