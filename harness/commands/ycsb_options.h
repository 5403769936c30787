// YCSB on the command line of bench: -P, -p, and the flags of YCSB's own client.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/status.h"
#include "harness/commands/arguments.h"
#include "workloads/ycsb_properties.h"

namespace varve::harness {

// Adds -P and -p.
void AddYcsbOptions(Syntax* syntax);

// The arguments with YCSB's own flags (-threads, -target, -load, -t, -s, -l, -db), which have one
// dash before a word, as the properties that they stand for.
Arguments WithoutYcsbFlags(const Arguments& arguments);

struct YcsbOptions {
  // With their prefixes: the workload, every property of it, and what the trial is to do. Empty
  // if neither -P nor -p was given.
  std::vector<workloads::YcsbTrialSetting> settings;
  workloads::YcsbReport report;
  std::vector<std::string> notes;
};
Result<YcsbOptions> ReadYcsbOptions(const po::variables_map& values);

}  // namespace varve::harness
