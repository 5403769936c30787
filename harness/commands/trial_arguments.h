// TrialArguments: what bench and sustain share: one trial from the command line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/status.h"
#include "harness/commands/arguments.h"
#include "harness/commands/ycsb_options.h"
#include "harness/trial_spec.h"

namespace varve::harness {

// Adds --store, --workload and other short names of settings, and -P and -p for YCSB's properties.
// The settings themselves come with AddSettings.
void AddTrialArguments(Syntax* syntax);

// All settings that were given, in the order in which they hold: of a name that comes twice, the
// last; and what YCSB's properties ask for besides. An error is one of the command line.
Result<YcsbOptions> TrialArguments(const po::variables_map& values);

Status SetTrial(const std::vector<workloads::YcsbTrialSetting>& settings, TrialSpec* spec);

}  // namespace varve::harness
