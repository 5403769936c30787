// YCSB's ScrambledZipfianGenerator: what "zipfian" means in a YCSB property file.
//
// Draws a rank of 10^10 + 1 items whatever the number of records, with a zeta that was computed
// once, hashes it with FNV, and takes it modulo the number of records. So the most popular record
// gets 3.78 % of the operations (and what the hash adds) at any number of records, where Zipf's
// distribution gives it 6.5 % of a million, and the rest is flatter too.
//
// YCSB's upper bound is inclusive: the range has one record more than are loaded and expected. It
// is never there, and then another one is drawn.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/choosers/chooser.h"
#include "workloads/choosers/ycsb_zipfian.h"
#include "workloads/keys.h"

namespace varve::workloads {

class YcsbScrambledChooser : public Chooser {
 public:
  // Of records [first, first + count], the last one included.
  YcsbScrambledChooser(uint64_t first, uint64_t count)
      : first_(first), modulus_(count + 1), sampler_(kItems + 1, kZeta) {}

  uint64_t Next(ChooserInput* input) override {
    return first_ + YcsbHash(sampler_.Rank(&input->random)) % modulus_;
  }

 private:
  static constexpr uint64_t kItems = 10'000'000'000;
  static constexpr double kZeta = 26.46902820178302;  // of kItems, as YCSB has it

  const uint64_t first_;
  const uint64_t modulus_;
  const YcsbZipfSampler sampler_;
};

}  // namespace varve::workloads
