// Any text as a YCSB property file.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/workload_texts.h"
#include "workloads/java_properties.h"
#include "workloads/ycsb_properties.h"

namespace varve::fuzz {

std::string FuzzYcsb(std::string_view input) {
  const auto properties = workloads::ParseJavaProperties(input);
  const Result<workloads::Workload> workload = workloads::ParseYcsb(input, "fuzz", {});
  if (!properties.ok() && workload.ok()) return "a file that cannot be read has a workload";
  if (!workload.ok()) return workload.status().message().empty() ? "no reason is given" : "";
  return CheckTexts(*workload);
}

}  // namespace varve::fuzz
