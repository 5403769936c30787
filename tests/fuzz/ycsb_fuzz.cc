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
  const auto run = workloads::ParseYcsb({{"fuzz", std::string(input)}}, {});
  if (!properties.ok() && run.ok()) return "a file that cannot be read has a workload";
  if (!run.ok()) return run.status().message().empty() ? "no reason is given" : "";
  return CheckTexts(run->workload);
}

}  // namespace varve::fuzz
