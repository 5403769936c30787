// SimulationReport: the numbers of a simulated history, as JSON and as a page of text.
//
// docs/simulate.md says what each field means.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/compaction/planner.h"
#include "engine/compaction/simulator/simulation_record.h"

namespace varve::harness {

nlohmann::json SimulationReport(const SimulationRecord& record, const TableModel& model,
                                const Tree& tree, const CompactionPlanner& planner);

// For people, with a drawing of the tree.
std::string SimulationSummary(const nlohmann::json& report);

}  // namespace varve::harness
