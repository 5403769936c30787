// Experiment files: TOML as an Experiment.
//
// Nothing in a file is ignored, and every name and value is checked here, before anything runs.
// Every error is one sentence that begins with "file:line:" and, where a name is wrong, ends with
// the nearest right one.
//
// Called by the commands run and check.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/status.h"
#include "harness/experiment.h"

namespace varve::harness {

// The experiment in `text`, which is called `path` in errors and from which its name and the
// place of a workload file beside it are taken.
Result<Experiment> ParseExperiment(const std::string& text, const std::string& path);

// The same, from a file.
Result<Experiment> LoadExperiment(const std::string& path);

// A name is <directory>/<name>.toml, or a file of that name in a folder there; a name with a slash
// or with ".toml" is the path of a file. The error for an unknown name gives the nearest.
Result<std::string> FindExperiment(const std::string& name, const std::string& directory);

// All experiment files of a directory and of the folders in it, sorted by name. What cannot be read
// has the error as its title: a list never fails for one bad file.
struct ExperimentEntry {
  std::string name;
  std::string path;
  std::string title;
};
std::vector<ExperimentEntry> ListExperiments(const std::string& directory);

}  // namespace varve::harness
