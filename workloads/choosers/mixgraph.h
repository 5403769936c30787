// Mixgraph: key ranges of unequal hotness, and a power law within each.
//
// The model of Cao, Dong, Vemuri and Du, "Characterizing, Modeling, and Benchmarking RocksDB
// Key-Value Workloads at Facebook", FAST 2020, section 7: the loaded records are cut into
// keyrange_num ranges of neighbours, and
//   range     the range of rank i = 1 … keyrange_num gets a share of the operations proportional to
//             f(i) = a e^(b i) + c e^(d i). Ranks lie in an order as if at random, the same for
//             every seed.
//   position  within a range, the hottest x positions get the share F(x) = key_a x^key_b, up to
//             where that reaches 1: for a uniform u, position (u / key_a)^(1 / key_b) is drawn,
//             without its fraction, and the first is 0. The law is one of the whole store, so that
//             there may be more positions than records in a range (40 million with the published
//             parameters): they begin again with the first, so that a small store is less skewed
//             than a large one. Positions, too, lie scattered.
// Records are neighbours in the key space only if key_order is ordered.
//
// Parameters are called as in RocksDB's db_bench, and their defaults are the published ones. What
// differs: db_bench takes the range, the position in it, the kind of operation, the size of a value
// and the length of a scan all from one random number, so that they depend on each other (a key
// that is put is never read); here each has its own. It scatters positions by a hash, which merges
// some; here it is a permutation. It leaves out the records that remain when their number is
// divided by that of the ranges.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "workloads/alias_table.h"
#include "workloads/choosers/chooser.h"
#include "workloads/permutation.h"

namespace varve::workloads {

struct MixgraphShape {
  uint64_t keyrange_num = 1;
  double keyrange_a = 0, keyrange_b = 0, keyrange_c = 0, keyrange_d = 0;
  double key_a = 0, key_b = 0;  // 0: positions are uniform
};

class MixgraphChooser : public Chooser {
 public:
  // REQUIRES: the weights of the ranges are not negative, and their sum is finite and above 0.
  MixgraphChooser(uint64_t first, uint64_t count, const MixgraphShape& shape)
      : first_(first),
        size_(count / Ranges(count, shape)),
        longer_(count % Ranges(count, shape)),
        power_law_(shape.key_a > 0),
        key_a_(shape.key_a),
        inverse_key_b_(power_law_ ? 1 / shape.key_b : 0),
        range_(PlacedWeights(count, shape)) {}

  uint64_t Next(ChooserInput* input) override {
    const uint64_t range = range_.Draw(&input->random);
    const uint64_t begin = range * size_ + std::min(range, longer_);
    const uint64_t size = size_ + (range < longer_ ? 1 : 0);
    if (!power_law_) return first_ + begin + input->random.Below(size);
    return first_ + begin + Permutation(size).At(Position(&input->random) % size);
  }

  // Ranges that there are: none without a record.
  static uint64_t Ranges(uint64_t count, const MixgraphShape& shape) {
    return std::min(shape.keyrange_num, count);
  }

  // f(1), f(2), …, of each range that there is.
  static std::vector<double> Weights(uint64_t count, const MixgraphShape& shape) {
    std::vector<double> weights;
    for (uint64_t i = 1; i <= Ranges(count, shape); i++) {
      const double x = static_cast<double>(i);
      weights.push_back(shape.keyrange_a * std::exp(shape.keyrange_b * x) +
                        shape.keyrange_c * std::exp(shape.keyrange_d * x));
    }
    return weights;
  }

 private:
  static std::vector<double> PlacedWeights(uint64_t count, const MixgraphShape& shape) {
    const std::vector<double> weights = Weights(count, shape);
    const Permutation order(weights.size());
    std::vector<double> placed(weights.size());
    for (size_t i = 0; i < weights.size(); i++) placed[order.At(i)] = weights[i];
    return placed;
  }

  // From 0 on, without limit.
  uint64_t Position(Random* random) const {
    constexpr double kFarthest = 0x1p62;
    const double x = std::pow(random->Unit() / key_a_, inverse_key_b_);
    return static_cast<uint64_t>(std::min(x, kFarthest));
  }

  const uint64_t first_;
  const uint64_t size_;    // of a range: the records are divided as evenly as they can be,
  const uint64_t longer_;  // and the first few ranges have one more
  const bool power_law_;
  const double key_a_;
  const double inverse_key_b_;
  const AliasTable range_;
};

}  // namespace varve::workloads
