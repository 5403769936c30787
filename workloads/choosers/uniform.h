// Uniform: every loaded record with the same probability. As YCSB's: records that the run inserts
// are not chosen.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

class UniformChooser : public Chooser {
 public:
  UniformChooser(uint64_t first, uint64_t count) : first_(first), count_(count) {}

  uint64_t Next(ChooserInput* input) override { return first_ + input->random.Below(count_); }

 private:
  const uint64_t first_;
  const uint64_t count_;
};

}  // namespace varve::workloads
