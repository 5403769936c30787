// Normal: the popularity of records follows the bell curve over their numbers. Mean and deviation
// are fractions of the number of loaded records; what falls outside of them is drawn again.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "workloads/choosers/chooser.h"
#include "workloads/normal.h"

namespace varve::workloads {

class NormalChooser : public Chooser {
 public:
  // REQUIRES: mean and deviation are in [0, 1].
  NormalChooser(uint64_t first, uint64_t count, double mean, double deviation)
      : first_(first), count_(count), mean_(mean), deviation_(deviation) {}

  uint64_t Next(ChooserInput* input) override {
    const double place = NormalBetween(&input->random, mean_, deviation_, 0, 1);
    const double record = place * static_cast<double>(count_);
    return first_ + std::min(static_cast<uint64_t>(record), count_ - 1);
  }

 private:
  const uint64_t first_;
  const uint64_t count_;
  const double mean_;
  const double deviation_;
};

}  // namespace varve::workloads
