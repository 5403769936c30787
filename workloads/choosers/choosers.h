// The table of key choosers.
//
// Called by streams (to make the one of the workload), and by everything that lists or checks
// names.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "workloads/choosers/chooser.h"
#include "workloads/choosers/mixgraph.h"
#include "workloads/workload.h"

namespace varve::workloads {

struct ChooserRow {
  std::string_view name;
  std::string_view help;
  std::unique_ptr<Chooser> (*make)(const Workload& workload);
};

// All rows, in the order of the help page.
std::span<const ChooserRow> ChooserTable();

// The chooser of the workload. REQUIRES: CheckWorkload(workload) is OK, and some operation of it
// chooses records.
std::unique_ptr<Chooser> MakeChooser(const Workload& workload);

// The parameters of the mixgraph chooser.
MixgraphShape MixgraphShapeOf(const Workload& workload);

// Records that the run is expected to insert, by which YCSB widens the range of its zipfian: twice
// the mean number.
uint64_t ExpectedInserts(const Workload& workload);

}  // namespace varve::workloads
