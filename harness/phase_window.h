// PhaseWindow: from the begin of one phase of a trial to the end of another.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "harness/phase.h"

namespace varve::harness {

using PhaseRecords = std::vector<std::unique_ptr<PhaseRecord>>;

// nullptr if there is no phase of that name.
const PhaseRecord* FindPhase(const PhaseRecords& phases, std::string_view name);

// Counters go on between phases, so that what happened in a window is the difference of the
// outermost two. Null if none of the phases exists.
struct PhaseWindow {
  const PhaseRecord* begin = nullptr;
  const PhaseRecord* end = nullptr;
  uint64_t user_bytes_written = 0;  // in all of its phases
  uint64_t bytes_returned = 0;
};

// Of the phases between `first` and `last`, both included, that exist: load, settle, warmup,
// measure, drain.
PhaseWindow WindowOf(const PhaseRecords& phases, std::string_view first, std::string_view last);

}  // namespace varve::harness
