// Series: what a row of samples says about its mean and its trend.
//
// Samples of a store that works in the background depend on each other, so an interval that counts
// them as independent is too narrow. Here the variance of the mean is that of a stationary series,
// by Geyer's initial positive sequence ("Practical Markov Chain Monte Carlo", 1992): the sum of
// autocovariances, in pairs, as long as a pair is positive. It is as if there were fewer samples,
// the effective ones. Kalibera and Jones ("Rigorous Benchmarking in Reasonable Time", 2013) tell
// why such an interval, and not a number of runs, should decide when enough was measured.
//
// Called by phase.cc (when to stop) and result.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace varve::harness {

// A 95 % confidence interval of the mean.
struct MeanInterval {
  double mean = 0;
  double low = 0;
  double high = 0;
  double effective_samples = 0;

  // As a share of the mean. REQUIRES: mean > 0.
  double width() const { return (high - low) / mean; }
};

// Nothing for fewer than 20 samples, or for fewer than 8 effective ones: a series that is still on
// its way somewhere has only few.
std::optional<MeanInterval> IntervalOfMean(std::span<const double> series);

// The medians of the first and of the last third.
struct Thirds {
  double first = 0;
  double last = 0;
};
// Nothing for fewer than 9 samples.
std::optional<Thirds> ThirdsOf(std::span<const double> series);

// Whether the last third lies above the first: its median by more than `least`, and four in five of
// all pairs of a sample of either (the measure of Mann and Whitney), so that neither a few high
// samples nor a wide scatter are a trend. False for fewer than 9 samples.
bool Grows(std::span<const double> series, double least);

}  // namespace varve::harness
