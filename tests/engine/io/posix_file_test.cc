// Tests of what only the POSIX file system does: locks across processes, mappings that survive a
// killed writer, and a full device that is an error and not a signal.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "engine/io/file_system.h"
#include "tests/engine/io/test_directory.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kWal};
constexpr uint64_t kStepBytes = 1 << 20;

std::unique_ptr<WritableFile> Create(const std::string& path, WriteMode mode) {
  auto file = PosixFileSystem()->NewWritableFile(path, {mode, kStepBytes});
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return std::move(*file);
}

// Runs `body` in a child; its result is the exit status of the child, or -signal.
template <class Body>
int RunInChild(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(PosixLock, IsBusyInAnotherProcessAndEndsWithTheProcess) {
  TestDirectory directory;
  const std::string path = directory.File("LOCK");
  const auto code_in_child = [&] {
    return RunInChild([&] {
      auto lock = PosixFileSystem()->Lock(path);
      return static_cast<int>(lock.status().code());  // the child dies with the lock
    });
  };
  {
    auto lock = PosixFileSystem()->Lock(path);
    ASSERT_TRUE(lock.ok());
    EXPECT_EQ(code_in_child(), static_cast<int>(Status::Code::kBusy));
  }
  EXPECT_EQ(code_in_child(), static_cast<int>(Status::Code::kOk));
  EXPECT_TRUE(PosixFileSystem()->Lock(path).ok());
}

TEST(PosixLock, ReleaseIsNotUndoneByAForkedChild) {
  TestDirectory directory;
  const std::string path = directory.File("LOCK");
  auto lock = PosixFileSystem()->Lock(path);
  ASSERT_TRUE(lock.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  lock->reset();
  EXPECT_TRUE(PosixFileSystem()->Lock(path).ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(PosixLock, AnotherSpellingOfThePathIsTheSameLock) {
  TestDirectory directory;
  auto lock = PosixFileSystem()->Lock(directory.File("LOCK"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(PosixFileSystem()->Lock(directory.File("./LOCK")).status().code(), Status::Code::kBusy);
}

TEST(PosixFile, MappedAndBufferedGiveTheSameBytes) {
  const unsigned seed = 99;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  TestDirectory directory;
  auto mapped = Create(directory.File("mapped"), WriteMode::kMapped);
  auto buffered = Create(directory.File("buffered"), WriteMode::kBuffered);
  for (int i = 0; i < 5000; ++i) {
    std::string data(random() % 50 == 0 ? random() % 300000 : random() % 300, '\0');
    for (char& byte : data) byte = static_cast<char>(random());
    ASSERT_TRUE(mapped->Append(kCause, data).ok());
    ASSERT_TRUE(buffered->Append(kCause, data).ok());
    if (random() % 500 != 0) continue;
    ASSERT_TRUE(mapped->Sync(kCause).ok());
  }
  EXPECT_EQ(mapped->length(), buffered->length());
  ASSERT_TRUE(mapped->Close().ok());
  ASSERT_TRUE(buffered->Close().ok());
  EXPECT_TRUE(*ReadWholeFile(*PosixFileSystem(), kCause, directory.File("mapped")) ==
              *ReadWholeFile(*PosixFileSystem(), kCause, directory.File("buffered")));
}

TEST(PosixFile, WhatWasAppendedSurvivesAKilledWriter) {
  for (WriteMode mode : {WriteMode::kBuffered, WriteMode::kMapped}) {
    TestDirectory directory;
    const std::string path = directory.File("f");
    const int result = RunInChild([&] {
      auto file = Create(path, mode);
      for (int i = 0; i < 10000; ++i) {
        if (!file->Append(kCause, "0123456789").ok()) return 1;
      }
      ::kill(::getpid(), SIGKILL);
      return 2;
    });
    ASSERT_EQ(result, -SIGKILL);
    const std::string bytes = *ReadWholeFile(*PosixFileSystem(), kCause, path);
    ASSERT_GE(bytes.size(), 100000u);
    for (size_t i = 0; i < 100000; i += 10) ASSERT_EQ(bytes.substr(i, 10), "0123456789");
    EXPECT_EQ(bytes.find_first_not_of('\0', 100000), std::string::npos);
  }
}

TEST(PosixFile, AMappedFileReservesInStepsAndCloseCutsTheReserveOff) {
  TestDirectory directory;
  const std::string path = directory.File("f");
  auto file = Create(path, WriteMode::kMapped);
  EXPECT_EQ(*PosixFileSystem()->FileLength(path), 0u);
  ASSERT_TRUE(file->Append(kCause, "x").ok());
  EXPECT_EQ(*PosixFileSystem()->FileLength(path), kStepBytes);
  ASSERT_TRUE(file->Append(kCause, std::string(kStepBytes, 'y')).ok());
  EXPECT_EQ(*PosixFileSystem()->FileLength(path), 2 * kStepBytes);
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(*PosixFileSystem()->FileLength(path), kStepBytes + 1);
}

TEST(PosixFile, ALimitOnFilesIsAnErrorAndTheFileGoesOnBelowIt) {
  // A limit on the length of files fails the same calls as a full device does.
  TestDirectory directory;
  for (WriteMode mode : {WriteMode::kBuffered, WriteMode::kMapped}) {
    const int result = RunInChild([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{3 * kStepBytes, 3 * kStepBytes};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 10;
      auto file = Create(directory.File("f"), mode);
      const std::string data(1000, 'd');
      Status status;
      while (status.ok() && file->length() < 4 * kStepBytes) status = file->Append(kCause, data);
      if (status.ok() || file->length() > 3 * kStepBytes) return 1;
      if (file->length() + data.size() < 3 * kStepBytes) return 2;
      if (!file->Truncate(file->length()).ok()) return 3;
      if (!file->Truncate(5000).ok() || !file->Append(kCause, data).ok()) return 4;
      if (!file->Sync(kCause).ok() || !file->Close().ok()) return 5;
      return *PosixFileSystem()->FileLength(directory.File("f")) == 6000 ? 0 : 6;
    });
    EXPECT_EQ(result, 0) << (mode == WriteMode::kMapped ? "mapped" : "buffered");
  }
}

constexpr int kCannotMount = 100;

// Mounts a new file system that only the calling process sees, as root or as the root of a user
// namespace. False if that is not allowed here.
bool MountPrivately(const std::string& path, const char* type, const char* options = nullptr) {
  const uid_t user = ::getuid();
  const gid_t group = ::getgid();
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", path.c_str(), type, 0, options) == 0;
}

// Returns 0, or where it went wrong.
int FillASmallDevice(const TestDirectory& directory, WriteMode mode) {
  const std::string ballast_path = directory.File("ballast");
  auto ballast = Create(ballast_path, WriteMode::kBuffered);
  if (!ballast->Append(kCause, std::string(kStepBytes * 3 / 2, 'b')).ok()) return 1;
  auto file = Create(directory.File("f"), mode);
  const std::string data(1000, 'd');
  Status status;
  while (status.ok() && file->length() < 5 * kStepBytes) status = file->Append(kCause, data);
  if (status.code() != Status::Code::kNoSpace) return 2;
  const uint64_t length = file->length();
  if (length < 2 * kStepBytes + kStepBytes / 4) return 3;  // smaller steps are tried
  if (!file->Truncate(length).ok() || !ballast->Truncate(0).ok()) return 4;
  if (!file->Append(kCause, data).ok() || !file->Sync(kCause).ok()) return 5;
  if (!file->Close().ok()) return 6;
  auto bytes = ReadWholeFile(*PosixFileSystem(), kCause, directory.File("f"));
  return *bytes == std::string(length + data.size(), 'd') ? 0 : 7;
}

TEST(PosixFile, AFullDeviceIsNoSpaceAndTheFileGoesOnWhenSpaceReturns) {
  for (WriteMode mode : {WriteMode::kBuffered, WriteMode::kMapped}) {
    TestDirectory directory;
    const int result = RunInChild([&] {
      if (!MountPrivately(directory.path(), "tmpfs", "size=4m")) return kCannotMount;
      return FillASmallDevice(directory, mode);
    });
    if (result == kCannotMount) GTEST_SKIP() << "this user may not mount";
    EXPECT_EQ(result, 0) << (mode == WriteMode::kMapped ? "mapped" : "buffered");
  }
}

TEST(PosixFile, TheMessageOfAFullDeviceNamesPathAndCall) {
  auto file = PosixFileSystem()->NewWritableFile("/dev/full", {});
  if (!file.ok()) GTEST_SKIP() << "this machine has no /dev/full";
  const Status status = (*file)->Append(kCause, "x");
  EXPECT_EQ(status.code(), Status::Code::kNoSpace);
  EXPECT_NE(status.message().find("/dev/full: pwrite: "), std::string::npos) << status.ToString();
}

TEST(PosixFile, MappedWritesWorkWhereNothingCanBeReserved) {
  TestDirectory directory;
  const int result = RunInChild([&] {
    if (!MountPrivately(directory.path(), "ramfs")) return kCannotMount;
    auto file = Create(directory.File("f"), WriteMode::kMapped);
    for (int i = 0; i < 1000; ++i) {
      if (!file->Append(kCause, std::string(1000, 'd')).ok()) return 1;
    }
    if (!file->Truncate(500'500).ok() || !file->Append(kCause, "end").ok()) return 2;
    if (!file->Sync(kCause).ok()) return 3;
    auto bytes = ReadWholeFile(*PosixFileSystem(), kCause, directory.File("f"));
    if (*bytes != std::string(500'500, 'd') + "end") return 4;
    return file->Close().ok() ? 0 : 5;
  });
  if (result == kCannotMount) GTEST_SKIP() << "this user may not mount";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace varve
