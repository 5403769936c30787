// Searching.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/rate_search.h"

#include <algorithm>
#include <cmath>

namespace varve::harness {
namespace {

// To four digits: rates that a person can type again.
double Rounded(double rate) {
  const double unit = std::pow(10, std::floor(std::log10(rate)) - 3);
  return std::round(rate / unit) * unit;
}

}  // namespace

void RateSearch::Report(double rate, bool passed) { probes_.push_back({rate, passed}); }

double RateSearch::lowest_fail() const {
  double lowest = 0;
  for (const Probe& probe : probes_) {
    if (!probe.passed && (lowest == 0 || probe.rate < lowest)) lowest = probe.rate;
  }
  return lowest;
}

double RateSearch::highest_pass() const {
  const double fail = lowest_fail();
  double highest = 0;
  for (const Probe& probe : probes_) {
    if (probe.passed && (fail == 0 || probe.rate < fail)) highest = std::max(highest, probe.rate);
  }
  return highest;
}

size_t RateSearch::TriesOf(double rate) const {
  return static_cast<size_t>(std::count_if(probes_.begin(), probes_.end(),
                                           [&](const Probe& probe) { return probe.rate == rate; }));
}

bool RateSearch::Narrow() const {
  const double pass = highest_pass();
  if (pass == 0) return false;
  if (pass >= limits_.rate_max) return true;
  const double fail = lowest_fail();
  return fail > 0 && fail <= pass * (1 + limits_.precision);
}

bool RateSearch::confirmed() const {
  return Narrow() && TriesOf(highest_pass()) > limits_.confirmations;
}

std::optional<double> RateSearch::Next() const {
  if (probes_.size() >= limits_.probes_max || confirmed()) return std::nullopt;
  if (probes_.empty())
    return std::clamp(Rounded(limits_.first), limits_.rate_min, limits_.rate_max);
  const double pass = highest_pass();
  const double fail = lowest_fail();
  if (Narrow()) return pass;
  if (fail == 0) return std::min(2 * pass, limits_.rate_max);
  if (pass > 0) return Rounded(std::sqrt(pass * fail));
  if (fail <= limits_.rate_min) return std::nullopt;
  return std::max(Rounded(fail / 2), limits_.rate_min);
}

}  // namespace varve::harness
