// FileHandles: files to read from, of which only so many are open at a time.
//
// A database of many tables keeps what it needs of each in memory, but an open file only while it
// may be read. Beyond the limit, a file that was not read lately is closed, and opened again when
// it is read next.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/io/file_system.h"

namespace varve {

// Thread safe.
class FileHandles {
 public:
  // `open_max` of at least 1. While reads are under way each may hold one file more open.
  FileHandles(FileSystem* file_system, uint64_t open_max);
  ~FileHandles();

  // Opens the file. Until the result is destroyed, `path` must stay the same file, but the handles
  // may go before it. A read that has to open the file again fails as OpenFile does.
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path);

  // Files that are open now, but for those that only reads under way hold.
  uint64_t open() const;

  // The limit that fits this process: three quarters of the files that it may have open.
  static uint64_t DefaultOpenMax();

 private:
  class Pool;
  class File;
  const std::shared_ptr<Pool> pool_;
};

}  // namespace varve
