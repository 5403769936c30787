// The file system of the operating system.
//
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "engine/io/file_system.h"
#include "engine/io/posix_error.h"
#include "engine/io/posix_writable_file.h"

namespace varve {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, kFileMode)) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  PosixRandomAccessFile(Descriptor file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Status Read(IoCause /*cause*/, uint64_t offset, size_t bytes, char* buffer) const override {
    size_t found = 0;
    while (found < bytes) {
      const ssize_t n =
          ::pread(file_.get(), buffer + found, bytes - found, static_cast<off_t>(offset + found));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return PosixError("pread", path_, errno);
      if (n == 0) return TooShort(offset, bytes, found);
      found += static_cast<size_t>(n);
    }
    return Status();
  }

  Result<uint64_t> Length() const override {
    struct stat info;
    if (::fstat(file_.get(), &info) != 0) return PosixError("fstat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  Status TooShort(uint64_t offset, size_t bytes, size_t found) const {
    return Status::Corruption(path_ + ": wanted " + std::to_string(bytes) + " bytes at offset " +
                              std::to_string(offset) + ", found " + std::to_string(found));
  }

  const Descriptor file_;
  const std::string path_;
};

// A flock belongs to the open file, not to the process: a second open in the same process is
// refused like one of another process, and closing some other descriptor does not release it.
class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor file) : file_(std::move(file)) {}
  // Not left to close: a child that was forked meanwhile holds the same open file.
  ~PosixFileLock() override { ::flock(file_.get(), LOCK_UN); }

 private:
  const Descriptor file_;
};

Status SyncDirectoryAt(const std::string& path) {
  const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return PosixError("open", path, errno);
  if (::fsync(directory.get()) != 0) return PosixError("fsync", path, errno);
  return Status();
}

bool IsDirectory(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

class PosixFileSystemImpl final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override {
    // A mapping that is written must be readable, too.
    Descriptor file(path, O_RDWR | O_CREAT | O_TRUNC);
    if (!file.ok()) return PosixError("open", path, errno);
    std::unique_ptr<WritableFile> writable;
    if (options.mode == WriteMode::kMapped) {
      writable = std::make_unique<PosixMappedFile>(file.Release(), path, options.preallocate_bytes);
    } else {
      writable = std::make_unique<PosixBufferedFile>(file.Release(), path);
    }
    return writable;
  }

  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override {
    Descriptor file(path, O_RDONLY);
    if (!file.ok()) return PosixError("open", path, errno);
    return std::unique_ptr<RandomAccessFile>(
        std::make_unique<PosixRandomAccessFile>(std::move(file), path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return Status();
    return PosixError("rename to " + to, from, errno);
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return Status();
    return PosixError("unlink", path, errno);
  }

  Status CreateDirectory(const std::string& path) override {
    if (IsDirectory(path)) return Status();
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    if (!parent.empty() && parent != path) {
      if (Status status = CreateDirectory(parent.string()); !status.ok()) return status;
    }
    if (::mkdir(path.c_str(), kDirectoryMode) != 0) {
      const int error = errno;
      return IsDirectory(path) ? Status() : PosixError("mkdir", path, error);
    }
    // "a/b/" has the parent "a/b" and the entry that was made in that step.
    return SyncDirectoryAt(parent.empty() ? "." : parent.string());
  }

  Status SyncDirectory(IoCause /*cause*/, const std::string& path) override {
    return SyncDirectoryAt(path);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return PosixError("opendir", path, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return PosixError("readdir", path, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<uint64_t> FileLength(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return PosixError("stat", path, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  bool Exists(const std::string& path) override {
    struct stat info;
    return ::stat(path.c_str(), &info) == 0;
  }

  uint64_t bytes_written_ahead() const override { return PosixMappedFile::bytes_written_ahead(); }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor file(path, O_RDWR | O_CREAT);
    if (!file.ok()) return PosixError("open", path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return Status::Busy(path + ": flock: held by another open");
      return PosixError("flock", path, errno);
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(file)));
  }
};

}  // namespace

FileSystem* PosixFileSystem() {
  static PosixFileSystemImpl file_system;
  return &file_system;
}

}  // namespace varve
