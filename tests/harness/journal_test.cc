// Journals: what is appended is read back, whatever a crash left behind.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/files.h"

namespace varve::harness {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() { std::filesystem::remove(path_); }
  ~JournalTest() override { std::filesystem::remove(path_); }

  void Append(const std::string& event, const nlohmann::json& details) {
    auto journal = Journal::Open(path_);
    ASSERT_TRUE(journal.ok()) << journal.status().message();
    ASSERT_TRUE((*journal)->Append(event, details).ok());
  }

  const std::string path_ = testing::TempDir() + "/journal_test.jsonl";
};

TEST_F(JournalTest, TellsWhatEndedAndHowLongItTook) {
  Append("run", {{"program", "x"}});
  Append("begin", {{"trial", "aa"}});
  Append("end", {{"trial", "aa"}, {"seconds", 2.5}});
  const JournalSummary summary = ReadJournal(path_);
  EXPECT_FALSE(summary.done);
  ASSERT_EQ(summary.seconds.count("aa"), 1u);
  EXPECT_EQ(summary.seconds.at("aa"), 2.5);
  Append("done", {{"failed", 0}});
  EXPECT_TRUE(ReadJournal(path_).done);
  Append("run", {{"program", "x"}});
  EXPECT_FALSE(ReadJournal(path_).done) << "it was taken up again";
}

TEST_F(JournalTest, ATornLineIsPassedOverAndTheNextBeginsOnItsOwn) {
  Append("end", {{"trial", "aa"}, {"seconds", 1}});
  std::ofstream(path_, std::ios::app) << "{\"event\": \"end\", \"tri";
  EXPECT_EQ(ReadJournal(path_).seconds.size(), 1u);
  Append("end", {{"trial", "bb"}, {"seconds", 2}});
  EXPECT_EQ(ReadJournal(path_).seconds.size(), 2u);
}

TEST_F(JournalTest, LinesThatAreNotOursArePassedOver) {
  std::ofstream(path_) << "\n[]\n3\n{\"event\": 3}\n{\"event\": \"end\"}\n"
                          "{\"event\": \"end\", \"trial\": 1, \"seconds\": 1}\n"
                          "{\"event\": \"end\", \"trial\": \"a\", \"seconds\": \"x\"}\n";
  const JournalSummary summary = ReadJournal(path_);
  EXPECT_TRUE(summary.seconds.empty());
  EXPECT_FALSE(summary.done);
}

TEST_F(JournalTest, AnAbsentJournalIsEmpty) { EXPECT_FALSE(ReadJournal(path_ + ".not").done); }

TEST_F(JournalTest, IsOpenOnlyOnce) {
  auto first = Journal::Open(path_);
  ASSERT_TRUE(first.ok());
  const auto second = Journal::Open(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Status::Code::kBusy);
}

TEST(Files, AreReplacedAsAWhole) {
  const std::string path = testing::TempDir() + "/files_test";
  ASSERT_TRUE(WriteFileAtomically(path, "first").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "second").ok());
  EXPECT_EQ(*ReadTextFile(path), "second");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  std::filesystem::remove(path);
  EXPECT_EQ(ReadTextFile(path).status().code(), Status::Code::kNotFound);
  EXPECT_EQ(WriteFileAtomically("/no/such/dir/x", "y").code(), Status::Code::kNotFound);
}

}  // namespace
}  // namespace varve::harness
