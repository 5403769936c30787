// Tests of a log whose file fails: no space is undone, everything else gives the log up.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/wal/wal_test_util.h"

namespace varve {
namespace {

using Records = std::vector<std::string>;

class WalFailure : public testing::Test {
 protected:
  // From now on Append fails after `bytes` bytes.
  void FailAppends(const Status& status, size_t bytes) {
    faulty_.SetRule([status, bytes](const FileCallInfo& info) {
      return info.call == FileCall::kAppend ? Fault{status, bytes} : Fault{};
    });
  }

  void Fail(FileCall call, const Status& status) {
    faulty_.SetRule([call, status](const FileCallInfo& info) {
      return info.call == call ? Fault{status} : Fault{};
    });
  }

  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FaultyFileSystem faulty_{memory_.get()};
};

TEST_F(WalFailure, NoSpaceLeavesTheLogAsItWasAndItGoesOnLater) {
  // Short writes of any part: within the promise, the header, the payload; the first record, too.
  for (size_t part = 0; part < 60; ++part) {
    auto log = NewLog(faulty_);
    FailAppends(Status::NoSpace("injected"), part);
    EXPECT_EQ(log->Append("first").code(), Status::Code::kNoSpace);
    EXPECT_EQ(log->bytes(), 0u);
    EXPECT_EQ(ReadBytes(*memory_), "");
    faulty_.SetRule({});
    ASSERT_TRUE(log->Append("first").ok());
    ASSERT_TRUE(log->Sync().ok());
    const std::string before = ReadBytes(*memory_);
    FailAppends(Status::NoSpace("injected"), part);
    EXPECT_EQ(log->Append(std::string(100, 'x')).code(), Status::Code::kNoSpace);
    EXPECT_EQ(ReadBytes(*memory_), before);
    EXPECT_EQ(log->bytes(), before.size());
    faulty_.SetRule({});
    ASSERT_TRUE(log->Append("second").ok());
    EXPECT_EQ(ReadBytes(*memory_).size(), before.size() + 9 + 9 + 6) << "the promise is still owed";
    const LogContent content = ReadLog(*memory_);
    EXPECT_EQ(content.records, (Records{"first", "second"}));
    EXPECT_FALSE(content.torn);
  }
}

TEST_F(WalFailure, NoSpaceInTheSecondPartOfALongRecordIsUndone) {
  auto log = NewLog(faulty_);
  ASSERT_TRUE(log->Append("first").ok());
  const std::string before = ReadBytes(*memory_);
  const uint64_t second_call = faulty_.calls() + 1;
  faulty_.FailCall(second_call, Status::NoSpace("injected"));
  EXPECT_EQ(log->Append(std::string(200'000, 'x')).code(), Status::Code::kNoSpace);
  EXPECT_EQ(ReadBytes(*memory_), before);
  faulty_.SetRule({});
  ASSERT_TRUE(log->Append("second").ok());
  EXPECT_EQ(ReadLog(*memory_).records, (Records{"first", "second"}));
}

TEST_F(WalFailure, AnyOtherErrorGivesTheLogUp) {
  auto log = NewLog(faulty_);
  ASSERT_TRUE(log->Append("first").ok());
  FailAppends(Status::IoError("injected"), 12);
  const Status status = log->Append("second");
  EXPECT_EQ(status.code(), Status::Code::kIndeterminate);
  EXPECT_EQ(status.message(), "log 7: injected");
  faulty_.SetRule({});
  const uint64_t calls = faulty_.calls();
  EXPECT_EQ(log->Append("third").code(), Status::Code::kIndeterminate);
  EXPECT_EQ(log->Sync().code(), Status::Code::kIndeterminate);
  EXPECT_EQ(faulty_.calls(), calls) << "nothing is written on top of what is not known";
  EXPECT_EQ(log->Close().code(), Status::Code::kIndeterminate);
  const LogContent content = ReadLog(*memory_);
  EXPECT_EQ(content.records, Records{"first"});
  EXPECT_TRUE(content.torn);
}

TEST_F(WalFailure, NoSpaceThatCannotBeUndoneGivesTheLogUp) {
  auto log = NewLog(faulty_);
  ASSERT_TRUE(log->Append("first").ok());
  faulty_.SetRule([](const FileCallInfo& info) {
    if (info.call == FileCall::kAppend) return Fault{Status::NoSpace("injected"), 3};
    return info.call == FileCall::kTruncate ? Fault{Status::IoError("injected")} : Fault{};
  });
  EXPECT_EQ(log->Append("second").code(), Status::Code::kIndeterminate);
  faulty_.SetRule({});
  EXPECT_EQ(log->Append("third").code(), Status::Code::kIndeterminate);
  EXPECT_EQ(ReadLog(*memory_).records, Records{"first"});
}

TEST_F(WalFailure, AFailedSyncGivesTheLogUpEvenIfTheNextWouldSucceed) {
  for (const Status& error : {Status::IoError("injected"), Status::NoSpace("injected")}) {
    faulty_.SetRule({});
    auto log = NewLog(faulty_);
    ASSERT_TRUE(log->Append("first").ok());
    Fail(FileCall::kSync, error);
    EXPECT_EQ(log->Sync().code(), Status::Code::kIndeterminate);
    faulty_.SetRule({});
    const uint64_t calls = faulty_.calls();
    EXPECT_EQ(log->Sync().code(), Status::Code::kIndeterminate);
    EXPECT_EQ(log->Append("second").code(), Status::Code::kIndeterminate);
    EXPECT_EQ(faulty_.calls(), calls);
  }
}

// Every call of a short history fails once, with each kind of error and with short writes: what was
// acknowledged is there, and no more than the one record whose fate was indeterminate.
TEST_F(WalFailure, WhateverFailsWhatWasAcknowledgedIsRead) {
  const Records appended = {"a", "bb", std::string(100'000, 'c'), "", "eeeee"};
  for (const Status& error : {Status::IoError("injected"), Status::NoSpace("injected")}) {
    for (uint64_t failing = 1; failing < 12; ++failing) {
      for (const size_t part : {0u, 5u, 50u, 70'000u}) {
        FaultyFileSystem faulty(memory_.get());
        auto log = NewLog(faulty);
        faulty.SetRule([&](const FileCallInfo& info) {
          return info.number == failing ? Fault{error, part} : Fault{};
        });
        Records acknowledged;
        Records indeterminate;  // the acknowledged, and the first that may or may not be there
        for (const std::string& record : appended) {
          const Status status = log->Append(record);
          if (status.code() == Status::Code::kIndeterminate && indeterminate.empty()) {
            indeterminate = acknowledged;
            indeterminate.push_back(record);
          }
          if (status.ok()) acknowledged.push_back(record);
          static_cast<void>(log->Sync().ok());
        }
        log.reset();
        const LogContent content = ReadLog(*memory_);
        ASSERT_TRUE(content.status.ok()) << content.status.ToString();
        ASSERT_TRUE(content.records == acknowledged || content.records == indeterminate)
            << failing << " " << part;
      }
    }
  }
}

}  // namespace
}  // namespace varve
