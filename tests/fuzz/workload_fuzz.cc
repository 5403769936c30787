// Any text as a workload file.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/workload_texts.h"
#include "workloads/workload_file.h"

namespace varve::fuzz {

std::string FuzzWorkload(std::string_view input) {
  // A slash may lead to a file outside of the directory, which does not exist.
  if (input.find('/') != std::string_view::npos) return "";
  const Result<workloads::Workload> workload =
      workloads::ParseWorkload(std::string(input), "no/directory/fuzz.toml");
  if (!workload.ok()) return workload.status().message().empty() ? "no reason is given" : "";
  return CheckTexts(*workload);
}

}  // namespace varve::fuzz
