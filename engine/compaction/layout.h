// Layout: what a strategy of levels allows in each level of one tree.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/compaction/strategy.h"
#include "engine/io/file_system.h"
#include "engine/tree/tree.h"

namespace varve {

// A view: strategy and tree must outlive it.
class Layout {
 public:
  // With dynamic level sizes, the last level of every tree that is not deeper already.
  static constexpr int kDynamicLast = 6;

  Layout(const Strategy& strategy, const Tree& tree);

  // The level that counts as the last.
  int last() const { return last_; }

  // Where what leaves `level` goes: the next level, but from level 0 to the first that is in use.
  int Next(int level) const { return level == 0 ? first_ : level + 1; }

  // How many levels in use are above `level`.
  int Depth(int level) const { return level == 0 ? 0 : std::max(1, level - first_ + 1); }

  // T: how much larger the level after `level` is.
  uint64_t SizeRatio(int level) const { return Shape(level).size_ratio; }

  uint64_t RunsMax(int level) const {
    if (level == last_ && strategy_.runs_max_last != 0) return strategy_.runs_max_last;
    return Shape(level).runs_max;
  }

  // Level 0 and levels of several runs are limited by runs only.
  bool LimitedByBytes(int level) const { return level > 0 && RunsMax(level) == 1; }

  // Bytes that level >= 1 may hold, whether they count there or not. UINT64_MAX: any number.
  uint64_t Capacity(int level) const { return capacities_[static_cast<size_t>(level)]; }

  // Does `level`, saturated by runs and with `bytes` in them, become one run where it is?
  bool MergesInPlace(int level, uint64_t bytes) const;

  // Does `level`, saturated by bytes, move into the next as a whole?
  bool MovesWhole(int level) const;

 private:
  const LevelShape& Shape(int level) const {
    const size_t index = std::min(static_cast<size_t>(level), strategy_.levels.size() - 1);
    return strategy_.levels[index];
  }
  void SetStaticCapacities();
  void SetDynamicCapacities(const Tree& tree);

  const Strategy& strategy_;
  int last_;
  int first_ = 1;
  std::array<uint64_t, kLevelsMax> capacities_{};
};

}  // namespace varve
