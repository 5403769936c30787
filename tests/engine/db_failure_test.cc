// Failing storage: each call of the file system fails once, in each way in which it can; the answer
// is right or an error, and after reopening nothing acknowledged is missing (I1, I2, I3, I12). What
// a full disk does is in db_no_space_test.cc.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "engine/io/crashable_file_system.h"
#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "harness/torture/database_check.h"
#include "tests/engine/db_test_util.h"
#include "tests/sanitizers.h"

namespace varve {
namespace {

constexpr uint64_t kCallStep = kSanitized ? 7 : 1;  // of each fault: every call, or every seventh
constexpr int kWrites = 90;
std::string KeyOf(int write) { return "key" + std::to_string(write * 37 % 60); }
std::string ValueOf(int write) { return std::to_string(write) + std::string(250, 'v'); }

// Write number `write`: a delete of a key or of a range with it alone, or a put of two keys.
void AddTo(Model* model, int write) {
  if (write % 7 == 6) {
    model->erase(KeyOf(write));
  } else {
    (*model)[KeyOf(write)] = (*model)[KeyOf(write + 1)] = ValueOf(write);
  }
}

WriteBatch BatchOf(int write) {
  WriteBatch batch;
  if (write % 14 == 6) {
    batch.DeleteRange(KeyOf(write), KeyOf(write) + '\0');
  } else if (write % 7 == 6) {
    batch.Delete(KeyOf(write));
  } else {
    batch.Put(KeyOf(write), ValueOf(write));
    batch.Put(KeyOf(write + 1), ValueOf(write));
  }
  return batch;
}

// What a failing call does.
struct FaultKind {
  const char* name;
  Status::Code code;
  bool part;  // of the bytes are written, or read
};
constexpr FaultKind kFaults[] = {
    {"an I/O error", Status::Code::kIoError, false},
    {"no space", Status::Code::kNoSpace, false},
    {"an I/O error in the middle", Status::Code::kIoError, true},
    {"no space in the middle", Status::Code::kNoSpace, true},
};

Fault MakeFault(const FaultKind& kind, const FileCallInfo& info) {
  if (info.call == FileCall::kRead && kind.part) return {Status::Corruption("injected: short")};
  const size_t bytes = kind.part ? info.bytes / 2 : 0;
  if (kind.code == Status::Code::kNoSpace) return {Status::NoSpace("injected"), bytes};
  return {Status::IoError("injected"), bytes};
}

struct Outcome {
  int acknowledged = 0;
  Model model;              // after the acknowledged writes
  int unsure = -1;          // the write that may or may not have happened
  SequenceNumber last = 0;  // of the acknowledged writes
  std::string wrong;        // the first wrong answer
};

// Writes until done, and reads along. Goes on after a failure, to see what the database says.
Outcome Work(FileSystem* files, const Options& options) {
  Outcome outcome;
  Environment environment;
  environment.file_system = files;
  auto db = Db::Open(options, environment, "/db");
  if (!db.ok()) return outcome;
  for (int w = 0; w < kWrites; ++w) {
    const Status status = (*db)->Write(BatchOf(w));
    if (status.ok() && outcome.unsure >= 0) outcome.wrong = "acknowledged after an unsure write";
    if (status.ok()) {
      ++outcome.acknowledged;
      AddTo(&outcome.model, w);
      outcome.last = (*db)->GetSnapshot()->sequence();
    }
    if (status.code() == Status::Code::kIndeterminate && outcome.unsure < 0) outcome.unsure = w;
    std::string value;
    const Result<bool> found = (*db)->Get(KeyOf(w), &value);
    if (!found.ok()) continue;
    const auto expected = outcome.model.find(KeyOf(w));
    const bool absent = expected == outcome.model.end();
    if (*found == absent || (*found && value != expected->second)) {
      outcome.wrong = "wrong answer after write " + std::to_string(w);
    }
  }
  return outcome;
}

// Everything acknowledged is there, what failed is not, and an unsure write is there or not (I1,
// I2); no sequence number is given out again (I3); nothing is left over.
void CheckAfterReopening(FileSystem* files, const Options& options, const Outcome& outcome) {
  Environment environment;
  environment.file_system = files;
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  ASSERT_NE(db, nullptr);
  const Model found = Contents(*db);
  if (found != outcome.model) {
    Model with = outcome.model;
    ASSERT_GE(outcome.unsure, 0) << "the acknowledged writes and no others must be there";
    AddTo(&with, outcome.unsure);
    EXPECT_EQ(found, with);
  }
  EXPECT_GE(db->GetSnapshot()->sequence(), outcome.last);
  EXPECT_EQ(harness::CheckDatabase(*files, "/db", *db), "");
  EXPECT_OK(db->Put("again", "1"));
}

// In the class "power", what was acknowledged survives power loss, too.
void FailEachCallOnce(const Options& options) {
  uint64_t calls = 0;
  {
    CrashableFileSystem memory;
    FaultyFileSystem faulty(&memory);
    ASSERT_EQ(Work(&faulty, options).acknowledged, kWrites);
    calls = faulty.calls();
  }
  ASSERT_GT(calls, 300u);
  int failures = 0;
  for (const FaultKind& kind : kFaults) {
    for (uint64_t call = 0; call < calls; call += kCallStep) {
      SCOPED_TRACE(std::string(kind.name) + " in call " + std::to_string(call));
      CrashableFileSystem memory;
      FaultyFileSystem faulty(&memory);
      faulty.SetRule([&kind, call](const FileCallInfo& info) {
        return info.number == call ? MakeFault(kind, info) : Fault{};
      });
      const Outcome outcome = Work(&faulty, options);
      EXPECT_EQ(outcome.wrong, "");
      failures += outcome.acknowledged < kWrites ? 1 : 0;
      CheckAfterReopening(memory.AfterProcessDeath().get(), options, outcome);
      if (options.durability == "power") {
        CheckAfterReopening(memory.AfterPowerLoss(call).get(), options, outcome);
      }
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(failures, static_cast<int>(calls / kCallStep)) << "the faults were felt";
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

// I12.
TEST(DbFailure, AFailedSyncOfTheLogStopsAllWritesUntilReopening) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  FaultyFileSystem faulty(memory.get());
  Environment environment;
  environment.file_system = &faulty;
  Options options = TinyOptions();
  options.durability = "power";
  bool once = true;  // outlives the database, which syncs when it closes
  std::unique_ptr<Db> db = OpenDb(options, environment, "/db");
  ASSERT_OK(db->Put("a", "1"));
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

}  // namespace
}  // namespace varve
