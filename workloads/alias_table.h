// AliasTable: draws an index with given probabilities in constant time, however many there are.
//
// Walker, "An Efficient Method for Generating Discrete Random Variables with General
// Distributions", ACM TOMS 3(3), 1977, with the table built in linear time as by Vose, IEEE TSE
// 17(9), 1991. Every slot belongs to one index up to its share, and to one other index from there
// on.
//
// Called by histograms of lengths and by the mixgraph chooser.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "workloads/random.h"

namespace varve::workloads {

class AliasTable {
 public:
  // REQUIRES: weights are not negative, and their sum is finite and above 0.
  explicit AliasTable(const std::vector<double>& weights) : slots_(weights.size()) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    assert(sum > 0);
    std::vector<uint32_t> poor, rich;  // of less and of more than the mean share
    std::vector<double> share;
    for (const double weight : weights) {
      const auto index = static_cast<uint32_t>(share.size());
      share.push_back(weight / sum * static_cast<double>(weights.size()));
      (share.back() < 1 ? poor : rich).push_back(index);
    }
    while (!poor.empty() && !rich.empty()) {
      const uint32_t from = rich.back(), to = poor.back();
      poor.pop_back();
      slots_[to] = {share[to], from};
      share[from] -= 1 - share[to];
      if (share[from] >= 1) continue;
      rich.pop_back();
      poor.push_back(from);
    }
    // What is left has the mean share but for rounding; an index without weight is never left.
    for (const uint32_t index : rich) slots_[index] = {1, index};
    for (const uint32_t index : poor) slots_[index] = {1, index};
  }

  // Takes two numbers of *random.
  size_t Draw(Random* random) const {
    const size_t slot = random->Below(slots_.size());
    return random->Unit() < slots_[slot].share ? slot : slots_[slot].other;
  }

 private:
  struct Slot {
    double share = 0;
    uint32_t other = 0;
  };
  std::vector<Slot> slots_;
};

}  // namespace varve::workloads
