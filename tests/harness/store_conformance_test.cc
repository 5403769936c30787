// Every store of the table that was built answers as std::map does; that of one memtable with each
// part, others with settings that change how they work. What a store does not have it says so.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "engine/parts.h"
#include "harness/store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

using Reference = std::map<std::string, std::string, std::less<>>;
using Entries = std::vector<std::pair<std::string, std::string>>;

struct Kind {
  std::string name;  // of the test
  std::string store;
  std::vector<SettingText> settings;
  std::vector<SettingText> own_settings = {};
};

bool NotSupported(const Status& status) { return status.code() == Status::Code::kNotSupported; }

class StoreConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.directory = directory_.path();
    // So small that an engine with levels makes some.
    options.settings = {{"memtable_bytes", "16 KiB"}, {"table_bytes", "8 KiB"}};
    for (const SettingText& setting : GetParam().settings) options.settings.push_back(setting);
    options.own_settings = GetParam().own_settings;
    asked_ = options;
    auto store = FindStoreKind(GetParam().store)->Open(options);
    if (GetParam().store == "resp" && store.status().code() == Status::Code::kNotFound) {
      GTEST_SKIP() << store.status().ToString();  // there is a client, and no server
    }
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    scans_ = !NotSupported(store_->Scan("", 0, nullptr).status());
    scans_reverse_ = !NotSupported(store_->ScanReverse("", 0, nullptr).status());
  }

  std::optional<std::string> Get(std::string_view key) {
    std::string value = "left over from before";
    const Result<bool> found = store_->Get(key, &value);
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    if (!found.ok() || !*found) return std::nullopt;
    return value;
  }

  Entries Scan(std::string_view start, uint64_t count) {
    Entries entries;
    const auto visited =
        store_->Scan(start, count, [&entries](std::string_view key, std::string_view value) {
          entries.emplace_back(key, value);
        });
    EXPECT_TRUE(visited.ok()) << visited.status().ToString();
    if (visited.ok()) {
      EXPECT_EQ(*visited, entries.size());
    }
    return entries;
  }

  Entries ScanReverse(std::string_view start, uint64_t count) {
    Entries entries;
    const auto visited =
        store_->ScanReverse(start, count, [&entries](std::string_view key, std::string_view value) {
          entries.emplace_back(key, value);
        });
    EXPECT_TRUE(visited.ok()) << visited.status().ToString();
    if (visited.ok()) {
      EXPECT_EQ(*visited, entries.size());
    }
    return entries;
  }

  // Also in a reference, unless the store says that it cannot.
  void DeleteRange(std::string_view begin, std::string_view end, Reference* reference) {
    const Status status = store_->DeleteRange(begin, end);
    if (status.code() == Status::Code::kNotSupported) return;
    ASSERT_TRUE(status.ok()) << status.ToString();
    reference->erase(reference->lower_bound(begin), reference->lower_bound(end));
  }

  void ExpectScans(const Reference& reference, std::string_view start, uint64_t count);
  void ExpectEverything(const Reference& reference, const std::vector<std::string>& keys);

  FreshDirectory directory_;
  StoreOptions asked_;
  std::unique_ptr<Store> store_;
  bool scans_ = false;
  bool scans_reverse_ = false;
};

Entries Expected(const Reference& reference, std::string_view start, uint64_t count) {
  Entries entries;
  for (auto at = reference.lower_bound(start); at != reference.end() && entries.size() < count;
       ++at) {
    entries.push_back(*at);
  }
  return entries;
}

Entries ExpectedReverse(const Reference& reference, std::string_view start, uint64_t count) {
  Entries entries;
  for (auto at = reference.upper_bound(start); at != reference.begin() && entries.size() < count;) {
    entries.push_back(*--at);
  }
  return entries;
}

// In both directions, as far as the store has them.
void StoreConformance::ExpectScans(const Reference& reference, std::string_view start,
                                   uint64_t count) {
  if (scans_) {
    EXPECT_EQ(Scan(start, count), Expected(reference, start, count));
  }
  if (scans_reverse_) {
    EXPECT_EQ(ScanReverse(start, count), ExpectedReverse(reference, start, count));
  }
}

