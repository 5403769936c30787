// RateSearch: which rate to try next, to find the highest one that a system can keep.
//
// Rates double as long as they pass and are halved as long as they fail; then the geometric middle
// of the highest that passed and the lowest that failed is tried, until the two are close. Whether
// a rate passes is a matter of chance near the limit, so the answer must pass again; if it does
// not, it has failed, and everything at and above it with it. So an answer that is too low is
// likelier than one that is too high.
//
// A pure function of what was reported. Not thread safe. Called by the command sustain.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace varve::harness {

class RateSearch {
 public:
  struct Limits {
    double first = 1000;      // operations per second
    double precision = 0.05;  // the two ends may differ by this share; at least 0.01
    size_t confirmations = 1;
    size_t probes_max = 40;
    double rate_min = 1;
    double rate_max = 1e9;
  };
  explicit RateSearch(const Limits& limits) : limits_(limits) {}

  // The next rate, or nothing if there is an answer, or none to be had.
  std::optional<double> Next() const;
  // REQUIRES: `rate` is what Next returned.
  void Report(double rate, bool passed);

  // The highest rate that passed, and below which nothing failed; 0: none.
  double highest_pass() const;
  // The lowest rate that failed; 0: none.
  double lowest_fail() const;
  // Whether the highest pass is as good as was asked for.
  bool confirmed() const;
  // How often `rate` was tried.
  size_t TriesOf(double rate) const;

 private:
  struct Probe {
    double rate;
    bool passed;
  };
  bool Narrow() const;

  Limits limits_;
  std::vector<Probe> probes_;
};

}  // namespace varve::harness
