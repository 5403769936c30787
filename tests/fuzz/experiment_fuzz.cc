// Any text as an experiment file: what is read can be written, and reads back the same.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/experiment_file.h"
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {

std::string FuzzExperiment(std::string_view input) {
  // Nothing is to lead to a file.
  const bool has_path = input.find('/') != std::string_view::npos;
  if (has_path || input.find(".toml") != std::string_view::npos) return "";
  const auto experiment = harness::ParseExperiment(std::string(input), "no/directory/fuzz.toml");
  if (!experiment.ok()) return experiment.status().message().empty() ? "no reason is given" : "";
  const std::string once = harness::ExperimentToToml(*experiment);
  const auto again = harness::ParseExperiment(once, "no/directory/fuzz.toml");
  if (!again.ok()) return "its own text is refused: " + again.status().ToString();
  return harness::ExperimentToToml(*again) == once ? "" : "it reads back differently";
}

}  // namespace varve::fuzz