// By a scan, and by a get of each of the keys that can be there.
void StoreConformance::ExpectEverything(const Reference& reference,
                                        const std::vector<std::string>& keys) {
  if (scans_) {
    EXPECT_EQ(Scan("", UINT64_MAX), Expected(reference, "", UINT64_MAX));
  }
  for (const std::string& key : keys) {
    const auto found = reference.find(key);
    ASSERT_EQ(Get(key), found == reference.end() ? std::nullopt : std::optional(found->second));
  }
}

TEST_P(StoreConformance, AnswersAsAMapDoesOverRandomOperations) {
  constexpr uint64_t kSeed = 20240501;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  Reference reference;
  const auto random_key = [&random] { return "key" + std::to_string(random() % 500); };
  const auto random_value = [&random] {
    return std::string(random() % 200, static_cast<char>('a' + random() % 26));
  };
  for (int step = 0; step < 10000; ++step) {
    const std::string key = random_key();
    const uint64_t choice = random() % 10;
    if (choice < 4) {
      const std::string value = random_value();
      ASSERT_TRUE(store_->Put(key, value).ok());
      reference[key] = value;
    } else if (choice < 5) {
      ASSERT_TRUE(store_->Delete(key).ok());
      reference.erase(key);
    } else if (choice < 6) {
      const uint64_t count = random() % 20;
      ExpectScans(reference, key, count);
      ASSERT_FALSE(HasFailure()) << "step " << step;
    } else if (step % 50 == 0) {
      DeleteRange(key, key + "~", &reference);  // and all keys that begin with it
    } else {
      const auto found = reference.find(key);
      const auto expected = found == reference.end() ? std::nullopt : std::optional(found->second);
      ASSERT_EQ(Get(key), expected) << "step " << step << " key " << key;
    }
  }
  ASSERT_TRUE(store_->Settle().ok());
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) keys.push_back("key" + std::to_string(i));
  ExpectEverything(reference, keys);
}

TEST_P(StoreConformance, WhatItDoesNotHaveItSaysWhateverItIsAsked) {
  ASSERT_TRUE(store_->Put("key", "value").ok());
  EXPECT_EQ(NotSupported(store_->Scan("a", 5, nullptr).status()), !scans_);
  EXPECT_EQ(NotSupported(store_->ScanReverse("z", 5, nullptr).status()), !scans_reverse_);
  const Status nothing = store_->DeleteRange("", "");
  EXPECT_TRUE(nothing.ok() || NotSupported(nothing)) << nothing.ToString();
  EXPECT_EQ(NotSupported(store_->DeleteRange("a", "b")), NotSupported(nothing));
  EXPECT_EQ(Get("key"), "value");
}

TEST_P(StoreConformance, WhatItKeepsIsThereAfterItWasClosed) {
  if (GetParam().store == "map" || GetParam().store == "memtable") return;  // keep nothing
  StoreOptions options = asked_;
  ASSERT_TRUE(store_->Put("kept", "value").ok());
  ASSERT_TRUE(store_->Put("gone", "value").ok());
  ASSERT_TRUE(store_->Delete("gone").ok());
  ASSERT_TRUE(store_->Sync().ok());
  store_.reset();
  auto store = FindStoreKind(GetParam().store)->Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  store_ = std::move(*store);
  EXPECT_EQ(Get("kept"), "value");
  EXPECT_EQ(Get("gone"), std::nullopt);
}

TEST_P(StoreConformance, ABatchIsAllOfItsEntriesAndTheLastOneWins) {
  using Pair = std::pair<std::string_view, std::string_view>;
  const std::vector<Pair> entries = {{"b", "1"}, {"a", "2"}, {"b", "3"}};
  ASSERT_TRUE(store_->PutBatch(entries).ok());
  ExpectEverything({{"a", "2"}, {"b", "3"}}, {"a", "b", "c"});
}

