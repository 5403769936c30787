// Layout: what a strategy allows in each level of one tree.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/compaction/strategy.h"
#include "engine/io/file_system.h"
#include "engine/tree/tree.h"

namespace varve {

// A view: strategy and tree must outlive it.
class Layout {
 public:
  Layout(const Strategy& strategy, const Tree& tree)
      : strategy_(strategy), last_(std::max(1, tree.deepest())) {}

  // The level that counts as the last.
  int last() const { return last_; }

  uint64_t RunsMax(int level) const {
    if (level == 0) return strategy_.runs_max_level0;
    return level < last_ ? strategy_.runs_max_upper : strategy_.runs_max_last;
  }

  // Level 0 and levels of several runs are limited by runs only.
  bool LimitedByBytes(int level) const { return level > 0 && RunsMax(level) == 1; }

  // Bytes that level >= 1 may hold, whether they count there or not.
  uint64_t Capacity(int level) const {
    if (level >= kLevelsMax - 1) return UINT64_MAX;
    uint64_t bytes = strategy_.level1_bytes;
    for (int i = 1; i < level; ++i) {
      if (bytes > UINT64_MAX / strategy_.size_ratio) return UINT64_MAX;
      bytes *= strategy_.size_ratio;
    }
    return bytes;
  }

  // Does `level`, saturated by runs and with `bytes` in them, become one run where it is?
  bool MergesInPlace(int level, uint64_t bytes) const {
    if (level == kLevelsMax - 1) return true;
    const bool tiered =
        strategy_.runs_max_last > 1 && strategy_.runs_max_last + 1 >= strategy_.size_ratio;
    return level == last_ && !tiered && bytes <= Capacity(level);
  }

  // Does `level`, saturated by bytes, move into the next as a whole?
  bool MovesWhole(int level) const {
    if (strategy_.granularity == Granularity::kLevel) return true;
    return level == last_ ? strategy_.runs_max_upper > 1 : RunsMax(level + 1) > 1;
  }

 private:
  const Strategy& strategy_;
  int last_;
};

}  // namespace varve
