// EntryCosts: how many entries a memtable takes, and how many bytes an entry takes in a table.
//
// Called by the simulator's expected model.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/compaction/simulator/operation_mix.h"
#include "engine/options.h"
#include "engine/status.h"

namespace varve {

struct EntryCosts {
  // F: a memtable is sealed with so many operations; the second of first writes alone, without
  // deletes among them.
  uint64_t memtable_entries = 0;
  uint64_t memtable_first_writes = 0;
  double put_bytes = 0;  // of a table, for each entry
  double tombstone_bytes = 0;
  double table_bytes = 0;  // of a table without entries
};

// As the papers count: an entry takes its key and value, a memtable holds memtable_bytes of them,
// and nothing else takes space.
EntryCosts PlainCosts(const Options& options, const OperationMix& mix);

// As the engine does: fills a memtable of the real kind until it would be sealed, and builds two
// tables by the real builder. Values do not compress. REQUIRES: CheckOptions(options) is OK.
Result<EntryCosts> MeasuredCosts(const Options& options, const OperationMix& mix);

}  // namespace varve
