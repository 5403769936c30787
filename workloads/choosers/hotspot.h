// YCSB's HotspotIntegerGenerator: a share of the operations goes to the first few of the loaded
// records, the others to the rest, both uniformly.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

class HotspotChooser : public Chooser {
 public:
  // REQUIRES: no empty set is chosen from (CheckWorkload sees to it).
  HotspotChooser(uint64_t first, uint64_t count, double data_fraction, double operation_fraction)
      : first_(first),
        hot_(HotRecords(count, data_fraction)),
        cold_(count - hot_),
        operation_fraction_(operation_fraction) {
    assert(hot_ > 0 || operation_fraction_ <= 0);
    assert(cold_ > 0 || operation_fraction_ >= 1);
  }

  uint64_t Next(ChooserInput* input) override {
    if (input->random.Unit() < operation_fraction_) return first_ + input->random.Below(hot_);
    return first_ + hot_ + input->random.Below(cold_);
  }

  // Size of the hot set.
  static uint64_t HotRecords(uint64_t count, double data_fraction) {
    return static_cast<uint64_t>(static_cast<double>(count) * data_fraction);
  }

 private:
  const uint64_t first_;
  const uint64_t hot_;
  const uint64_t cold_;
  const double operation_fraction_;
};

}  // namespace varve::workloads
