// How the settings of a database say that its tables are built.
//
// Called by the engine, by repair, and by the simulator, whose tables have the sizes of the
// engine's.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/plan.h"
#include "engine/filter/allocation.h"
#include "engine/filter/filter.h"
#include "engine/options.h"
#include "engine/status.h"
#include "engine/table/table_builder.h"
#include "engine/tree/tree.h"

namespace varve {

// `filter` (nullptr: none) must outlive all use. What belongs to one file, its checksum context
// and numbers, is for the caller to fill in. REQUIRES: CheckOptions(options) is OK.
TableBuilderOptions TableOptionsOf(const Options& options, const FilterPolicy* filter);

// kInvalidArgument, with a sentence, if the settings of filters cannot go together. REQUIRES: every
// choice of `options` is in its table.
Result<FilterBudget> FilterBudgetOf(const Options& options);

// The bits per key of the filters of a job's output: `plan` merges tables of `tree`, and a memtable
// that holds so many entries. What the merge will drop is not known, and counts.
// `monkey` spreads the memory of the tree with the levels above full, because what is written now
// stays while they fill: so all filters together take what filter_bits_per_key says when levels are
// full, and less until then.
// REQUIRES: CheckOptions(options) is OK.
double FilterBitsPerKey(const Options& options, const Tree& tree, const CompactionPlan& plan,
                        uint64_t memtable_entries);

}  // namespace varve
