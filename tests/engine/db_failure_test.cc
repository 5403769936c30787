// Failing storage: each call of the file system fails once; the answer is right or an error, and
// after reopening nothing acknowledged is missing. A full disk is a clear error that passes.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

Options TinyOptions() {
  Options options = SmallOptions();
  options.memtable_bytes = 8 << 10;
  options.table_bytes = 8 << 10;
  options.size_ratio = 2;
  return options;
}

constexpr int kWrites = 150;
std::string KeyOf(int write) { return "key" + std::to_string(write * 37 % 60); }
std::string ValueOf(int write) { return std::to_string(write) + std::string(150, 'v'); }

Model After(int writes) {
  Model model;
  for (int w = 0; w < writes; ++w) model[KeyOf(w)] = ValueOf(w);
  return model;
}

struct Outcome {
  int acknowledged = 0;             // writes, all before the first that failed
  bool failed = false;              // the write after them failed
  bool acknowledged_later = false;  // some write after a failed one was acknowledged
  bool wrong_answer = false;
};

// Writes until done, and reads along. Goes on after a failure, to see what the database says.
Outcome Work(FileSystem* files, const Options& options) {
  Outcome outcome;
  Environment environment;
  environment.file_system = files;
  auto db = Db::Open(options, environment, "/db");
  if (!db.ok()) return outcome;
  for (int w = 0; w < kWrites; ++w) {
    const Status status = (*db)->Put(KeyOf(w), ValueOf(w));
    if (status.ok() && outcome.failed) outcome.acknowledged_later = true;
    if (status.ok() && !outcome.failed) ++outcome.acknowledged;
    if (!status.ok()) outcome.failed = true;
    std::string value;
    const Result<bool> found = (*db)->Get(KeyOf(w), &value);
    if (found.ok() && status.ok() && (!*found || value != ValueOf(w))) outcome.wrong_answer = true;
  }
  return outcome;
}

// Nothing acknowledged is missing; at most the write that failed is there as well.
void CheckAfterReopening(FileSystem* files, const Options& options, const Outcome& outcome) {
  Environment environment;
  environment.file_system = files;
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  ASSERT_NE(db, nullptr);
  const Model found = Contents(*db);
  if (outcome.acknowledged_later) {
    // An error that did not stop the database: every key holds a write that was made.
    EXPECT_EQ(found.size(), After(kWrites).size());
  } else if (found != After(outcome.acknowledged)) {
    EXPECT_TRUE(outcome.failed && found == After(outcome.acknowledged + 1))
        << "after " << outcome.acknowledged << " acknowledged writes";
  }
  EXPECT_OK(db->Verify());
}

void FailEachCallOnce(const Options& options) {
  uint64_t calls = 0;
  {
    std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
    FaultyFileSystem faulty(memory.get());
    const Outcome outcome = Work(&faulty, options);
    ASSERT_EQ(outcome.acknowledged, kWrites);
    calls = faulty.calls();
  }
  ASSERT_GT(calls, 300u);
  int failures = 0;
  for (uint64_t call = 0; call < calls; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
    FaultyFileSystem faulty(memory.get());
    faulty.FailCall(call, Status::IoError("injected"));
    const Outcome outcome = Work(&faulty, options);
    EXPECT_FALSE(outcome.wrong_answer);
    failures += outcome.failed ? 1 : 0;
    faulty.SetRule({});
    CheckAfterReopening(&faulty, options, outcome);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(failures, 100) << "the faults were felt";
}

TEST(DbFailure, EachCallFailsOnceAndNothingAcknowledgedIsMissing) {
  FailEachCallOnce(TinyOptions());
}

TEST(DbFailure, EachCallFailsOnceInTheClassPower) {
  Options options = TinyOptions();
  options.durability = "power";
  options.wal = "write";
  FailEachCallOnce(options);
}

TEST(DbFailure, AFailedSyncOfTheLogStopsAllWritesUntilReopening) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Environment environment;
  environment.file_system = &faulty;
  Options options = TinyOptions();
  options.durability = "power";
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  ASSERT_OK(db->Put("a", "1"));
  bool once = true;
  faulty.SetRule([&once](const FileCallInfo& info) -> Fault {
    if (info.call != FileCall::kSync || !once) return {};
    once = false;
    return {Status::IoError("injected"), 0};
  });
  EXPECT_EQ(db->Put("b", "2").code(), Status::Code::kIndeterminate);
  EXPECT_FALSE(db->Put("c", "3").ok()) << "nothing is acknowledged on top of a failed sync";
  EXPECT_EQ(GetText(*db, "a"), "1") << "reads go on";
  db.reset();
  db = OpenDb(options, environment, "/db");
  ASSERT_OK(db->Put("d", "4"));
  EXPECT_EQ(GetText(*db, "a"), "1");
  EXPECT_EQ(GetText(*db, "c"), "<absent>");
}

// No space for anything but removals, until it is lifted.
FaultRule NoSpace() {
  return [](const FileCallInfo& info) -> Fault {
    const bool grows = info.call == FileCall::kAppend || info.call == FileCall::kCreate;
    if (!grows) return {};
    return {Status::NoSpace("injected: no space left on device"), info.bytes / 2};
  };
}

void FillTheDisk(const Options& options) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Environment environment;
  environment.file_system = &faulty;
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  Model model;
  for (int w = 0; w < 100; ++w) {
    ASSERT_OK(db->Put(KeyOf(w), ValueOf(w)));
    model[KeyOf(w)] = ValueOf(w);
  }
  faulty.SetRule(NoSpace());
  for (int w = 0; w < 20; ++w) {
    const Status status = db->Put("refused", "x");
    ASSERT_EQ(status.code(), Status::Code::kNoSpace) << status.ToString();
  }
  EXPECT_EQ(Contents(*db), model) << "reads go on";
  faulty.SetRule({});
  for (int w = 100; w < 200; ++w) {
    ASSERT_OK(db->Put(KeyOf(w), ValueOf(w)));
    model[KeyOf(w)] = ValueOf(w);
  }
  ASSERT_OK(db->Settle());
  EXPECT_EQ(Contents(*db), model);
  db.reset();
  db = OpenDb(options, environment, "/db");
  EXPECT_EQ(Contents(*db), model);
  EXPECT_OK(db->Verify());
}

TEST(DbFailure, WritesFailClearlyWhileThereIsNoSpaceAndGoOnAfterwards) {
  FillTheDisk(TinyOptions());
  Options options = TinyOptions();
  options.background = "threads";
  FillTheDisk(options);
}

TEST(DbFailure, AFlushWithoutSpaceIsTriedAgainAndNothingHalfWrittenStays) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Environment environment;
  environment.file_system = &faulty;
  std::unique_ptr<Db> db = OpenDb(TinyOptions(), environment, "/db");
  ASSERT_OK(db->Put("a", "1"));
  faulty.SetRule([](const FileCallInfo& info) -> Fault {
    const bool table = info.path.ends_with(".table") && info.call == FileCall::kAppend;
    return table ? Fault{Status::NoSpace("injected"), 0} : Fault{};
  });
  EXPECT_EQ(db->Flush().code(), Status::Code::kNoSpace);
  ASSERT_OK(db->Put("b", "2"));
  auto names = memory->List("/db");
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) EXPECT_FALSE(name.ends_with(".table")) << name;
  faulty.SetRule({});
  ASSERT_OK(db->Flush());
  EXPECT_EQ(Contents(*db), (Model{{"a", "1"}, {"b", "2"}}));
}

}  // namespace
}  // namespace varve
