// SQLite as a store: what it makes of the terms and of its own settings, and what survives.
//
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <fstream>

#include "tests/harness/stores/library_testing.h"

namespace varve::harness {
namespace {

class SqliteStore : public LibraryStoreTest {
 protected:
  SqliteStore() : LibraryStoreTest("sqlite") {}
};

const Settings kTerms = {
    {"memtable_bytes", "1 MiB"}, {"memtables_max", "2"}, {"cache_bytes", "6 MiB"}};

TEST_F(SqliteStore, MakesPragmasOfTheTerms) {
  Open(kTerms);
  EXPECT_EQ(Used("cache_bytes"), "8 MiB");
  EXPECT_EQ(Used("wal_autocheckpoint"), "256");
  EXPECT_EQ(Used("journal_mode"), "wal");
  EXPECT_EQ(Used("synchronous"), "normal");
  EXPECT_EQ(Used("secure_delete"), "off");
  EXPECT_EQ(Used("mmap_size"), "0");
  EXPECT_EQ(Used("durability"), "process");
}

TEST_F(SqliteStore, GivesTheLogThePagesOfAMemtable) {
  Open({{"memtable_bytes", "4 MiB"}, {"memtables_max", "3"}, {"cache", "none"}},
       {{"page_size", "8192"}});
  EXPECT_EQ(Used("wal_autocheckpoint"), "512");
  EXPECT_EQ(Used("cache_bytes"), "12 MiB");
  EXPECT_EQ(Used("page_size"), "8192");
}

TEST_F(SqliteStore, SyncsAsDurabilityAsks) {
  Open({{"durability", "power"}});
  EXPECT_EQ(Used("synchronous"), "full");
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Caveats("durability none"), 0);
  Open({{"durability", "none"}});
  EXPECT_EQ(Used("synchronous"), "off");
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("durability none"), 1);
}

TEST_F(SqliteStore, TellsTheDurabilityOfEachJournalMode) {
  const auto durability = [this](const std::string& journal_mode, const std::string& synchronous) {
    Open({}, {{"journal_mode", journal_mode}, {"synchronous", synchronous}});
    return Used("journal_mode") + " " + Used("durability");
  };
  EXPECT_EQ(durability("wal", "extra"), "wal power");
  EXPECT_EQ(durability("wal", "off"), "wal process");
  EXPECT_EQ(durability("delete", "full"), "delete process");
  EXPECT_EQ(durability("delete", "extra"), "delete power");
  EXPECT_EQ(durability("truncate", "full"), "truncate power");
  EXPECT_EQ(durability("persist", "normal"), "persist process");
  EXPECT_EQ(durability("memory", "extra"), "memory none");
  EXPECT_EQ(durability("off", "extra"), "off none");
}

TEST_F(SqliteStore, IsAsItComesWithoutTerms) {
  options_.own_defaults = true;
  Open({{"memtable_bytes", "1 MiB"}, {"durability", "power"}});
  EXPECT_EQ(Used("journal_mode"), "delete");
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(store_->Caveats(), std::vector<std::string>());
  ASSERT_TRUE(store_->Put("k", "v").ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(Get("k"), "v");
}

TEST_F(SqliteStore, OwnSettingsComeLastAndSayWhatTheyContradict) {
  Open(kTerms, {{"synchronous", "full"}, {"cache_size", "100"}, {"wal_autocheckpoint", "7"}});
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Used("cache_bytes"), "400 KiB");
  EXPECT_EQ(Used("wal_autocheckpoint"), "7");
  EXPECT_EQ(Caveats("sqlite.synchronous was set: not engine.durability"), 1);
  EXPECT_EQ(Caveats("sqlite.cache_size was set"), 1);
  EXPECT_EQ(Caveats("sqlite.wal_autocheckpoint was set"), 1);
  Open(kTerms);
  EXPECT_EQ(Caveats("was set"), 0);
}

