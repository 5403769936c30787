// Recording: the operations of a workload as a Trace.
//
// Streams are pure, so no store is needed, and nothing is added to a measured loop: what is written
// is what a trial of one client with the same workload and seed asks of a store. Records that the
// load makes come first, all of them, so that a replay finds the same store.
//
// Called by the command `trace record`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "engine/status.h"
#include "workloads/trace_writer.h"
#include "workloads/workload.h"

namespace varve::workloads {

struct TraceRecordOptions {
  uint64_t seed = 0;
  uint64_t operations = 0;
  // Operation i is at i / rate seconds. 0: all are at time 0, and the trace can only be replayed as
  // fast as the store answers.
  double rate_ops_per_second = 0;
  // Called every million operations, those of the load among them; may be empty.
  std::function<void(uint64_t operations)> progress;
};

// Fewer operations than asked for if the stream ends before. REQUIRES: CheckWorkload is OK.
Status RecordWorkload(const Workload& workload, const TraceRecordOptions& options,
                      TraceWriter* writer);

}  // namespace varve::workloads
