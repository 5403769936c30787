// The store of LevelDB: what becomes of the terms, seen in what it says and in what it does.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include "tests/harness/stores/peer_testing.h"

namespace varve::harness {
namespace {

class LevelDbStoreTest : public PeerTest {
 protected:
  LevelDbStoreTest() : PeerTest("leveldb") {}

  // Entries of 1 KiB that compress well, in an order that leaves no table alone.
  void Fill(int entries) {
    for (int i = 0; i < entries; ++i) {
      const std::string key = "key" + std::to_string((i * 7919) % 10007);
      ASSERT_TRUE(store_->Put(key, std::string(1024, 'v')).ok());
    }
  }

  uint64_t Tables() const {
    const auto levels = store_->State().levels;
    return std::accumulate(
        levels.begin(), levels.end(), uint64_t{0},
        [](uint64_t sum, const LevelShape& level) { return sum + level.tables; });
  }
  uint64_t TableBytes() const {
    const auto levels = store_->State().levels;
    return std::accumulate(levels.begin(), levels.end(), uint64_t{0},
                           [](uint64_t sum, const LevelShape& level) { return sum + level.bytes; });
  }
  uint64_t Memory() const { return Gauge("approximate-memory-usage"); }

  // In a directory of their own, so that nothing is there before.
  uint64_t TableBytesWith(const Texts& settings, const Texts& own = {}) {
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directories(directory_.path());
    if (Open(settings, own) == nullptr) return 0;
    Fill(300);
    EXPECT_TRUE(store_->Settle().ok());
    const uint64_t bytes = TableBytes();
    store_.reset();
    return bytes;
  }
};

TEST_F(LevelDbStoreTest, SaysWhatItMadeOfTheTerms) {
  ASSERT_NE(Open({{"memtable_bytes", "1 MiB"},
                  {"memtables_max", "2"},
                  {"cache_bytes", "3 MiB"},
                  {"filter_bits_per_key", "12"}}),
            nullptr);
  EXPECT_EQ(Used("memtable_bytes"), "1 MiB");
  EXPECT_EQ(Used("memtables_max"), "2");
  EXPECT_EQ(Used("cache_bytes"), "3 MiB");
  EXPECT_EQ(Used("filter"), "bloom");
  EXPECT_EQ(Used("filter_bits_per_key"), "12");
  EXPECT_EQ(Used("compression"), "none");
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Used("verify_checksums"), "true");
  EXPECT_EQ(Used("max_open_files"), "1000");
  ASSERT_NE(Open({{"filter", "none"}, {"cache", "none"}}), nullptr);
  EXPECT_EQ(Used("cache_bytes"), "0");
  EXPECT_EQ(Used("filter"), "none");
}

TEST_F(LevelDbStoreTest, AMemTableIsSealedWhenItHasTakenItsBytes) {
  ASSERT_NE(Open({{"memtable_bytes", "1 MiB"}}), nullptr);
  Fill(500);
  EXPECT_EQ(Tables(), 0u);
  Fill(3000);  // a third memtable waits until the first is a table
  EXPECT_GT(Tables(), 0u);
}

TEST_F(LevelDbStoreTest, MemTablesOutOfItsRangeAreMovedAndSaidSo) {
  ASSERT_NE(Open({{"memtable_bytes", "16 KiB"}}), nullptr);
  EXPECT_EQ(Used("memtable_bytes"), "64 KiB");
  EXPECT_EQ(Caveats("64 KiB, not engine.memtable_bytes = 16 KiB"), 1);
  ASSERT_NE(Open({{"memtable_bytes", "4 GiB"}}), nullptr);
  EXPECT_EQ(Used("memtable_bytes"), "1 GiB");
  EXPECT_EQ(Caveats("1 GiB, not engine.memtable_bytes = 4 GiB"), 1);
  Fill(200);  // LevelDB would have made 64 KiB of 4 GiB
  EXPECT_EQ(Tables(), 0u);
  ASSERT_NE(Open({{"memtable_bytes", "64 KiB"}}), nullptr);
  EXPECT_EQ(Caveats("engine.memtable_bytes"), 0);
}

TEST_F(LevelDbStoreTest, TheCacheHoldsWhatWasReadIfItWasCompressed) {
  const auto read_all = [this] {
    Fill(2000);
    ASSERT_TRUE(store_->Settle().ok());
    EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), 2000u);
  };
  ASSERT_NE(Open({{"cache_bytes", "16 MiB"}}, {{"compression", "snappy"}}), nullptr);
  read_all();
  EXPECT_GT(Memory(), 2'000'000u);
  EXPECT_EQ(Caveats("never enter its own cache"), 0);
  EXPECT_EQ(Caveats("up to 990 of its tables are mapped files"), 1);
  ASSERT_NE(Open({{"cache_bytes", "0"}}, {{"compression", "snappy"}}), nullptr);
  read_all();
  EXPECT_LT(Memory(), 100'000u);
  ASSERT_NE(Open({{"cache_bytes", "16 MiB"}}, {{"compression", "none"}}), nullptr);
  Fill(2000);  // anew, and no longer compressed
  read_all();
  EXPECT_EQ(Caveats("never enter its own cache"), 1);
}

