// Manifest: what is written is read, damage is told from a torn tail, the order of calls is
// durable, and a failed call leaves the old state or the new.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "engine/tree/file_names.h"
#include "engine/tree/tree_text.h"
#include "tests/hex.h"

namespace varve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr IoCause kCause{IoKind::kOpen};

ManifestState StateOf(const std::string& tree, uint64_t manifest_number) {
  ManifestState state;
  state.identity = 0x1234567890abcdef;
  state.tree = TreeFromText(tree).value().tree;
  state.oldest_wal = 3;
  state.next_number = 100;
  state.last_sequence = 50;
  state.manifest_number = manifest_number;
  return state;
}

constexpr const char* kTree =
    "L0 run 9: 14:[c,x] 4M\n"
    "L0 run 8: 13:[a,m] 2K, 12:[n,z] 1000\n"
    "L2 run 5: 7:[a,z] 64M (3 tombstones)\n"
    "L2 cursor f\n";

TreeEdit AddTable(uint64_t number, const std::string& key) {
  TableInfo table;
  table.number = number;
  table.smallest = key;
  table.largest = key;
  table.file_bytes = 10;
  table.entries = 1;
  TreeEdit edit;
  edit.added_tables = {{0, number, std::make_shared<const TableInfo>(table)}};
  edit.next_number = number + 1;
  return edit;
}

void WriteFile(FileSystem& files, const std::string& path, const std::string& content) {
  auto file = files.NewWritableFile(path, {});
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append(kCause, content).ok());
  ASSERT_TRUE((*file)->Close().ok());
}

class ManifestTest : public testing::Test {
 protected:
  ManifestTest() { EXPECT_TRUE(files_->CreateDirectory("/d").ok()); }

  // A manifest 7 with a tree, and `edits` added tables.
  std::unique_ptr<Manifest> Make(int edits) {
    auto manifest = Manifest::Create(*files_, "/d", StateOf(kTree, 7));
    EXPECT_TRUE(manifest.ok()) << manifest.status().ToString();
    for (int i = 0; i < edits; ++i) {
      EXPECT_TRUE((*manifest)->Append(AddTable(100 + static_cast<uint64_t>(i), "k")).ok());
    }
    return std::move(*manifest);
  }

  std::string Content(const std::string& path) {
    return ReadWholeFile(*files_, kCause, path).value();
  }

