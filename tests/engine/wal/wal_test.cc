// Tests of the log as written and read whole: format, sizes, windows, reserved space.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "engine/wal/wal_format.h"
#include "tests/engine/io/test_directory.h"
#include "tests/engine/wal/wal_test_util.h"
#include "tests/hex.h"
#include "tests/sanitizers.h"

namespace varve {
namespace {

class Wal : public testing::Test {
 protected:
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

// The worked example of FORMAT.md. If this fails, old logs cannot be read.
TEST_F(Wal, TheBytesAreThoseOfTheFormatDescription) {
  auto log = NewLog(*files_, kLogPath, {}, {6, 1000, true});
  ASSERT_TRUE(log->Append("abc").ok());
  ASSERT_TRUE(log->Sync().ok());
  ASSERT_TRUE(log->Append("").ok());
  ASSERT_TRUE(log->Close().ok());
  EXPECT_EQ(Hex(ReadBytes(*files_)),
            "c4e1828e"
            "1d000000"
            "03"
            "02000000"
            "0700000000000000"
            "0600000000000000"
            "e803000000000000"
            "01"
            "736e5f3c"
            "03000000"
            "01"
            "616263"
            "779d821a"
            "00000000"
            "02"
            "0cd88aab"
            "00000000"
            "01");
}

TEST_F(Wal, AnEmptyLogHasNoRecordsAndIsClean) {
  ASSERT_TRUE(NewLog(*files_)->Close().ok());
  const LogContent content = ReadLog(*files_);
  EXPECT_TRUE(content.status.ok());
  EXPECT_TRUE(content.records.empty());
  EXPECT_FALSE(content.torn);
  EXPECT_EQ(content.good_bytes, 0u);
}

TEST_F(Wal, AMissingLogIsNotFound) {
  EXPECT_EQ(ReadLog(*files_).status.code(), Status::Code::kNotFound);
}

TEST_F(Wal, FramingCostsNineBytesARecordAndNineASync) {
  auto log = NewLog(*files_);
  EXPECT_EQ(log->bytes(), 0u);
  EXPECT_EQ(log->position().number, kLogNumber);
  ASSERT_TRUE(log->Append("12345").ok());
  EXPECT_EQ(log->bytes(), 9 + kWalStartPayloadBytes + 9 + 5);
  const uint64_t first = log->bytes();
  ASSERT_TRUE(log->Append("12345").ok());
  EXPECT_EQ(log->bytes(), first + 14) << "no sync, no promise";
  ASSERT_TRUE(log->Sync().ok());
  ASSERT_TRUE(log->Sync().ok());
  EXPECT_EQ(log->bytes(), first + 14) << "a sync itself writes nothing";
  ASSERT_TRUE(log->Append("12345").ok());
  EXPECT_EQ(log->bytes(), first + 37);
  ASSERT_TRUE(log->Append("12345").ok());
  EXPECT_EQ(log->bytes(), first + 51) << "one promise for one sync";
}

TEST_F(Wal, OneAppendIsOneWriteOfTheFile) {
  FaultyFileSystem counting(files_.get());
  auto log = NewLog(counting);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(log->Sync().ok());
    const uint64_t before = counting.calls();
    ASSERT_TRUE(log->Append(std::string(1000, 'x')).ok());
    EXPECT_EQ(counting.calls(), before + 1);
  }
}

// Any sizes, syncs anywhere, and windows of the reader that end anywhere.
TEST_F(Wal, RandomRecordsComeBackFromEveryFileSystem) {
  TestDirectory directory;
  struct Place {
    FileSystem* files;
    std::string path;
    WriteMode mode;
  };
  const std::vector<Place> places = {
      {files_.get(), "a", WriteMode::kBuffered},
      {files_.get(), "b", WriteMode::kMapped},
      {PosixFileSystem(), directory.File("a"), WriteMode::kBuffered},
      {PosixFileSystem(), directory.File("b"), WriteMode::kMapped},
  };
  for (unsigned seed = 1; seed <= ScaledCycles(3); ++seed) {
    for (const Place& place : places) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " path " << place.path);
      std::mt19937 random(seed);
      auto log = NewLog(*place.files, place.path, {place.mode, 1 << 20});
      std::vector<std::string> written;
      for (int i = 0; i < 300; ++i) {
        const auto kind = random() % 100;
        const size_t size = kind < 2    ? random() % 2'500'000
                            : kind < 10 ? random() % 100'000
                                        : random() % 300;
        std::string record(size, '\0');
        for (char& byte : record) byte = static_cast<char>(random() % 4);
        ASSERT_TRUE(log->Append(record).ok());
        written.push_back(std::move(record));
        if (random() % 20 != 0) continue;
        ASSERT_TRUE(log->Sync().ok());
      }
      LogContent content = ReadLog(*place.files, place.path);
      EXPECT_TRUE(content.status.ok()) << content.status.ToString();
      EXPECT_TRUE(content.records == written);
      EXPECT_FALSE(content.torn);
      EXPECT_EQ(content.good_bytes, log->bytes());
      ASSERT_TRUE(log->Close().ok());
      content = ReadLog(*place.files, place.path);
      EXPECT_TRUE(content.records == written);
      EXPECT_FALSE(content.torn);
    }
  }
}

