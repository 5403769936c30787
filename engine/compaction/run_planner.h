// RunPlanner: interprets a strategy of runs. Made by NewStrategyPlanner (strategy.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "engine/compaction/strategy.h"

namespace varve {

std::unique_ptr<CompactionPlanner> NewRunPlanner(const Strategy& strategy);

}  // namespace varve
