// The pool of open files: CLOCK over all that are open.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/file_handles.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/util/mutex.h"

namespace varve {
namespace {

using Handle = std::shared_ptr<const RandomAccessFile>;

}  // namespace

// Lock order: none is held while a file is opened or closed.
class FileHandles::Pool {
 public:
  // What the pool knows of a File: guarded by its lock.
  struct Member {
    Handle handle;  // none: closed
    size_t place = 0;
    bool used = false;
  };

  Pool(FileSystem* file_system, uint64_t open_max)
      : file_system_(file_system), open_max_(std::max<uint64_t>(open_max, 1)) {}

  // The open file; opens it if it is closed.
  Result<Handle> Acquire(const std::string& path, Member* member) EXCLUDES_LOCK(mutex_) {
    {
      MutexLock lock(mutex_);
      member->used = true;
      if (member->handle != nullptr) return member->handle;
    }
    auto opened = file_system_->OpenFile(path);
    if (!opened.ok()) return opened.status();
    Handle handle = std::move(*opened);
    std::vector<Handle> closed;  // after the lock is given back
    MutexLock lock(mutex_);
    // Another reader may have been faster.
    if (member->handle != nullptr) {
      closed.push_back(std::move(handle));
      return member->handle;
    }
    while (open_.size() >= open_max_) closed.push_back(CloseOne());
    member->handle = handle;
    member->place = open_.size();
    open_.push_back(member);
    return handle;
  }

  void Forget(Member* member) EXCLUDES_LOCK(mutex_) {
    Handle closed;
    MutexLock lock(mutex_);
    if (member->handle != nullptr) closed = Close(member);
  }

  uint64_t open() const EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    return open_.size();
  }

 private:
  Handle CloseOne() REQUIRES_LOCK(mutex_) {
    for (;; ++hand_) {
      Member* member = open_[hand_ % open_.size()];
      if (!member->used) return Close(member);
      member->used = false;
    }
  }

  Handle Close(Member* member) REQUIRES_LOCK(mutex_) {
    Member* last = open_.back();
    open_[member->place] = last;
    last->place = member->place;
    open_.pop_back();
    return std::exchange(member->handle, nullptr);
  }

  FileSystem* const file_system_;
  const uint64_t open_max_;
  mutable Mutex mutex_;
  std::vector<Member*> open_ GUARDED_BY(mutex_);
  size_t hand_ GUARDED_BY(mutex_) = 0;  // modulo their number
};

class FileHandles::File final : public RandomAccessFile {
 public:
  File(std::shared_ptr<Pool> pool, std::string path)
      : pool_(std::move(pool)), path_(std::move(path)) {}
  ~File() override { pool_->Forget(&member_); }

  Status Open() const { return pool_->Acquire(path_, &member_).status(); }

  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    const Result<Handle> handle = pool_->Acquire(path_, &member_);
    return handle.ok() ? (*handle)->Read(cause, offset, bytes, buffer) : handle.status();
  }

  Result<uint64_t> Length() const override {
    const Result<Handle> handle = pool_->Acquire(path_, &member_);
    return handle.ok() ? (*handle)->Length() : handle.status();
  }

 private:
  const std::shared_ptr<Pool> pool_;
  const std::string path_;
  mutable Pool::Member member_;
};

FileHandles::FileHandles(FileSystem* file_system, uint64_t open_max)
    : pool_(std::make_shared<Pool>(file_system, open_max)) {}
FileHandles::~FileHandles() = default;

Result<std::unique_ptr<RandomAccessFile>> FileHandles::Open(const std::string& path) {
  auto file = std::make_unique<File>(pool_, path);
  if (Status s = file->Open(); !s.ok()) return s;
  return std::unique_ptr<RandomAccessFile>(std::move(file));
}

uint64_t FileHandles::open() const { return pool_->open(); }

uint64_t FileHandles::DefaultOpenMax() {
  constexpr uint64_t kUnlimited = 1 << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  const uint64_t allowed = std::min<uint64_t>(limit.rlim_cur, kUnlimited);
  return std::max<uint64_t>(allowed / 4 * 3, 1);
}

}  // namespace varve
