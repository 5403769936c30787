// Layout: capacities of levels, from the top down or from the bottom up.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/layout.h"

#include <cmath>

namespace varve {

Layout::Layout(const Strategy& strategy, const Tree& tree)
    : strategy_(strategy), last_(std::max(1, tree.deepest())) {
  if (strategy.level_sizes == LevelSizes::kDynamic) {
    last_ = std::max(last_, kDynamicLast);
    SetDynamicCapacities(tree);
  } else {
    SetStaticCapacities();
  }
}

// Level 1 holds level1_bytes, and each level T times the one above. With a ratio scale c below 1, T
// counts for the last two levels, and is T/c, T/c^2, … above.
void Layout::SetStaticCapacities() {
  auto bytes = static_cast<double>(strategy_.level1_bytes);
  for (int level = 1; level < kLevelsMax; ++level) {
    const bool unlimited = level == kLevelsMax - 1 || bytes >= 0x1p63;
    capacities_[static_cast<size_t>(level)] =
        unlimited ? UINT64_MAX : static_cast<uint64_t>(std::llround(bytes));
    const int above_last = std::max(0, last_ - 1 - level);
    bytes *= static_cast<double>(SizeRatio(level)) / std::pow(strategy_.ratio_scale, above_last);
  }
}

// The last level holds what there is, and each level above a T-th of the one below, up to the first
// whose share is at most level1_bytes: that is where level 0 goes. The levels between are not used,
// and hold nothing.
void Layout::SetDynamicCapacities(const Tree& tree) {
  uint64_t most = 0;
  for (size_t i = 1; i < tree.levels.size(); ++i) most = std::max(most, tree.levels[i].bytes());
  for (int level = last_; level < kLevelsMax; ++level) {
    capacities_[static_cast<size_t>(level)] = UINT64_MAX;
  }
  first_ = last_;
  uint64_t bytes = most;
  while (first_ > 1 && bytes > strategy_.level1_bytes) {
    --first_;
    bytes /= SizeRatio(first_);
    capacities_[static_cast<size_t>(first_)] = std::max<uint64_t>(1, bytes);
  }
  // What another strategy has left above is older than level 0, and must not be overtaken.
  for (int level = 1; level < first_ && level < static_cast<int>(tree.levels.size()); ++level) {
    if (tree.levels[static_cast<size_t>(level)].tables() > 0) first_ = level;
  }
}

bool Layout::MergesInPlace(int level, uint64_t bytes) const {
  if (level == kLevelsMax - 1) return true;
  if (level != last_ || bytes > Capacity(level)) return false;
  const uint64_t runs_max = RunsMax(level);
  const bool tiered = runs_max > 1 && runs_max + 1 >= SizeRatio(level);
  return !tiered;
}

bool Layout::MovesWhole(int level) const {
  if (strategy_.granularity == Granularity::kLevel) return true;
  if (strategy_.granularity == Granularity::kRun) return true;
  // The last level, moved down, leaves a level of several runs behind, if that is its shape.
  return level == last_ ? Shape(level).runs_max > 1 : RunsMax(level + 1) > 1;
}

}  // namespace varve
