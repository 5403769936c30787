// WalWriter: appends records to one write-ahead log file. Format: engine/FORMAT.md, "WAL".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/wal/wal_format.h"

namespace varve {

// One caller at a time.
class WalWriter {
 public:
  // `number` names the log and is part of every checksum. `file` is empty. `previous` is the log
  // that this one goes on from, if any, and where it ended: the new log remembers it, so that
  // recovery sees when the end of the previous one is missing, and whether it may be.
  WalWriter(std::unique_ptr<WritableFile> file, uint64_t number, WalPosition previous = {});
  ~WalWriter();

  // Appends one record. When this returns OK, the record survives the death of the process.
  // After kNoSpace the log is as it was before the call, and may be used again; any other error,
  // or a failure to restore it, is kIndeterminate and the log must be given up: every later call
  // fails in the same way. A payload of 4 GiB and more is kInvalidArgument.
  Status Append(std::string_view payload);

  // When this returns OK, all records survive power loss. The next Append notes the promise in
  // the log, so that a reader tells a torn tail from corruption. An error is kIndeterminate.
  Status Sync();

  // No call may follow. Does not sync.
  Status Close();

  uint64_t bytes() const;  // length of the log
  WalPosition position() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace varve
