// Phases: a workload whose mix and popularity change over time, on one key space.
//
// The property `phases` is a text, so that it goes wherever properties go:
//
//   phases := phase (";" phase)*
//   phase  := ("operations=" count | property "=" value), separated by spaces
//
// In a workload file each phase is a table [[phase]]. A phase takes over what the workload says and
// changes the properties that it names; if it names any proportion, the mix is the one that it
// names, and all other proportions are 0. Only what the records are is the same for all phases
// (Property::shape). Phases follow each other by the number of operations, over all clients, and
// begin again when the last is over.
//
// Called by workload_file (to write), streams and checks (to read).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/status.h"
#include "workloads/workload.h"

namespace varve::workloads {

// The phases of a workload, each as the workload that it is, with `operations` its length and
// `inserts_expected` that of all phases; the workload itself if it has none. The error names phase
// and property.
Result<std::vector<Workload>> PhasesOf(const Workload& workload);

// One phase of `whole`, from its text.
Result<Workload> ParsePhase(const Workload& whole, std::string_view text);

// The text of one phase, for the property `phases`.
std::string PhaseText(const std::vector<PropertyText>& properties);

}  // namespace varve::workloads
