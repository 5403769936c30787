// YCSB's ExponentialGenerator: the age of the chosen record is exponentially distributed, such that
// `percentile` percent of the operations go to the newest `range` records.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

class ExponentialChooser : public Chooser {
 public:
  ExponentialChooser(double percentile, double range)
      : mean_age_(-range / std::log(1 - percentile / 100)) {}

  uint64_t Next(ChooserInput* input) override {
    for (;;) {
      const double age = std::floor(-std::log(input->random.Unit()) * mean_age_);
      if (age <= static_cast<double>(input->newest)) {
        return input->newest - static_cast<uint64_t>(age);
      }
    }
  }

 private:
  const double mean_age_;
};

}  // namespace varve::workloads
