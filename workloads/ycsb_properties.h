// YCSB property files: read as they are, with every core property known.
//
// A property is translated (recordcount), or has no meaning for a store with one key space and
// whole values, and is accepted (table), or changes what is done in a way that we do not implement:
// then anything but its default is an error. None is ignored, and an unknown one is an error with
// the nearest name. workloads/README.md says which is which.
//
// Called by workload_file, and by the commands of the harness for -P and -p.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "workloads/workload.h"

namespace varve::workloads {

// The workload of a property file's text, called `path` in errors ("path:line: …"), with
// `overrides` (as -p name=value) on top. It is that of YCSB: Java's keys, YCSB's own choosers, and
// YCSB's default for every property that is not given.
Result<Workload> ParseYcsb(std::string_view text, const std::string& path,
                           const std::vector<PropertyText>& overrides);

// The same, from the file `path`. An empty path means no file: only the defaults and overrides.
Result<Workload> LoadYcsb(const std::string& path, const std::vector<PropertyText>& overrides);

// How a YCSB property is treated, for listings.
struct YcsbPropertyHelp {
  std::string_view name;
  std::string_view fallback;   // YCSB's default
  std::string_view treatment;  // one line
};
std::vector<YcsbPropertyHelp> YcsbProperties();

}  // namespace varve::workloads
