// Goodness of fit for tests of random choices. Not a test itself.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace varve::workloads {

// How many standard deviations the chi-square statistic of `counts` against `probabilities` (which
// add up to 1) is above its mean, by Wilson and Hilferty's approximation. Bins that expect fewer
// than 10 are merged with those behind them. A good fit is below 4 in all but 3 of 100,000 cases.
inline double ChiSquareDeviation(const std::vector<uint64_t>& counts,
                                 const std::vector<double>& probabilities) {
  constexpr double kLeastExpected = 10;
  double draws = 0;
  for (const uint64_t count : counts) draws += static_cast<double>(count);
  double chi_square = 0, bins = 0, seen = 0, expected = 0;
  for (size_t i = 0; i < counts.size(); i++) {
    seen += static_cast<double>(counts[i]);
    expected += probabilities[i] * draws;
    if (expected < kLeastExpected && i + 1 < counts.size()) continue;
    if (expected > 0) chi_square += (seen - expected) * (seen - expected) / expected;
    if (expected == 0 && seen > 0) return 1e9;  // the impossible happened
    if (expected > 0) bins++;
    seen = expected = 0;
  }
  const double freedom = bins - 1;
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(chi_square / freedom) - (1 - spread)) / std::sqrt(spread);
}

// The largest difference between the two cumulative distributions (Kolmogorov and Smirnov).
inline double LargestDifference(const std::vector<uint64_t>& counts,
                                const std::vector<double>& probabilities) {
  double draws = 0, seen = 0, expected = 0, largest = 0;
  for (const uint64_t count : counts) draws += static_cast<double>(count);
  for (size_t i = 0; i < counts.size(); i++) {
    seen += static_cast<double>(counts[i]) / draws;
    expected += probabilities[i];
    largest = std::max(largest, std::abs(seen - expected));
  }
  return largest;
}

// Zipf's distribution: entry k - 1 is the probability of rank k.
inline std::vector<double> ZipfProbabilities(size_t n, double theta) {
  std::vector<double> probabilities(n);
  double sum = 0;
  for (size_t k = n; k > 0; k--) sum += std::pow(static_cast<double>(k), -theta);
  for (size_t k = 1; k <= n; k++) {
    probabilities[k - 1] = std::pow(static_cast<double>(k), -theta) / sum;
  }
  return probabilities;
}

}  // namespace varve::workloads