TEST_P(StoreConformance, AScanNeedsNoVisitorAndCountsAllTheSame) {
  if (!scans_) return;
  for (const std::string_view key : {"a", "b", "c"}) ASSERT_TRUE(store_->Put(key, "v").ok());
  EXPECT_EQ(store_->Scan("b", 10, nullptr).value(), 2u);
  EXPECT_EQ(store_->Scan("", 0, nullptr).value(), 0u);
  EXPECT_EQ(store_->Scan("d", 10, nullptr).value(), 0u);
}

TEST_P(StoreConformance, KeysAndValuesAreBytesOfAnyContent) {
  const std::string key("\0\xff\n\0", 4);
  const std::string value("\0value\0", 7);
  ASSERT_TRUE(store_->Put(key, value).ok());
  ASSERT_TRUE(store_->Put("", "empty key").ok());
  ASSERT_TRUE(store_->Put("empty value", "").ok());
  EXPECT_EQ(Get(key), value);
  EXPECT_EQ(Get(""), "empty key");
  EXPECT_EQ(Get("empty value"), "");
  EXPECT_EQ(Get(key.substr(0, 3)), std::nullopt);
}

TEST_P(StoreConformance, SettleAndSyncWorkWithNothingToDo) {
  EXPECT_TRUE(store_->Settle().ok());
  EXPECT_TRUE(store_->Sync().ok());
}

TEST_P(StoreConformance, TellsItsDurability) {
  std::string durability;
  for (const SettingText& setting : store_->SettingsUsed()) {
    if (setting.name == "durability") durability = setting.text;
  }
  EXPECT_TRUE(durability == "none" || durability == "process" || durability == "power")
      << durability;
}

TEST_P(StoreConformance, ManyThreadsMayCallAtOnce) {
  constexpr int kThreads = 3;
  constexpr int kKeys = 300;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      std::string value;
      for (int i = 0; i < kKeys; ++i) {
        const std::string key = std::to_string(thread) + "-" + std::to_string(i);
        EXPECT_TRUE(store_->Put(key, key).ok());
        EXPECT_TRUE(store_->Get(key, &value).value());
        EXPECT_EQ(value, key);
        if (scans_ && i % 50 == 0) {
          EXPECT_TRUE(store_->Scan(key, 5, nullptr).ok());
        }
        static_cast<void>(store_->State());
      }
    });
  }
  threads.clear();
  Reference reference;
  std::vector<std::string> keys;
  for (int thread = 0; thread < kThreads; ++thread) {
    for (int i = 0; i < kKeys; ++i) {
      keys.push_back(std::to_string(thread) + "-" + std::to_string(i));
      reference[keys.back()] = keys.back();
    }
  }
  ExpectEverything(reference, keys);
}

