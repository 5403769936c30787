// ForwardingFileSystem: passes every call to the file system below; for decorators, which override
// what they have to do with.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace varve {

// `below` must outlive it.
class ForwardingFileSystem : public FileSystem {
 public:
  explicit ForwardingFileSystem(FileSystem* below) : below_(below) {}

  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override {
    return below_->NewWritableFile(path, options);
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override {
    return below_->OpenFile(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return below_->Rename(from, to);
  }
  Status Remove(const std::string& path) override { return below_->Remove(path); }
  Status CreateDirectory(const std::string& path) override { return below_->CreateDirectory(path); }
  Status SyncDirectory(IoCause cause, const std::string& path) override {
    return below_->SyncDirectory(cause, path);
  }
  Result<std::vector<std::string>> List(const std::string& path) override {
    return below_->List(path);
  }
  Result<uint64_t> FileLength(const std::string& path) override { return below_->FileLength(path); }
  bool Exists(const std::string& path) override { return below_->Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return below_->Lock(path);
  }
  uint64_t bytes_written_ahead() const override { return below_->bytes_written_ahead(); }

 protected:
  FileSystem& below() const { return *below_; }

 private:
  FileSystem* const below_;
};

}  // namespace varve
