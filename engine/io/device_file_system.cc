// The modelled device, and the files that wait for it.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/device_file_system.h"

#include <algorithm>
#include <utility>

#include "engine/io/forwarding_file_system.h"
#include "engine/util/mutex.h"

namespace varve {
namespace {

// Work that is at the device's door so soon after the work before it finds the device still busy:
// the sleep of its thread was too long by as much.
constexpr uint64_t kOversleepNs = 1'000'000;
// An append waits only when it is worth a system call; shorter waits are paid by the next.
constexpr uint64_t kWaitNsMin = 500'000;

// Shared by the files, which may outlive the file system.
class Device {
 public:
  Device(const DeviceModel& model, Clock* clock) : model_(model), clock_(clock) {}

  // The moment at which the device has read, or written, `bytes`.
  uint64_t Read(uint64_t bytes) { return Occupy(bytes, model_.read_bytes_per_second); }
  uint64_t Write(uint64_t bytes) { return Occupy(bytes, model_.write_bytes_per_second); }

  void WaitUntil(uint64_t moment_ns, uint64_t shortest_ns) {
    const uint64_t now = clock_->NowNs();
    if (moment_ns >= now + std::max<uint64_t>(1, shortest_ns)) clock_->SleepNs(moment_ns - now);
  }
  void WaitForAnswer(uint64_t moment_ns) { WaitUntil(moment_ns + model_.latency_ns, 0); }
  uint64_t now_ns() { return clock_->NowNs(); }

 private:
  uint64_t Occupy(uint64_t bytes, uint64_t bytes_per_second) EXCLUDES_LOCK(mutex_) {
    const uint64_t now = clock_->NowNs();
    if (bytes_per_second == 0) return now;
    const double length_ns =
        static_cast<double>(bytes) * 1e9 / static_cast<double>(bytes_per_second);
    MutexLock lock(mutex_);
    const bool idle = now > busy_until_ns_ + kOversleepNs;
    busy_until_ns_ = (idle ? now : busy_until_ns_) + static_cast<uint64_t>(length_ns);
    return busy_until_ns_;
  }

  const DeviceModel model_;
  Clock* const clock_;
  Mutex mutex_;
  uint64_t busy_until_ns_ GUARDED_BY(mutex_) = 0;
};

class DeviceWritableFile final : public WritableFile {
 public:
  DeviceWritableFile(std::unique_ptr<WritableFile> below, std::shared_ptr<Device> device)
      : below_(std::move(below)), device_(std::move(device)) {}

  Status Append(IoCause cause, std::string_view data) override {
    const uint64_t written = device_->Write(data.size());
    written_ns_ = std::max(written_ns_, written);
    Status status = below_->Append(cause, data);
    if (cause.kind != IoKind::kWal) device_->WaitUntil(written, kWaitNsMin);
    return status;
  }
  Status Sync(IoCause cause) override {
    const uint64_t begun = std::max(written_ns_, device_->now_ns());
    Status status = below_->Sync(cause);
    device_->WaitForAnswer(begun);
    return status;
  }
  Status Truncate(uint64_t length) override { return below_->Truncate(length); }
  Status Close() override { return below_->Close(); }
  uint64_t length() const override { return below_->length(); }

 private:
  const std::unique_ptr<WritableFile> below_;
  const std::shared_ptr<Device> device_;
  uint64_t written_ns_ = 0;  // when the device has all that was appended
};

class DeviceRandomAccessFile final : public RandomAccessFile {
 public:
  DeviceRandomAccessFile(std::unique_ptr<RandomAccessFile> below, std::shared_ptr<Device> device)
      : below_(std::move(below)), device_(std::move(device)) {}

  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    const uint64_t read = device_->Read(bytes);
    Status status = below_->Read(cause, offset, bytes, buffer);
    device_->WaitForAnswer(read);
    return status;
  }
  Result<uint64_t> Length() const override { return below_->Length(); }

 private:
  const std::unique_ptr<RandomAccessFile> below_;
  const std::shared_ptr<Device> device_;
};

class DeviceFileSystem final : public ForwardingFileSystem {
 public:
  DeviceFileSystem(FileSystem* below, const DeviceModel& model, Clock* clock)
      : ForwardingFileSystem(below), device_(std::make_shared<Device>(model, clock)) {}

  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override {
    auto file = below().NewWritableFile(path, options);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(
        std::make_unique<DeviceWritableFile>(std::move(*file), device_));
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override {
    auto file = below().OpenFile(path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<RandomAccessFile>(
        std::make_unique<DeviceRandomAccessFile>(std::move(*file), device_));
  }
  Status SyncDirectory(IoCause cause, const std::string& path) override {
    const uint64_t begun = device_->now_ns();
    Status status = below().SyncDirectory(cause, path);
    device_->WaitForAnswer(begun);
    return status;
  }

 private:
  const std::shared_ptr<Device> device_;
};

}  // namespace

std::unique_ptr<FileSystem> NewDeviceFileSystem(FileSystem* below, const DeviceModel& model,
                                                Clock* clock) {
  return std::make_unique<DeviceFileSystem>(below, model, clock);
}

}  // namespace varve
