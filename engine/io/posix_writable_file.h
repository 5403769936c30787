// The two ways in which a POSIX file is written: a call per Append, and a shared mapping.
//
// Invariant: length_ bytes of the file are what was appended. Called by PosixFileSystem.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/io/file_system.h"

namespace varve {

// WriteMode::kBuffered. Owns the descriptor.
class PosixBufferedFile : public WritableFile {
 public:
  PosixBufferedFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixBufferedFile() override;
  PosixBufferedFile(const PosixBufferedFile&) = delete;
  PosixBufferedFile& operator=(const PosixBufferedFile&) = delete;

  Status Append(IoCause cause, std::string_view data) override;
  Status Sync(IoCause cause) override;
  Status Truncate(uint64_t length) override;
  Status Close() override;
  uint64_t length() const override { return length_; }

 protected:
  // Writes all of `data` at `offset`.
  Status WriteAt(uint64_t offset, std::string_view data);
  Status SetFileLength(uint64_t length);
  // Sync, with the length and place of the file if `everything`.
  Status SyncFile(bool everything);

  int fd_;  // -1 once closed
  const std::string path_;
  uint64_t length_ = 0;
  Status sync_error_;  // once set, every call fails with it
};

// WriteMode::kMapped.
//
// A window of the file is mapped, and Append copies into it. Space is reserved before anything is
// stored, so that a full device is an error of a call and never a signal; a file system that cannot
// reserve gets buffered writes. A page that is touched for the first time costs a fault of several
// microseconds, so zeros are written over a window before it is mapped, which makes its pages in
// one call. Not so after a sync: such pages come in large folios, and each later sync would write
// the whole folio for a few bytes in it.
class PosixMappedFile final : public PosixBufferedFile {
 public:
  PosixMappedFile(int fd, std::string path, uint64_t step_bytes);
  ~PosixMappedFile() override;

  // Of all mapped files of this process (FileSystem::bytes_written_ahead).
  static uint64_t bytes_written_ahead();

  Status Append(IoCause cause, std::string_view data) override;
  Status Sync(IoCause cause) override;
  Status Truncate(uint64_t length) override;
  Status Close() override;

 private:
  Status AppendOutsideWindow(IoCause cause, std::string_view data);
  void Store(std::string_view data);
  // Makes the file at least `end` bytes long with space for all of them.
  Status Reserve(uint64_t end);
  bool Allocate(uint64_t end, int* error);
  // Maps the window that holds length_. REQUIRES: reserved.
  Status MapWindow();
  void UnmapWindow();

  char* window_ = nullptr;
  uint64_t window_start_ = 0;
  uint64_t window_end_ = 0;  // 0: none; else length_ is in or at the end of the window
  bool synced_in_window_ = true;
  uint64_t reserved_ = 0;  // length of the file; 0 or a multiple of the window, or a cut length
  const uint64_t step_bytes_;
  bool length_changed_ = false;  // since the last sync
  bool can_reserve_ = true;
};

}  // namespace varve