TEST_F(LevelDbStoreTest, UncompressedBlocksOfMappedTablesStayOutOfTheCache) {
  ASSERT_NE(Open({{"cache_bytes", "16 MiB"}}), nullptr);
  Fill(2000);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), 2000u);
  EXPECT_LT(Memory(), 100'000u);
}

TEST_F(LevelDbStoreTest, FiltersAndCompressionShowInTheSizeOfTables) {
  const uint64_t plain = TableBytesWith({{"filter", "none"}});
  EXPECT_GT(plain, 300u * 1024);
  EXPECT_GT(TableBytesWith({{"filter_bits_per_key", "64"}}), plain + 300 * 64 / 8);
  EXPECT_LT(TableBytesWith({{"filter", "none"}}, {{"compression", "snappy"}}), plain / 4);
}

TEST_F(LevelDbStoreTest, ACompressionThatItDoesNotHaveIsRefused) {
  const Status refused = Refusal({{"compression", "lz4"}});
  EXPECT_EQ(refused.code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(refused.message(),
            "engine.compression = lz4: LevelDB compresses with snappy, or not at all (none)");
  ASSERT_NE(Open({{"compression", "lz4"}}, {{"compression", "snappy"}}), nullptr);
  EXPECT_EQ(Used("compression"), "snappy");
  EXPECT_EQ(Caveats("leveldb.compression was set: not engine.compression"), 1);
}

TEST_F(LevelDbStoreTest, TellsWhatWritesSurvive) {
  ASSERT_NE(Open({{"durability", "none"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("its log cannot be switched off"), 1);
  ASSERT_NE(Open({{"durability", "process"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("its log cannot be switched off"), 0);
  ASSERT_NE(Open({{"durability", "power"}}), nullptr);
  EXPECT_EQ(Used("durability"), "power");
  ASSERT_NE(Open({{"durability", "power"}}, {{"sync", "false"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("leveldb.sync was set: not engine.durability"), 1);
  ASSERT_NE(Open({{"durability", "power"}}, {{"sync", "true"}}), nullptr);
  EXPECT_EQ(Caveats("leveldb.sync"), 0);
}

TEST_F(LevelDbStoreTest, AsItComesItHasItsOwnDefaultsAndNoCaveats) {
  ASSERT_NE(OpenAsItComes(), nullptr);
  EXPECT_TRUE(store_->Caveats().empty());
  EXPECT_EQ(Used("memtable_bytes"), "4 MiB");
  EXPECT_EQ(Used("cache_bytes"), "8 MiB");
  EXPECT_EQ(Used("compression"), "snappy");
  EXPECT_EQ(Used("filter"), "none");
  EXPECT_EQ(Used("verify_checksums"), "false");
  EXPECT_EQ(Used("durability"), "process");
  ASSERT_NE(OpenAsItComes({{"filter_bits_per_key", "8"}, {"sync", "true"}}), nullptr);
  EXPECT_TRUE(store_->Caveats().empty());
  EXPECT_EQ(Used("filter_bits_per_key"), "8");
  EXPECT_EQ(Used("durability"), "power");
}

TEST_F(LevelDbStoreTest, OwnSettingsComeLast) {
  ASSERT_NE(Open({{"memtable_bytes", "1 MiB"}}, {{"write_buffer_size", "128 KiB"},
                                                 {"cache_bytes", "5 MiB"},
                                                 {"filter_bits_per_key", "0"},
                                                 {"block_size", "8 KiB"},
                                                 {"block_restart_interval", "4"},
                                                 {"max_file_size", "1 MiB"},
                                                 {"max_open_files", "100"},
                                                 {"reuse_logs", "true"},
                                                 {"paranoid_checks", "true"},
                                                 {"fill_cache", "false"},
                                                 {"verify_checksums", "false"}}),
            nullptr);
  EXPECT_EQ(Used("memtable_bytes"), "128 KiB");
  EXPECT_EQ(Used("cache_bytes"), "5 MiB");
  EXPECT_EQ(Used("filter"), "none");
  EXPECT_EQ(Used("block_size"), "8 KiB");
  EXPECT_EQ(Used("block_restart_interval"), "4");
  EXPECT_EQ(Used("max_file_size"), "1 MiB");
  EXPECT_EQ(Used("max_open_files"), "100");
  EXPECT_EQ(Used("reuse_logs"), "true");
  EXPECT_EQ(Used("paranoid_checks"), "true");
  EXPECT_EQ(Used("fill_cache"), "false");
  EXPECT_EQ(Used("verify_checksums"), "false");
  EXPECT_EQ(Caveats("leveldb.write_buffer_size was set: not engine.memtable_bytes"), 1);
  EXPECT_EQ(Caveats("leveldb.cache_bytes was set: not engine.cache_bytes"), 1);
  EXPECT_EQ(Caveats("leveldb.filter_bits_per_key was set: not engine.filter_bits_per_key"), 1);
  EXPECT_EQ(Caveats("up to 90 of its tables are mapped files"), 1);
  Fill(1000);
  EXPECT_GT(Tables(), 0u);
}

TEST_F(LevelDbStoreTest, RefusesValuesThatLevelDbWouldMove) {
  const auto refusal = [this](const SettingText& setting) {
    return std::string(CheckOwnSetting(kind_, setting).message());
  };
  EXPECT_EQ(refusal({"write_buffer_size", "128 KiB"}), "ok");
  EXPECT_NE(refusal({"write_buffer_size", "1 KiB"}).find("64 KiB"), std::string::npos);
  EXPECT_NE(refusal({"max_file_size", "2 GiB"}).find("1 GiB"), std::string::npos);
  EXPECT_NE(refusal({"max_open_files", "10"}).find("74"), std::string::npos);
  EXPECT_NE(refusal({"compression", "zlib"}).find("snappy"), std::string::npos);
  EXPECT_NE(refusal({"sync", "maybe"}).find("neither true nor false"), std::string::npos);
  EXPECT_NE(refusal({"write_bufer_size", "1 MiB"}).find("did you mean \"write_buffer_size\""),
            std::string::npos);
  EXPECT_EQ(Refusal({}, {{"block_size", "1"}}).code(), Status::Code::kInvalidArgument);
}

TEST_F(LevelDbStoreTest, HasCaveatsForWhatWasAskedForOnly) {
  ASSERT_NE(Open({{"memtables_max", "2"}}), nullptr);
  EXPECT_EQ(Caveats("memtables_max"), 0);
  EXPECT_EQ(Caveats("direct I/O"), 0);
  EXPECT_EQ(Caveats("Bloom"), 0);
  EXPECT_EQ(Caveats("whole bits"), 0);
  EXPECT_EQ(Caveats("one thread flushes and compacts: not 1 for flushes and 1 for"), 1);
  StoreOptions options = OptionsOf({{"memtables_max", "4"},
                                    {"filter", "ribbon"},
                                    {"filter_bits_per_key", "9.5"},
                                    {"compaction_threads", "3"}});
  options.direct_io = true;
  ASSERT_NE(OpenWith(options), nullptr);
  EXPECT_EQ(Caveats("not engine.memtables_max = 4"), 1);
  EXPECT_EQ(Caveats("not engine.filter = ribbon"), 1);
  EXPECT_EQ(Caveats("whole bits per key: 10, not 9.5"), 1);
  EXPECT_EQ(Caveats("and 3 for compactions"), 1);
  EXPECT_EQ(Caveats("direct I/O"), 1);
}

TEST_F(LevelDbStoreTest, SettleLeavesNothingInMemoryAndNothingToDo) {
  ASSERT_NE(Open({{"memtable_bytes", "64 KiB"}}), nullptr);
  Fill(4000);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState settled = store_->State();
  EXPECT_LT(settled.levels[0].tables, 4u);
  EXPECT_GE(TableBytes(), 4000u * 1024);
  EXPECT_LT(Memory(), 64'000u);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(store_->State().own_counters, settled.own_counters);
}

TEST_F(LevelDbStoreTest, SettleRewritesNothingThatNeedNotBe) {
  ASSERT_NE(Open(), nullptr);
  Fill(2000);
  ASSERT_TRUE(store_->Settle().ok());
  const uint64_t bytes = TableBytes();
  const uint64_t tables = Tables();
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(TableBytes(), bytes);
  Fill(10);  // over the range of those before
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(Tables(), tables + 1);
  EXPECT_GT(TableBytes(), bytes + 10 * 1024);
}

TEST_F(LevelDbStoreTest, CountsWhatItsCompactionsReadAndWrote) {
  ASSERT_NE(Open({{"memtable_bytes", "64 KiB"}}), nullptr);
  Fill(4000);
  ASSERT_TRUE(store_->Settle().ok());
  const StoreState state = store_->State();
  uint64_t written = 0;
  for (const auto& [name, value] : state.own_counters) {
    if (name.ends_with("write_mb")) written += value;
  }
  EXPECT_GE(written, 4u);
  EXPECT_FALSE(state.has_ledger);
  EXPECT_FALSE(state.has_file_bytes);
}

TEST_F(LevelDbStoreTest, ReadsAreVerifiedUnlessItIsAsItComes) {
  ASSERT_NE(Open(), nullptr);
  ASSERT_TRUE(store_->Put("key", std::string(1000, 'v')).ok());
  ASSERT_TRUE(store_->Settle().ok());
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    if (file.path().extension() != ".ldb") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(500).put('X');
  }
  ASSERT_NE(Open(), nullptr);
  std::string value;
  EXPECT_EQ(store_->Get("key", &value).status().code(), Status::Code::kCorruption);
  EXPECT_EQ(store_->Scan("", 10, nullptr).status().code(), Status::Code::kCorruption);
  EXPECT_EQ(store_->ScanReverse("z", 10, nullptr).status().code(), Status::Code::kCorruption);
  ASSERT_NE(OpenAsItComes(), nullptr);
  EXPECT_NE(Get("key").value_or("").find('X'), std::string::npos);
}

TEST_F(LevelDbStoreTest, ADatabaseThatIsOpenIsBusy) {
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(Refusal({}).code(), Status::Code::kBusy);
}

TEST_F(LevelDbStoreTest, HasNoDeletesOfRanges) {
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(store_->DeleteRange("", "").code(), Status::Code::kNotSupported);
}

TEST_F(LevelDbStoreTest, KeepsWhatItAcknowledgedWhenItsProcessDies) {
  InAProcessThatDies(OptionsOf({}), [](Store* store) {
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (!store->Put(key, key).ok()) return false;
    }
    return store->Delete("key7").ok();
  });
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), 999u);
  EXPECT_EQ(Get("key999"), "key999");
  EXPECT_EQ(Get("key7"), std::nullopt);
}

TEST_F(LevelDbStoreTest, ManyThreadsWriteReadAndSettleAtOnce) {
  ASSERT_NE(Open({{"memtable_bytes", "64 KiB"}}), nullptr);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 1000; ++i) {
        const std::string key = std::to_string(thread) + "-" + std::to_string(i);
        EXPECT_TRUE(store_->Put(key, std::string(300, 'v')).ok());
        EXPECT_TRUE(Get(key).has_value());
        if (i % 300 == 0) {
          EXPECT_TRUE(store_->Settle().ok());
        }
        if (i % 100 == 0) {
          EXPECT_TRUE(store_->Sync().ok());
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), 4000u);
}

}  // namespace
}  // namespace varve::harness
