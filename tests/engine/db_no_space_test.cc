// A full disk: reads go on, writes fail clearly and go on when there is space again, without
// reopening; nothing acknowledged is missing and nothing half-written stays. I1, I2, I12, I13.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "harness/torture/database_check.h"
#include "tests/engine/db_test_util.h"
#include "tests/sanitizers.h"

namespace varve {
namespace {

// A disk in memory with a number of bytes. An Append that does not fit is written as far as it
// does; a new file needs a block.
class SmallDisk {
 public:
  explicit SmallDisk(uint64_t bytes) : bytes_(bytes) {
    files_.SetRule([this](const FileCallInfo& info) -> Fault {
      const bool grows = info.call == FileCall::kAppend || info.call == FileCall::kCreate;
      if (!grows) return {};
      const uint64_t used = Used();
      const uint64_t needed = info.call == FileCall::kCreate ? kBlockBytes : info.bytes;
      const uint64_t limit = bytes_.load();
      if (used + needed <= limit) return {};
      return {Status::NoSpace("injected: no space left on device"),
              limit > used ? limit - used : 0};
    });
  }

  FileSystem* files() { return &files_; }
  void SetBytes(uint64_t bytes) { bytes_ = bytes; }
  uint64_t Used() {
    uint64_t used = 0;
    for (const std::string& name : Names()) {
      const auto length = memory_->FileLength("/db/" + name);
      if (length.ok()) used += *length;
    }
    return used;
  }
  std::vector<std::string> Names() {
    auto names = memory_->List("/db");
    return names.ok() ? *names : std::vector<std::string>();
  }
  uint64_t Tables() {
    const std::vector<std::string> names = Names();
    return static_cast<uint64_t>(std::count_if(
        names.begin(), names.end(), [](const auto& name) { return name.ends_with(".table"); }));
  }

 private:
  static constexpr uint64_t kBlockBytes = 512;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  std::atomic<uint64_t> bytes_;
  FaultyFileSystem files_{memory_.get()};
};

class DbNoSpace : public testing::Test {
 protected:
  void Open(FileSystem* files) {
    Environment environment;
    environment.file_system = files;
    db_ = OpenDb(options_, environment, "/db");
    ASSERT_NE(db_, nullptr);
  }
  Status OpenStatus(FileSystem* files) {
    Environment environment;
    environment.file_system = files;
    auto db = Db::Open(options_, environment, "/db");
    if (db.ok()) db_ = std::move(db).value();
    return db.status();
  }

  // Writes the next key, and remembers it if it is acknowledged.
  Status Put() {
    const std::string key = "key" + std::to_string(next_ * 7919 % 10007);
    const std::string value = std::to_string(next_) + std::string(next_ * 31 % 300, 'v');
    ++next_;
    Status status = db_->Put(key, value);
    if (status.ok()) model_[key] = value;
    return status;
  }

  // Writes until `count` writes are refused.
  void WriteUntilRefused(int count) {
    for (int writes = 0; count > 0; ++writes) {
      ASSERT_LT(writes, 5000) << "the disk must become full";
      const Status status = Put();
      if (status.ok()) continue;
      ASSERT_EQ(status.code(), Status::Code::kNoSpace) << status.ToString();
      --count;
    }
  }

  // With threads, a job that began while the disk was full may still fail, once each.
  template <class Act>
  void RepeatUntilOk(const Act& act) {
    Status status = act();
    for (int i = 0; i < 1000 && options_.background == "threads" && !status.ok(); ++i) {
      status = act();
    }
    ASSERT_OK(status);
  }
  void WriteUntilAcknowledged() {
    RepeatUntilOk([this] { return Put(); });
  }

  void FillReadAndGoOn(uint64_t bytes) {
    SCOPED_TRACE(options_.background + " " + options_.durability + " " + options_.wal + ", " +
                 std::to_string(bytes) + " bytes");
    model_.clear();
    SmallDisk disk(bytes);
    Open(disk.files());
    for (int round = 0; round < 2; ++round) {
      WriteUntilRefused(20);
      if (HasFatalFailure()) return;
      ASSERT_EQ(Contents(*db_), model_) << "reads go on";
      if (options_.background == "inline") {
        EXPECT_EQ(disk.Tables(), db_->tree().tables()) << "nothing half-written stays";
      }
      bytes += 30'000;
      disk.SetBytes(bytes);
      WriteUntilAcknowledged();
    }
    disk.SetBytes(1 << 30);
    WriteUntilAcknowledged();
    for (int i = 0; i < 50; ++i) WriteUntilAcknowledged();
    RepeatUntilOk([this] { return db_->Settle(); });
    if (HasFatalFailure()) return;
    ASSERT_EQ(Contents(*db_), model_);
    db_.reset();
    Open(disk.files());
    ASSERT_EQ(Contents(*db_), model_);
    if (options_.background == "inline") {
      EXPECT_EQ(harness::CheckDatabase(*disk.files(), "/db", *db_), "");
    }
    db_.reset();
  }

