// Streams of a trace: the load of what it finds at its start, and its operations.
//
// Client c of n takes the operations c, c + n, …; operation i is that of the trace, whatever the
// seed. A value is made for its size, which its version carries (TraceVersion), so that oracle and
// verification are as exact as for any workload.
//
// Made by NewLoadStream and NewRunStream of stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "workloads/stream.h"
#include "workloads/workload.h"

namespace varve::workloads {

// REQUIRES: workload.replay is set, and has passed Trace::Verify; state was made from the same
// workload and outlives the stream. (Both functions.)
std::unique_ptr<OperationStream> NewTraceLoadStream(const Workload& workload,
                                                    const StreamOptions& options,
                                                    WorkloadState* state);
std::unique_ptr<OperationStream> NewTraceRunStream(const Workload& workload,
                                                   const StreamOptions& options,
                                                   WorkloadState* state);

}  // namespace varve::workloads
