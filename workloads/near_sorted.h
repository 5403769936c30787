// NearSorted: the numbers 0, 1, 2, … in an order that is nearly ascending: (K, L)-sortedness.
//
// A share K of the numbers is out of place, each by at most L places (Ben-Moshe et al., "Detecting
// and Exploiting Near-Sortedness for Efficient Relational Query Evaluation", ICDT 2011, section 3;
// as in the generator of Raman et al., "BoDS: A Benchmark on Data Sortedness", TPCTC 2022). Which
// number comes at place i is a pure function of i: numbers are cut into blocks of L + 1, the places
// of a block are paired off as if at random, and a pair is swapped with probability K.
//
// Called by streams that insert.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "workloads/permutation.h"
#include "workloads/random.h"

namespace varve::workloads {

class NearSorted {
 public:
  // Of the numbers below `count`, where count may be that of an endless stream. 0 <= k <= 1, l > 0.
  NearSorted(double k, uint64_t l, uint64_t count)
      : count_(count),
        block_(l + 1),
        whole_(k, l + 1),
        last_(k, std::max<uint64_t>(1, count % (l + 1))) {}

  // The number at place i < count. A bijection, and its own inverse.
  uint64_t At(uint64_t i) const {
    const uint64_t number = i / block_;
    const uint64_t first = number * block_;
    const Block& block = count_ - first < block_ ? last_ : whole_;
    return first + block.At(i - first, number);
  }

 private:
  // The pairs of a block of n places.
  class Block {
   public:
    Block(double k, uint64_t n) : n_(n), order_(n) {
      const auto size = static_cast<double>(n);
      const double paired = size - static_cast<double>(n % 2);
      // Of an odd number of places one stays without a partner: the others make up for it.
      const double swapped = paired > 0 ? std::min(1.0, k * size / paired) : 0;
      cut_ = DrawsBelow(swapped);
    }

    uint64_t At(uint64_t place, uint64_t block) const {
      const uint64_t turn = Mix(block) % n_;  // so that no two blocks are alike
      const uint64_t rank = order_.At((place + turn) % n_);
      const uint64_t partner = rank ^ 1;
      if (partner >= n_ || Mix(Mix(block) + (rank >> 1)) >= cut_) return place;
      return (order_.Inverse(partner) + n_ - turn) % n_;
    }

   private:
    uint64_t n_;
    Permutation order_;
    uint64_t cut_;
  };

  uint64_t count_;
  uint64_t block_;
  Block whole_;
  Block last_;
};

}  // namespace varve::workloads