TEST_F(SqliteStore, CaveatsAreOfWhatWasAskedFor) {
  Open({{"filter", "none"}});
  EXPECT_EQ(Caveats("filters"), 0);
  EXPECT_EQ(Caveats("direct I/O"), 0);
  EXPECT_EQ(Caveats("divided"), 0);
  options_.direct_io = true;
  Open({{"filter", "bloom"}});
  EXPECT_EQ(Caveats("filters"), 1);
  EXPECT_EQ(Caveats("direct I/O"), 1);
}

TEST_F(SqliteStore, RefusesWhatItDoesNotHave) {
  const Status status = OpenError({{"compression", "lz4"}}, {});
  EXPECT_EQ(status.code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "engine.compression = lz4: SQLite has no compression (there is: none)");
  EXPECT_NE(OpenError({}, {{"locking_mode", "exclusive"}}).message().find("connections = one"),
            std::string_view::npos);
  Open({}, {{"locking_mode", "exclusive"}, {"connections", "one"}});
  EXPECT_EQ(Used("locking_mode"), "exclusive");
}

TEST_F(SqliteStore, RefusesWrongValues) {
  EXPECT_EQ(Refused("synchronous", "fast"),
            "synchronous: \"fast\" is none of off, normal, full, extra");
  EXPECT_EQ(Refused("page_size", "1000"),
            "page_size: \"1000\" is none of 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536");
  EXPECT_EQ(Refused("cache_size", "1; DROP TABLE kv"),
            "cache_size: \"1; DROP TABLE kv\" is not a whole number");
  EXPECT_EQ(Refused("wal_autocheckpoint", "-1"),
            "wal_autocheckpoint: \"-1\" is not between 0 and 2147483647");
  EXPECT_EQ(Refused("connections", "two"), "connections: \"two\" is none of thread, one");
  EXPECT_EQ(Refused("table", "heap"), "table: \"heap\" is none of without_rowid, rowid");
  EXPECT_EQ(Refused("journal_mod", "wal"),
            "unknown setting of sqlite \"journal_mod\", did you mean \"journal_mode\"?");
  EXPECT_EQ(Refused("cache_size", "-4096"), "(taken)");
  EXPECT_EQ(Refused("mmap_size", "64 MiB"), "(taken)");
}

TEST_F(SqliteStore, SaysIfASettingDidNotTake) {
  Open();
  const Status status = OpenError({}, {{"page_size", "8192"}});
  EXPECT_EQ(status.message(), "sqlite.page_size = 8192 did not take: it is 4096");
  const Status table = OpenError({}, {{"table", "rowid"}});
  EXPECT_EQ(table.message(), "sqlite.table: the table that is there is of the other kind");
}

TEST_F(SqliteStore, WhatWasAcknowledgedSurvivesAKilledProcess) {
  for (const std::string journal_mode : {"wal", "delete"}) {
    options_.own_settings = {{"journal_mode", journal_mode}};
    WorkAndKill([&journal_mode](Store& store) {
      Status status;
      for (int i = 0; status.ok() && i < 100; ++i) {
        status = store.Put(journal_mode + std::to_string(i), "v");
      }
      return status;
    });
    ASSERT_TRUE(Reopen().ok());
    EXPECT_EQ(Get(journal_mode + "0"), "v");
    EXPECT_EQ(Get(journal_mode + "99"), "v");
  }
}

TEST_F(SqliteStore, SettlePaysTheDebtOfTheLog) {
  Open({{"memtable_bytes", "64 MiB"}});
  const std::string log = directory_.path() + "/kv.sqlite-wal";
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store_->Put(std::to_string(i), "value").ok());
  EXPECT_GT(std::filesystem::file_size(log), 0u);
  const uint64_t before = store_->State().file_bytes;
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(std::filesystem::file_size(log), 0u);
  EXPECT_LT(store_->State().file_bytes, before);
  EXPECT_EQ(store_->State().file_bytes,
            std::filesystem::file_size(directory_.path() + "/kv.sqlite"));
}

TEST_F(SqliteStore, AScanSeesOneMoment) {
  Open();
  ExpectScanSeesOneMoment();
}

