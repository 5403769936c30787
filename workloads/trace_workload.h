// A trace as a workload: the properties that follow from it, and those that mean nothing with it.
//
// Called by workload_file.cc and by CheckWorkload.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/status.h"
#include "workloads/trace.h"
#include "workloads/workload.h"

namespace varve::workloads {

// The trace as a workload: records, operations, value_bytes and insert_count are those that it has,
// and the other properties of no meaning stay as they usually are.
Workload TraceWorkload(std::shared_ptr<const Trace> trace);
// The same of a file.
Result<Workload> OpenTraceWorkload(const std::string& path);

// The first reason why the workload, whose `trace` is set, cannot be run.
Status CheckTraceWorkload(const Workload& workload);

}  // namespace varve::workloads
