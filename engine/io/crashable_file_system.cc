// The calls of the file system that crashes: each asks whether the power is still on, and changes
// the state of the disk under its lock.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/crashable_file_system.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "engine/io/crash_state.h"
#include "engine/util/mutex.h"
#include "engine/util/random.h"

namespace varve {
namespace {

// How much of a change happens, in 256ths.
constexpr uint32_t kWhole = 256;

Status Missing(std::string_view call, const std::string& path) {
  return Status::NotFound(path + ": " + std::string(call) + ": No such file or directory");
}

Status NoPower(const std::string& path) { return Status::IoError(path + ": the power is cut"); }

std::string WithoutSlash(const std::string& path) {
  return path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

class CrashableFileSystem::Disk {
 public:
  Disk() = default;
  explicit Disk(CrashState state) : state_(std::move(state)) {}

  uint64_t calls() {
    MutexLock lock(mutex_);
    return calls_;
  }
  bool cut() {
    MutexLock lock(mutex_);
    return cut_;
  }
  void CutAt(uint64_t number, uint64_t seed) {
    MutexLock lock(mutex_);
    cut_at_ = number;
    cut_seed_ = seed;
  }
  CrashState Copy() {
    MutexLock lock(mutex_);
    return state_;
  }

  // Runs a call that changes something. `change` is called with the state and how much of the
  // change happens; it returns the status of the call.
  using Changing = std::function<Status(CrashState* state, uint32_t part)>;
  Status Change(const std::string& path, const Changing& change) {
    MutexLock lock(mutex_);
    if (cut_) return NoPower(path);
    if (calls_++ != cut_at_) return change(&state_, kWhole);
    cut_ = true;
    Random random(cut_seed_);
    const uint32_t kind = random.Uniform(3);
    const uint32_t part = kind == 0 ? 0 : kind == 1 ? kWhole : random.Uniform(kWhole);
    if (part > 0) static_cast<void>(change(&state_, part).ok());
    return NoPower(path);
  }

  // Runs a call that only reads.
  using Reading = std::function<Status(const CrashState& state)>;
  Status Read(const std::string& path, const Reading& read) {
    MutexLock lock(mutex_);
    return cut_ ? NoPower(path) : read(state_);
  }

  bool TakeLock(const std::string& path) {
    MutexLock lock(mutex_);
    return locks_.insert(path).second;
  }
  void GiveLockBack(const std::string& path) {
    MutexLock lock(mutex_);
    locks_.erase(path);
  }

 private:
  Mutex mutex_;
  CrashState state_ GUARDED_BY(mutex_);
  std::set<std::string> locks_ GUARDED_BY(mutex_);
  uint64_t calls_ GUARDED_BY(mutex_) = 0;
  uint64_t cut_at_ GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t cut_seed_ GUARDED_BY(mutex_) = 0;
  bool cut_ GUARDED_BY(mutex_) = false;
};

// Buffered or mapped. A mapped file is longer than what was appended, by whole steps, until Close.
class CrashableFileSystem::OpenWritableFile final : public WritableFile {
 public:
  OpenWritableFile(Disk* disk, std::string path, uint64_t file, const WriteOptions& options)
      : disk_(disk),
        path_(std::move(path)),
        file_(file),
        step_(options.mode == WriteMode::kMapped ? std::max<uint64_t>(options.preallocate_bytes, 1)
                                                 : 0) {}

  Status Append(IoCause /*cause*/, std::string_view data) override {
    if (data.empty()) return Status();
    Status status = Change([&](CrashFile* file, uint32_t part) {
      const uint64_t end = length_ + data.size();
      if (step_ != 0 && end > file->length()) file->SetLength((end + step_ - 1) / step_ * step_);
      file->Write(length_, data.substr(0, data.size() * part / kWhole));
    });
    if (status.ok()) length_ += data.size();
    return status;
  }

  Status Sync(IoCause /*cause*/) override {
    return Change([](CrashFile* file, uint32_t part) {
      if (part == kWhole) file->Sync();
    });
  }

  Status Truncate(uint64_t length) override {
    if (length > length_) {
      return Status::InvalidArgument(path_ + ": truncate beyond what was appended");
    }
    Status status = Change([&](CrashFile* file, uint32_t) { file->SetLength(length); });
    if (status.ok()) length_ = length;
    return status;
  }

  Status Close() override {
    return Change([&](CrashFile* file, uint32_t) {
      if (step_ != 0) file->SetLength(length_);
    });
  }

  uint64_t length() const override { return length_; }

 private:
  Status Change(const std::function<void(CrashFile* file, uint32_t part)>& change) {
    return disk_->Change(path_, [&](CrashState* state, uint32_t part) {
      change(&state->files.at(file_), part);
      return Status();
    });
  }

  Disk* const disk_;
  const std::string path_;
  const uint64_t file_;
  const uint64_t step_;  // 0: buffered
  uint64_t length_ = 0;
};

class CrashableFileSystem::OpenRandomAccessFile final : public RandomAccessFile {
 public:
  OpenRandomAccessFile(Disk* disk, std::string path, uint64_t file)
      : disk_(disk), path_(std::move(path)), file_(file) {}

  Status Read(IoCause /*cause*/, uint64_t offset, size_t bytes, char* buffer) const override {
    return disk_->Read(path_, [&](const CrashState& state) {
      const size_t found = state.files.at(file_).Read(offset, bytes, buffer);
      if (found == bytes) return Status();
      return Status::Corruption(path_ + ": wanted " + std::to_string(bytes) + " bytes at offset " +
                                std::to_string(offset) + ", found " + std::to_string(found));
    });
  }

  Result<uint64_t> Length() const override {
    uint64_t length = 0;
    Status status = disk_->Read(path_, [&](const CrashState& state) {
      length = state.files.at(file_).length();
      return Status();
    });
    if (!status.ok()) return status;
    return length;
  }

 private:
  Disk* const disk_;
  const std::string path_;
  const uint64_t file_;
};

class CrashableFileSystem::OpenLock final : public FileLock {
 public:
  OpenLock(Disk* disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  ~OpenLock() override { disk_->GiveLockBack(path_); }

 private:
  Disk* const disk_;
  const std::string path_;
};

namespace {

// The root and the working directory are always there.
bool IsDirectory(const CrashState& state, const std::string& path) {
  return path.empty() || path == "/" || state.directories.contains(path);
}

// The file that `path` names, which is made if it is missing.
Result<uint64_t> FindOrMake(CrashState* state, const std::string& path) {
  if (IsDirectory(*state, path)) return Status::IoError(path + ": open: Is a directory");
  if (!IsDirectory(*state, DirectoryOf(path))) return Missing("open", path);
  const auto found = state->names.now().find(path);
  if (found != state->names.now().end()) return found->second;
  const uint64_t file = state->next_file++;
  state->files[file];
  state->names.Link(path, file);
  return file;
}

}  // namespace

CrashableFileSystem::CrashableFileSystem() : disk_(std::make_unique<Disk>()) {}
CrashableFileSystem::CrashableFileSystem(std::unique_ptr<Disk> disk) : disk_(std::move(disk)) {}
CrashableFileSystem::~CrashableFileSystem() = default;

uint64_t CrashableFileSystem::calls() const { return disk_->calls(); }
bool CrashableFileSystem::cut() const { return disk_->cut(); }
void CrashableFileSystem::CutAt(uint64_t number, uint64_t seed) { disk_->CutAt(number, seed); }

std::unique_ptr<CrashableFileSystem> CrashableFileSystem::AfterProcessDeath() const {
  return std::unique_ptr<CrashableFileSystem>(
      new CrashableFileSystem(std::make_unique<Disk>(disk_->Copy())));
}

std::unique_ptr<CrashableFileSystem> CrashableFileSystem::AfterPowerLoss(uint64_t seed) const {
  return std::unique_ptr<CrashableFileSystem>(
      new CrashableFileSystem(std::make_unique<Disk>(disk_->Copy().AfterPowerLoss(seed))));
}

Result<std::unique_ptr<WritableFile>> CrashableFileSystem::NewWritableFile(
    const std::string& path, const WriteOptions& options) {
  uint64_t made = 0;
  Status status = disk_->Change(path, [&](CrashState* state, uint32_t) {
    const Result<uint64_t> file = FindOrMake(state, path);
    if (!file.ok()) return file.status();
    state->files.at(*file).SetLength(0);
    made = *file;
    return Status();
  });
  if (!status.ok()) return status;
  return std::unique_ptr<WritableFile>(
      std::make_unique<OpenWritableFile>(disk_.get(), path, made, options));
}

Result<std::unique_ptr<RandomAccessFile>> CrashableFileSystem::OpenFile(const std::string& path) {
  uint64_t found = 0;
  Status status = disk_->Read(path, [&](const CrashState& state) {
    const auto file = state.names.now().find(path);
    if (file == state.names.now().end()) return Missing("open", path);
    found = file->second;
    return Status();
  });
  if (!status.ok()) return status;
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<OpenRandomAccessFile>(disk_.get(), path, found));
}

Status CrashableFileSystem::Rename(const std::string& from, const std::string& to) {
  return disk_->Change(from, [&](CrashState* state, uint32_t) {
    if (!state->names.now().contains(from) || !IsDirectory(*state, DirectoryOf(to))) {
      return Missing("rename", from);
    }
    if (IsDirectory(*state, to)) return Status::IoError(to + ": rename: Is a directory");
    state->names.Rename(from, to);
    return Status();
  });
}

Status CrashableFileSystem::Remove(const std::string& path) {
  return disk_->Change(path, [&](CrashState* state, uint32_t) {
    if (IsDirectory(*state, path)) return Status::IoError(path + ": unlink: Is a directory");
    if (!state->names.now().contains(path)) return Missing("unlink", path);
    state->names.Unlink(path);
    return Status();
  });
}

Status CrashableFileSystem::CreateDirectory(const std::string& path) {
  return disk_->Change(path, [&](CrashState* state, uint32_t) {
    for (std::string name = WithoutSlash(path); !IsDirectory(*state, name);
         name = DirectoryOf(name)) {
      if (state->names.now().contains(name)) {
        return Status::IoError(path + ": mkdir: Not a directory");
      }
      state->directories.insert(name);
    }
    return Status();
  });
}

Status CrashableFileSystem::SyncDirectory(IoCause /*cause*/, const std::string& path) {
  return disk_->Change(path, [&](CrashState* state, uint32_t part) {
    const std::string directory = WithoutSlash(path);
    if (!IsDirectory(*state, directory)) return Missing("open", path);
    if (part == kWhole) state->names.SyncDirectory(directory);
    return Status();
  });
}

Result<std::vector<std::string>> CrashableFileSystem::List(const std::string& path) {
  const std::string directory = WithoutSlash(path);
  std::set<std::string> names;
  Status status = disk_->Read(path, [&](const CrashState& state) {
    if (!IsDirectory(state, directory)) return Missing("opendir", path);
    const auto add = [&](const std::string& name) {
      if (DirectoryOf(name) == directory) names.insert(name.substr(name.rfind('/') + 1));
    };
    for (const auto& file : state.names.now()) add(file.first);
    for (const std::string& name : state.directories) add(name);
    return Status();
  });
  if (!status.ok()) return status;
  return std::vector<std::string>(names.begin(), names.end());
}

Result<uint64_t> CrashableFileSystem::FileLength(const std::string& path) {
  uint64_t length = 0;
  Status status = disk_->Read(path, [&](const CrashState& state) {
    const auto file = state.names.now().find(path);
    if (file == state.names.now().end()) return Missing("stat", path);
    length = state.files.at(file->second).length();
    return Status();
  });
  if (!status.ok()) return status;
  return length;
}

bool CrashableFileSystem::Exists(const std::string& path) {
  return disk_
      ->Read(path,
             [&](const CrashState& state) {
               const std::string name = WithoutSlash(path);
               const bool there = IsDirectory(state, name) || state.names.now().contains(name);
               return there ? Status() : Missing("stat", path);
             })
      .ok();
}

Result<std::unique_ptr<FileLock>> CrashableFileSystem::Lock(const std::string& path) {
  Status status = disk_->Change(
      path, [&](CrashState* state, uint32_t) { return FindOrMake(state, path).status(); });
  if (!status.ok()) return status;
  if (!disk_->TakeLock(path)) return Status::Busy(path + ": flock: held by another open");
  return std::unique_ptr<FileLock>(std::make_unique<OpenLock>(disk_.get(), path));
}

}  // namespace varve
