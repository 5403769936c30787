// FileHandles: never more files open than allowed, and every read right all the same.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/file_handles.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kGet};

std::string PathOf(size_t file) { return "f" + std::to_string(file); }

class FileHandlesTest : public testing::Test {
 protected:
  void Make(size_t files) {
    for (size_t i = 0; i < files; i++) {
      auto file = memory_->NewWritableFile(PathOf(i), {});
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE((*file)->Append(kCause, PathOf(i)).ok());
      ASSERT_TRUE((*file)->Close().ok());
    }
    files_.SetRule([this](const FileCallInfo& info) {
      if (info.call == FileCall::kOpen) ++opened_;
      return Fault{};
    });
  }

  static std::string Contents(const RandomAccessFile& file) {
    const Result<uint64_t> length = file.Length();
    if (!length.ok()) return length.status().ToString();
    std::string contents(*length, '\0');
    const Status status = file.Read(kCause, 0, contents.size(), contents.data());
    return status.ok() ? contents : status.ToString();
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FaultyFileSystem files_{memory_.get()};
  std::atomic<int> opened_{0};
};

TEST_F(FileHandlesTest, NoMoreAreOpenThanAllowedAndAllCanBeRead) {
  Make(20);
  FileHandles handles(&files_, 4);
  std::vector<std::unique_ptr<RandomAccessFile>> open;
  for (size_t i = 0; i < 20; i++) {
    auto file = handles.Open(PathOf(i));
    ASSERT_TRUE(file.ok());
    open.push_back(std::move(*file));
    EXPECT_LE(handles.open(), 4u);
  }
  for (size_t i = 0; i < 20; i++) {
    EXPECT_EQ(Contents(*open[i]), PathOf(i));
    EXPECT_EQ(handles.open(), 4u);
  }
  open.clear();
  EXPECT_EQ(handles.open(), 0u);
}

TEST_F(FileHandlesTest, WhatIsReadAgainAndAgainStaysOpen) {
  Make(20);
  FileHandles handles(&files_, 4);
  std::vector<std::unique_ptr<RandomAccessFile>> open;
  for (size_t i = 0; i < 20; i++) open.push_back(std::move(handles.Open(PathOf(i)).value()));
  Contents(*open[0]);
  const int before = opened_;
  for (size_t i = 1; i < 20; i++) {
    EXPECT_EQ(Contents(*open[0]), PathOf(0));
    EXPECT_EQ(Contents(*open[i]), PathOf(i));
  }
  // Each of the others once at most: the first was never closed.
  EXPECT_LE(opened_ - before, 19);
}

TEST_F(FileHandlesTest, AFileThatCannotBeOpenedAgainIsAnError) {
  Make(3);
  FileHandles handles(&files_, 1);
  const auto first = std::move(handles.Open(PathOf(0)).value());
  const auto second = std::move(handles.Open(PathOf(1)).value());
  files_.SetRule([](const FileCallInfo& info) {
    return Fault{info.call == FileCall::kOpen ? Status::IoError("too many open files") : Status()};
  });
  EXPECT_NE(Contents(*first).find("too many open files"), std::string::npos);
  EXPECT_EQ(Contents(*second), PathOf(1));
  EXPECT_FALSE(handles.Open(PathOf(2)).ok());
  EXPECT_FALSE(handles.Open("missing").ok());
  files_.SetRule({});
  EXPECT_EQ(Contents(*first), PathOf(0));
}

TEST_F(FileHandlesTest, FilesMayOutliveTheHandles) {
  Make(2);
  auto handles = std::make_unique<FileHandles>(&files_, 1);
  const auto first = std::move(handles->Open(PathOf(0)).value());
  const auto second = std::move(handles->Open(PathOf(1)).value());
  handles.reset();
  EXPECT_EQ(Contents(*first), PathOf(0));
  EXPECT_EQ(Contents(*second), PathOf(1));
}

TEST_F(FileHandlesTest, ManyThreadsReadThroughFewHandles) {
  Make(30);
  FileHandles handles(&files_, 3);
  std::vector<std::unique_ptr<RandomAccessFile>> open;
  for (size_t i = 0; i < 30; i++) open.push_back(std::move(handles.Open(PathOf(i)).value()));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 2000; i++) {
        const size_t at = random() % open.size();
        ASSERT_EQ(Contents(*open[at]), PathOf(at));
        ASSERT_LE(handles.open(), 3u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(FileHandles, TheDefaultLeavesRoomInTheProcess) {
  EXPECT_GE(FileHandles::DefaultOpenMax(), 16u);
  EXPECT_LE(FileHandles::DefaultOpenMax(), uint64_t{1} << 20);
}

}  // namespace
}  // namespace varve
