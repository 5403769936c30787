// Tests of the file system that crashes: what is promised survives every seed, and what is not
// promised is lost by some.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/crashable_file_system.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace varve {
namespace {

constexpr uint64_t kSeeds = 300;
constexpr size_t kSector = 512;

class CrashableFileSystemTest : public testing::Test {
 protected:
  CrashableFileSystemTest() { EXPECT_TRUE(files_.CreateDirectory("/d").ok()); }

  std::unique_ptr<WritableFile> Create(const std::string& path, const WriteOptions& options = {}) {
    auto file = files_.NewWritableFile(path, options);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return std::move(*file);
  }
  void SyncDirectory() { ASSERT_TRUE(files_.SyncDirectory({}, "/d").ok()); }

  static std::string Read(FileSystem& files, const std::string& path) {
    auto bytes = ReadWholeFile(files, {}, path);
    return bytes.ok() ? *bytes : "<absent>";
  }

  static std::vector<std::string> Names(FileSystem& files) {
    auto names = files.List("/d");
    EXPECT_TRUE(names.ok());
    return *names;
  }

  // What `path` is after power loss, over all seeds.
  std::set<std::string> Outcomes(const std::string& path) {
    std::set<std::string> outcomes;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      outcomes.insert(Read(*files_.AfterPowerLoss(seed), path));
    }
    return outcomes;
  }

  CrashableFileSystem files_;
};

using Set = std::set<std::string>;

TEST_F(CrashableFileSystemTest, WhatIsSyncedSurvivesPowerLossIfItsNameDoes) {
  auto file = Create("/d/f");
  ASSERT_TRUE(file->Append({}, "synced").ok());
  EXPECT_TRUE(Outcomes("/d/f").contains("<absent>"));
  ASSERT_TRUE(file->Sync({}).ok());
  EXPECT_EQ(Outcomes("/d/f"), (Set{"<absent>", "synced"})) << "its name is not durable";
  SyncDirectory();
  EXPECT_EQ(Outcomes("/d/f"), Set{"synced"});
}

TEST_F(CrashableFileSystemTest, ANameWithoutContentSurvives) {
  auto file = Create("/d/f");
  ASSERT_TRUE(file->Append({}, "lost").ok());
  SyncDirectory();
  const Set outcomes = Outcomes("/d/f");
  EXPECT_TRUE(outcomes.contains(""));
  EXPECT_TRUE(outcomes.contains("lost"));
  EXPECT_TRUE(outcomes.contains(std::string(4, '\0')));
  EXPECT_FALSE(outcomes.contains("<absent>"));
}

TEST_F(CrashableFileSystemTest, UnsyncedSectorsAreNewOldOrTornEachByItself) {
  auto file = Create("/d/f");
  SyncDirectory();
  ASSERT_TRUE(file->Append({}, std::string(100, 's')).ok());
  ASSERT_TRUE(file->Sync({}).ok());
  ASSERT_TRUE(file->Append({}, std::string(4 * kSector - 100, 'n')).ok());
  bool only_later = false, only_earlier = false, torn = false, shorter = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string bytes = Read(*files_.AfterPowerLoss(seed), "/d/f");
    ASSERT_EQ(bytes.substr(0, 100), std::string(100, 's')) << "synced, in a sector that is not";
    ASSERT_EQ(bytes.find_first_not_of(std::string("n\0", 2), 100), std::string::npos);
    shorter |= bytes.size() < 4 * kSector;
    if (bytes.size() < 4 * kSector) continue;
    const auto sector = [&](size_t number) { return bytes.substr(number * kSector, kSector); };
    const std::string lost(kSector, '\0'), there(kSector, 'n');
    only_later |= sector(1) == lost && sector(2) == there;
    only_earlier |= sector(1) == there && sector(2) == lost;
    torn |= sector(3) != lost && sector(3) != there;
  }
  EXPECT_TRUE(only_later && only_earlier && torn && shorter);
}

TEST_F(CrashableFileSystemTest, ARenameHappensWhollyOrNot) {
  for (const std::string name : {"/d/old", "/d/new"}) {
    auto file = Create(name);
    ASSERT_TRUE(file->Append({}, name).ok());
    ASSERT_TRUE(file->Sync({}).ok());
  }
  SyncDirectory();
  ASSERT_TRUE(files_.Rename("/d/new", "/d/old").ok());
  Set outcomes;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = files_.AfterPowerLoss(seed);
    outcomes.insert(Read(*after, "/d/old") + " and " + Read(*after, "/d/new"));
  }
  EXPECT_EQ(outcomes, (Set{"/d/old and /d/new", "/d/new and <absent>"}));
  SyncDirectory();
  EXPECT_EQ(Outcomes("/d/old"), Set{"/d/new"});
}

TEST_F(CrashableFileSystemTest, DirectoryEntriesPersistInAnyOrderOfNames) {
  for (const char* name : {"/d/a", "/d/b"}) Create(name);
  Set outcomes;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::string names;
    for (const std::string& name : Names(*files_.AfterPowerLoss(seed))) names += name;
    outcomes.insert(names);
  }
  EXPECT_EQ(outcomes, (Set{"", "a", "b", "ab"}));
}

