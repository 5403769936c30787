// The allocations of filter bits.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/allocation.h"

#include <algorithm>
#include <cmath>

namespace varve {
namespace {

// Of a run with the false-positive rate c * entries, given ln c.
double BitsAt(double log_c, uint64_t entries, double decay) {
  if (entries == 0) return 0;
  const double log_rate = log_c + std::log(static_cast<double>(entries));
  return std::clamp(-log_rate / decay, 0.0, kFilterBitsMax);
}

double BitsByLevel(const FilterBudget& budget, int level) {
  if (budget.bits_by_level.empty()) return budget.bits_per_key;
  const auto at = std::min(static_cast<size_t>(level), budget.bits_by_level.size() - 1);
  return budget.bits_by_level[at];
}

bool InLastLevel(std::span<const RunSize> runs, const RunSize& run) {
  return run.level > 0 && std::none_of(runs.begin(), runs.end(), [&](const RunSize& other) {
           return other.entries > 0 && other.level > run.level;
         });
}

}  // namespace

std::vector<double> MonkeyBits(std::span<const RunSize> runs, double bits_per_key, double decay) {
  uint64_t entries_max = 1;
  double wanted = 0;
  for (const RunSize& run : runs) {
    entries_max = std::max(entries_max, run.entries);
    wanted += bits_per_key * static_cast<double>(run.entries);
  }
  const auto total = [&](double log_c) {
    double bits = 0;
    for (const RunSize& run : runs) {
      bits += static_cast<double>(run.entries) * BitsAt(log_c, run.entries, decay);
    }
    return bits;
  };
  // c is the Lagrange multiplier up to a factor. The total falls in it: at the lower end every run
  // has bits_per_key at least, at the upper end none has any.
  double low = -std::log(static_cast<double>(entries_max)) - decay * bits_per_key;
  double high = 0;
  for (double middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
    (total(middle) > wanted ? low : high) = middle;
  }
  std::vector<double> bits;
  for (const RunSize& run : runs) bits.push_back(BitsAt(high, run.entries, decay));
  return bits;
}

double BitsPerKeyOf(const FilterBudget& budget, std::span<const RunSize> runs, size_t run) {
  switch (budget.allocation) {
    case FilterAllocation::kUniform:
      break;
    case FilterAllocation::kMonkey:
      return MonkeyBits(runs, budget.bits_per_key, budget.decay)[run];
    case FilterAllocation::kByLevel:
      return BitsByLevel(budget, runs[run].level);
    case FilterAllocation::kNotLast:
      return InLastLevel(runs, runs[run]) ? 0 : budget.bits_per_key;
  }
  return budget.bits_per_key;
}

}  // namespace varve
