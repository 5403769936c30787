// Workload files: a TOML file, a YCSB property file, or a trace, as a Workload.
//
// Every error is one sentence that begins with "file:line:" and, where a name is wrong, ends with
// the nearest right one. Nothing in a file is ignored.
//
//   title = "what it is, in one line"       optional
//   ycsb = "ycsb/workloada"                 optional: start from this property file (relative)
//   trace = "cluster52.trace"               optional: replay it (relative; trace.h)
//   records = 1000000                       any property of Workload, by its name
//   [[phase]]                               any number of phases, in order (phases.h)
//   operations = 1000
//
// Called by the commands of the harness that name a workload.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/status.h"
#include "workloads/workload.h"

namespace varve::workloads {

// Reads `path`: as TOML if it ends in ".toml", as a trace if it ends in ".trace", as a YCSB
// property file otherwise. The name of the workload is that of the file without ".toml". The result
// is not yet checked as a whole (an override may still complete it): call CheckWorkload.
Result<Workload> LoadWorkload(const std::string& path);

// The same, from text that is called `path` in errors (and whose "ycsb" is relative to it).
Result<Workload> ParseWorkload(const std::string& text, const std::string& path);

// Whether the name of a workload is the path of a file: one with a slash, ".toml" or ".trace".
bool IsWorkloadPath(const std::string& name);

// A workload by name: <directory>/<name>.toml of the first directory that has it. A
// path is the file itself. The error for an unknown name gives the nearest.
Result<Workload> FindWorkload(const std::string& name, const std::vector<std::string>& directories);

// The path of a file that the file `path` names: relative to the directory of that file.
std::string BesideFile(const std::string& path, std::string_view name);

// The text of a workload file; at most 1 MiB.
Result<std::string> ReadWorkloadText(const std::string& path);

// All TOML files of a directory, sorted by name. One that cannot be read has the error as its
// title: a list never fails for one bad file.
struct WorkloadEntry {
  std::string name;
  std::string title;
};
std::vector<WorkloadEntry> ListWorkloads(const std::string& directory);

}  // namespace varve::workloads
