// Tests of the file system that fails on purpose.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/faulty_file_system.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/io/memory_file_system.h"

namespace varve {
namespace {

class FaultyFileSystemTest : public testing::Test {
 protected:
  std::string Content(const std::string& path) { return *ReadWholeFile(*memory_, {}, path); }

  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FaultyFileSystem faulty_{memory_.get()};
};

TEST_F(FaultyFileSystemTest, OneCallFailsAndReachesNothing) {
  auto file = faulty_.NewWritableFile("f", {});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(faulty_.calls(), 1u);
  faulty_.FailCall(2, Status::NoSpace("injected"));
  ASSERT_TRUE((*file)->Append({}, "a").ok());
  EXPECT_EQ((*file)->Append({}, "b").code(), Status::Code::kNoSpace);
  ASSERT_TRUE((*file)->Append({}, "c").ok());
  EXPECT_EQ(Content("f"), "ac");
  EXPECT_EQ(faulty_.calls(), 4u);
}

TEST_F(FaultyFileSystemTest, EveryCallFromOneOnFails) {
  faulty_.FailFrom(1, Status::IoError("injected"));
  ASSERT_TRUE(faulty_.CreateDirectory("d").ok());
  EXPECT_FALSE(faulty_.NewWritableFile("d/f", {}).ok());
  EXPECT_FALSE(faulty_.OpenFile("d/f").ok());
  EXPECT_FALSE(faulty_.Rename("d/f", "d/g").ok());
  EXPECT_FALSE(faulty_.Remove("d/f").ok());
  EXPECT_FALSE(faulty_.SyncDirectory({}, "d").ok());
  EXPECT_FALSE(faulty_.List("d").ok());
  EXPECT_FALSE(faulty_.FileLength("d/f").ok());
  EXPECT_FALSE(faulty_.Lock("d/LOCK").ok());
  EXPECT_TRUE(memory_->List("d")->empty());
  faulty_.SetRule({});
  EXPECT_TRUE(faulty_.List("d").ok());
}

TEST_F(FaultyFileSystemTest, AShortWriteLeavesAPartThatTruncateRemoves) {
  auto file = faulty_.NewWritableFile("f", {});
  ASSERT_TRUE((*file)->Append({}, "good").ok());
  faulty_.SetRule([](const FileCallInfo& info) {
    if (info.call != FileCall::kAppend) return Fault{};
    return Fault{Status::IoError("injected"), 2};
  });
  EXPECT_FALSE((*file)->Append({}, "bad").ok());
  EXPECT_EQ((*file)->length(), 4u);
  EXPECT_EQ(Content("f"), "goodba");
  ASSERT_TRUE((*file)->Truncate(4).ok());
  EXPECT_EQ(Content("f"), "good");
}

TEST_F(FaultyFileSystemTest, ARuleSeesCallAndPath) {
  faulty_.SetRule([](const FileCallInfo& info) {
    const bool wanted = info.call == FileCall::kSync && info.path == "b";
    return wanted ? Fault{Status::IoError("injected")} : Fault{};
  });
  auto a = faulty_.NewWritableFile("a", {});
  auto b = faulty_.NewWritableFile("b", {});
  EXPECT_TRUE((*a)->Sync({}).ok());
  EXPECT_FALSE((*b)->Sync({}).ok());
  EXPECT_TRUE((*b)->Append({}, "x").ok());
}

}  // namespace
}  // namespace varve
