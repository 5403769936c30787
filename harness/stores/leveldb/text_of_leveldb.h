// What LevelDB tells of itself: texts for people (DB::GetProperty), read back.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/store.h"

namespace varve::harness {

// A row of "leveldb.stats": a level that holds tables or was written to since the database was
// opened. A megabyte is 2^20 bytes; all but `files` were rounded.
struct LevelDbLevel {
  uint64_t level = 0;
  uint64_t files = 0;
  uint64_t size_mb = 0;
  uint64_t time_sec = 0;  // of compactions into the level; of flushes, too, which are mostly into 0
  uint64_t read_mb = 0;   // by them
  uint64_t write_mb = 0;
};

// Lines that are not such rows are passed over.
std::vector<LevelDbLevel> ParseLevelDbStats(std::string_view text);

// All levels, from "leveldb.sstables": every table with its exact size. Lines that are neither
// headings of levels nor tables are passed over.
std::vector<LevelShape> ParseLevelDbTables(std::string_view text);

// All levels, from the rows of "leveldb.stats": sizes are rounded to megabytes.
std::vector<LevelShape> RoundedLevelDbLevels(const std::vector<LevelDbLevel>& rows);

}  // namespace varve::harness
