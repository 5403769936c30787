// SplitMerge: one merge in parts of its key range (subcompactions), which may run at the same time.
//
// Invariant: the parts together give the entries that the whole merge would; their tables, one part
// after the other, are one run. Versions of a key never fall into two parts, because parts end
// between keys.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/compaction/job.h"
#include "engine/table/table_reader.h"

namespace varve {

// Ascending keys that cut pieces, in any order and overlapping, into at most `parts` ranges of
// about equal bytes. A range begins at its key.
std::vector<std::string> SplitKeys(std::vector<TablePiece> pieces, size_t parts);

// Such keys for the inputs of `plan`, whose tables are open in `version`: at most `parts_max`
// ranges, of about `part_bytes_min` at least.
std::vector<std::string> SplitPlan(const Version& version, const CompactionPlan& plan,
                                   size_t parts_max, uint64_t part_bytes_min);

// So many bytes at the front are the same in all keys of the inputs of `plan`.
size_t SharedKeyBytes(const CompactionPlan& plan);

struct SplitMergeRequest {
  // What the parts have in common; input, begin and end are theirs alone. `new_number` and `pace`
  // are called by all of them, `older` is copied.
  MergeRequest merge;
  // A part begins at each of these.
  std::vector<std::string> bounds;
  // The input between two bounds; it may hold keys beyond them. An empty bound is none. Called by
  // each part.
  std::function<std::unique_ptr<EntryIterator>(std::string_view begin, std::string_view end)>
      new_input;
  // Runs all of what it is given, and then returns: Executor::RunParts.
  std::function<void(std::vector<std::function<void()>>)> run_parts;
};

// As RunMerge: all or nothing. After the first failure the other parts give up.
Result<MergeOutput> RunSplitMerge(const TableFactory& factory, const SplitMergeRequest& request);

}  // namespace varve
