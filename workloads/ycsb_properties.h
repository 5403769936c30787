// YCSB property files: read as they are, with every core property known.
//
// A property is translated (recordcount), or belongs to the trial (threadcount) or to the text that
// YCSB prints (exporter), or has no meaning for a store with one key space and whole values, and is
// accepted and noted (table), or changes what is done in a way that we do not implement: then
// anything but its default is an error. None is ignored, and an unknown one is an error with the
// nearest name. workloads/README.md says which is which.
//
// Called by workload_file, and by `bench` for -P and -p.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "workloads/workload.h"

namespace varve::workloads {

// A property file. `path` is what errors call it ("path:line: …").
struct YcsbFile {
  std::string path;
  std::string text;
};

// What YCSB is to print, and where. harness/ycsb_output prints it.
struct YcsbReport {
  bool asked = false;                                 // one of these properties was given
  std::string exporter = "TextMeasurementsExporter";  // without its package
  std::string file;                                   // exportfile; "": standard output
  std::string interval = "op";                        // op, intended or both
  std::vector<double> percentiles = {50, 95, 99};
  bool buckets = false;         // measurement.histogram.verbose
  bool data_integrity = false;  // there is a section VERIFY
};

// A setting of the trial, without its prefix; `origin` begins an error: "file:3: threadcount".
struct YcsbTrialSetting {
  std::string name;
  std::string text;
  std::string origin;
};

// All that the properties of a run of YCSB ask for.
struct YcsbRun {
  Workload workload;
  std::vector<YcsbTrialSetting> trial;
  YcsbReport report;
  // Of each property that was given and makes no difference: place, name and reason.
  std::vector<std::string> notes;
};

// The run of the property files, a later one over an earlier one, with `overrides` (as
// -p name=value) on top. The workload is that of YCSB: Java's keys, YCSB's own choosers, and YCSB's
// default for every property that is not given.
Result<YcsbRun> ParseYcsb(const std::vector<YcsbFile>& files,
                          const std::vector<PropertyText>& overrides);

// The same, from the files `paths`; without one, of the defaults and overrides alone.
Result<YcsbRun> LoadYcsb(const std::vector<std::string>& paths,
                         const std::vector<PropertyText>& overrides);

// The workload alone, of one file. A property of the trial or of the report is an error then, as
// nobody would honour it.
Result<Workload> LoadYcsbWorkload(const std::string& path);

// How a YCSB property is treated, for listings.
struct YcsbPropertyHelp {
  std::string_view name;
  std::string_view fallback;  // YCSB's default
  std::string treatment;      // one line
};
std::vector<YcsbPropertyHelp> YcsbProperties();

}  // namespace varve::workloads
