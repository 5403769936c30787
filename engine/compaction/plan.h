// CompactionPlan: which tables to merge and where the result goes. A value without I/O.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tree/tree.h"

namespace varve {

// Why a compaction happens. The order is part of results; append only.
enum class CompactionReason : uint8_t {
  kFlush,               // not a compaction: the reason given for flush output
  kLevelSaturation,     // a level holds more bytes than its capacity
  kRunCount,            // there are more runs than there may be
  kManual,              // Db::Compact
  kSpaceAmplification,  // the runs above the last hold too much beside it
  kFileAge,             // a table was not merged downward for too long
  kTombstoneDensity,    // too many of a table's entries are tombstones
  kTombstoneAge,        // a tombstone has reached the age that its level allows
  kReadCount,           // a table was read too often
  kSimilarSizes,        // neighbouring runs are of a size
  kTimeWindow,          // a window of time is over
  kExpired,             // a run is dropped for its age or for want of room
};
inline constexpr int kCompactionReasonCount = 12;
std::string_view CompactionReasonName(CompactionReason reason);

struct CompactionPlan {
  struct Input {
    int level = 0;
    uint64_t run = 0;              // Run::id
    std::vector<TablePtr> tables;  // in key order; all or part of that run
  };
  // Newest first: for a key that is in two inputs, the earlier input has the newer version.
  std::vector<Input> inputs;

  int output_level = 0;
  // The run of output_level that the result becomes part of; 0 makes a new run, which is the
  // newest run of the level.
  uint64_t output_run = 0;

  CompactionReason reason = CompactionReason::kManual;
  // The inputs may change level as they are, without being rewritten.
  bool trivial_move = false;
  // The inputs are removed, and nothing takes their place.
  bool drop = false;
  // Ascending keys: a table of the output ends before the first key that is not below one.
  std::vector<std::string> cuts;
  // Set if round-robin movement chose the input: the new cursor of inputs[0].level.
  std::string cursor;
  bool moves_cursor = false;

  // For a flush, whose newest input is a memtable: what that holds.
  struct Flush {
    uint64_t bytes = 0;  // as a table, about
    std::string smallest;
    std::string largest;
  };
  std::optional<Flush> flush;

  uint64_t input_bytes() const;  // of the tables
  // Keys [smallest, largest] of all inputs. REQUIRES: there is one.
  std::pair<std::string_view, std::string_view> KeyRange() const;
  // One line for people and text-driven tests: "L1 3,4 + L2 7 -> L2 run 9 (level saturation)".
  std::string ToString() const;
};

}  // namespace varve
