// ZipfSampler: exact draws of rank 1 … n with probability proportional to rank^-theta.
//
// Rejection-inversion (Hörmann and Derflinger, "Rejection-Inversion to Generate Variates from
// Monotone Discrete Distributions", ACM TOMACS 6(3), 1996, section 3 and its algorithm RI): invert
// the integral H of the continuous density h(x) = x^-theta, round, and reject the few draws for
// which the rounding would favour a rank. Constant memory, constant set-up, any n, any theta >= 0;
// less than 1.1 tries a draw.
//
// Called by the zipfian choosers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "workloads/random.h"

namespace varve::workloads {

class ZipfSampler {
 public:
  ZipfSampler(uint64_t n, double theta)
      : n_(static_cast<double>(n)),
        one_minus_theta_(1 - theta),
        theta_(theta),
        lowest_(Integral(1.5) - 1),
        span_(Integral(n_ + 0.5) - lowest_),
        sure_(2 - Inverse(Integral(2.5) - Density(2))) {}

  // A rank in [1, n].
  uint64_t Rank(Random* random) const {
    for (;;) {
      // In (H(1.5) - h(1), H(n + 0.5)]: the upper end belongs to the range, the lower does not.
      const double u = lowest_ + (1 - random->Unit()) * span_;
      const double x = Inverse(u);
      const double k = std::clamp(std::floor(x + 0.5), 1.0, n_);
      if (k - x <= sure_ || u >= Integral(k + 0.5) - Density(k)) return static_cast<uint64_t>(k);
    }
  }

 private:
  // h, H and its inverse. Written so that nothing is lost to rounding as theta comes near 1, where
  // H becomes the logarithm.
  double Density(double x) const { return std::exp(-theta_ * std::log(x)); }
  double Integral(double x) const {
    const double log_x = std::log(x);
    return ExpRatio(one_minus_theta_ * log_x) * log_x;
  }
  double Inverse(double y) const {
    const double t = std::max(one_minus_theta_ * y, -1.0);
    return std::exp(LogRatio(t) * y);
  }
  // (e^t - 1) / t and log(1 + t) / t, which are 1 at 0.
  static double ExpRatio(double t) {
    return std::abs(t) > kTiny ? std::expm1(t) / t : 1 + t * (0.5 + t / 6);
  }
  static double LogRatio(double t) {
    return std::abs(t) > kTiny ? std::log1p(t) / t : 1 - t * (0.5 - t / 3);
  }
  static constexpr double kTiny = 1e-8;

  const double n_;
  const double one_minus_theta_;
  const double theta_;
  const double lowest_;  // H(1.5) - h(1)
  const double span_;    // of u
  const double sure_;    // a draw at most this far below its rank is accepted without a test
};

}  // namespace varve::workloads
