// Sequential: operation i is for loaded record i modulo their number. (YCSB counts only operations
// that choose a record; the two agree unless the mix has inserts.)
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/choosers/chooser.h"

namespace varve::workloads {

class SequentialChooser : public Chooser {
 public:
  SequentialChooser(uint64_t first, uint64_t count) : first_(first), count_(count) {}

  uint64_t Next(ChooserInput* input) override { return first_ + input->index % count_; }

 private:
  const uint64_t first_;
  const uint64_t count_;
};

}  // namespace varve::workloads
