// What YCSB prints at the end of a run, from the results of a trial: for the tools that read it.
//
//   [OVERALL], RunTime(ms), 10110
//   [READ], 95thPercentileLatency(us), 78
//
// Sections, their order, labels and spelling of numbers are those of YCSB 0.18 (measurements of
// type hdrhistogram; numbers as Java 19 and later write them). A read-modify-write is in READ,
// UPDATE and READ-MODIFY-WRITE, and counts as one operation overall. What is different stands in
// workloads/README.md.
//
// Source: Client, DBWrapper, Measurements, OneMeasurementHdrHistogram and the exporters of
// https://github.com/brianfrankcooper/YCSB.
//
// Called by `bench`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "workloads/ycsb_properties.h"

namespace varve::harness {

// The text of the trial with this result.json and this latency.hlog, in the format of
// report.exporter. An error says what is wrong with the files.
Result<std::string> YcsbOutput(const nlohmann::json& result, std::string_view hlog,
                               const workloads::YcsbReport& report);

// A number as Java writes a double: "98.91", "1.0", "1.25E7", "NaN".
std::string JavaDouble(double number);

// "50th", "1st", "12th", "99.9": how YCSB labels a percentile.
std::string PercentileLabel(double percentile);

}  // namespace varve::harness