std::vector<Kind> StoresThatKeep() {
  std::vector<Kind> kinds;
  for (const StoreKind& kind : StoreKinds()) {
    const std::string name(kind.name);
    if (name == "null" || !kind.built()) continue;
    if (name != "memtable") kinds.push_back({name, name, {}});
  }
  for (const MemTablePart& part : MemTableParts()) {
    const std::string name(part.name);
    kinds.push_back({"memtable_" + name, "memtable", {{"memtable", name}}});
  }
  const auto add_if_built = [&kinds](Kind kind) {
    if (FindStoreKind(kind.store)->built()) kinds.push_back(std::move(kind));
  };
  add_if_built({"leveldb_snappy_without_filters",
                "leveldb",
                {{"cache_bytes", "64 KiB"}, {"filter", "none"}},
                {{"compression", "snappy"}, {"block_size", "1 KiB"}}});
  add_if_built({"lmdb_written_in_the_map",
                "lmdb",
                {},
                {{"writemap", "true"}, {"mapasync", "true"}, {"map_bytes", "64 MiB"}}});
  add_if_built({"wiredtiger_lsm", "wiredtiger", {}, {{"type", "lsm"}}});
  add_if_built({"sqlite_one_connection", "sqlite", {}, {{"connections", "one"}}});
  add_if_built(
      {"sqlite_undo_log", "sqlite", {}, {{"journal_mode", "persist"}, {"synchronous", "off"}}});
  kinds.push_back({"memtable_vector_sort_on_read",
                   "memtable",
                   {{"memtable", "vector"},
                    {"memtable_preallocate", "true"},
                    {"memtable_sort_on_read", "true"}}});
  kinds.push_back({"memtable_hash_skiplist_one_bucket",
                   "memtable",
                   {{"memtable", "hash_skiplist"}, {"memtable_prefix_bytes", "0"}}});
  if (FindStoreKind("resp")->built()) {
    kinds.push_back({"resp_ordered", "resp", {}, {{"ordered", "true"}}});
  }
  if (FindStoreKind("rocksdb")->built()) {
    for (const std::string style : {"universal", "fifo", "none"}) {
      kinds.push_back({"rocksdb_" + style, "rocksdb", {}, {{"compaction_style", style}}});
    }
    for (const std::string memtable : {"vector", "prefix_hash", "hash_linkedlist"}) {
      kinds.push_back({"rocksdb_" + memtable, "rocksdb", {}, {{"memtable", memtable}}});
    }
    kinds.push_back({"rocksdb_blobs", "rocksdb", {}, {{"enable_blob_files", "true"}}});
    kinds.push_back({"rocksdb_two_level_index",
                     "rocksdb",
                     {{"filter", "ribbon"}, {"compression", "lz4"}},
                     {{"index_type", "kTwoLevelIndexSearch"}, {"partition_filters", "true"}}});
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Every, StoreConformance, testing::ValuesIn(StoresThatKeep()),
                         [](const auto& row) { return row.param.name; });

TEST(Stores, HaveNamesThatFindThem) {
  for (const StoreKind& kind : StoreKinds()) {
    EXPECT_EQ(FindStoreKind(kind.name), &kind);
    EXPECT_FALSE(kind.help.empty());
    EXPECT_EQ(CheckStoreKind(kind.name).ok(), kind.built());
  }
  EXPECT_EQ(FindStoreKind("no such store"), nullptr);
  EXPECT_EQ(CheckStoreKind("rocks_db").message(),
            "unknown store \"rocks_db\", did you mean \"rocksdb\"?");
}

TEST(Stores, OfOtherLibrariesSayWhichAndTakeTheirOwnSettingsOnly) {
  for (const StoreKind& kind : StoreKinds()) {
    EXPECT_EQ(kind.package.empty(), kind.open != nullptr) << kind.name;
    SCOPED_TRACE(kind.name);
    if (!kind.built()) {
      const Status status = CheckOwnSetting(kind, {"any", "1"});
      EXPECT_TRUE(NotSupported(status)) << status.ToString();
      EXPECT_NE(status.message().find(kind.package), std::string::npos) << status.message();
    }
    if (kind.library == nullptr) continue;
    EXPECT_FALSE(kind.library->version().empty());
    EXPECT_FALSE(kind.library->own_settings().empty());
    const Status unknown = CheckOwnSetting(kind, {"no_such_setting", "1"});
    EXPECT_EQ(unknown.code(), Status::Code::kInvalidArgument);
    for (const OwnSetting& own : kind.library->own_settings()) {
      EXPECT_FALSE(own.help.empty()) << own.name;
    }
  }
}

TEST(NullStore, FindsEverythingAndKeepsNothing) {
  const auto store = FindStoreKind("null")->Open({});
  ASSERT_TRUE(store.ok());
  std::string value;
  EXPECT_TRUE((*store)->Get("anything", &value).value());
  EXPECT_EQ(value.size(), 100u);
  ASSERT_TRUE((*store)->Put("k", "v").ok());
  EXPECT_TRUE((*store)->Get("k", &value).value());
  EXPECT_EQ(value.size(), 100u);
}

}  // namespace
}  // namespace varve::harness