TEST_F(SqliteStore, ThreadsThatEndLeaveTheirConnection) {
  Open(kTerms);
  for (int i = 0; i < 5; ++i) {
    std::jthread([this] { EXPECT_TRUE(store_->Put("k", "v").ok()); }).join();
  }
  EXPECT_EQ(Used("connections"), "1");
  EXPECT_EQ(Used("cache_bytes"), "8 MiB");
}

TEST_F(SqliteStore, ThreadsAtOnceDivideTheCache) {
  Open(kTerms);
  std::atomic<int> there = 0;
  const auto put = [this, &there] {
    EXPECT_TRUE(store_->Put("k", "v").ok());
    ++there;
    while (there < 2) std::this_thread::yield();
  };
  std::jthread other(put);
  put();
  EXPECT_EQ(Used("connections"), "2");
  EXPECT_EQ(Used("cache_bytes"), "8 MiB");
  EXPECT_EQ(Used("cache_size"), "-4096");
  EXPECT_EQ(Caveats("divided among 2 connections"), 1);
}

TEST_F(SqliteStore, OneConnectionServesAllThreads) {
  Open(kTerms, {{"connections", "one"}});
  std::jthread([this] { EXPECT_TRUE(store_->Put("k", "v").ok()); }).join();
  EXPECT_EQ(Get("k"), "v");
  EXPECT_EQ(Used("connections"), "1");
  EXPECT_EQ(Used("cache_size"), "-8192");
}

TEST_F(SqliteStore, ABatchThatDoesNotFitLeavesNothing) {
  Open({}, {{"max_page_count", "20"}});
  ASSERT_TRUE(store_->Put("before", "v").ok());
  const std::string value(3000, 'x');
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<std::pair<std::string_view, std::string_view>> entries;
  for (const std::string& key : keys) entries.emplace_back(key, value);
  const Status status = store_->PutBatch(entries);
  EXPECT_EQ(status.code(), Status::Code::kNoSpace) << status.ToString();
  EXPECT_EQ(Keys(), std::vector<std::string>{"before"});
  EXPECT_TRUE(store_->Put("after", "v").ok());
}

TEST_F(SqliteStore, ABatchWithAnEntryThatIsRefusedLeavesNothing) {
  Open();
  // Refused for its length alone: nobody reads it.
  const std::string_view too_long("x", 1'500'000'000);
  const std::vector<std::pair<std::string_view, std::string_view>> entries = {{"a", "v"},
                                                                              {"b", too_long}};
  const Status status = store_->PutBatch(entries);
  EXPECT_EQ(status.code(), Status::Code::kInvalidArgument) << status.ToString();
  EXPECT_EQ(Get("a"), "(absent)");
  EXPECT_TRUE(store_->Put("after", "v").ok());
  EXPECT_EQ(Keys(), std::vector<std::string>{"after"});
}

TEST_F(SqliteStore, DamageIsCorruption) {
  Open();
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(store_->Put(std::to_string(i), "value").ok());
  store_.reset();
  {
    std::fstream file(directory_.path() + "/kv.sqlite", std::ios::in | std::ios::out);
    file.seekp(4096);
    file << std::string(4096 * 4, '\x7f');
  }
  ASSERT_TRUE(Reopen().ok());
  std::string value;
  const Result<bool> found = store_->Get("500", &value);
  EXPECT_EQ(found.status().code(), Status::Code::kCorruption) << found.status().ToString();
  EXPECT_EQ(store_->Scan("", 10, nullptr).status().code(), Status::Code::kCorruption);
}

TEST_F(SqliteStore, CountsUnderTheNamesOfTheLibrary) {
  Open();
  const uint64_t hits = Counter("cache_hit");
  ASSERT_TRUE(store_->Put("k", "v").ok());
  EXPECT_EQ(Get("k"), "v");
  EXPECT_GT(Counter("cache_hit"), hits);
  EXPECT_GT(Counter("cache_write"), 0u);
  EXPECT_EQ(store_->State().own_counters.size(), 4u);
}

}  // namespace
}  // namespace varve::harness
