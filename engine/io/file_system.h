// FileSystem: everything that the engine asks of storage, and the cause of each request.
//
// Every call that moves bytes carries an IoCause. The ledger (a decorator) adds them up, so that
// the sum over causes is what storage saw; the other decorators fail, delay or lose things.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve {

// Why bytes move. The order is part of results files; append only.
enum class IoKind : uint8_t {
  kWal,
  kFlush,
  kCompaction,
  kManifest,
  kGet,
  kScan,
  kFilter,
  kIndex,
  kOpen,
  kVerify,
  kValueLog,
};
inline constexpr int kIoKindCount = 11;
// "wal", "flush", …; the names used in results.
std::string_view IoKindName(IoKind kind);

inline constexpr int kLevelsMax = 16;

struct IoCause {
  IoKind kind = IoKind::kOpen;
  uint8_t level = 0;   // level of the table that is read; level written to by flush, compaction
  uint8_t reason = 0;  // for compaction: a CompactionReason (engine/compaction/plan.h)
};

enum class WriteMode : uint8_t {
  kBuffered,  // write(2) per Append
  kMapped,    // Append copies into a preallocated shared mapping: no system call, and the bytes
              // survive the death of the process
};

struct WriteOptions {
  WriteMode mode = WriteMode::kBuffered;
  // kMapped only: step by which space is reserved ahead. Until Close the file is longer than what
  // was appended, and the rest reads as zeros; a reader after a crash sees that.
  uint64_t preallocate_bytes = 1 << 20;
  uint64_t writeback_bytes = 0;  // the device starts to write each time this much was appended, so
                                 // that little is left for Sync to wait for; 0: at Sync
};

// One writer at a time. The destructor closes without syncing and leaves reserved space behind, as
// the death of the process would.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // Appends all of `data`, which has reached the kernel when this returns OK: it survives the
  // death of the process, not of the machine. After an error length() is what it was, but more may
  // be in the file: Truncate(length()) restores it.
  virtual Status Append(IoCause cause, std::string_view data) = 0;

  // Returns when all that was appended survives power loss. After an error the file must not be
  // used again: what the kernel dropped cannot be known. Later calls return the same error.
  virtual Status Sync(IoCause cause) = 0;

  // Cuts the file to `length`; kInvalidArgument if that exceeds what was appended.
  virtual Status Truncate(uint64_t length) = 0;

  // Cuts reserved space off and closes. No call may follow. Does not sync.
  virtual Status Close() = 0;

  virtual uint64_t length() const = 0;
};

// Thread safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Reads exactly `bytes` at `offset` into `buffer`; fewer available is kCorruption that names
  // file, offset and the bytes wanted and found.
  virtual Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const = 0;

  virtual Result<uint64_t> Length() const = 0;
};

// Released by the destructor.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Thread safe. Paths are plain strings; messages of errors name the path and the call.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Makes the file, or empties it if it is there.
  virtual Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                                const WriteOptions& options) = 0;
  virtual Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) = 0;

  // For files. Atomic: afterwards `to` is the old or the new file. Durable once the directory is
  // synced. kNotFound if `from` is missing.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // For files. What is open stays readable. kNotFound if it is missing.
  virtual Status Remove(const std::string& path) = 0;
  // Makes a directory and its missing parents; OK if it is there. The new entries are durable when
  // this returns.
  virtual Status CreateDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(IoCause cause, const std::string& path) = 0;

  // Names of the entries, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;
  virtual Result<uint64_t> FileLength(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;

  // Makes the file if it is missing. kBusy if it is locked already, by another process or by this
  // one. The lock ends with the FileLock or with the process.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  // Zeros that files were filled with ahead of what was appended, since the process began: bytes
  // that the operating system counts as written and that belong to no Append.
  virtual uint64_t bytes_written_ahead() const { return 0; }
};

// The whole file as bytes.
Result<std::string> ReadWholeFile(FileSystem& file_system, IoCause cause, const std::string& path);

// The file system of the operating system. Lives for ever.
FileSystem* PosixFileSystem();

}  // namespace varve