TEST_F(Wal, AnAbandonedMappedLogIsReadUpToItsReservedSpace) {
  TestDirectory directory;
  const std::string path = directory.File("log");
  auto log = NewLog(*PosixFileSystem(), path, {WriteMode::kMapped, 4 << 20});
  ASSERT_TRUE(log->Append("one").ok());
  ASSERT_TRUE(log->Append("two").ok());
  const uint64_t bytes = log->bytes();
  log.reset();
  EXPECT_EQ(*PosixFileSystem()->FileLength(path), uint64_t{4} << 20);
  const LogContent content = ReadLog(*PosixFileSystem(), path);
  EXPECT_EQ(content.records, (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(content.status.ok());
  EXPECT_FALSE(content.torn);
  EXPECT_EQ(content.good_bytes, bytes);
}

TEST_F(Wal, TheReaderNeedsMemoryForOneRecordAndNotForTheLog) {
  auto log = NewLog(*files_);
  const std::string record(5'000'000, 'r');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->Append(record).ok());
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(log->Append(std::string(500, 's')).ok());
  FaultyFileSystem watching(files_.get());
  size_t largest = 0;
  uint64_t long_reads = 0;
  watching.SetRule([&](const FileCallInfo& info) {
    largest = std::max(largest, info.bytes);
    if (info.bytes > 1 << 20) ++long_reads;
    return Fault{};
  });
  EXPECT_EQ(ReadLog(watching).records.size(), 20'003u);
  EXPECT_EQ(largest, 5'000'000 + kWalHeaderBytes);
  EXPECT_EQ(long_reads, 3u);
}

TEST_F(Wal, ALogRemembersTheOneBeforeIt) {
  for (const bool synced : {false, true}) {
    auto log = NewLog(*files_, kLogPath, {}, {6, 12345, synced});
    ASSERT_TRUE(log->Append("x").ok());
    EXPECT_EQ(ReadLog(*files_).previous, (WalPosition{6, 12345, synced}));
  }
  ASSERT_TRUE(NewLog(*files_, "first")->Append("x").ok());
  EXPECT_EQ(ReadLog(*files_, "first").previous, WalPosition());
}

TEST_F(Wal, APositionIsSyncedUntilTheNextAppend) {
  auto log = NewLog(*files_);
  ASSERT_TRUE(log->Append("x").ok());
  EXPECT_FALSE(log->position().synced);
  ASSERT_TRUE(log->Sync().ok());
  EXPECT_EQ(log->position(), (WalPosition{kLogNumber, log->bytes(), true}));
  ASSERT_TRUE(log->Append("y").ok());
  EXPECT_FALSE(log->position().synced);
}

TEST_F(Wal, ALogInThePlaceOfAnotherIsCorruption) {
  auto log = NewLog(*files_);
  ASSERT_TRUE(log->Append("x").ok());
  const LogContent content = ReadLog(*files_, kLogPath, 8);
  EXPECT_EQ(content.status.code(), Status::Code::kCorruption);
  EXPECT_EQ(content.status.message(), "log: log 7 in the place of log 8 at offset 0");
  EXPECT_TRUE(content.records.empty());
}

TEST_F(Wal, ALogOfALaterVersionIsNotSupported) {
  std::string payload;
  PutFixed32(&payload, kWalVersion + 1);
  payload += "whatever a later version puts here";
  const WalHeader header{WalChecksum(0, 0, WalRecordType::kStart, payload),
                         static_cast<uint32_t>(payload.size()), WalRecordType::kStart};
  char bytes[kWalHeaderBytes];
  EncodeWalHeader(header, bytes);
  WriteBytes(*files_, std::string(bytes, sizeof bytes) + payload);
  EXPECT_EQ(ReadLog(*files_).status.code(), Status::Code::kNotSupported);
}

}  // namespace
}  // namespace varve
