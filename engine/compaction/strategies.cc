// The named strategies of strategies.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/strategies.h"

#include <string_view>

namespace varve {
namespace {

Granularity GranularityOf(const Options& options, Granularity automatic) {
  if (options.granularity == "file") return Granularity::kFile;
  if (options.granularity == "level") return Granularity::kLevel;
  return automatic;
}

Movement MovementOf(const Options& options) {
  return options.movement == "round_robin" ? Movement::kRoundRobin : Movement::kLeastOverlap;
}

}  // namespace

Strategy LeveledStrategy(const Options& options) {
  const uint64_t derived = options.level0_runs * options.memtable_bytes;
  Strategy strategy;
  strategy.size_ratio = options.size_ratio;
  strategy.runs_max_level0 = options.level0_runs - 1;
  strategy.runs_max_upper = 1;
  strategy.runs_max_last = 1;
  strategy.level1_bytes = options.level1_bytes != 0 ? options.level1_bytes : derived;
  strategy.granularity = GranularityOf(options, Granularity::kFile);
  strategy.movement = MovementOf(options);
  strategy.trivial_moves = options.trivial_moves;
  return strategy;
}

Strategy TieredStrategy(const Options& options) {
  const uint64_t runs_max = options.size_ratio - 1;
  const uint64_t derived = runs_max * options.size_ratio * options.memtable_bytes;
  Strategy strategy;
  strategy.size_ratio = options.size_ratio;
  strategy.runs_max_level0 = runs_max;
  strategy.runs_max_upper = runs_max;
  strategy.runs_max_last = runs_max;
  strategy.level1_bytes = options.level1_bytes != 0 ? options.level1_bytes : derived;
  strategy.granularity = GranularityOf(options, Granularity::kLevel);
  strategy.movement = MovementOf(options);
  strategy.trivial_moves = options.trivial_moves;
  return strategy;
}

Strategy LazyLeveledStrategy(const Options& options) {
  Strategy strategy = TieredStrategy(options);
  strategy.runs_max_last = 1;
  return strategy;
}

}  // namespace varve
