// Zipfian: exactly Zipf's distribution. Record k of n has a probability proportional to
// (k + 1)^-zipfian_constant: the oldest is the most popular. The n records are the loaded ones and
// those that the run is expected to insert.
//
// The scrambled variant gives the ranks to the records in an order as if at random, the same for
// every seed, so that popularity has nothing to do with age. It keeps the frequencies (unlike
// YCSB's, whose hashing merges ranks).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/choosers/chooser.h"
#include "workloads/choosers/zipf_sampler.h"
#include "workloads/permutation.h"

namespace varve::workloads {

class ZipfianChooser : public Chooser {
 public:
  ZipfianChooser(uint64_t first, uint64_t count, double theta)
      : first_(first), sampler_(count, theta) {}

  uint64_t Next(ChooserInput* input) override { return first_ + sampler_.Rank(&input->random) - 1; }

 private:
  const uint64_t first_;
  const ZipfSampler sampler_;
};

class ZipfianScrambledChooser : public Chooser {
 public:
  ZipfianScrambledChooser(uint64_t first, uint64_t count, double theta)
      : first_(first), sampler_(count, theta), order_(count) {}

  uint64_t Next(ChooserInput* input) override {
    return first_ + order_.At(sampler_.Rank(&input->random) - 1);
  }

 private:
  const uint64_t first_;
  const ZipfSampler sampler_;
  const Permutation order_;
};

}  // namespace varve::workloads
