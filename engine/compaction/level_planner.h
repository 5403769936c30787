// LevelPlanner: interprets a strategy of levels. Made by NewStrategyPlanner (strategy.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "engine/compaction/strategy.h"

namespace varve {

// A value of a strategy that makes no sense is taken as the nearest that does.
class LevelPlanner final : public CompactionPlanner {
 public:
  explicit LevelPlanner(const Strategy& strategy);

  std::optional<CompactionPlan> Plan(const PlannerInput& input) const override;
  std::optional<CompactionPlan> PlanFlush(const PlannerInput& input,
                                          const CompactionPlan::Flush& flush) const override;
  uint64_t PendingBytes(const PlannerInput& input) const override;
  uint64_t LevelBytesMax(const Tree& tree, int level) const override;

 private:
  Strategy strategy_;
};

}  // namespace varve