TEST_F(CrashableFileSystemTest, ARemovedFileMayComeBackUntilItsDirectoryIsSynced) {
  auto file = Create("/d/f");
  ASSERT_TRUE(file->Append({}, "x").ok());
  ASSERT_TRUE(file->Sync({}).ok());
  SyncDirectory();
  ASSERT_TRUE(files_.Remove("/d/f").ok());
  EXPECT_EQ(Outcomes("/d/f"), (Set{"<absent>", "x"}));
  SyncDirectory();
  EXPECT_EQ(Outcomes("/d/f"), Set{"<absent>"});
}

TEST_F(CrashableFileSystemTest, WhatWasCutOffMayComeBackUntilTheSync) {
  auto file = Create("/d/f");
  SyncDirectory();
  ASSERT_TRUE(file->Append({}, "abcdef").ok());
  ASSERT_TRUE(file->Sync({}).ok());
  ASSERT_TRUE(file->Truncate(2).ok());
  const Set outcomes = Outcomes("/d/f");
  EXPECT_TRUE(outcomes.contains("ab"));
  EXPECT_TRUE(outcomes.contains("abcdef"));
  ASSERT_TRUE(file->Sync({}).ok());
  EXPECT_EQ(Outcomes("/d/f"), Set{"ab"});
}

TEST_F(CrashableFileSystemTest, TheDeathOfTheProcessLosesNothingButTheLock) {
  auto lock = files_.Lock("/d/LOCK");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files_.Lock("/d/LOCK").status().code(), Status::Code::kBusy);
  auto file = Create("/d/f", {WriteMode::kMapped, 4096, 0});
  ASSERT_TRUE(file->Append({}, "x").ok());
  const auto after = files_.AfterProcessDeath();
  EXPECT_EQ(Read(*after, "/d/f"), "x" + std::string(4095, '\0')) << "the reserve is still there";
  EXPECT_TRUE(after->Lock("/d/LOCK").ok());
  // What was not durable is so still.
  bool lost = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    lost |= !after->AfterPowerLoss(seed)->Exists("/d/f");
  }
  EXPECT_TRUE(lost);
}

TEST_F(CrashableFileSystemTest, ACloseCutsTheReserveOffAMappedFile) {
  auto file = Create("/d/f", {WriteMode::kMapped, 4096, 0});
  ASSERT_TRUE(file->Append({}, std::string(5000, 'x')).ok());
  EXPECT_EQ(*files_.FileLength("/d/f"), 8192u);
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(*files_.FileLength("/d/f"), 5000u);
}

TEST_F(CrashableFileSystemTest, AfterPowerLossAllThatIsLeftIsDurable) {
  for (int i = 0; i < 5; ++i) {
    auto file = Create("/d/" + std::to_string(i));
    ASSERT_TRUE(file->Append({}, std::string(1500, 'x')).ok());
  }
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto once = files_.AfterPowerLoss(seed);
    const auto twice = once->AfterPowerLoss(seed + 1);
    const auto same = files_.AfterPowerLoss(seed);
    ASSERT_EQ(Names(*once), Names(*twice));
    for (const std::string& name : Names(*once)) {
      ASSERT_EQ(Read(*once, "/d/" + name), Read(*twice, "/d/" + name));
      ASSERT_EQ(Read(*once, "/d/" + name), Read(*same, "/d/" + name)) << "a function of the seed";
    }
  }
  EXPECT_EQ(Read(files_, "/d/0"), std::string(1500, 'x')) << "an image leaves the original alone";
}

TEST_F(CrashableFileSystemTest, TheCallThatCutsThePowerHappensInPartAndNoneAfterIt) {
  std::set<size_t> written;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    CrashableFileSystem files;
    auto file = files.NewWritableFile("f", {});
    ASSERT_TRUE((*file)->Append({}, "good").ok());
    files.CutAt(files.calls(), seed);
    EXPECT_FALSE(files.cut());
    EXPECT_FALSE((*file)->Append({}, std::string(100, 'x')).ok());
    EXPECT_TRUE(files.cut());
    EXPECT_EQ((*file)->length(), 4u);
    EXPECT_FALSE((*file)->Sync({}).ok());
    EXPECT_FALSE(files.OpenFile("f").ok());
    EXPECT_FALSE(files.List("").ok());
    EXPECT_FALSE(files.Rename("f", "g").ok());
    const std::string bytes = Read(*files.AfterProcessDeath(), "f");
    EXPECT_EQ(bytes, "good" + std::string(bytes.size() - 4, 'x'));
    written.insert(bytes.size() - 4);
  }
  EXPECT_TRUE(written.contains(0) && written.contains(100));
  EXPECT_GT(written.size(), 20u);
}

TEST_F(CrashableFileSystemTest, CallsThatOnlyReadHaveNoNumber) {
  const uint64_t calls = files_.calls();
  EXPECT_TRUE(files_.List("/d").ok());
  EXPECT_FALSE(files_.OpenFile("/d/f").ok());
  EXPECT_FALSE(files_.FileLength("/d/f").ok());
  EXPECT_EQ(files_.calls(), calls);
  Create("/d/f");
  EXPECT_EQ(files_.calls(), calls + 1);
}

}  // namespace
}  // namespace varve
