// What compactions did in a window, as fields of "amplification" in result.json, and whether they
// account for every byte that the ledger charges to them. Definitions: docs/results.md.
//
// Pure functions, called by amplification.cc and result.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "harness/amplification.h"

namespace varve::harness {

// Adds the fields of compactions and tombstones. `measured` is of the samples of measure.
void AddCompactionMetrics(const PhaseRecords& phases, const SampleSummary& measured,
                          nlohmann::ordered_json* json);

// From the begin of the first phase to the end of drain, the sum over all target levels and
// reasons of |bytes of compactions - bytes of the ledger|, read and written, as a share of the
// larger of the two totals. Zero unless a byte is charged to the wrong compaction or a compaction
// failed; negative if it is not known.
double CompactionResidual(const PhaseRecords& phases);

}  // namespace varve::harness
