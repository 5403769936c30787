// "amplification" of result.json, from what was counted before and after each phase. Every
// definition is in docs/results.md; a quotient whose divisor is zero or unknown is left out.
//
// A pure function, so that hand-made phases can test the arithmetic.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "harness/phase_window.h"

namespace varve::harness {

// `measured` is of the samples of measure.
nlohmann::ordered_json Amplification(const PhaseRecords& phases, const SampleSummary& measured);

// How far the store's own count of the bytes that it wrote is from that of the operating system,
// as a share of the latter; negative if either is not known. From the begin of the first phase to
// the end of drain:
//
//   |ledger - system| / system
//     ledger  bytes written, all causes, but not those of the WAL if it is a mapped file
//     system  growth of wchar of /proc/self/io, less what the harness wrote to its own files and
//             the zeros that prepare mapped files (LedgerSnapshot::bytes_written_ahead)
//
// wchar and not write_bytes, because it counts bytes and not pages, and whether or not the page
// cache has passed them on. Stores through a mapping are in no counter of bytes, which is why a
// mapped WAL is on neither side.
double LedgerResidual(const PhaseRecords& phases, bool wal_is_mapped, uint64_t harness_bytes);

}  // namespace varve::harness
