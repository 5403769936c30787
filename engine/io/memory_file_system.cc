// The file system in memory: a map of paths to shared nodes, as an operating system has it, so that
// open handles outlive Rename and Remove.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/memory_file_system.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "engine/util/mutex.h"

namespace varve {
namespace {

// The content of one file. Thread safe.
class Node {
 public:
  uint64_t Length() {
    MutexLock lock(mutex_);
    return bytes_.size();
  }

  void Resize(uint64_t length) {
    MutexLock lock(mutex_);
    bytes_.resize(length);
  }

  // Reserves zeros up to a multiple of `step` if that is not 0.
  void Write(uint64_t offset, std::string_view data, uint64_t step) {
    MutexLock lock(mutex_);
    const uint64_t end = offset + data.size();
    const uint64_t length = step == 0 ? end : (end + step - 1) / step * step;
    if (length > bytes_.size()) bytes_.resize(length);
    bytes_.replace(offset, data.size(), data);
  }

  // Returns how many bytes there were.
  size_t Read(uint64_t offset, size_t bytes, char* buffer) {
    MutexLock lock(mutex_);
    if (offset >= bytes_.size()) return 0;
    return bytes_.copy(buffer, bytes, offset);
  }

 private:
  Mutex mutex_;
  std::string bytes_ GUARDED_BY(mutex_);
};

class MemoryWritableFile final : public WritableFile {
 public:
  MemoryWritableFile(std::shared_ptr<Node> node, const WriteOptions& options)
      : node_(std::move(node)),
        step_(options.mode == WriteMode::kMapped ? options.preallocate_bytes : 0) {}

  Status Append(IoCause /*cause*/, std::string_view data) override {
    if (data.empty()) return Status();
    node_->Write(length_, data, step_);
    length_ += data.size();
    return Status();
  }
  Status Sync(IoCause /*cause*/) override { return Status(); }
  Status Truncate(uint64_t length) override {
    if (length > length_) return Status::InvalidArgument("truncate beyond what was appended");
    node_->Resize(length);
    length_ = length;
    return Status();
  }
  Status Close() override {
    if (step_ != 0) node_->Resize(length_);
    return Status();
  }
  uint64_t length() const override { return length_; }

 private:
  const std::shared_ptr<Node> node_;
  const uint64_t step_;
  uint64_t length_ = 0;
};

class MemoryRandomAccessFile final : public RandomAccessFile {
 public:
  MemoryRandomAccessFile(std::shared_ptr<Node> node, std::string path)
      : node_(std::move(node)), path_(std::move(path)) {}

  Status Read(IoCause /*cause*/, uint64_t offset, size_t bytes, char* buffer) const override {
    const size_t found = node_->Read(offset, bytes, buffer);
    if (found == bytes) return Status();
    return Status::Corruption(path_ + ": wanted " + std::to_string(bytes) + " bytes at offset " +
                              std::to_string(offset) + ", found " + std::to_string(found));
  }
  Result<uint64_t> Length() const override { return node_->Length(); }

 private:
  const std::shared_ptr<Node> node_;
  const std::string path_;
};

// The paths that are locked. Shared with the locks, which may outlive the file system.
struct LockTable {
  Mutex mutex;
  std::set<std::string> paths GUARDED_BY(mutex);
};

class MemoryFileLock final : public FileLock {
 public:
  MemoryFileLock(std::shared_ptr<LockTable> table, std::string path)
      : table_(std::move(table)), path_(std::move(path)) {}
  ~MemoryFileLock() override {
    MutexLock lock(table_->mutex);
    table_->paths.erase(path_);
  }

