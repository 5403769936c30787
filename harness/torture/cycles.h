// The loop of a torture: cycle after cycle until one fails, the time is over, or all are done.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "harness/torture/torture.h"

namespace varve::harness {

// The seed of cycle `number`, which depends on the seed of the options and on nothing else.
uint64_t CycleSeed(const TortureOptions& options, uint64_t number);

// Adds to the count of that name, which is made if it is missing.
void AddCount(TortureReport* report, std::string_view name, uint64_t count);

// Calls cycle(options.first_cycle, &report), … as `options` says. A cycle returns what went wrong,
// or "": the first failure ends the loop, and the command that repeats it is added
// to it, unless `kind` is "".
TortureReport RunCycles(std::string_view kind, const TortureOptions& options,
                        const std::function<std::string(uint64_t, TortureReport*)>& cycle);

}  // namespace varve::harness
