// Progress: what a person sees while an experiment runs, and how long it will still take.
//
// On a terminal one line that is kept up to date; elsewhere a line when a trial ends. Everything
// goes to standard error: standard output belongs to results.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan.h"
#include "harness/trial.h"

namespace varve::harness {

// Guesses the time left from the trials that have ended: a trial takes as long as the mean of its
// point; a point without an ended trial as long as the mean over all points that have one.
class TimeEstimate {
 public:
  explicit TimeEstimate(const Plan& plan);

  void TrialEnded(size_t trial, double seconds);
  // A trial that will not be measured (it failed): no time is left for it.
  void TrialGivenUp(size_t trial);
  // Of all trials that have not ended; nothing before the first has.
  std::optional<double> SecondsLeft() const;

 private:
  struct Point {
    double seconds = 0;
    size_t ended = 0;
    size_t left = 0;
  };
  std::vector<size_t> point_of_trial_;
  std::vector<Point> points_;
};

// "42 s", "3 min", "2 h 5 min".
std::string DurationText(double seconds);
// "123", "45.6 K", "1.23 M": three digits.
std::string CountText(double count);
// "850 ns", "1.25 ms": three digits.
std::string NanosecondsText(double nanoseconds);

// Not thread safe.
class ProgressDisplay {
 public:
  // `trials` in all, of which `finished` need not be run.
  ProgressDisplay(size_t trials, size_t finished);
  ~ProgressDisplay();

  void Begin(const std::string& trial);
  void Update(const TrialProgress& progress, std::optional<double> seconds_left);
  // The trial ended; `outcome` says how.
  void End(const std::string& outcome, std::optional<double> seconds_left);
  // A line of its own.
  void Say(const std::string& line);

 private:
  void Clear();

  const bool terminal_;
  const size_t trials_;
  size_t number_;
  std::string trial_;
  bool line_shown_ = false;
};

}  // namespace varve::harness
