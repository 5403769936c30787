// YCSB's SkewedLatestGenerator: the newest record is the most popular, by YCSB's zipfian over age.
//
// It follows the inserts of the run. As in YCSB, the number of items is that of the newest record,
// one less than there are: record 0 is practically never chosen.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/choosers/chooser.h"
#include "workloads/choosers/ycsb_zipfian.h"

namespace varve::workloads {

class LatestChooser : public Chooser {
 public:
  // `newest` at the start of the run.
  explicit LatestChooser(uint64_t newest) : sampler_(newest) {}

  uint64_t Next(ChooserInput* input) override {
    sampler_.GrowTo(input->newest);
    const uint64_t age = sampler_.Rank(&input->random);
    return age <= input->newest ? input->newest - age : 0;
  }

 private:
  YcsbZipfSampler sampler_;
};

}  // namespace varve::workloads
