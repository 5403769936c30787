// What the fuzzers of workloads share: a workload as texts, and back.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "workloads/workload.h"

namespace varve::fuzz {

inline std::string AllTexts(const workloads::Workload& workload) {
  std::string all;
  for (const workloads::PropertyText& property : workloads::PropertyTexts(workload)) {
    all += property.name + " " + property.text + "\n";
  }
  return all;
}

// "" or what is wrong: the texts of a workload make the same workload.
inline std::string CheckTexts(const workloads::Workload& workload) {
  workloads::Workload again;
  for (const workloads::PropertyText& property : workloads::PropertyTexts(workload)) {
    const Status set = workloads::SetProperty(&again, property.name, property.text);
    if (!set.ok()) return "its own text is refused: " + set.ToString();
  }
  (void)workloads::CheckWorkload(workload);
  return AllTexts(again) == AllTexts(workload) ? "" : "it reads back differently";
}

}  // namespace varve::fuzz
