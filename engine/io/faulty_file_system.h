// A file system that fails on purpose, for tests of what happens then.
//
// Invariant: a call that is not failed reaches the file system below unchanged; a call that is
// failed does not reach it, but for the part of a short write.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "engine/io/file_system.h"
#include "engine/util/mutex.h"

namespace varve {

// The calls that can fail. Exists and length() cannot.
enum class FileCall : uint8_t {
  kCreate,  // NewWritableFile
  kAppend,
  kSync,
  kTruncate,
  kClose,
  kOpen,
  kRead,
  kRename,
  kRemove,
  kCreateDirectory,
  kSyncDirectory,
  kList,
  kLength,  // FileLength, RandomAccessFile::Length
  kLock,
};

struct FileCallInfo {
  uint64_t number;  // of the call, from 0, counted over the whole file system
  FileCall call;
  std::string_view path;  // as the caller gave it; the source of a rename
  size_t bytes;           // of Append and Read
};

// What becomes of a call. An OK status lets it pass.
struct Fault {
  Status status;
  size_t bytes_written = 0;  // of a failed Append: so many of its first bytes reach the file
};

// Decides over every call. Called under a lock, one call at a time.
using FaultRule = std::function<Fault(const FileCallInfo&)>;

// Thread safe. `below` must outlive it.
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem* below);
  ~FaultyFileSystem() override;

  // From now on; an empty rule lets everything pass. Numbers of calls go on.
  void SetRule(FaultRule rule);
  void FailCall(uint64_t number, Status status);
  void FailFrom(uint64_t number, Status status);

  // Calls so far, failed ones included: the number of the next call.
  uint64_t calls() const;

  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override;
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status SyncDirectory(IoCause cause, const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Result<uint64_t> FileLength(const std::string& path) override;
  bool Exists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  class Rules;  // shared with the files, which may outlive the file system
  FileSystem* const below_;
  const std::shared_ptr<Rules> rules_;
  friend class FaultyWritableFile;
  friend class FaultyRandomAccessFile;
};

}  // namespace varve
