// What recovery makes of directories that a crash, or a hand, has changed.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kVerify};

class DbRecoveryTest : public testing::Test {
 protected:
  DbRecoveryTest() { environment_.file_system = &faulty_; }

  // Writes 40 keys of which the first half is in one log and the second in another: the flush of
  // the first memtable finds no space.
  void MakeTwoLogs() {
    faulty_.SetRule([](const FileCallInfo& info) -> Fault {
      const bool table = info.call == FileCall::kCreate && info.path.ends_with(".table");
      return table ? Fault{Status::NoSpace("injected"), 0} : Fault{};
    });
    std::unique_ptr<Db> db = OpenDb(options_, environment_, "/db");
    for (int i = 0; i < 40; ++i) {
      if (i == 20) {
        EXPECT_EQ(db->Flush().code(), Status::Code::kNoSpace);
      }
      ASSERT_OK(db->Put("key" + std::to_string(i), "v"));
    }
    db.reset();
    faulty_.SetRule({});
    ASSERT_EQ(FilesNamed(".wal").size(), 2u);
  }

  std::vector<std::string> FilesNamed(std::string_view part) {
    const auto names = memory_->List("/db");
    EXPECT_TRUE(names.ok());
    std::vector<std::string> found;
    for (const std::string& name : *names) {
      if (name.find(part) != std::string::npos) found.push_back("/db/" + name);
    }
    return found;
  }

  std::string Read(const std::string& path) {
    auto bytes = ReadWholeFile(*memory_, kCause, path);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    return bytes.ok() ? *bytes : "";
  }

  void Write(const std::string& path, std::string_view bytes) {
    auto file = memory_->NewWritableFile(path, {});
    ASSERT_TRUE(file.ok());
    ASSERT_OK((*file)->Append(kCause, bytes));
    ASSERT_OK((*file)->Close());
  }

  void CutOff(const std::string& path, size_t bytes) {
    const std::string whole = Read(path);
    ASSERT_GT(whole.size(), bytes);
    Write(path, std::string_view(whole).substr(0, whole.size() - bytes));
  }

  size_t KeysAfterOpening() {
    std::unique_ptr<Db> db = OpenDb(options_, environment_, "/db");
    return db == nullptr ? 0 : Contents(*db).size();
  }

  Status OpenStatus() { return Db::Open(options_, environment_, "/db").status(); }

  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FaultyFileSystem faulty_{memory_.get()};
  Environment environment_;
  Options options_ = SmallOptions();
};

TEST_F(DbRecoveryTest, TwoLogsAreReplayedInOrder) {
  MakeTwoLogs();
  EXPECT_EQ(KeysAfterOpening(), 40u);
  EXPECT_EQ(FilesNamed(".wal").size(), 1u) << "logs that are in tables are removed";
}

TEST_F(DbRecoveryTest, ATornLastLogLosesItsTailOnly) {
  MakeTwoLogs();
  CutOff(FilesNamed(".wal").back(), 3);
  EXPECT_EQ(KeysAfterOpening(), 39u);
}

TEST_F(DbRecoveryTest, AHoleBetweenLogsEndsThePrefix) {
  MakeTwoLogs();
  CutOff(FilesNamed(".wal").front(), 3);
  EXPECT_EQ(KeysAfterOpening(), 19u) << "nothing after the hole: the state is a prefix";
}

TEST_F(DbRecoveryTest, AMissingLogEndsThePrefix) {
  MakeTwoLogs();
  ASSERT_OK(memory_->Remove(FilesNamed(".wal").front()));
  EXPECT_EQ(KeysAfterOpening(), 0u);
}

TEST_F(DbRecoveryTest, AHoleBetweenLogsIsCorruptionInTheClassPower) {
  options_.durability = "power";
  MakeTwoLogs();
  const std::string log = FilesNamed(".wal").front();
  CutOff(log, 3);
  const Status status = OpenStatus();
  EXPECT_EQ(status.code(), Status::Code::kCorruption) << status.ToString();
  EXPECT_NE(status.message().find(".wal"), std::string_view::npos) << status.ToString();
}

TEST_F(DbRecoveryTest, WhatACrashLeftBehindIsRemoved) {
  MakeTwoLogs();
  Write("/db/009999.table", "not finished");
  Write("/db/manifest-009998", "not current");
  Write("/db/CURRENT.tmp", "not renamed");
  Write("/db/notes.txt", "not ours");
  EXPECT_EQ(KeysAfterOpening(), 40u);
  EXPECT_TRUE(FilesNamed("9999").empty());
  EXPECT_TRUE(FilesNamed("9998").empty());
  EXPECT_TRUE(FilesNamed(".tmp").empty());
  EXPECT_EQ(FilesNamed("notes.txt").size(), 1u) << "files that are not ours are left alone";
}

TEST_F(DbRecoveryTest, AMissingTableIsNamed) {
  {
    std::unique_ptr<Db> db = OpenDb(options_, environment_, "/db");
    ASSERT_OK(db->Put("a", "1"));
    ASSERT_OK(db->Flush());
  }
  const std::string table = FilesNamed(".table").front();
  ASSERT_OK(memory_->Remove(table));
  const Status status = OpenStatus();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find(table), std::string_view::npos) << status.ToString();
}

TEST_F(DbRecoveryTest, ADamagedManifestIsCorruptionAndNothingIsTouched) {
  {
    std::unique_ptr<Db> db = OpenDb(options_, environment_, "/db");
    ASSERT_OK(db->Put("a", "1"));
    ASSERT_OK(db->Flush());
  }
  const std::string manifest = FilesNamed("manifest").front();
  std::string bytes = Read(manifest);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x40);
  Write(manifest, bytes);
  const auto before = memory_->List("/db");
  const Status status = OpenStatus();
  EXPECT_EQ(status.code(), Status::Code::kCorruption) << status.ToString();
  EXPECT_EQ(*memory_->List("/db"), *before);
}

// Recovery fails at each of its calls, and once more from the start it loses nothing.
TEST_F(DbRecoveryTest, AFailureAtAnyCallOfRecoveryCanBeRepeated) {
  MakeTwoLogs();
  uint64_t survived = 0;
  for (uint64_t call = 0; survived == 0; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    ASSERT_LT(call, 500u);
    faulty_.FailFrom(faulty_.calls() + call, Status::IoError("injected"));
    if (OpenStatus().ok()) ++survived;
    faulty_.SetRule({});
    ASSERT_EQ(KeysAfterOpening(), 40u);
    // The state that the next round recovers from: logs again.
    ASSERT_OK(memory_->Remove("/db/CURRENT"));
    for (const std::string& file : FilesNamed("0")) ASSERT_OK(memory_->Remove(file));
    MakeTwoLogs();
  }
}

}  // namespace
}  // namespace varve
