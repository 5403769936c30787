// How the settings of a database say that its tables are built.
//
// Called by the engine, by repair, and by the simulator, whose tables have the sizes of the
// engine's.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/filter/filter.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/table/table_builder.h"

namespace varve {

// `filter` (nullptr: none) must outlive all use. What belongs to one file, its checksum context
// and numbers, is for the caller to fill in. REQUIRES: CheckOptions(options) is OK.
inline TableBuilderOptions TableOptionsOf(const Options& options, const FilterPolicy* filter) {
  TableBuilderOptions table;
  table.block_bytes = options.block_bytes;
  table.restart_interval = options.restart_interval;
  table.compression = FindPart(CompressionParts(), options.compression)->make();
  table.filter = filter;
  table.filter_bits_per_key = options.filter_bits_per_key;
  return table;
}

}  // namespace varve
