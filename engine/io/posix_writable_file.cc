// Writing POSIX files: write(2) loops, and the sliding window of a shared mapping.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/posix_writable_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "engine/io/posix_error.h"

namespace varve {
namespace {

// Measured on ext4 (Linux 6.18) with records of 140 bytes: windows of 64 KiB to 4 MiB cost the same
// within noise once they are filled ahead.
constexpr uint64_t kWindowBytes = 256 << 10;

constexpr uint64_t RoundUpToWindow(uint64_t bytes) {
  return (bytes + kWindowBytes - 1) / kWindowBytes * kWindowBytes;
}

// Not constant: then it would be stored in the program.
char zeros[kWindowBytes];
std::atomic<uint64_t> written_ahead{0};

// Calls `call` until it is not interrupted by a signal.
template <class Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

PosixBufferedFile::~PosixBufferedFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status PosixBufferedFile::WriteAt(uint64_t offset, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = Retrying(
        [&] { return ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset)); });
    if (written < 0) return PosixError("pwrite", path_, errno);
    if (written == 0) return Status::IoError(path_ + ": pwrite: wrote nothing");
    offset += static_cast<uint64_t>(written);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return Status();
}

Status PosixBufferedFile::SetFileLength(uint64_t length) {
  if (Retrying([&] { return ::ftruncate(fd_, static_cast<off_t>(length)); }) == 0) return Status();
  return PosixError("ftruncate", path_, errno);
}

Status PosixBufferedFile::SyncFile(bool everything) {
  if (!sync_error_.ok()) return sync_error_;
  // Not retried, whatever the reason: after a failure the kernel may have dropped the bytes and
  // call the next attempt a success.
  const int result = everything ? ::fsync(fd_) : ::fdatasync(fd_);
  if (result != 0) sync_error_ = PosixError(everything ? "fsync" : "fdatasync", path_, errno);
  return sync_error_;
}

Status PosixBufferedFile::Append(IoCause /*cause*/, std::string_view data) {
  if (!sync_error_.ok()) return sync_error_;
  Status status = WriteAt(length_, data);
  if (status.ok()) length_ += data.size();
  return status;
}

Status PosixBufferedFile::Sync(IoCause /*cause*/) { return SyncFile(/*everything=*/false); }

Status PosixBufferedFile::Truncate(uint64_t length) {
  if (!sync_error_.ok()) return sync_error_;
  if (length > length_) {
    return Status::InvalidArgument(path_ + ": truncate beyond what was appended");
  }
  Status status = SetFileLength(length);
  if (status.ok()) length_ = length;
  return status;
}

Status PosixBufferedFile::Close() {
  // Linux closes the descriptor even if close is interrupted.
  const int result = ::close(std::exchange(fd_, -1));
  if (result != 0 && errno != EINTR) return PosixError("close", path_, errno);
  return Status();
}

PosixMappedFile::PosixMappedFile(int fd, std::string path, uint64_t step_bytes)
    : PosixBufferedFile(fd, std::move(path)),
      step_bytes_(RoundUpToWindow(std::clamp<uint64_t>(step_bytes, 1, uint64_t{1} << 40))) {}

PosixMappedFile::~PosixMappedFile() { UnmapWindow(); }

Status PosixMappedFile::Append(IoCause cause, std::string_view data) {
  if (data.empty() || length_ + data.size() > window_end_) return AppendOutsideWindow(cause, data);
  Store(data);
  return Status();
}

void PosixMappedFile::Store(std::string_view data) {
  std::memcpy(window_ + (length_ - window_start_), data.data(), data.size());
  length_ += data.size();
}

Status PosixMappedFile::AppendOutsideWindow(IoCause cause, std::string_view data) {
  if (data.empty() || !sync_error_.ok()) return sync_error_;
  if (Status status = Reserve(length_ + data.size()); !status.ok()) return status;
  // Mapping pays for small appends only; the kernel keeps mapped and written bytes coherent.
  if (!can_reserve_ || data.size() >= kWindowBytes) {
    UnmapWindow();
    return PosixBufferedFile::Append(cause, data);
  }
  const uint64_t old_length = length_;
  while (!data.empty()) {
    if (length_ >= window_end_) {
      if (Status status = MapWindow(); !status.ok()) {
        length_ = old_length;
        UnmapWindow();
        return status;
      }
    }
    const std::string_view part = data.substr(0, window_end_ - length_);
    Store(part);
    data.remove_prefix(part.size());
  }
  return Status();
}

uint64_t PosixMappedFile::bytes_written_ahead() {
  return written_ahead.load(std::memory_order_relaxed);
}

Status PosixMappedFile::Reserve(uint64_t end) {
  if (end <= reserved_ || !can_reserve_) return Status();
  // The whole window that holds the last byte, because it is mapped whole.
  const uint64_t needed = RoundUpToWindow(end);
  const uint64_t wanted = std::max(needed, RoundUpToWindow(reserved_ + step_bytes_));
  int error = 0;
  if (Allocate(wanted, &error)) return Status();
  const bool full = error == ENOSPC || error == EDQUOT;
  if (full && wanted > needed && Allocate(needed, &error)) return Status();
  if (error != EOPNOTSUPP && error != ENOSYS) return PosixError("fallocate", path_, error);
  can_reserve_ = false;
  return Status();
}

bool PosixMappedFile::Allocate(uint64_t end, int* error) {
  length_changed_ = true;
  const int result = Retrying([&] {
    return ::fallocate(fd_, 0, static_cast<off_t>(reserved_), static_cast<off_t>(end - reserved_));
  });
  if (result == 0) {
    reserved_ = end;
    return true;
  }
  *error = errno;
  // A part may have been reserved. If it cannot be given back, it is zeros behind the end.
  static_cast<void>(SetFileLength(reserved_).ok());
  return false;
}

Status PosixMappedFile::MapWindow() {
  UnmapWindow();
  const uint64_t start = length_ / kWindowBytes * kWindowBytes;
  const uint64_t end = start + kWindowBytes;
  if (!synced_in_window_) {
    Status status = WriteAt(length_, std::string_view(zeros, end - length_));
    if (!status.ok()) return status;
    written_ahead.fetch_add(end - length_, std::memory_order_relaxed);
  }
  void* mapping = ::mmap(nullptr, kWindowBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                         static_cast<off_t>(start));
  if (mapping == MAP_FAILED) return PosixError("mmap", path_, errno);
  window_ = static_cast<char*>(mapping);
  window_start_ = start;
  window_end_ = end;
  synced_in_window_ = false;
  return Status();
}

void PosixMappedFile::UnmapWindow() {
  if (window_ != nullptr) ::munmap(window_, kWindowBytes);
  window_ = nullptr;
  window_end_ = 0;
}

Status PosixMappedFile::Sync(IoCause /*cause*/) {
  synced_in_window_ = true;
  // Writes the dirty pages of the mapping, too. A length that is not durable would hide them.
  Status status = SyncFile(/*everything=*/length_changed_);
  length_changed_ = false;
  if (!status.ok()) UnmapWindow();
  return status;
}

Status PosixMappedFile::Truncate(uint64_t length) {
  UnmapWindow();
  Status status = PosixBufferedFile::Truncate(length);
  if (!status.ok()) return status;
  // The kernel reads the rest of the last page as zeros; what was reserved behind it is gone.
  reserved_ = length;
  length_changed_ = true;
  return status;
}

Status PosixMappedFile::Close() {
  UnmapWindow();
  Status cut;
  if (reserved_ > length_) cut = SetFileLength(length_);
  Status closed = PosixBufferedFile::Close();
  return cut.ok() ? closed : cut;
}

}  // namespace varve
