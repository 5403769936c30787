// A file system in memory that knows what is durable, and can crash at any of its calls.
//
//   CrashableFileSystem files;
//   files.CutAt(17, seed);                      // the process dies in its 18th change of the disk
//   …                                           // work until files.cut()
//   auto rest = files.AfterPowerLoss(seed);     // or files.AfterProcessDeath()
//
// Invariant: what an image holds is what the contracts of FileSystem and WritableFile promise, and
// of the rest anything that the model (engine/io/crash_state.h) allows. Called by the crash tests
// and by `varve torture`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace varve {

// Thread safe. Paths have one spelling: "a//b" is not "a/b". Open files must not outlive it.
class CrashableFileSystem final : public FileSystem {
 public:
  CrashableFileSystem();
  ~CrashableFileSystem() override;

  // Calls so far that change the disk, or what of it is durable: the number of the next one. A call
  // that only reads has no number, because a crash before it leaves what a crash before the next
  // numbered one leaves.
  uint64_t calls() const;

  // From call `number` on everything fails, reads included. That call has its effect, or none, or
  // a part of it (an Append: some of its bytes), by `seed`.
  void CutAt(uint64_t number, uint64_t seed);
  bool cut() const;

  // What the next process finds, if all processes die now: everything that was handed over, durable
  // or not, and no lock.
  std::unique_ptr<CrashableFileSystem> AfterProcessDeath() const;
  // What the next process finds if the machine loses power now: a function of the state and `seed`.
  std::unique_ptr<CrashableFileSystem> AfterPowerLoss(uint64_t seed) const;

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
  class Disk;
  class OpenWritableFile;
  class OpenRandomAccessFile;
  class OpenLock;

  explicit CrashableFileSystem(std::unique_ptr<Disk> disk);
  const std::unique_ptr<Disk> disk_;
};

}  // namespace varve
