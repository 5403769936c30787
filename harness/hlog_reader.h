// Reading of latency.hlog: the histograms that hlog.h wrote.
//
// Only what this project writes is read: the layout of Histogram, version 1.3 of the log, a tag on
// every line. Any bytes may be given.
//
// Called by ycsb_output.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "engine/status.h"
#include "harness/histogram.h"

namespace varve::harness {

// Calls visit for every line of `text` that has a histogram, in order. Of its values only the
// buckets are known: minimum, maximum and sum are those of the largest values of the buckets.
// `wanted` says which tags are decoded. An error names the line.
Status ReadHlog(std::string_view text, const std::function<bool(std::string_view tag)>& wanted,
                const std::function<void(std::string_view tag, const Histogram&)>& visit);

}  // namespace varve::harness
