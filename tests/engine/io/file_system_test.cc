// Conformance of file systems: each promise of FileSystem, for every implementation and both ways
// of writing.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/file_system.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/io/crashable_file_system.h"
#include "engine/io/faulty_file_system.h"
#include "engine/io/ledger.h"
#include "engine/io/memory_file_system.h"
#include "tests/engine/io/test_directory.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kWal};

// A kind of file system and a way of writing.
struct Param {
  std::string name;
  WriteMode mode;
};

class FileSystemTest : public testing::TestWithParam<Param> {
 protected:
  FileSystemTest() {
    const std::string& name = GetParam().name;
    if (name != "posix") memory_ = NewMemoryFileSystem();
    if (name == "crashable") memory_ = std::make_unique<CrashableFileSystem>();
    files_ = name == "posix" ? PosixFileSystem() : memory_.get();
    if (name == "ledger") decorated_ = NewLedgerFileSystem(files_, &ledger_);
    if (name == "faulty") decorated_ = std::make_unique<FaultyFileSystem>(files_);
    if (decorated_ != nullptr) files_ = decorated_.get();
    EXPECT_TRUE(files_->CreateDirectory(directory_.path()).ok());
  }

  std::string Path(const std::string& name) const { return directory_.File(name); }

  std::unique_ptr<WritableFile> Create(const std::string& name) {
    auto file = files_->NewWritableFile(Path(name), {GetParam().mode, 4096});
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return std::move(*file);
  }

  void Write(const std::string& name, std::string_view bytes) {
    auto file = Create(name);
    ASSERT_TRUE(file->Append(kCause, bytes).ok());
    ASSERT_TRUE(file->Close().ok());
  }

  std::string Read(const std::string& name) {
    auto bytes = ReadWholeFile(*files_, kCause, Path(name));
    return bytes.ok() ? *bytes : bytes.status().ToString();
  }

  TestDirectory directory_;
  Ledger ledger_;
  std::unique_ptr<FileSystem> memory_;
  std::unique_ptr<FileSystem> decorated_;
  FileSystem* files_;
};

std::string NameOf(const testing::TestParamInfo<Param>& info) {
  return info.param.name + (info.param.mode == WriteMode::kMapped ? "_mapped" : "_buffered");
}

INSTANTIATE_TEST_SUITE_P(
    All, FileSystemTest,
    testing::Values(Param{"posix", WriteMode::kBuffered}, Param{"posix", WriteMode::kMapped},
                    Param{"memory", WriteMode::kBuffered}, Param{"memory", WriteMode::kMapped},
                    Param{"crashable", WriteMode::kBuffered},
                    Param{"crashable", WriteMode::kMapped}, Param{"ledger", WriteMode::kMapped},
                    Param{"faulty", WriteMode::kMapped}),
    NameOf);

TEST_P(FileSystemTest, WhatWasAppendedIsRead) {
  auto file = Create("f");
  EXPECT_EQ(file->length(), 0u);
  ASSERT_TRUE(file->Append(kCause, "hello ").ok());
  ASSERT_TRUE(file->Append(kCause, "").ok());
  ASSERT_TRUE(file->Append(kCause, std::string_view("wor\0ld", 6)).ok());
  EXPECT_EQ(file->length(), 12u);
  ASSERT_TRUE(file->Sync(kCause).ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Read("f"), std::string("hello wor\0ld", 12));
  EXPECT_EQ(*files_->FileLength(Path("f")), 12u);
}

TEST_P(FileSystemTest, AnEmptyFileIsEmpty) {
  Write("f", "");
  EXPECT_EQ(Read("f"), "");
  EXPECT_TRUE(files_->Exists(Path("f")));
}

TEST_P(FileSystemTest, BytesAreReadableBeforeCloseAndReservedSpaceIsZeros) {
  auto file = Create("f");
  ASSERT_TRUE(file->Append(kCause, "abc").ok());
  const std::string seen = Read("f");
  ASSERT_GE(seen.size(), 3u);
  EXPECT_EQ(seen.substr(0, 3), "abc");
  EXPECT_EQ(seen.find_first_not_of('\0', 3), std::string::npos);
  EXPECT_EQ(seen.size() > 3, GetParam().mode == WriteMode::kMapped);
}

