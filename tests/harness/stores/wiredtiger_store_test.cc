// WiredTiger as a store: what it makes of the terms and of its own settings, and what survives.
//
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <fstream>

#include "tests/harness/stores/library_testing.h"

namespace varve::harness {
namespace {

class WiredTigerStore : public LibraryStoreTest {
 protected:
  WiredTigerStore() : LibraryStoreTest("wiredtiger") {}
};

const SettingText kLsm = {"type", "lsm"};
const Settings kTerms = {
    {"memtable_bytes", "4 MiB"}, {"memtables_max", "2"}, {"cache_bytes", "24 MiB"}};

TEST_F(WiredTigerStore, MakesItsConfigurationOfTheTerms) {
  Open(kTerms);
  EXPECT_EQ(Used("type"), "btree");
  EXPECT_EQ(Used("cache_bytes"), "32 MiB");
  EXPECT_EQ(Used("log.file_max"), "4194304");
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Used("compression"), "none");
  EXPECT_EQ(Used("filter"), "none");
  EXPECT_EQ(Used("direct_io"), "false");
  EXPECT_EQ(Used("eviction.threads_max"), "2");
  EXPECT_EQ(Used("checkpoint.wait"), "60");
  EXPECT_EQ(Used("mmap"), "false");
}

TEST_F(WiredTigerStore, TakesThreadsAndDirectIoFromTheTerms) {
  options_.direct_io = true;
  Open({{"compaction_threads", "5"}, {"durability", "none"}});
  EXPECT_EQ(Used("eviction.threads_max"), "6");
  EXPECT_EQ(Used("direct_io"), "true");
  EXPECT_EQ(Used("durability"), "none");
  EXPECT_EQ(Used("log.enabled"), "false");
}

TEST_F(WiredTigerStore, MakesChunksOfMemtablesAndBloomFilters) {
  Settings terms = kTerms;
  terms.push_back({"filter", "bloom"});
  terms.push_back({"filter_bits_per_key", "12"});
  Open(terms, {kLsm});
  EXPECT_EQ(Used("type"), "lsm");
  EXPECT_EQ(Used("memtable_bytes"), "4 MiB");
  EXPECT_EQ(Used("filter"), "bloom");
  EXPECT_EQ(Used("filter_bits_per_key"), "12");
  EXPECT_EQ(Caveats("chunk"), 0);
  EXPECT_EQ(Caveats("filters"), 0);
  EXPECT_EQ(Caveats("worker threads"), 1);
}

TEST_F(WiredTigerStore, SaysWhatAnLsmTreeCannotBeGiven) {
  Open({{"memtable_bytes", "16 KiB"},
        {"memtables_max", "2"},
        {"cache", "none"},
        {"filter", "ribbon"},
        {"filter_bits_per_key", "9.6"},
        {"compaction_threads", "3"}},
       {kLsm});
  EXPECT_EQ(Used("memtable_bytes"), "512 KiB");
  EXPECT_EQ(Used("filter_bits_per_key"), "10");
  EXPECT_EQ(Used("lsm_manager.worker_thread_max"), "4");
  EXPECT_EQ(Caveats("its cache has"), 1);
  EXPECT_EQ(Caveats("a chunk in memory has 512 KiB in place of the 16 KiB"), 1);
  EXPECT_EQ(Caveats("ribbon was asked for"), 1);
  EXPECT_EQ(Caveats("10 bits for each key: 9.6 was asked for"), 1);
  EXPECT_EQ(Caveats("worker threads"), 0);
}

TEST_F(WiredTigerStore, HasNoFilterIfNoneIsAskedFor) {
  Open({{"filter", "none"}}, {kLsm});
  EXPECT_EQ(Used("filter"), "none");
}

TEST_F(WiredTigerStore, IsAsItComesWithoutTerms) {
  options_.own_defaults = true;
  Open({{"memtable_bytes", "4 MiB"}, {"durability", "power"}});
  EXPECT_EQ(Used("durability"), "none");
  EXPECT_EQ(Used("checkpoint.wait"), "(none)");
  EXPECT_EQ(store_->Caveats(), std::vector<std::string>());
  EXPECT_TRUE(store_->State().own_counters.empty());
  ASSERT_TRUE(store_->Put("k", "v").ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(Get("k"), "v");
}

TEST_F(WiredTigerStore, TellsTheDurabilityOfItsConfiguration) {
  const auto durability = [this](const std::string& connection, const std::string& table) {
    const FreshDirectory directory;
    options_.directory = directory.path();
    Open({{"durability", "power"}}, {{"connection_config", connection}, {"table_config", table}});
    store_.reset();
    EXPECT_TRUE(Reopen().ok());
    const std::string told = Used("durability");
    store_.reset();
    return told;
  };
  EXPECT_EQ(durability("", ""), "power");
  EXPECT_EQ(durability("transaction_sync=(method=dsync)", ""), "power");
  EXPECT_EQ(durability("transaction_sync=(method=none)", ""), "process");
  EXPECT_EQ(durability("checkpoint_sync=false", ""), "process");
  EXPECT_EQ(durability("transaction_sync=(enabled=false)", ""), "none");
  EXPECT_EQ(durability("log=(enabled=false)", ""), "none");
  EXPECT_EQ(durability("", "log=(enabled=false)"), "none");
}

TEST_F(WiredTigerStore, OwnSettingsComeLastAndSayWhatTheyContradict) {
  Open(kTerms, {{"connection_config", "cache_size=50MB,transaction_sync=(method=fsync)"},
                {"table_config", "leaf_page_max=64KB"},
                {"checkpoint_seconds", "0"}});
  EXPECT_EQ(Used("cache_bytes"), "50 MiB");
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Used("checkpoint.wait"), "0");
  EXPECT_EQ(Caveats("connection_config sets cache_size: not engine.memtable_bytes"), 1);
  EXPECT_EQ(Caveats("connection_config sets transaction_sync: not engine.durability"), 1);
  EXPECT_EQ(Caveats("sets log.enabled"), 0);
  Open(kTerms);
  EXPECT_EQ(Caveats("sets"), 0);
}

TEST_F(WiredTigerStore, RefusesWrongValuesInTheWordsOfTheLibrary) {
  const auto says = [](const std::string& text, std::string_view words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  testing::internal::CaptureStderr();
  says(Refused("connection_config", "cach_size=1GB"), "unknown configuration key: 'cach_size'");
  says(Refused("connection_config", "cache_size=1K"), "the minimum is 1MB");
  says(Refused("connection_config", "log=(enabled"), "Unbalanced brackets");
  says(Refused("table_config", "checksum=perhaps"), "not a permitted choice for key 'checksum'");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(Refused("type", "hash"), "type: \"hash\" is none of btree, lsm");
  says(Refused("block_compressor", "brotli"), "no such compressor here; none, ");
  says(Refused("leaf_page_max", "1"), "less than the smallest value");
  says(Refused("leaf_page_mox", "1"), "did you mean \"leaf_page_max\"?");
  EXPECT_EQ(Refused("connection_config", "eviction=(threads_max=3)"), "(taken)");
}

TEST_F(WiredTigerStore, RefusesACompressorThatIsNotThere) {
  if (!std::filesystem::exists("/usr/lib/x86_64-linux-gnu/libwiredtiger_lz4.so")) {
    const Status status = OpenError({{"compression", "lz4"}}, {});
    EXPECT_EQ(status.code(), Status::Code::kInvalidArgument);
    EXPECT_TRUE(status.message().starts_with("engine.compression = lz4: WiredTiger has no such"))
        << status.ToString();
  }
}

TEST_F(WiredTigerStore, CompressesIfItIsTold) {
  if (Refused("block_compressor", "snappy") != "(taken)") GTEST_SKIP() << "there is no snappy";
  Open(kTerms, {{"block_compressor", "snappy"}});
  EXPECT_EQ(Used("compression"), "snappy");
  EXPECT_EQ(Caveats("block_compressor was set: not engine.compression"), 1);
  const std::string value(1000, 'x');
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(store_->Put(std::to_string(i), value).ok());
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_LT(store_->State().file_bytes, 500'000u);
  EXPECT_EQ(Get("999"), value);
}

TEST_F(WiredTigerStore, WhatWasAcknowledgedSurvivesAKilledProcess) {
  for (const std::string type : {"btree", "lsm"}) {
    for (const std::string durability : {"process", "power"}) {
      const FreshDirectory directory;
      options_.directory = directory.path();
      options_.settings = {{"durability", durability}};
      options_.own_settings = {{"type", type}};
      WorkAndKill([](Store& store) {
        Status status;
        for (int i = 0; status.ok() && i < 100; ++i) status = store.Put(std::to_string(i), "v");
        return status;
      });
      ASSERT_TRUE(Reopen().ok());
      EXPECT_EQ(Get("0"), "v") << type << " " << durability;
      EXPECT_EQ(Get("99"), "v") << type << " " << durability;
      store_.reset();
    }
  }
}

TEST_F(WiredTigerStore, WithoutALogWhatWasSettledSurvivesAKilledProcessAndNoMore) {
  for (const std::string type : {"btree", "lsm"}) {
    const FreshDirectory directory;
    options_.directory = directory.path();
    options_.settings = {{"durability", "none"}};
    options_.own_settings = {{"type", type}};
    WorkAndKill([](Store& store) {
      Status status = store.Put("settled", "v");
      if (status.ok()) status = store.Settle();
      return status.ok() ? store.Put("not", "v") : status;
    });
    ASSERT_TRUE(Reopen().ok());
    EXPECT_EQ(Get("settled"), "v") << type;
    EXPECT_EQ(Get("not"), "(absent)") << type;
    store_.reset();
  }
}

TEST_F(WiredTigerStore, SettlingMakesTheMergesThatAreDue) {
  Open({{"memtable_bytes", "512 KiB"}}, {kLsm, {"merge_max", "4"}, {"merge_min", "2"}});
  const std::string value(1000, 'x');
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(store_->Put(std::to_string(i), value).ok());
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_GT(Counter("LSM: rows merged in an LSM tree"), 0u);
  const uint64_t written = Counter("block-manager: bytes written");
  EXPECT_GT(written, 3'000'000u);
  EXPECT_EQ(Get("2999"), value);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_LT(Counter("block-manager: bytes written") - written, 1'000'000u);
}

TEST_F(WiredTigerStore, AScanSeesOneMoment) {
  Open();
  ExpectScanSeesOneMoment();
}

TEST_F(WiredTigerStore, AScanOfAnLsmTreeSeesOneMoment) {
  Open({}, {kLsm});
  ExpectScanSeesOneMoment();
}

TEST_F(WiredTigerStore, DeletesARangeWithoutItsEnd) {
  Open();
  const std::string zeros(2, '\0');
  for (const std::string key : {"", "b", "c", "d", "e"}) ASSERT_TRUE(store_->Put(key, "v").ok());
  ASSERT_TRUE(store_->DeleteRange("bb", "d").ok());
  EXPECT_EQ(Keys(), (std::vector<std::string>{"", "b", "d", "e"}));
  ASSERT_TRUE(store_->DeleteRange("bb", "cc").ok());
  ASSERT_TRUE(store_->DeleteRange("x", "y").ok());
  ASSERT_TRUE(store_->DeleteRange("e", "d").ok());
  EXPECT_EQ(Keys(), (std::vector<std::string>{"", "b", "d", "e"}));
  ASSERT_TRUE(store_->DeleteRange("dd", "z").ok());
  ASSERT_TRUE(store_->DeleteRange("", zeros).ok());
  EXPECT_EQ(Keys(), (std::vector<std::string>{"b", "d"}));
}

TEST_F(WiredTigerStore, HasNoDeletesOfRangesInAnLsmTree) {
  Open({}, {kLsm});
  EXPECT_EQ(store_->DeleteRange("", "").code(), Status::Code::kNotSupported);
}

TEST_F(WiredTigerStore, KeysOfZerosAreInOrder) {
  Open();
  const std::vector<std::string> keys = {"",
                                         std::string(1, '\0'),
                                         std::string(2, '\0'),
                                         std::string("\0\0\1", 3),
                                         std::string("\0\1", 2),
                                         "\1"};
  for (size_t i = keys.size(); i-- > 0;) {
    ASSERT_TRUE(store_->Put(keys[i], std::to_string(i)).ok());
  }
  EXPECT_EQ(Keys(), keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(Get(keys[i]), std::to_string(i));
    EXPECT_EQ(Keys(keys[i]).size(), keys.size() - i);
  }
  EXPECT_EQ(Get(std::string(3, '\0')), "(absent)");
  EXPECT_EQ(store_->ScanReverse(keys[1], 10, nullptr).value(), 2u);
  ASSERT_TRUE(store_->Delete("").ok());
  EXPECT_EQ(Keys().front(), keys[1]);
}

TEST_F(WiredTigerStore, DeletesARangeWhileOthersWriteInIt) {
  Open();
  std::atomic<bool> done = false;
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([this, &done] {
      for (uint64_t i = 0; !done; ++i) {
        const Status status = store_->Put(std::to_string(i % 100), "v");
        ASSERT_TRUE(status.ok()) << status.ToString();
      }
    });
  }
  Status status;
  for (int i = 0; status.ok() && i < 3000; ++i) status = store_->DeleteRange("", "~");
  done = true;
  writers.clear();
  EXPECT_TRUE(status.ok()) << status.ToString();
  ASSERT_TRUE(store_->DeleteRange("", "~").ok());
  EXPECT_EQ(Keys(), std::vector<std::string>());
}

TEST_F(WiredTigerStore, RefusesATableOfTheOtherType) {
  Open();
  EXPECT_EQ(OpenError({}, {kLsm}).message(),
            "wiredtiger.type = lsm: the table that is there is of the other type");
}

// In a process of its own, as the library gives up there, and its memory with it.
TEST_F(WiredTigerStore, DamageIsCorruption) {
  Open();
  for (int i = 0; i < 20000; ++i) ASSERT_TRUE(store_->Put(std::to_string(i), "value").ok());
  store_.reset();
  {
    std::fstream file(directory_.path() + "/kv.wt", std::ios::in | std::ios::out);
    file.seekp(4096);
    file << std::string(4096 * 40, '\x7f');
  }
  testing::internal::CaptureStderr();
  WorkAndKill([](Store& store) {
    const Status status = store.Scan("", UINT64_MAX, nullptr).status();
    const bool told = status.code() == Status::Code::kCorruption &&
                      status.message().find("checksum") != std::string_view::npos;
    return told ? Status() : Status::IoError(status.ToString());
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(WiredTigerStore, ManyThreadsWriteAndReadAtOnce) {
  for (const std::string type : {"btree", "lsm"}) {
    const FreshDirectory directory;
    options_.directory = directory.path();
    Open({{"memtable_bytes", "512 KiB"}}, {{"type", type}});
    constexpr int kThreads = 4;
    constexpr int kKeys = 2000;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([this, thread] {
        const std::string value(500, static_cast<char>('a' + thread));
        for (int i = 0; i < kKeys; ++i) {
          EXPECT_TRUE(store_->Put(std::to_string(i * kThreads + thread), value).ok());
          EXPECT_TRUE(store_->Put("shared", value).ok());
          if (i % 100 != 0) continue;
          EXPECT_TRUE(store_->Scan("5", 20, nullptr).ok());
        }
      });
    }
    threads.clear();
    EXPECT_EQ(Keys().size(), size_t{kThreads * kKeys + 1});
    ASSERT_TRUE(store_->Settle().ok());
    EXPECT_EQ(Keys().size(), size_t{kThreads * kKeys + 1});
    store_.reset();
  }
}

TEST_F(WiredTigerStore, CountsUnderTheNamesOfTheLibrary) {
  Open();
  const uint64_t before = Counter("log: log bytes of payload data");
  ASSERT_TRUE(store_->Put("k", std::string(1000, 'x')).ok());
  EXPECT_GE(Counter("log: log bytes of payload data"), before + 1000);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_GT(Counter("block-manager: bytes written for checkpoint"), 0u);
  EXPECT_GT(store_->State().file_bytes, 0u);
}

}  // namespace
}  // namespace varve::harness
