// The file system that fails on purpose: each call asks the rule first.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/faulty_file_system.h"

#include <algorithm>
#include <string>
#include <utility>

namespace varve {

class FaultyFileSystem::Rules {
 public:
  void Set(FaultRule rule) {
    MutexLock lock(mutex_);
    rule_ = std::move(rule);
  }

  uint64_t calls() {
    MutexLock lock(mutex_);
    return calls_;
  }

  Fault Decide(FileCall call, std::string_view path, size_t bytes = 0) {
    MutexLock lock(mutex_);
    const FileCallInfo info{calls_++, call, path, bytes};
    return rule_ ? rule_(info) : Fault{};
  }

  Status Check(FileCall call, std::string_view path, size_t bytes = 0) {
    return Decide(call, path, bytes).status;
  }

 private:
  Mutex mutex_;
  uint64_t calls_ GUARDED_BY(mutex_) = 0;
  FaultRule rule_ GUARDED_BY(mutex_);
};

class FaultyWritableFile final : public WritableFile {
 public:
  FaultyWritableFile(std::unique_ptr<WritableFile> below, std::string path,
                     std::shared_ptr<FaultyFileSystem::Rules> rules)
      : below_(std::move(below)), path_(std::move(path)), rules_(std::move(rules)) {}

  // As the real one, it does not count the bytes of an Append that failed.
  Status Append(IoCause cause, std::string_view data) override {
    const Fault fault = rules_->Decide(FileCall::kAppend, path_, data.size());
    if (fault.status.ok()) {
      Status status = RemoveGarbage();
      if (status.ok()) status = below_->Append(cause, data);
      return status;
    }
    const size_t written = std::min(fault.bytes_written, data.size());
    if (Status status = below_->Append(cause, data.substr(0, written)); !status.ok()) return status;
    garbage_bytes_ += written;
    return fault.status;
  }
  Status Sync(IoCause cause) override {
    Status status = rules_->Check(FileCall::kSync, path_);
    return status.ok() ? below_->Sync(cause) : status;
  }
  Status Truncate(uint64_t length) override {
    if (length > this->length()) {
      return Status::InvalidArgument("truncate beyond what was appended");
    }
    Status status = rules_->Check(FileCall::kTruncate, path_);
    if (status.ok()) status = below_->Truncate(length);
    if (status.ok()) garbage_bytes_ = 0;
    return status;
  }
  Status Close() override {
    Status status = rules_->Check(FileCall::kClose, path_);
    return status.ok() ? below_->Close() : status;
  }
  uint64_t length() const override { return below_->length() - garbage_bytes_; }

 private:
  // An Append goes to length(), over what a failed one may have left there.
  Status RemoveGarbage() {
    if (garbage_bytes_ == 0) return Status();
    Status status = below_->Truncate(length());
    if (status.ok()) garbage_bytes_ = 0;
    return status;
  }

  const std::unique_ptr<WritableFile> below_;
  const std::string path_;
  const std::shared_ptr<FaultyFileSystem::Rules> rules_;
  uint64_t garbage_bytes_ = 0;  // behind length(), from short writes
};

class FaultyRandomAccessFile final : public RandomAccessFile {
 public:
  FaultyRandomAccessFile(std::unique_ptr<RandomAccessFile> below, std::string path,
                         std::shared_ptr<FaultyFileSystem::Rules> rules)
      : below_(std::move(below)), path_(std::move(path)), rules_(std::move(rules)) {}

  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    Status status = rules_->Check(FileCall::kRead, path_, bytes);
    return status.ok() ? below_->Read(cause, offset, bytes, buffer) : status;
  }
  Result<uint64_t> Length() const override {
    Status status = rules_->Check(FileCall::kLength, path_);
    if (!status.ok()) return status;
    return below_->Length();
  }

 private:
  const std::unique_ptr<RandomAccessFile> below_;
  const std::string path_;
  const std::shared_ptr<FaultyFileSystem::Rules> rules_;
};

FaultyFileSystem::FaultyFileSystem(FileSystem* below)
    : below_(below), rules_(std::make_shared<Rules>()) {}

FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::SetRule(FaultRule rule) { rules_->Set(std::move(rule)); }

void FaultyFileSystem::FailCall(uint64_t number, Status status) {
  SetRule([number, status](const FileCallInfo& info) {
    return info.number == number ? Fault{status} : Fault{};
  });
}

void FaultyFileSystem::FailFrom(uint64_t number, Status status) {
  SetRule([number, status](const FileCallInfo& info) {
    return info.number >= number ? Fault{status} : Fault{};
  });
}

uint64_t FaultyFileSystem::calls() const { return rules_->calls(); }

Result<std::unique_ptr<WritableFile>> FaultyFileSystem::NewWritableFile(
    const std::string& path, const WriteOptions& options) {
  if (Status status = rules_->Check(FileCall::kCreate, path); !status.ok()) return status;
  auto file = below_->NewWritableFile(path, options);
  if (!file.ok()) return file.status();
  return std::unique_ptr<WritableFile>(
      std::make_unique<FaultyWritableFile>(std::move(*file), path, rules_));
}

Result<std::unique_ptr<RandomAccessFile>> FaultyFileSystem::OpenFile(const std::string& path) {
  if (Status status = rules_->Check(FileCall::kOpen, path); !status.ok()) return status;
  auto file = below_->OpenFile(path);
  if (!file.ok()) return file.status();
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<FaultyRandomAccessFile>(std::move(*file), path, rules_));
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  Status status = rules_->Check(FileCall::kRename, from);
  return status.ok() ? below_->Rename(from, to) : status;
}

Status FaultyFileSystem::Remove(const std::string& path) {
  Status status = rules_->Check(FileCall::kRemove, path);
  return status.ok() ? below_->Remove(path) : status;
}

Status FaultyFileSystem::CreateDirectory(const std::string& path) {
  Status status = rules_->Check(FileCall::kCreateDirectory, path);
  return status.ok() ? below_->CreateDirectory(path) : status;
}

Status FaultyFileSystem::SyncDirectory(IoCause cause, const std::string& path) {
  Status status = rules_->Check(FileCall::kSyncDirectory, path);
  return status.ok() ? below_->SyncDirectory(cause, path) : status;
}

Result<std::vector<std::string>> FaultyFileSystem::List(const std::string& path) {
  if (Status status = rules_->Check(FileCall::kList, path); !status.ok()) return status;
  return below_->List(path);
}

Result<uint64_t> FaultyFileSystem::FileLength(const std::string& path) {
  if (Status status = rules_->Check(FileCall::kLength, path); !status.ok()) return status;
  return below_->FileLength(path);
}

bool FaultyFileSystem::Exists(const std::string& path) { return below_->Exists(path); }

Result<std::unique_ptr<FileLock>> FaultyFileSystem::Lock(const std::string& path) {
  if (Status status = rules_->Check(FileCall::kLock, path); !status.ok()) return status;
  return below_->Lock(path);
}

}  // namespace varve
