// Reading and atomically writing small files.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/files.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

namespace varve::harness {
namespace {

Status WriteAll(int file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus("write", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(file) == 0 ? Status() : ErrnoStatus("sync", path);
}

Status SyncDirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string directory = parent.empty() ? std::string(".") : parent;
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus("open", directory);
  const bool synced = ::fsync(file) == 0;
  const Status status = synced ? Status() : ErrnoStatus("sync", directory);
  ::close(file);
  return status;
}

}  // namespace

Result<std::string> MakeTimedDirectory(const std::string& root, const std::string& name) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return Status::IoError(fmt::format("cannot make {}: {}", root, error.message()));
  const std::string base =
      fmt::format("{}/{}-{:%Y%m%d-%H%M%S}", root, name, fmt::localtime(std::time(nullptr)));
  std::string path = base;
  for (int i = 2; !std::filesystem::create_directory(path, error); ++i) {
    if (error) return Status::IoError(fmt::format("cannot make {}: {}", path, error.message()));
    path = fmt::format("{}-{}", base, i);
  }
  return path;
}

uint64_t BytesOnDisk(const std::string& directory) {
  constexpr uint64_t kBlockBytes = 512;  // of st_blocks, whatever the file system's are
  namespace fs = std::filesystem;
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    bytes += static_cast<uint64_t>(info.st_blocks) * kBlockBytes;
  }
  return bytes;
}

Status ErrnoStatus(std::string_view what, const std::string& path) {
  const int code = errno;
  std::string message = fmt::format("cannot {} {}: {}", what, path, std::strerror(code));
  if (code == ENOENT) return Status::NotFound(std::move(message));
  if (code == ENOSPC || code == EDQUOT) return Status::NoSpace(std::move(message));
  return Status::IoError(std::move(message));
}

Result<std::string> ReadTextFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus("read", path);
  std::string text;
  char buffer[1 << 16];
  ssize_t got = 0;
  while ((got = ::read(file, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const Status status = ErrnoStatus("read", path);
      ::close(file);
      return status;
    }
    text.append(buffer, static_cast<size_t>(got));
  }
  ::close(file);
  return text;
}

Status WriteFileAtomically(const std::string& path, std::string_view text) {
  const std::string unfinished = path + ".tmp";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus("write", unfinished);
  Status status = WriteAll(file, text, unfinished);
  ::close(file);
  if (status.ok() && std::rename(unfinished.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus("rename", unfinished);
  }
  if (!status.ok()) {
    ::unlink(unfinished.c_str());
    return status;
  }
  return SyncDirectoryOf(path);
}

}  // namespace varve::harness
