// Pareto: the 80/20 rule, at every scale. The oldest fraction h of the records gets 1 - h of the
// operations, the oldest h of those gets 1 - h of these, and so on: the oldest x of the records get
// x^s of the operations, where s = log(1 - h) / log(h). h = 0.2 gives 80/20, h = 0.5 is uniform.
//
// The distribution is the "self-similar" one of Gray et al., "Quickly Generating Billion-Record
// Synthetic Databases", SIGMOD 1994. Its inverse is drawn from exactly.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

class ParetoChooser : public Chooser {
 public:
  // REQUIRES: 0 < fraction <= 0.5.
  ParetoChooser(uint64_t first, uint64_t count, double fraction)
      : first_(first), count_(count), inverse_(std::log(fraction) / std::log1p(-fraction)) {}

  uint64_t Next(ChooserInput* input) override {
    const double place = std::pow(input->random.Unit(), inverse_);  // below 1
    const double record = place * static_cast<double>(count_);
    return first_ + std::min(static_cast<uint64_t>(record), count_ - 1);
  }

 private:
  const uint64_t first_;
  const uint64_t count_;
  const double inverse_;  // 1 / s
};

}  // namespace varve::workloads
