// How the bits of filters are spread over the runs of a tree.
//
// A pure function of the sizes of runs. Whoever makes a run asks with the sizes that the tree will
// have (engine/table_options.h); runs that are there keep the filters that they were built with.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace varve {

// More bits per key than this are given to no run.
inline constexpr double kFilterBitsMax = 64;

enum class FilterAllocation : uint8_t {
  kUniform,  // the same to all
  kMonkey,   // the fewest false positives for the memory of kUniform
  kByLevel,  // as a list says
  kNotLast,  // the same to all but the last level, which gets none unless it is level 0
};

struct FilterBudget {
  FilterAllocation allocation = FilterAllocation::kUniform;
  double bits_per_key = 10;
  // kByLevel: for levels 0, 1, …; the last one is for all below. Empty: bits_per_key.
  std::vector<double> bits_by_level;
  // kMonkey: b bits per key are taken to make a false-positive rate of e^(-decay b).
  double decay = std::numbers::ln2 * std::numbers::ln2;  // of Bloom filters
};

struct RunSize {
  int level = 0;
  uint64_t entries = 0;
};

// The bits per key that minimise the sum of the runs' false-positive rates e^(-decay b_r), which is
// what a get of an absent key pays for, while the sum of b_r n_r is that of `bits_per_key` for all
// (Dayan, Athanassoulis and Idreos, "Monkey: optimal navigable key-value store", SIGMOD 2017,
// section 4.1, for any sizes n_r): rates are proportional to sizes, and 1 where that would be more.
std::vector<double> MonkeyBits(std::span<const RunSize> runs, double bits_per_key, double decay);

// The bits per key of runs[run].
double BitsPerKeyOf(const FilterBudget& budget, std::span<const RunSize> runs, size_t run);

}  // namespace varve