  Options options_ = TinyOptions();
  std::unique_ptr<Db> db_;
  Model model_;
  uint64_t next_ = 0;
};

constexpr uint64_t kFewer = kSanitized ? 3 : 1;

TEST_F(DbNoSpace, ReadsGoOnAndWritesDoWhenThereIsSpace) {
  options_.wal = "write";
  for (const char* durability : {"none", "process", "power"}) {
    options_.durability = durability;
    for (uint64_t bytes = 20'000; bytes < 70'000 && !HasFailure(); bytes += 1777 * kFewer) {
      FillReadAndGoOn(bytes);
    }
  }
}

TEST_F(DbNoSpace, SoItIsWithAMappedLog) {
  for (uint64_t bytes = 300'000; bytes < 400'000 && !HasFailure(); bytes += 9777 * kFewer) {
    FillReadAndGoOn(bytes);
  }
}

TEST_F(DbNoSpace, SoItIsWithThreads) {
  options_.wal = "write";
  options_.background = "threads";
  for (uint64_t bytes = 30'000; bytes < 70'000 && !HasFailure(); bytes += 4777 * kFewer) {
    FillReadAndGoOn(bytes);
  }
}

// Flushes fit and compactions do not, until writes stop.
TEST_F(DbNoSpace, AStopThatACompactionCouldNotEndEndsWithoutReopening) {
  options_.background = "threads";
  options_.table_bytes = 1 << 20;
  options_.level0_slowdown_runs = 4;
  options_.level0_stop_runs = 4;
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Open(&faulty);
  faulty.SetRule([](const FileCallInfo& info) -> Fault {
    const bool large = info.path.ends_with(".table") && info.bytes > 12'000;
    return large ? Fault{Status::NoSpace("injected")} : Fault{};
  });
  WriteUntilRefused(3);
  EXPECT_GE(db_->tree().levels[0].runs.size(), 4u);
  EXPECT_EQ(Contents(*db_), model_) << "reads go on";
  faulty.SetRule({});
  WriteUntilAcknowledged();
  EXPECT_EQ(Contents(*db_), model_);
  db_.reset();
}

TEST_F(DbNoSpace, AnOpenWithoutSpaceFailsClearlyAndLeavesNothing) {
  options_.wal = "write";
  SmallDisk disk(50'000);
  Open(disk.files());
  WriteUntilRefused(5);
  db_.reset();
  uint64_t bytes = disk.Used();
  const uint64_t tables = disk.Tables();
  int refused = 0;
  for (; db_ == nullptr; bytes += 300) {
    ASSERT_LT(bytes, 200'000u);
    disk.SetBytes(bytes);
    const Status status = OpenStatus(disk.files());
    if (status.ok()) break;
    ++refused;
    ASSERT_EQ(status.code(), Status::Code::kNoSpace) << status.ToString();
    ASSERT_EQ(disk.Tables(), tables);
  }
  EXPECT_GT(refused, 3);
  EXPECT_EQ(Contents(*db_), model_);
  EXPECT_EQ(harness::CheckDatabase(*disk.files(), "/db", *db_), "");
  db_.reset();
}

// I12: what the kernel dropped cannot be known, whatever it says was the reason.
TEST_F(DbNoSpace, ASyncThatFindsNoSpaceIsNotTriedAgain) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  for (const std::string file : {".table", "manifest", "db"}) {
    SCOPED_TRACE(file);
    FaultyFileSystem faulty(memory.get());
    Open(&faulty);
    ASSERT_OK(Put());
    faulty.SetRule([&file](const FileCallInfo& info) -> Fault {
      const bool sync = info.call == FileCall::kSync || info.call == FileCall::kSyncDirectory;
      const bool fails = sync && info.path.find(file, 3) != std::string_view::npos;
      return fails || (file == "db" && info.call == FileCall::kSyncDirectory)
                 ? Fault{Status::NoSpace("injected")}
                 : Fault{};
    });
    EXPECT_FALSE(db_->Flush().ok());
    faulty.SetRule({});
    const Status refused = Put();
    EXPECT_FALSE(refused.ok());
    EXPECT_NE(refused.code(), Status::Code::kNoSpace) << refused.ToString();
    EXPECT_FALSE(db_->Flush().ok());
    EXPECT_EQ(Contents(*db_), model_) << "reads go on";
    db_.reset();
    Open(&faulty);
    EXPECT_EQ(Contents(*db_), model_);
    ASSERT_OK(Put());
    db_.reset();
  }
}

TEST_F(DbNoSpace, AFlushWithoutSpaceIsTriedAgainAndNothingHalfWrittenStays) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Open(&faulty);
  ASSERT_OK(db_->Put("a", "1"));
  faulty.SetRule([](const FileCallInfo& info) -> Fault {
    const bool table = info.path.ends_with(".table") && info.call == FileCall::kAppend;
    return table ? Fault{Status::NoSpace("injected"), 0} : Fault{};
  });
  EXPECT_EQ(db_->Flush().code(), Status::Code::kNoSpace);
  ASSERT_OK(db_->Put("b", "2"));
  auto names = memory->List("/db");
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) EXPECT_FALSE(name.ends_with(".table")) << name;
  faulty.SetRule({});
  ASSERT_OK(db_->Flush());
  EXPECT_EQ(Contents(*db_), (Model{{"a", "1"}, {"b", "2"}}));
  db_.reset();
}

}  // namespace
}  // namespace varve
