// HdrHistogram's log format, version 1.3: what latency.hlog holds, one line an interval and tag.
//
//   #[Histogram log format version 1.3]
//   "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//   Tag=read,0.127,1.007,2.769,HISTFAAA…
//
// Times are seconds since the base time of the header; the maximum is in milliseconds, as the tools
// of HdrHistogram write it. The histogram is its V2 encoding (big endian), deflated, in base64:
//
//   compressed := 0x1c849314 u32 | length u32 | zlib(payload)
//   payload    := 0x1c849313 u32 | length of counts u32 | 0 u32 | digits u32 | lowest u64 |
//                 highest u64 | 1.0 f64 | counts
//   counts     := for each bucket its count, for n > 1 empty buckets in a row -n; each a ZigZag
//                 LEB128 number of at most 9 bytes, whose ninth byte has 8 bits
//
// Source: the documentation of HdrHistogram (http://hdrhistogram.org) and of its AbstractHistogram
// and HistogramLogWriter. HistogramLogProcessor 2.1.11 reads these files: same counts, same means.
//
// Called by the sampler.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/histogram.h"

namespace varve::harness {

// The lines before the first interval. `base_seconds`: wall clock (seconds since 1970) of time 0.
std::string HlogHeader(double base_seconds);

// One interval, with its line end. `tag` must not contain a comma, a blank or a line end.
std::string HlogLine(std::string_view tag, double start_seconds, double length_seconds,
                     const Histogram& histogram);

// The parts of which a line is made, for tests.
std::string HlogPayload(const Histogram& histogram);
std::string HlogCompressed(const Histogram& histogram);
std::string Base64(std::string_view bytes);

}  // namespace varve::harness
