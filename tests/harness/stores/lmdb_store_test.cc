// The store of LMDB: what becomes of the terms, its keys, and what its read transactions hold.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "tests/harness/stores/peer_testing.h"

namespace varve::harness {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class LmdbStoreTest : public PeerTest {
 protected:
  LmdbStoreTest() : PeerTest("lmdb") {}

  Entries Scanned(std::string_view start, bool reverse) const {
    Entries entries;
    const auto visit = [&entries](std::string_view key, std::string_view value) {
      entries.emplace_back(key, value);
    };
    const auto visited = reverse ? store_->ScanReverse(start, UINT64_MAX, visit)
                                 : store_->Scan(start, UINT64_MAX, visit);
    EXPECT_TRUE(visited.ok()) << visited.status().ToString();
    return entries;
  }

  uint64_t FileBytes() const {
    EXPECT_TRUE(store_->State().has_file_bytes);
    return store_->State().file_bytes;
  }

  void Overwrite(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(store_->Put("key", std::string(1000, 'v')).ok());
    }
  }
};

TEST_F(LmdbStoreTest, TellsWhatWritesSurvive) {
  constexpr std::string_view kNeverNone = "durability is process, not none";
  constexpr std::string_view kPower = "a loss of power may damage all of the database";
  ASSERT_NE(Open({{"durability", "none"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Used("nosync"), "true");
  EXPECT_EQ(Caveats(kNeverNone), 1);
  EXPECT_EQ(Caveats(kPower), 1);
  ASSERT_NE(Open({{"durability", "process"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Used("nosync"), "true");
  EXPECT_EQ(Caveats(kNeverNone), 0);
  EXPECT_EQ(Caveats(kPower), 1);
  ASSERT_NE(Open({{"durability", "power"}}), nullptr);
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Used("nosync"), "false");
  EXPECT_EQ(Caveats(kPower), 0);
  ASSERT_NE(Open({{"durability", "power"}}, {{"writemap", "true"}}), nullptr);
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Caveats("was set"), 0);
}

TEST_F(LmdbStoreTest, OwnFlagsThatContradictTheTermAreSaid) {
  ASSERT_NE(Open({{"durability", "power"}}, {{"nosync", "true"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("lmdb.nosync was set: not engine.durability = power"), 1);
  ASSERT_NE(Open({{"durability", "power"}}, {{"nometasync", "true"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Used("nometasync"), "true");
  EXPECT_EQ(Caveats("lmdb.nometasync was set: not engine.durability = power"), 1);
  EXPECT_EQ(Caveats("a loss of power may damage"), 0);
  ASSERT_NE(Open({{"durability", "power"}}, {{"writemap", "true"}, {"mapasync", "true"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_EQ(Caveats("lmdb.writemap, lmdb.mapasync was set"), 1);
  EXPECT_EQ(Caveats("a loss of power may damage"), 1);
  ASSERT_NE(Open({{"durability", "process"}}, {{"nosync", "false"}}), nullptr);
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_EQ(Caveats("lmdb.nosync was set: not engine.durability = process"), 1);
}

TEST_F(LmdbStoreTest, OwnSettingsAreReadBackFromTheEnvironment) {
  ASSERT_NE(Open({}, {{"map_bytes", "3 MiB"},
                      {"maxreaders", "7"},
                      {"nordahead", "true"},
                      {"nomeminit", "true"},
                      {"writemap", "true"}}),
            nullptr);
  EXPECT_EQ(Used("map_bytes"), "3 MiB");
  EXPECT_EQ(Used("maxreaders"), "7");
  EXPECT_EQ(Used("nordahead"), "true");
  EXPECT_EQ(Used("nomeminit"), "true");
  EXPECT_EQ(Used("writemap"), "true");
  EXPECT_EQ(Used("mapasync"), "false");
  const Status refused = Refusal({}, {{"mapasync", "true"}});
  EXPECT_EQ(refused.code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(refused.message(), "lmdb.mapasync needs lmdb.writemap");
  EXPECT_FALSE(CheckOwnSetting(kind_, {"map_bytes", "100 TiB"}).ok());
  EXPECT_FALSE(CheckOwnSetting(kind_, {"maxreaders", "0"}).ok());
  EXPECT_EQ(CheckOwnSetting(kind_, {"no_sync", "true"}).message(),
            "unknown setting of lmdb \"no_sync\", did you mean \"nosync\"?");
}

TEST_F(LmdbStoreTest, AsItComesItSyncsAndHasNoCaveats) {
  ASSERT_NE(OpenAsItComes(), nullptr);
  EXPECT_EQ(Used("durability"), "power");
  EXPECT_TRUE(store_->Caveats().empty());
  ASSERT_NE(OpenAsItComes({{"nometasync", "true"}}), nullptr);
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_TRUE(store_->Caveats().empty());
}

TEST_F(LmdbStoreTest, HasCaveatsForWhatWasAskedForOnly) {
  ASSERT_NE(Open({{"filter", "none"}}), nullptr);
  EXPECT_EQ(Caveats("page cache"), 1);
  EXPECT_EQ(Caveats("no checksums"), 1);
  EXPECT_EQ(Caveats("filter"), 0);
  EXPECT_EQ(Caveats("background"), 0);
  EXPECT_EQ(Caveats("direct I/O"), 0);
  StoreOptions options = OptionsOf({{"filter", "ribbon"}, {"compaction_threads", "2"}});
  options.direct_io = true;
  ASSERT_NE(OpenWith(options), nullptr);
  EXPECT_EQ(Caveats("not engine.filter = ribbon"), 1);
  EXPECT_EQ(Caveats("no background work: not 2 threads"), 1);
  EXPECT_EQ(Caveats("direct I/O"), 1);
  EXPECT_EQ(Refusal({{"compression", "lz4"}}).message(),
            "engine.compression = lz4: LMDB does not compress (none)");
}

TEST_F(LmdbStoreTest, AFullMapSaysWhatMakesItLargerAndHarmsNothing) {
  ASSERT_NE(Open({}, {{"map_bytes", "1 MiB"}}), nullptr);
  Status status;
  int written = 0;
  for (; status.ok() && written < 10000; ++written) {
    status = store_->Put("key" + std::to_string(written), std::string(1000, 'v'));
  }
  EXPECT_EQ(status.code(), Status::Code::kNoSpace);
  EXPECT_NE(status.message().find("MDB_MAP_FULL"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("lmdb.map_bytes"), std::string::npos) << status.message();
  const auto there = static_cast<uint64_t>(written - 1);
  EXPECT_GT(there, 300u);
  EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), there);
  ASSERT_NE(Open({}, {{"map_bytes", "4 MiB"}}), nullptr);
  EXPECT_EQ(store_->Scan("", 10000, nullptr).value(), there);
  EXPECT_TRUE(store_->Put("one more", std::string(1000, 'v')).ok());
}

TEST_F(LmdbStoreTest, TheUsualMapHasRoomForMuchData) {
  ASSERT_NE(Open(), nullptr);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store_->Put("key" + std::to_string(i), std::string(1 << 20, 'v')).ok());
  }
  EXPECT_GT(FileBytes(), uint64_t{20} << 20);
}

// Of zeros, that are stored with one more, and of what comes next to them.
TEST_F(LmdbStoreTest, KeysOfZerosKeepTheirPlace) {
  ASSERT_NE(Open(), nullptr);
  constexpr uint64_t kSeed = 3;
  std::mt19937_64 random(kSeed);
  const std::string letters("\0\0\x01\xff", 4);
  const auto random_key = [&] {
    std::string key;
    for (uint64_t length = random() % 5; key.size() < length;) key += letters[random() % 4];
    return key;
  };
  std::map<std::string, std::string> reference;
  for (int i = 0; i < 400; ++i) {
    const std::string key = random_key();
    if (random() % 4 == 0) {
      ASSERT_TRUE(store_->Delete(key).ok());
      reference.erase(key);
    } else {
      const std::string value = std::to_string(i);
      ASSERT_TRUE(store_->Put(key, value).ok());
      reference[key] = value;
    }
    const std::string start = random_key();
    ASSERT_EQ(Scanned(start, false), Entries(reference.lower_bound(start), reference.end()));
    ASSERT_EQ(Scanned(start, true),
              Entries(std::make_reverse_iterator(reference.upper_bound(start)), reference.rend()));
    const auto found = reference.find(start);
    ASSERT_EQ(Get(start), found == reference.end() ? std::nullopt : std::optional(found->second));
  }
}

TEST_F(LmdbStoreTest, KeysThatAreTooLongAreRefusedAndNeverThere) {
  ASSERT_NE(Open(), nullptr);
  const std::string longest(511, 'k');
  ASSERT_TRUE(store_->Put(longest, "there").ok());
  ASSERT_TRUE(store_->Put(std::string(510, '\0'), "zeros").ok());
  const Status refused = store_->Put(longest + "k", "");
  EXPECT_EQ(refused.code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(refused.message(),
            "a key of 512 bytes: those of LMDB have 511 at most, of nothing but zeros 510");
  EXPECT_FALSE(store_->Put(std::string(511, '\0'), "").ok());
  EXPECT_EQ(Get(longest + "k"), std::nullopt);
  EXPECT_TRUE(store_->Delete(longest + "k").ok());
  EXPECT_EQ(Get(longest), "there");
  EXPECT_TRUE(Scanned(longest + std::string(1, '\0'), false).empty());
  EXPECT_EQ(Scanned(longest + "k", true).size(), 2u);
}

TEST_F(LmdbStoreTest, ABatchThatCannotBeIsNothing) {
  ASSERT_NE(Open({}, {{"map_bytes", "1 MiB"}}), nullptr);
  using Pair = std::pair<std::string_view, std::string_view>;
  const std::string long_key(600, 'k');
  EXPECT_FALSE(store_->PutBatch(std::vector<Pair>{{"a", "1"}, {long_key, "2"}}).ok());
  const std::string large(2 << 20, 'v');
  const Status full = store_->PutBatch(std::vector<Pair>{{"a", "1"}, {"b", large}});
  EXPECT_EQ(full.code(), Status::Code::kNoSpace) << full.ToString();
  EXPECT_TRUE(Scanned("", false).empty());
  EXPECT_TRUE(store_->PutBatch(std::vector<Pair>{{"a", "1"}, {"b", "2"}}).ok());
  EXPECT_EQ(Scanned("", false).size(), 2u);
}

TEST_F(LmdbStoreTest, NoReadLeavesPagesAlive) {
  ASSERT_NE(Open(), nullptr);
  Overwrite(10);
  EXPECT_TRUE(Get("key").has_value());
  EXPECT_EQ(Get("absent"), std::nullopt);
  EXPECT_EQ(Scanned("", false).size(), 1u);
  EXPECT_EQ(Scanned("z", true).size(), 1u);
  Overwrite(2000);
  EXPECT_LT(FileBytes(), 200'000u);
}

TEST_F(LmdbStoreTest, ThreadsThatEndGiveTheirReadersBack) {
  ASSERT_NE(Open({}, {{"maxreaders", "4"}}), nullptr);
  ASSERT_TRUE(store_->Put("key", "value").ok());
  for (int i = 0; i < 50; ++i) {
    std::jthread([this] { EXPECT_EQ(Get("key"), "value"); });
  }
  EXPECT_EQ(Get("key"), "value");
  EXPECT_LE(Gauge("readers"), 2u);
}

TEST_F(LmdbStoreTest, AVisitMayReadAndWrite) {
  ASSERT_NE(Open(), nullptr);
  for (const std::string_view key : {"a", "b", "c"}) ASSERT_TRUE(store_->Put(key, key).ok());
  Entries seen;
  const auto visited = store_->Scan("", 10, [&](std::string_view key, std::string_view value) {
    EXPECT_EQ(Get(key), value);
    EXPECT_EQ(Scanned(key, true).front().first, key);
    EXPECT_TRUE(store_->Delete(key).ok());
    EXPECT_EQ(Get(key), std::nullopt);
    seen.emplace_back(key, value);
  });
  EXPECT_EQ(visited.value(), 3u);
  EXPECT_EQ(seen, (Entries{{"a", "a"}, {"b", "b"}, {"c", "c"}}));  // as they were when it began
  EXPECT_TRUE(Scanned("", false).empty());
}

TEST_F(LmdbStoreTest, MoreReadersThanItHasRoomForAreTold) {
  ASSERT_NE(Open({}, {{"maxreaders", "1"}}), nullptr);
  ASSERT_TRUE(store_->Put("key", "value").ok());
  Status refused;
  const auto visited = store_->Scan("", 1, [&](std::string_view key, std::string_view) {
    std::string value;
    refused = store_->Get(key, &value).status();
  });
  EXPECT_EQ(visited.value(), 1u);
  EXPECT_NE(refused.message().find("lmdb.maxreaders"), std::string::npos) << refused.ToString();
  EXPECT_EQ(Get("key"), "value");
}

TEST_F(LmdbStoreTest, AThreadMayReadOfSeveralAndOutliveThem) {
  const FreshDirectory other_directory;
  ASSERT_NE(Open(), nullptr);
  StoreOptions other_options;
  other_options.directory = other_directory.path();
  auto other = kind_.Open(other_options).value();
  ASSERT_TRUE(store_->Put("key", "first").ok());
  ASSERT_TRUE(other->Put("key", "second").ok());
  std::string value;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Get("key"), "first");
    EXPECT_TRUE(other->Get("key", &value).value());
    EXPECT_EQ(value, "second");
  }
  other.reset();
  EXPECT_EQ(Get("key"), "first");
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(Get("key"), "first");
}

TEST_F(LmdbStoreTest, SaysHowItsTreeIs) {
  ASSERT_NE(Open(), nullptr);
  const auto transactions = [this] { return store_->State().own_counters.at(0).second; };
  EXPECT_EQ(store_->State().own_counters.at(0).first, "transactions");
  EXPECT_EQ(transactions(), 0u);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(store_->Put("key" + std::to_string(i), std::string(100, 'v')).ok());
  }
  EXPECT_EQ(transactions(), 1000u);
  EXPECT_TRUE(store_->Delete("absent").ok());
  EXPECT_EQ(transactions(), 1000u);
  EXPECT_EQ(Gauge("entries"), 1000u);
  EXPECT_EQ(Gauge("depth"), 2u);
  EXPECT_GT(Gauge("leaf_pages"), 20u);
  EXPECT_GE(FileBytes(), (Gauge("leaf_pages") + Gauge("branch_pages")) * 4096);
  EXPECT_TRUE(store_->State().levels.empty());
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(transactions(), 0u);
}

TEST_F(LmdbStoreTest, HasNoDeletesOfRanges) {
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(store_->DeleteRange("", "").code(), Status::Code::kNotSupported);
}

TEST_F(LmdbStoreTest, KeepsWhatItAcknowledgedWhenItsProcessDies) {
  for (const Texts& own : {Texts{}, Texts{{"writemap", "true"}, {"mapasync", "true"}}}) {
    InAProcessThatDies(OptionsOf({}, own), [](Store* store) {
      for (int i = 0; i < 1000; ++i) {
        const std::string key = "key" + std::to_string(i);
        if (!store->Put(key, key).ok()) return false;
      }
      std::string value;
      return store->Get("key1", &value).ok() && store->Delete("key7").ok();
    });
    ASSERT_NE(Open(), nullptr);
    EXPECT_EQ(Scanned("", false).size(), 999u);
    EXPECT_EQ(Get("key999"), "key999");
    EXPECT_EQ(Get("key7"), std::nullopt);
    store_.reset();
  }
}

TEST_F(LmdbStoreTest, ManyThreadsWriteReadAndSettleAtOnce) {
  ASSERT_NE(Open(), nullptr);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 1000; ++i) {
        const std::string key = std::to_string(thread) + "-" + std::to_string(i);
        EXPECT_TRUE(store_->Put(key, key).ok());
        EXPECT_EQ(Get(key), key);
        if (i % 300 == 0) {
          EXPECT_TRUE(store_->Settle().ok());
        }
        if (i % 100 == 0) {
          EXPECT_GE(Scanned(key, false).size(), 1u);
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(Scanned("", false).size(), 4000u);
}

}  // namespace
}  // namespace varve::harness
