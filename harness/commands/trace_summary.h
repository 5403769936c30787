// What a trace holds, as text for people.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "workloads/trace.h"

namespace varve::harness {

// Header, kinds, sizes, how often keys are accessed, and the keys in use over ten parts of the
// trace. Memory: 16 bytes a key. REQUIRES: the trace has passed Verify.
std::string TraceSummary(const workloads::Trace& trace);

// Operation i in one line: number, seconds, kind, key, and size if it has one.
std::string TraceOperationLine(const workloads::Trace& trace, uint64_t i);

}  // namespace varve::harness
