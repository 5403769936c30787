// StrategyOf: the strategy that options ask for: a named one, with the primitives that settings
// replace.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/strategy.h"
#include "engine/options.h"
#include "engine/status.h"

namespace varve {

// kInvalidArgument, with a sentence, if the primitives cannot go together (engine/README.md has the
// list). REQUIRES: every choice of `options` is in its table.
Result<Strategy> StrategyOf(const Options& options);

// The part of CheckOptions that is about combinations. REQUIRES: SetOption would take each value.
Status CheckCombinations(const Options& options);

}  // namespace varve
