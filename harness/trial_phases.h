// TrialPhases: the phases of one trial, from opening the store to writing result.json.
//
// Called by trial.cc, in a thread of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/status.h"
#include "harness/phase.h"
#include "harness/trial_spec.h"
#include "workloads/workload.h"

namespace varve::harness {

struct TrialDirectories {
  std::string results;
  std::string data;
};

// Runs the whole trial. `control` tells of progress, and ends it early: then the result is
// kIndeterminate, and what was written so far stays.
Status RunTrialPhases(const TrialSpec& spec, const workloads::Workload& workload,
                      const TrialDirectories& directories, TrialControl* control);

}  // namespace varve::harness