TEST_P(FileSystemTest, AnAbandonedFileHoldsWhatWasAppended) {
  Create("f")->Append(kCause, "abc").ok();
  EXPECT_EQ(Read("f").substr(0, 3), "abc");
  EXPECT_EQ(Read("f").find_first_not_of('\0', 3), std::string::npos);
}

TEST_P(FileSystemTest, RandomAppendsTruncationsAndSyncsGiveTheModelsBytes) {
  const unsigned seed = 20240611;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  auto file = Create("f");
  std::string model;
  for (int step = 0; step < 3000; ++step) {
    const auto action = random() % 100;
    if (action < 2) {
      const size_t length = model.size() - random() % (model.size() / 8 + 1);
      ASSERT_TRUE(file->Truncate(length).ok());
      model.resize(length);
    } else if (action < 4) {
      ASSERT_TRUE(file->Sync(kCause).ok());
    } else {
      const size_t size = action < 6 ? random() % 600000 : random() % 400;
      const std::string data(size, static_cast<char>(random() % 256));
      ASSERT_TRUE(file->Append(kCause, data).ok());
      model += data;
    }
    ASSERT_EQ(file->length(), model.size());
  }
  ASSERT_TRUE(Read("f").substr(0, model.size()) == model);
  ASSERT_TRUE(file->Close().ok());
  ASSERT_TRUE(Read("f") == model);
}

TEST_P(FileSystemTest, TruncateCutsAndWhatFollowsIsAppendedThere) {
  auto file = Create("f");
  ASSERT_TRUE(file->Append(kCause, "0123456789").ok());
  ASSERT_TRUE(file->Truncate(4).ok());
  EXPECT_EQ(file->length(), 4u);
  EXPECT_EQ(Read("f").find_first_not_of('\0', 4), std::string::npos);
  EXPECT_EQ(file->Truncate(5).code(), Status::Code::kInvalidArgument);
  ASSERT_TRUE(file->Append(kCause, "x").ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Read("f"), "0123x");
}

TEST_P(FileSystemTest, CreatingAFileAgainEmptiesIt) {
  Write("f", "a long first text");
  Write("f", "b");
  EXPECT_EQ(Read("f"), "b");
}

