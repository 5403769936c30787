// A tree from tables whose places are not known. A part of repair.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/compaction/job.h"
#include "engine/iterator/iterator.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

using NewNumber = std::function<uint64_t()>;

// Writes what `input` yields into new tables, and the range tombstones: of each key the newest
// version, tombstones as well. Entries that are there twice are taken once.
Result<std::vector<TablePtr>> WriteTables(const TableFactory& factory, const NewNumber& new_number,
                                          std::unique_ptr<EntryIterator> input,
                                          const RangeTombstones& tombstones = {});

// Can these be put into runs so that, for every key, the newer version is in the newer run? If two
// overlap in keys, one of them must be newer as a whole.
bool CanBeStacked(const std::vector<TablePtr>& tables);

// Runs of level 0, newest first: each table in the newest run that it may be in. REQUIRES:
// CanBeStacked(tables).
std::vector<Run> StackTables(std::vector<TablePtr> tables, const NewNumber& new_number);

// A tree of all of these tables; they are merged into new ones if they cannot be stacked.
Result<Tree> TreeOfTables(const TableFactory& factory, const NewNumber& new_number,
                          const std::vector<TablePtr>& tables);

}  // namespace varve
