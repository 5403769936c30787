// Plan: the trials of an experiment, and the order in which they run.
//
// variants x sweep x repetitions. Order: round r holds repetition r of every point once, shuffled
// by the experiment's seed, so that drift of the machine hits every configuration alike. The same
// experiment gives the same plan on every machine.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/status.h"
#include "harness/experiment.h"
#include "harness/trial_spec.h"

namespace varve::harness {

struct Plan {
  std::vector<TrialSpec> trials;  // points in the order of the file, repetitions within
  std::vector<size_t> order;      // indices of `trials` in the order they run
  // Trials with the same point have the same number: they take about the same time.
  std::vector<size_t> point_of_trial;
  size_t points = 0;
  // What tells each point from the others, for people: "lazy, size_ratio 4, ycsb_a".
  std::vector<std::string> labels;

  // Names the plan: two experiments with the same hash ask for exactly the same trials.
  std::string Hash() const;
};

// Every trial is checked; the error names the file and the point that is wrong.
Result<Plan> MakePlan(const Experiment& experiment, const std::string& workloads_directory);

}  // namespace varve::harness