TEST_P(FileSystemTest, ReadsArePositionedAndAShortOneSaysWhatWasFound) {
  Write("f", "0123456789");
  auto file = files_->OpenFile(Path("f"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*(*file)->Length(), 10u);
  char buffer[20] = {};
  ASSERT_TRUE((*file)->Read(kCause, 3, 4, buffer).ok());
  EXPECT_EQ(std::string(buffer), "3456");
  ASSERT_TRUE((*file)->Read(kCause, 10, 0, buffer).ok());
  const Status status = (*file)->Read(kCause, 8, 5, buffer);
  EXPECT_EQ(status.code(), Status::Code::kCorruption);
  EXPECT_EQ(status.message(), Path("f") + ": wanted 5 bytes at offset 8, found 2");
  EXPECT_EQ((*file)->Read(kCause, uint64_t{1} << 40, 1, buffer).code(), Status::Code::kCorruption);
}

TEST_P(FileSystemTest, WhatIsMissingIsNotFoundAndTheMessageNamesIt) {
  for (const Status& status :
       {files_->OpenFile(Path("no")).status(), files_->FileLength(Path("no")).status(),
        files_->Remove(Path("no")), files_->Rename(Path("no"), Path("x")),
        files_->List(Path("no")).status(), files_->SyncDirectory(kCause, Path("no")),
        files_->NewWritableFile(Path("no/f"), {}).status(), files_->Lock(Path("no/f")).status(),
        ReadWholeFile(*files_, kCause, Path("no")).status()}) {
    EXPECT_EQ(status.code(), Status::Code::kNotFound) << status.ToString();
    EXPECT_NE(status.message().find(Path("no")), std::string::npos) << status.ToString();
  }
  EXPECT_FALSE(files_->Exists(Path("no")));
}

TEST_P(FileSystemTest, RenameReplacesTheTarget) {
  Write("a", "new");
  Write("b", "old");
  auto open_before = files_->OpenFile(Path("b"));
  ASSERT_TRUE(files_->Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(Read("b"), "new");
  EXPECT_FALSE(files_->Exists(Path("a")));
  char buffer[4] = {};
  ASSERT_TRUE((*open_before)->Read(kCause, 0, 3, buffer).ok());
  EXPECT_STREQ(buffer, "old");
  ASSERT_TRUE(files_->Rename(Path("b"), Path("b")).ok());
  EXPECT_EQ(Read("b"), "new");
}

TEST_P(FileSystemTest, ARemovedFileStaysReadableWhereItIsOpen) {
  Write("f", "abc");
  auto open_before = files_->OpenFile(Path("f"));
  ASSERT_TRUE(files_->Remove(Path("f")).ok());
  EXPECT_FALSE(files_->Exists(Path("f")));
  char buffer[4] = {};
  ASSERT_TRUE((*open_before)->Read(kCause, 0, 3, buffer).ok());
  EXPECT_STREQ(buffer, "abc");
}

TEST_P(FileSystemTest, DirectoriesAreMadeWithTheirParentsAndListedInOrder) {
  ASSERT_TRUE(files_->CreateDirectory(Path("x/y/z/")).ok());
  ASSERT_TRUE(files_->CreateDirectory(Path("x/y/z")).ok());
  EXPECT_TRUE(files_->Exists(Path("x/y/z")));
  Write("x/b", "");
  Write("x/a", "");
  Write("x/y/deep", "");
  EXPECT_EQ(*files_->List(Path("x")), (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_EQ(*files_->List(Path("x/")), (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_EQ(*files_->List(Path("x/y/z")), std::vector<std::string>());
  EXPECT_TRUE(files_->SyncDirectory(kCause, Path("x")).ok());
}

TEST_P(FileSystemTest, AFileIsNotADirectoryNorTheOtherWayRound) {
  Write("f", "");
  ASSERT_TRUE(files_->CreateDirectory(Path("d")).ok());
  EXPECT_EQ(files_->CreateDirectory(Path("f")).code(), Status::Code::kIoError);
  EXPECT_EQ(files_->Remove(Path("d")).code(), Status::Code::kIoError);
  EXPECT_EQ(files_->NewWritableFile(Path("d"), {}).status().code(), Status::Code::kIoError);
}

TEST_P(FileSystemTest, ASecondLockIsBusyUntilTheFirstIsReleased) {
  auto first = files_->Lock(Path("LOCK"));
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ(files_->Lock(Path("LOCK")).status().code(), Status::Code::kBusy);
  EXPECT_EQ(files_->Lock(Path("LOCK")).status().code(), Status::Code::kBusy) << "still held";
  EXPECT_TRUE(files_->Lock(Path("OTHER")).ok());
  first->reset();
  EXPECT_TRUE(files_->Lock(Path("LOCK")).ok());
}

TEST_P(FileSystemTest, ReadersOnOtherThreadsSeeWhatWasAppendedBefore) {
  auto file = Create("f");
  ASSERT_TRUE(file->Append(kCause, std::string(1000, 'a')).ok());
  auto open = files_->OpenFile(Path("f"));
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      for (uint64_t i = 0; i < 300; ++i) {
        char buffer[10];
        EXPECT_TRUE((*open)->Read(kCause, i * 3, sizeof buffer, buffer).ok());
        EXPECT_EQ(std::string_view(buffer, sizeof buffer), "aaaaaaaaaa");
      }
    });
  }
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(file->Append(kCause, std::string(1000, 'b')).ok());
  for (std::thread& reader : readers) reader.join();
}

TEST(FileSystem, EveryIoKindHasAName) {
  EXPECT_EQ(IoKindName(IoKind::kWal), "wal");
  EXPECT_EQ(IoKindName(IoKind::kFilter), "filter");
  EXPECT_EQ(IoKindName(IoKind::kValueLog), "value_log");
}

}  // namespace
}  // namespace varve