  // Tables of the tree that the manifest gives, or -1 for kCorruption.
  int TablesRead() {
    const Result<ManifestState> state = Manifest::Read(*files_, "/d");
    if (state.ok()) return static_cast<int>(state->tree.tables());
    EXPECT_EQ(state.status().code(), Status::Code::kCorruption) << state.status().ToString();
    return -1;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(ManifestTest, WhatIsWrittenIsRead) {
  const auto manifest = Make(0);
  EXPECT_EQ(manifest->bytes(), Content("/d/manifest-000007").size());
  EXPECT_EQ(Content("/d/CURRENT"), EncodeCurrent({7, std::nullopt}));
  const Result<ManifestState> state = Manifest::Read(*files_, "/d");
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(TreeToText(state->tree), kTree);
  EXPECT_EQ(state->identity, 0x1234567890abcdefU);
  EXPECT_EQ(state->oldest_wal, 3U);
  EXPECT_EQ(state->next_number, 100U);
  EXPECT_EQ(state->last_sequence, 50U);
  EXPECT_EQ(state->manifest_number, 7U);
}

TEST_F(ManifestTest, EditsAreReadInOrder) {
  const auto manifest = Make(2);
  TreeEdit edit;
  edit.removed_tables = {100, 14};
  edit.oldest_wal = 60;
  edit.last_sequence = 70;
  edit.next_number = 90;  // less than before: the largest counts
  ASSERT_TRUE(manifest->Append(edit).ok());
  EXPECT_EQ(manifest->bytes(), Content("/d/manifest-000007").size());
  const Result<ManifestState> state = Manifest::Read(*files_, "/d");
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(TreeToText(state->tree),
            "L0 run 101: 101:[k,k] 10\n"
            "L0 run 8: 13:[a,m] 2K, 12:[n,z] 1000\n"
            "L2 run 5: 7:[a,z] 64M (3 tombstones)\n"
            "L2 cursor f\n");
  EXPECT_EQ(state->oldest_wal, 60U);
  EXPECT_EQ(state->next_number, 102U);
  EXPECT_EQ(state->last_sequence, 70U);
}

TEST_F(ManifestTest, AnAbsentDatabaseIsToldFromOneThatLostItsCurrent) {
  EXPECT_EQ(Manifest::Read(*files_, "/d").status().code(), Status::Code::kNotFound);
  EXPECT_EQ(Manifest::Read(*files_, "/nowhere").status().code(), Status::Code::kNotFound);
  // A crash while the first manifest was made.
  WriteFile(*files_, "/d/manifest-000001", "half");
  WriteFile(*files_, "/d/CURRENT.tmp", "half");
  EXPECT_EQ(Manifest::Read(*files_, "/d").status().code(), Status::Code::kNotFound);
  WriteFile(*files_, "/d/000004.table", "");
  EXPECT_EQ(Manifest::Read(*files_, "/d").status().code(), Status::Code::kCorruption);
}

TEST_F(ManifestTest, CurrentIsCheckedStrictly) {
  Make(0);
  const std::string good = Content("/d/CURRENT");
  const std::vector<std::string> wrong = {"",
                                          "\n",
                                          "manifest-000007",
                                          "manifest-000007\n\n",
                                          "manifest-7\n",
                                          " manifest-000007\n",
                                          "manifest-000007\r\n",
                                          "000007.wal\n",
                                          "manifest-000008\n",
                                          "../d/manifest-000007\n",
                                          "manifest-000007\n",
                                          good + "\n",
                                          good + good,
                                          EncodeCurrent({8, std::nullopt})};
  for (const std::string& content : wrong) {
    WriteFile(*files_, "/d/CURRENT", content);
    EXPECT_EQ(Manifest::Read(*files_, "/d").status().code(), Status::Code::kCorruption) << content;
  }
}

TEST_F(ManifestTest, EveryCutOfTheLastEditGivesTheStateBeforeIt) {
  Make(2);
  const std::string before = Content("/d/manifest-000007");
  Make(3);
  const std::string after = Content("/d/manifest-000007");
  ASSERT_EQ(after.substr(0, before.size()), before);
  for (size_t length = before.size(); length <= after.size(); ++length) {
    WriteFile(*files_, "/d/manifest-000007", after.substr(0, length));
    const bool whole = length >= after.size() - 8;  // without the seal
    EXPECT_EQ(TablesRead(), whole ? 7 : 6) << length;
  }
}

TEST_F(ManifestTest, ATornTailOfAnyBytesIsCut) {
  Make(2);
  const std::string good = Content("/d/manifest-000007");
  std::mt19937_64 random(9);
  for (int i = 0; i < 500; ++i) {
    std::string tail(random() % 200, '\0');
    for (char& c : tail) c = i % 3 == 0 ? '\0' : static_cast<char>(random());
    WriteFile(*files_, "/d/manifest-000007", good + tail);
    ASSERT_EQ(TablesRead(), 6);
  }
}

TEST_F(ManifestTest, EveryFlippedBitIsCorruptionOrOfTheLastSeal) {
  Make(3);
  const std::string good = Content("/d/manifest-000007");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    WriteFile(*files_, "/d/manifest-000007", bad);
    const bool in_last_seal = bit / 8 >= good.size() - 8;
    ASSERT_EQ(TablesRead(), in_last_seal ? 7 : -1) << "bit " << bit;
  }
}

TEST_F(ManifestTest, EveryLostByteInsideIsCorruption) {
  Make(3);
  const std::string good = Content("/d/manifest-000007");
  for (size_t at = 0; at + 8 < good.size(); ++at) {
    WriteFile(*files_, "/d/manifest-000007", good.substr(0, at) + good.substr(at + 1));
    // Without any byte, everything behind is in the wrong place: no seal holds there.
    EXPECT_LE(TablesRead(), 6) << at;
  }
}

TEST_F(ManifestTest, AnotherManifestsBytesDoNotPass) {
  Make(1);
  WriteFile(*files_, "/d/manifest-000008", Content("/d/manifest-000007"));
  WriteFile(*files_, "/d/CURRENT", EncodeCurrent({8, std::nullopt}));
  EXPECT_EQ(TablesRead(), -1);
}

TEST_F(ManifestTest, AnyBytesAreReadOrRefused) {
  Make(3);
  const std::string good = Content("/d/manifest-000007");
  std::mt19937_64 random(17);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    for (uint64_t n = random() % 6; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    WriteFile(*files_, "/d/manifest-000007", bytes);
    ASSERT_LE(TablesRead(), 7);
  }
}

TEST_F(ManifestTest, AStateThatBreaksItsPromisesIsNotWritten) {
  const auto create = [this](const ManifestState& state) {
    return Manifest::Create(*files_, "/d", state).status().ToString();
  };
  ManifestState state = StateOf(kTree, 7);
  state.next_number = 14;
  EXPECT_THAT(create(state), HasSubstr("table 14 in run 9 is there, but the next number is 14"));
  state = StateOf(kTree, 100);
  EXPECT_THAT(create(state), HasSubstr("its own number is 100"));
  state = StateOf(kTree, 7);
  state.tree.levels[2].runs[0].id = 8;
  EXPECT_THAT(create(state), HasSubstr("run 8 is there twice"));
  EXPECT_FALSE(files_->Exists("/d/CURRENT"));
}

TEST_F(ManifestTest, AnEditThatBreaksItsPromisesIsNotAppended) {
  const auto manifest = Make(0);
  TreeEdit edit = AddTable(100, "k");
  edit.next_number.reset();
  EXPECT_EQ(manifest->Append(edit).code(), Status::Code::kInvalidArgument);
  TableInfo table = *edit.added_tables[0].table;
  table.sequence_max = 51;
  edit.added_tables[0].table = std::make_shared<const TableInfo>(table);
  edit.next_number = 101;
  EXPECT_EQ(manifest->Append(edit).code(), Status::Code::kInvalidArgument);
  edit.last_sequence = 51;
  table.tombstones = 2;  // of one entry
  edit.added_tables[0].table = std::make_shared<const TableInfo>(table);
  EXPECT_EQ(manifest->Append(edit).code(), Status::Code::kInvalidArgument);
  table.tombstones = 1;
  edit.added_tables[0].table = std::make_shared<const TableInfo>(table);
  EXPECT_TRUE(manifest->Append(edit).ok());
  EXPECT_EQ(TablesRead(), 5);
}

// The worked example of the format's description.
TEST_F(ManifestTest, TheExampleOfTheFormatHolds) {
  ManifestState state;
  state.identity = 0x1122334455667788;
  state.manifest_number = 7;
  state.next_number = 12;
  state.oldest_wal = 3;
  auto manifest = Manifest::Create(*files_, "/d", state);
  ASSERT_TRUE(manifest.ok());
  TableInfo table;
  table.number = 12;
  table.file_bytes = 300;
  table.entries = 2;
  table.tombstones = 1;
  table.key_bytes = 2;
  table.value_bytes = 5;
  table.smallest = "a";
  table.largest = "k";
  table.sequence_min = 7;
  table.sequence_max = 8;
  table.oldest_tombstone = 8;
  TreeEdit edit;
  edit.added_tables = {{1, 9, std::make_shared<const TableInfo>(table)}};
  edit.next_number = 13;
  edit.last_sequence = 8;
  ASSERT_TRUE((*manifest)->Append(edit).ok());
  EXPECT_EQ(Hex(Content("/d/manifest-000007")),
            "76edd84be7712a3d"
            "19000000"
            "76617276656d6631"
            "8877665544332211"
            "050103"
            "07010c"
            "090100"
            "993e049a3baa8249"
            "5fa02d19fc8a3d18"
            "18000000"
            "0310"
            "01090c"
            "ac020201"
            "0205"
            "070808"
            "0161016b"
            "07010d"
            "090108"
            "41bcf8bf6ca159fe");
}

// The calls that `act` makes, as "call file".
std::vector<std::string> Calls(FaultyFileSystem* files, const std::function<void()>& act) {
  std::vector<std::string> calls;
  files->SetRule([&calls](const FileCallInfo& info) {
    const std::string name(info.path.substr(info.path.find_last_of('/') + 1));
    const std::map<FileCall, std::string> verbs = {
        {FileCall::kCreate, "create "}, {FileCall::kAppend, "append "},
        {FileCall::kSync, "sync "},     {FileCall::kSyncDirectory, "sync directory "},
        {FileCall::kRename, "rename "}, {FileCall::kRemove, "remove "}};
    if (verbs.contains(info.call)) calls.push_back(verbs.at(info.call) + name);
    return Fault{};
  });
  act();
  files->SetRule({});
  return calls;
}

TEST_F(ManifestTest, ASwitchIsSyncedFromTheInsideOut) {
  FaultyFileSystem recording(files_.get());
  std::unique_ptr<Manifest> manifest;
  EXPECT_THAT(
      Calls(&recording,
            [&] {
              auto made = Manifest::Create(recording, "/d", StateOf("", 7));
              ASSERT_TRUE(made.ok());
              manifest = std::move(*made);
            }),
      ElementsAre("create manifest-000007", "append manifest-000007", "sync manifest-000007",
                  "sync directory d", "create CURRENT.tmp", "append CURRENT.tmp",
                  "sync CURRENT.tmp", "rename CURRENT.tmp", "sync directory d"));
  EXPECT_THAT(
      Calls(&recording, [&] { ASSERT_TRUE(manifest->Append(AddTable(100, "k")).ok()); }),
      ElementsAre("append manifest-000007", "sync manifest-000007", "append manifest-000007"));
}

// Each call of a switch from manifest 7 to 8 fails once; the state is then that of 7 or of 8.
TEST_F(ManifestTest, AFailedSwitchLeavesTheOldStateOrTheNew) {
  FaultyFileSystem faulty(files_.get());
  for (uint64_t number = 0;; ++number) {
    SCOPED_TRACE("call " + std::to_string(number));
    Make(0);
    ManifestState state = StateOf("", 8);
    faulty.FailCall(faulty.calls() + number, Status::NoSpace("the disk is full"));
    const auto made = Manifest::Create(faulty, "/d", state);
    faulty.SetRule({});
    if (made.ok()) {
      EXPECT_EQ(TablesRead(), 0);
      EXPECT_GT(number, 8U);
      break;
    }
    EXPECT_EQ(made.status().code(), Status::Code::kNoSpace);
    const Result<ManifestState> read = Manifest::Read(*files_, "/d");
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    const bool is_new = read->manifest_number == 8;
    EXPECT_EQ(read->tree.tables(), is_new ? 0U : 4U);
    // Nothing half-written stays behind, unless it may have become current.
    EXPECT_EQ(files_->Exists("/d/manifest-000008"), is_new || files_->Exists("/d/CURRENT.tmp"));
  }
}

// Each call of an append fails once, after part of its bytes are written.
TEST_F(ManifestTest, AFailedAppendLosesAtMostThatEdit) {
  FaultyFileSystem faulty(files_.get());
  for (uint64_t number = 0; number < 3; ++number) {
    for (const size_t written : {0U, 1U, 11U, 12U, 30U, 1000U}) {
      SCOPED_TRACE("call " + std::to_string(number) + ", bytes " + std::to_string(written));
      auto made = Manifest::Create(faulty, "/d", StateOf("", 7));
      ASSERT_TRUE(made.ok());
      ASSERT_TRUE((*made)->Append(AddTable(100, "k")).ok());
      const uint64_t fails = faulty.calls() + number;
      faulty.SetRule([=](const FileCallInfo& info) {
        if (info.number != fails) return Fault{};
        return Fault{Status::IoError("failed"), std::min(written, info.bytes)};
      });
      const Status status = (*made)->Append(AddTable(101, "k"));
      faulty.SetRule({});
      // The last call writes the seal, after the edit is durable.
      EXPECT_EQ(status.ok(), number == 2);
      const int tables = TablesRead();
      EXPECT_TRUE(tables == 2 || (tables == 1 && !status.ok())) << tables;
      EXPECT_FALSE((*made)->Append(AddTable(102, "k")).ok()) << "the manifest must be given up";
      EXPECT_EQ(TablesRead(), tables);
    }
  }
}

}  // namespace
}  // namespace varve
