// YCSB's ZipfianGenerator: nearly Zipf's distribution with theta = 0.99, as YCSB computes it.
//
// The method is that of Gray et al., "Quickly Generating Billion-Record Synthetic Databases",
// SIGMOD 1994, figure 1: exact for the first two ranks, an inverted continuous approximation for
// the others. YCSB's quirk is kept: when the number of items grows, eta is computed from the new
// zeta but from the number of items at the start.
//
// Called by the ycsb choosers, and for lengths.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

// The sum of i^-theta for i = 1 … n: the first thousand terms, and Euler and Maclaurin's formula
// for the others (relative error below 1e-14 for theta near 1).
inline double Zeta(uint64_t n, double theta) {
  constexpr uint64_t kTerms = 1000;
  const uint64_t summed = n <= kTerms ? n : kTerms - 1;
  double sum = 0;
  for (uint64_t i = 1; i <= summed; i++) sum += std::pow(static_cast<double>(i), -theta);
  if (n <= kTerms) return sum;
  const double low = kTerms, high = static_cast<double>(n);
  const double at_low = std::pow(low, -theta), at_high = std::pow(high, -theta);
  const double integral = (high * at_high - low * at_low) / (1 - theta);
  return sum + integral + (at_low + at_high) / 2 + theta * (at_low / low - at_high / high) / 12;
}

class YcsbZipfSampler {
 public:
  static constexpr double kTheta = 0.99;

  explicit YcsbZipfSampler(uint64_t items) : YcsbZipfSampler(items, Zeta(items, kTheta)) {}
  YcsbZipfSampler(uint64_t items, double zeta)
      : items_(items > 0 ? items : 1), counted_(items), zeta_(zeta) {
    UpdateEta();
  }

  // A rank in [0, items).
  uint64_t Rank(Random* random) const {
    const double u = random->Unit();
    const double uz = u * zeta_;
    if (uz < 1) return 0;
    if (uz < kZetaTwo) return 1;
    return static_cast<uint64_t>(static_cast<double>(counted_) *
                                 HundredthPower(eta_ * u - eta_ + 1));
  }

  // From now on there are `items`. They never become fewer: a smaller number is ignored.
  void GrowTo(uint64_t items) {
    constexpr uint64_t kTermByTerm = 1000;
    if (items <= counted_) return;
    if (items - counted_ > kTermByTerm) {
      zeta_ = Zeta(items, kTheta);
      counted_ = items;
    }
    while (counted_ < items) {
      counted_++;
      zeta_ += std::pow(static_cast<double>(counted_), -kTheta);
    }
    UpdateEta();
  }

 private:
  static constexpr double kZetaTwo = 1.5034777750283594;  // 1 + 2^-theta

  // x^alpha, where alpha = 1 / (1 - theta) = 100. By multiplication: a third of the time of pow,
  // and the same on every machine.
  static double HundredthPower(double x) {
    const double x2 = x * x, x4 = x2 * x2, x8 = x4 * x4, x16 = x8 * x8;
    const double x32 = x16 * x16;
    return x32 * x32 * x32 * x4;
  }

  void UpdateEta() {
    eta_ = (1 - std::pow(2 / static_cast<double>(items_), 1 - kTheta)) / (1 - kZetaTwo / zeta_);
  }

  const uint64_t items_;  // at the start
  uint64_t counted_;      // now
  double zeta_;           // of counted_
  double eta_ = 0;
};

// The oldest record is the most popular.
class YcsbZipfianChooser : public Chooser {
 public:
  YcsbZipfianChooser(uint64_t first, uint64_t count) : first_(first), sampler_(count) {}

  uint64_t Next(ChooserInput* input) override { return first_ + sampler_.Rank(&input->random); }

 private:
  const uint64_t first_;
  const YcsbZipfSampler sampler_;
};

}  // namespace varve::workloads
