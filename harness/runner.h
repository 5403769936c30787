// Runner: carries out an experiment, trial by trial, each in a process of its own.
//
// Invariant: at every moment the results directory holds finished trials and at most one that is
// not; what is killed at any moment goes on where it was, and its table is the one that it would
// have been. A trial that fails is kept with its error, and the others go on.
//
// Called by the commands run and bench.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "engine/status.h"
#include "harness/experiment.h"
#include "harness/plan.h"

namespace varve::harness {

struct RunOptions {
  std::string program;          // what runs `trial`: this program's own path
  std::string results_root;     // results directories are made here
  std::string data_root;        // databases are made here, and removed; "": beside the results
  std::string resume = "auto";  // as ResultsChoice::resume
};

struct RunOutcome {
  std::string directory;
  size_t trials = 0;
  size_t finished = 0;  // in this run or an earlier one
  size_t failed = 0;    // broke, or gave a wrong answer
  std::string first_failure;
  bool interrupted = false;
};

// An error is one that keeps the experiment as a whole from going on. Progress goes to standard
// error. Interrupts must be caught already (interrupt.h): the first ends the trial that runs and
// returns, the second kills it.
Result<RunOutcome> RunExperiment(const Experiment& experiment, const Plan& plan,
                                 const RunOptions& options);

}  // namespace varve::harness
