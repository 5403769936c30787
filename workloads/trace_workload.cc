// Properties of a trace as a workload. See trace_workload.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace varve::workloads {

Workload TraceWorkload(std::shared_ptr<const Trace> trace) {
  Workload workload;
  workload.name = std::filesystem::path(trace->path()).stem().string();
  workload.title = fmt::format("a trace of {}", trace->source());
  workload.trace = trace->path();
  workload.records = trace->records();
  workload.insert_count = trace->loaded();
  workload.operations = trace->operations();
  workload.value_bytes = trace->value_bytes_max();
  workload.replay = std::move(trace);
  return workload;
}

Result<Workload> OpenTraceWorkload(const std::string& path) {
  Result<std::shared_ptr<const Trace>> trace = Trace::Open(path);
  if (!trace.ok()) return trace.status();
  return TraceWorkload(std::move(*trace));
}

Status CheckTraceWorkload(const Workload& workload) {
  if (workload.replay == nullptr || workload.replay->path() != workload.trace) {
    return Status::InvalidArgument(
        "workload.trace belongs into a workload file; on a command line or in an experiment the "
        "trace itself is the workload, and ends in .trace");
  }
  if (workload.operations > workload.replay->operations()) {
    return Status::InvalidArgument(fmt::format("operations ({}) are more than the {} of the trace",
                                               workload.operations, workload.replay->operations()));
  }
  Workload meant = TraceWorkload(workload.replay);
  meant.operations = workload.operations;
  meant.load = workload.load;
  meant.value_compressibility = workload.value_compressibility;
  const std::vector<PropertyText> right = PropertyTexts(meant);
  const std::vector<PropertyText> given = PropertyTexts(workload);
  for (size_t i = 0; i < right.size(); ++i) {
    if (given[i].text == right[i].text) continue;
    return Status::InvalidArgument(fmt::format(
        "{} means nothing with a trace, which has its own records, sizes and operations",
        given[i].name));
  }
  return {};
}

}  // namespace varve::workloads
