// The modelled device on a virtual clock, over a file system in memory.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/device_file_system.h"

#include <gtest/gtest.h>

#include "engine/io/memory_file_system.h"

namespace varve {
namespace {

constexpr uint64_t kMillisecondNs = 1'000'000;
constexpr uint64_t kSecondNs = 1000 * kMillisecondNs;
constexpr IoCause kFlush{IoKind::kFlush};
constexpr IoCause kWal{IoKind::kWal};
constexpr IoCause kGet{IoKind::kGet};

class DeviceTest : public testing::Test {
 protected:
  // Long after the device did anything.
  void Make(const DeviceModel& model) {
    device_ = NewDeviceFileSystem(below_.get(), model, &clock_);
    ASSERT_TRUE(device_->CreateDirectory("/d").ok());
    clock_.Advance(10 * kSecondNs);
  }

  std::unique_ptr<WritableFile> NewFile(const std::string& path) {
    auto file = device_->NewWritableFile(path, {});
    EXPECT_TRUE(file.ok());
    return std::move(*file);
  }

  std::unique_ptr<RandomAccessFile> Open(const std::string& path) {
    auto file = device_->OpenFile(path);
    EXPECT_TRUE(file.ok());
    return std::move(*file);
  }

  template <class Work>
  uint64_t Takes(Work work) {
    const uint64_t begin_ns = clock_.NowNs();
    EXPECT_TRUE(work().ok());
    return clock_.NowNs() - begin_ns;
  }

  const std::unique_ptr<FileSystem> below_ = NewMemoryFileSystem();
  VirtualClock clock_;
  std::unique_ptr<FileSystem> device_;
};

TEST_F(DeviceTest, AnAppendTakesItsBytes) {
  Make({1'000'000, 0, 7 * kMillisecondNs});
  const auto file = NewFile("/d/a");
  EXPECT_EQ(Takes([&] { return file->Append(kFlush, std::string(100'000, 'x')); }),
            100 * kMillisecondNs);
  EXPECT_EQ(file->length(), 100'000u);
}

TEST_F(DeviceTest, SmallAppendsTakeTheirBytesTogether) {
  Make({1'000'000, 0, 0});
  const auto file = NewFile("/d/a");
  const uint64_t took_ns = Takes([&] {
    for (int i = 0; i < 10'000; ++i) {
      if (Status s = file->Append(kFlush, "0123456789"); !s.ok()) return s;
    }
    return file->Sync(kFlush);
  });
  EXPECT_EQ(took_ns, 100 * kMillisecondNs);
}

TEST_F(DeviceTest, TheLogIsTakenAtOnceAndWrittenAllTheSame) {
  Make({1'000'000, 0, 5 * kMillisecondNs});
  const auto log = NewFile("/d/log");
  EXPECT_EQ(Takes([&] { return log->Append(kWal, std::string(100'000, 'x')); }), 0u);
  const auto table = NewFile("/d/table");
  EXPECT_EQ(Takes([&] { return table->Append(kFlush, std::string(1'000, 'x')); }),
            101 * kMillisecondNs);
  EXPECT_EQ(Takes([&] { return log->Append(kWal, std::string(20'000, 'x')); }), 0u);
  EXPECT_EQ(Takes([&] { return log->Sync(kWal); }), 25 * kMillisecondNs);
}

TEST_F(DeviceTest, AReadTakesItsBytesAndALatency) {
  Make({0, 2'000'000, 3 * kMillisecondNs});
  const auto file = NewFile("/d/a");
  EXPECT_EQ(Takes([&] { return file->Append(kFlush, std::string(10'000, 'x')); }), 0u);
  const auto reader = Open("/d/a");
  std::string buffer(10'000, '\0');
  EXPECT_EQ(Takes([&] { return reader->Read(kGet, 0, buffer.size(), buffer.data()); }),
            8 * kMillisecondNs);
  EXPECT_EQ(buffer, std::string(10'000, 'x'));
}

TEST_F(DeviceTest, ReadsWaitForWrites) {
  Make({1'000'000, 1'000'000, 0});
  const auto log = NewFile("/d/log");
  ASSERT_TRUE(log->Append(kWal, std::string(50'000, 'x')).ok());
  const auto reader = Open("/d/log");
  std::string buffer(10'000, '\0');
  EXPECT_EQ(Takes([&] { return reader->Read(kGet, 0, buffer.size(), buffer.data()); }),
            60 * kMillisecondNs);
}

TEST_F(DeviceTest, ASyncTakesALatencyOnceTheBytesAreThere) {
  Make({1'000'000, 0, 4 * kMillisecondNs});
  const auto file = NewFile("/d/a");
  ASSERT_TRUE(file->Append(kFlush, std::string(10'000, 'x')).ok());
  EXPECT_EQ(Takes([&] { return file->Sync(kFlush); }), 4 * kMillisecondNs);
  EXPECT_EQ(Takes([&] { return device_->SyncDirectory(kFlush, "/d"); }), 4 * kMillisecondNs);
}

// A device cannot work in advance.
TEST_F(DeviceTest, IdleTimeIsLost) {
  Make({1'000'000, 0, 0});
  const auto file = NewFile("/d/a");
  ASSERT_TRUE(file->Append(kFlush, std::string(10'000, 'x')).ok());
  clock_.Advance(kSecondNs);
  EXPECT_EQ(Takes([&] { return file->Append(kFlush, std::string(10'000, 'x')); }),
            10 * kMillisecondNs);
}

TEST_F(DeviceTest, WhatASleepOversleepsIsMadeUpFor) {
  Make({1'000'000, 0, 0});
  const auto file = NewFile("/d/a");
  const uint64_t took_ns = Takes([&] {
    for (int i = 0; i < 100; ++i) {
      if (Status s = file->Append(kFlush, std::string(1'000, 'x')); !s.ok()) return s;
      clock_.Advance(100'000);  // the thread is a tenth of a millisecond late
    }
    return file->Sync(kFlush);
  });
  EXPECT_LE(took_ns, 101 * kMillisecondNs);
}

TEST_F(DeviceTest, ErrorsOfTheFileSystemBelowArePassedOn) {
  Make({1'000'000, 1'000'000, 1});
  EXPECT_EQ(device_->OpenFile("/d/none").status().code(), Status::Code::kNotFound);
  EXPECT_EQ(device_->Remove("/d/none").code(), Status::Code::kNotFound);
}

}  // namespace
}  // namespace varve
