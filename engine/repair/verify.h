// VerifyDatabase: reads and checks every byte of a database that is not open: CURRENT, manifest,
// tables, logs. Changes nothing, and goes on after the first damage, so that one run names all.
//
// It finds every flipped bit, cut, swap and missing file that could change an answer, of a database
// that was closed. After a crash there is one exception, which no reader can avoid: damage to the
// end of a log that no sync had covered looks like the end that the crash has left.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/tree/manifest.h"
#include "engine/wal/wal_writer.h"

namespace varve {

// Something about one file. A value.
struct Finding {
  std::string file;  // without the directory
  std::optional<uint64_t> offset;
  std::string what;

  // "000012.table, offset 4096: what"
  std::string ToString() const;
};

struct VerifyReport {
  uint64_t tables = 0;
  uint64_t table_bytes = 0;
  uint64_t logs = 0;
  uint64_t log_entries = 0;
  std::vector<Finding> damage;  // something is not as it was written, or is missing
  std::vector<Finding> notes;   // what a crash leaves, and files that are not of the database

  bool intact() const { return damage.empty(); }
};

// kNotFound if `directory` cannot be listed, kInvalidArgument if no file of it is of a database;
// any other damage is in the report. REQUIRES: nobody has the database open; hold its lock.
Result<VerifyReport> VerifyDatabase(FileSystem& file_system, const std::string& directory);

// What is in one log, as recovery will read it.
struct LogExamination {
  WalPosition previous;        // what it goes on from; number 0: nothing
  uint64_t good_bytes = 0;     // records that count
  uint64_t dropped_bytes = 0;  // a torn tail behind them
  uint64_t entries = 0;
  SequenceNumber last_sequence = 0;
  std::optional<Finding> damage;
};
// `before`: the last sequence number in the logs before it.
LogExamination ExamineLog(FileSystem& file_system, const std::string& directory, uint64_t number,
                          SequenceNumber before);

// All logs that `state` needs, in order, and what is wrong with them, one by one and together.
struct LogsExamination {
  std::vector<uint64_t> numbers;
  std::vector<LogExamination> logs;  // of these
  std::vector<Finding> damage;
  std::vector<Finding> notes;
};
// `names`: the files of the directory.
LogsExamination ExamineLogs(FileSystem& file_system, const std::string& directory,
                            const std::vector<std::string>& names, const ManifestState& state);

}  // namespace varve
