// Draws of the normal distribution, cut off on both sides.
//
// By Box and Muller, "A Note on the Generation of Random Normal Deviates", Annals of Mathematical
// Statistics 29(2), 1958: two uniform numbers give one normal one (the second is not kept, so that
// draws stay independent of each other). A draw outside of the bounds is drawn again.
//
// Called by lengths and by the normal chooser.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <numbers>

#include "workloads/random.h"

namespace varve::workloads {

// A draw with mean 0 and deviation 1.
inline double StandardNormal(Random* random) {
  const double radius = std::sqrt(-2 * std::log(1 - random->Unit()));
  return radius * std::cos(2 * std::numbers::pi * random->Unit());
}

// A draw in [low, high]. `mean` and `deviation` are those before the cut: with a = (low - mean) /
// deviation and b = (high - mean) / deviation, the mean of what is drawn is mean + deviation *
// (phi(a) - phi(b)) / (Phi(b) - Phi(a)), which is `mean` if the bounds lie evenly around it.
// REQUIRES: low <= mean <= high and deviation <= high - low, so that a third of the draws fit.
inline double NormalBetween(Random* random, double mean, double deviation, double low,
                            double high) {
  if (deviation <= 0) return mean;
  for (;;) {
    const double drawn = mean + deviation * StandardNormal(random);
    if (drawn >= low && drawn <= high) return drawn;
  }
}

}  // namespace varve::workloads