 private:
  const std::shared_ptr<LockTable> table_;
  const std::string path_;
};

// One spelling for each path: "a//b/../c/" is "a/c".
std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal == "." ? "" : normal;
}

std::string Parent(const std::string& normal) {
  return std::filesystem::path(normal).parent_path().string();
}

Status Missing(std::string_view call, const std::string& path) {
  return Status::NotFound(path + ": " + std::string(call) + ": No such file or directory");
}

class MemoryFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override {
    MutexLock lock(mutex_);
    const std::string name = Normal(path);
    if (IsDirectory(name)) return Status::IoError(path + ": open: Is a directory");
    if (!IsDirectory(Parent(name))) return Missing("open", path);
    std::shared_ptr<Node>& node = files_[name];
    if (node == nullptr) node = std::make_shared<Node>();
    node->Resize(0);
    return std::unique_ptr<WritableFile>(std::make_unique<MemoryWritableFile>(node, options));
  }

  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override {
    MutexLock lock(mutex_);
    const auto file = files_.find(Normal(path));
    if (file == files_.end()) return Missing("open", path);
    return std::unique_ptr<RandomAccessFile>(
        std::make_unique<MemoryRandomAccessFile>(file->second, path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    MutexLock lock(mutex_);
    const auto file = files_.find(Normal(from));
    const std::string target = Normal(to);
    if (file == files_.end() || !IsDirectory(Parent(target))) return Missing("rename", from);
    if (IsDirectory(target)) return Status::IoError(to + ": rename: Is a directory");
    const std::shared_ptr<Node> node = file->second;
    files_.erase(file);
    files_[target] = node;
    return Status();
  }

  Status Remove(const std::string& path) override {
    MutexLock lock(mutex_);
    const std::string name = Normal(path);
    if (IsDirectory(name)) return Status::IoError(path + ": unlink: Is a directory");
    return files_.erase(name) == 1 ? Status() : Missing("unlink", path);
  }

  Status CreateDirectory(const std::string& path) override {
    MutexLock lock(mutex_);
    std::vector<std::string> missing;
    for (std::string name = Normal(path); !IsDirectory(name); name = Parent(name)) {
      if (files_.contains(name)) return Status::IoError(path + ": mkdir: Not a directory");
      missing.push_back(name);
    }
    directories_.insert(missing.begin(), missing.end());
    return Status();
  }

  Status SyncDirectory(IoCause /*cause*/, const std::string& path) override {
    MutexLock lock(mutex_);
    return IsDirectory(Normal(path)) ? Status() : Missing("open", path);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    MutexLock lock(mutex_);
    const std::string directory = Normal(path);
    if (!IsDirectory(directory)) return Missing("opendir", path);
    std::set<std::string> names;
    const auto add = [&](const std::string& name) {
      if (name != "/" && Parent(name) == directory) {
        names.insert(std::filesystem::path(name).filename().string());
      }
    };
    for (const auto& file : files_) add(file.first);
    for (const std::string& name : directories_) add(name);
    return std::vector<std::string>(names.begin(), names.end());
  }

  Result<uint64_t> FileLength(const std::string& path) override {
    MutexLock lock(mutex_);
    const auto file = files_.find(Normal(path));
    if (file == files_.end()) return Missing("stat", path);
    return file->second->Length();
  }

  bool Exists(const std::string& path) override {
    MutexLock lock(mutex_);
    const std::string name = Normal(path);
    return IsDirectory(name) || files_.contains(name);
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    MutexLock lock(mutex_);
    const std::string name = Normal(path);
    if (IsDirectory(name)) return Status::IoError(path + ": open: Is a directory");
    if (!IsDirectory(Parent(name))) return Missing("open", path);
    MutexLock lock_of_table(locks_->mutex);
    if (!locks_->paths.insert(name).second) {
      return Status::Busy(path + ": flock: held by another open");
    }
    std::shared_ptr<Node>& node = files_[name];
    if (node == nullptr) node = std::make_shared<Node>();
    return std::unique_ptr<FileLock>(std::make_unique<MemoryFileLock>(locks_, name));
  }

 private:
  // The root and the working directory are always there.
  bool IsDirectory(const std::string& normal) REQUIRES_LOCK(mutex_) {
    return normal.empty() || normal == "/" || directories_.contains(normal);
  }

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> files_ GUARDED_BY(mutex_);  // by normal path
  std::set<std::string> directories_ GUARDED_BY(mutex_);
  const std::shared_ptr<LockTable> locks_ = std::make_shared<LockTable>();
};

}  // namespace

std::unique_ptr<FileSystem> NewMemoryFileSystem() { return std::make_unique<MemoryFileSystem>(); }

}  // namespace varve
