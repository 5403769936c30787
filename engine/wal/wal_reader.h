// WalReader: reads the records of one write-ahead log back. Format: engine/FORMAT.md, "WAL".
//
// A log ends in one of three ways: cleanly; torn, where the tail that no sync covered is missing
// or damaged (records before the damage are good, what follows is dropped); or corrupt, where a
// later sync promise covers the damage: then Next returns kCorruption.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/wal/wal_writer.h"

namespace varve {

// Not thread safe.
class WalReader {
 public:
  // Reads through a window of bounded size: memory does not grow with the log, only with its
  // largest record.
  static Result<std::unique_ptr<WalReader>> Open(FileSystem& file_system, const std::string& path,
                                                 uint64_t number);
  ~WalReader();

  // True and a record, false at the end (clean or torn), or kCorruption with the offset, also if
  // the file is another log. `*payload` lives until the next call.
  Result<bool> Next(std::string_view* payload);

  // After Next returned false: was anything dropped, and how many bytes of the file are good.
  bool torn() const;
  uint64_t good_bytes() const;

  // After the first Next: what the writer was told of the log before this one. If that log has
  // fewer good bytes, its end is missing, although it may look clean.
  WalPosition previous() const;

 private:
  struct Rep;
  explicit WalReader(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace varve
