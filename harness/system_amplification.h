// The part of "amplification" that is the same for every store, because the operating system counts
// it: bytes that the process, and a server that works for it, wrote and read, and what the files of
// the store take on disk. Definitions are in docs/results.md.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "harness/phase_window.h"

namespace varve::harness {

// Adds system_…; what the operating system did not tell is left out. `measured` is of the samples
// of measure.
void AddSystemAmplification(const PhaseRecords& phases, const SampleSummary& measured,
                            nlohmann::ordered_json* json);

}  // namespace varve::harness
