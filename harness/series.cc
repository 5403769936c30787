// Intervals and trends of series.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/series.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace varve::harness {
namespace {

constexpr size_t kSamplesMin = 20;
constexpr double kEffectiveMin = 8;
// Longer series are made of means of neighbours, so that the work is bounded.
constexpr size_t kSamplesMax = 2000;
constexpr size_t kTrendSamplesMin = 9;
constexpr double kPairsAboveMin = 0.8;

// The 0.975 quantile of Student's t with `degrees` >= 3, to 1 % (Abramowitz and Stegun, 26.7.5).
double StudentQuantile(double degrees) {
  constexpr double z = 1.959964;
  const double z2 = z * z;
  const double g1 = z * (z2 + 1) / 4;
  const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  return z + g1 / degrees + g2 / (degrees * degrees) + g3 / (degrees * degrees * degrees);
}

double MeanOf(std::span<const double> series) {
  return std::accumulate(series.begin(), series.end(), 0.0) / static_cast<double>(series.size());
}

std::vector<double> Shortened(std::span<const double> series) {
  std::vector<double> shorter(series.begin(), series.end());
  while (shorter.size() > kSamplesMax) {
    for (size_t i = 0; i + 1 < shorter.size(); i += 2) {
      shorter[i / 2] = (shorter[i] + shorter[i + 1]) / 2;
    }
    shorter.resize(shorter.size() / 2);
  }
  return shorter;
}

double Autocovariance(std::span<const double> series, double mean, size_t lag) {
  double sum = 0;
  for (size_t i = 0; i + lag < series.size(); ++i) {
    sum += (series[i] - mean) * (series[i + lag] - mean);
  }
  return sum / static_cast<double>(series.size());
}

// Of the mean, times the number of samples.
double LongRunVariance(std::span<const double> series, double mean, double variance) {
  double sum = -variance;
  for (size_t lag = 0; lag + 1 < series.size(); lag += 2) {
    const double pair = Autocovariance(series, mean, lag) + Autocovariance(series, mean, lag + 1);
    if (pair <= 0) break;
    sum += 2 * pair;
  }
  return std::max(sum, variance);
}

double MedianOf(std::span<const double> series) {
  std::vector<double> sorted(series.begin(), series.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// The share of pairs of which that of `last` is the larger one; equal ones count half.
double ShareAbove(std::span<const double> first, std::span<const double> last) {
  std::vector<double> sorted(first.begin(), first.end());
  std::sort(sorted.begin(), sorted.end());
  double above = 0;
  for (const double value : last) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    above += static_cast<double>(low - sorted.begin()) + static_cast<double>(high - low) / 2;
  }
  return above / static_cast<double>(first.size()) / static_cast<double>(last.size());
}

}  // namespace

std::optional<MeanInterval> IntervalOfMean(std::span<const double> series) {
  if (series.size() < kSamplesMin) return std::nullopt;
  const std::vector<double> samples = Shortened(series);
  const auto count = static_cast<double>(samples.size());
  const double mean = MeanOf(samples);
  const double variance = Autocovariance(samples, mean, 0);
  const double long_run = LongRunVariance(samples, mean, variance);
  MeanInterval interval;
  interval.mean = mean;
  interval.effective_samples = long_run > 0 ? count * variance / long_run : count;
  if (interval.effective_samples < kEffectiveMin) return std::nullopt;
  const double half =
      StudentQuantile(interval.effective_samples - 1) * std::sqrt(long_run / (count - 1));
  interval.low = mean - half;
  interval.high = mean + half;
  return interval;
}

std::optional<Thirds> ThirdsOf(std::span<const double> series) {
  if (series.size() < kTrendSamplesMin) return std::nullopt;
  const size_t third = series.size() / 3;
  return Thirds{MedianOf(series.first(third)), MedianOf(series.last(third))};
}

bool Grows(std::span<const double> series, double least) {
  const std::optional<Thirds> thirds = ThirdsOf(series);
  if (!thirds || thirds->last - thirds->first <= least) return false;
  const size_t third = series.size() / 3;
  return ShareAbove(series.first(third), series.last(third)) >= kPairsAboveMin;
}

}  // namespace varve::harness
