// The store that is one memtable: what is its own beside what every store does
// (store_conformance_test.cc).
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "harness/store.h"

namespace varve::harness {
namespace {

using testing::ElementsAre;
using Pair = std::pair<std::string_view, std::string_view>;

std::unique_ptr<Store> Open(std::vector<SettingText> settings) {
  StoreOptions options;
  options.settings = std::move(settings);
  auto store = FindStoreKind("memtable")->Open(options);
  EXPECT_TRUE(store.ok()) << store.status().ToString();
  return std::move(*store);
}

std::string KeyOf(uint64_t i) {
  const std::string digits = std::to_string(i);
  return std::string(8 - digits.size(), '0') + digits;
}

TEST(MemTableStore, TellsTheSettingsThatItHeedsAndNoOthers) {
  const auto store = Open({{"compaction", "tiered"},
                           {"durability", "power"},
                           {"memtables_max", "5"},
                           {"memtable", "hash_skiplist"},
                           {"memtable_buckets", "77"}});
  std::vector<std::string> names;
  std::map<std::string, std::string> texts;
  for (const SettingText& setting : store->SettingsUsed()) {
    names.push_back(setting.name);
    texts[setting.name] = setting.text;
  }
  EXPECT_EQ(texts["durability"], "none");
  EXPECT_EQ(texts["memtable"], "hash_skiplist");
  EXPECT_EQ(texts["memtable_buckets"], "77");
  EXPECT_THAT(names,
              ElementsAre("durability", "memtable", "memtable_bytes", "memtable_entries_max",
                          "memtable_buckets", "memtable_prefix_bytes", "memtable_preallocate",
                          "memtable_sort_on_read", "memtable_huge_pages"));
}

TEST(MemTableStore, HeedsThem) {
  const auto bytes_with = [](const char* buckets) {
    const auto store = Open({{"memtable", "hash_linked_list"}, {"memtable_buckets", buckets}});
    return store->State().memtable_use.total();
  };
  EXPECT_LT(bytes_with("1"), 100'000u);
  EXPECT_GT(bytes_with("100000"), 100'000 * sizeof(void*));
}

TEST(MemTableStore, WhatCannotBeIsRefused) {
  StoreOptions options;
  options.settings = {{"memtable", "btre"}};
  EXPECT_EQ(FindStoreKind("memtable")->Open(options).status().code(),
            Status::Code::kInvalidArgument);
  const auto store = Open({});
  const std::string long_key(kKeyBytesMax + 1, 'k');
  EXPECT_EQ(store->Put(long_key, "v").code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(store->Delete(long_key).code(), Status::Code::kInvalidArgument);
  const std::vector<Pair> batch = {{"a", "1"}, {long_key, "2"}};
  EXPECT_EQ(store->PutBatch(batch).code(), Status::Code::kInvalidArgument);
  EXPECT_EQ(store->State().memtable_entries, 0u);
}

TEST(MemTableStore, CountsEveryVersionAndTombstoneAsAnEntry) {
  const auto store = Open({});
  ASSERT_TRUE(store->Put("key", "value").ok());
  ASSERT_TRUE(store->Put("key", "other").ok());
  ASSERT_TRUE(store->Delete("key").ok());
  ASSERT_TRUE(store->Delete("no such key").ok());
  const StoreState state = store->State();
  ASSERT_TRUE(state.has_memtable);
  EXPECT_EQ(state.memtable_entries, 4u);
  EXPECT_EQ(state.memtable_use.payload, 8u + 8 + 3 + 11);
  EXPECT_GT(state.memtable_use.structure, 4 * 16u);
  EXPECT_FALSE(state.has_counters || state.has_ledger || state.has_file_bytes);
}

// Pieces as verification reads them.
std::vector<std::string> KeysInPieces(Store* store, uint64_t piece,
                                      const std::function<void()>& between) {
  std::vector<std::string> keys;
  std::string next;
  for (uint64_t visited = piece; visited == piece;) {
    visited = store->Scan(next, piece, [&](auto key, auto) { keys.emplace_back(key); }).value();
    next = keys.empty() ? "" : keys.back() + std::string(1, 0);
    between();
  }
  return keys;
}

TEST(MemTableStore, LongScansThatFollowEachOtherSeeEverythingOnce) {
  for (const char* part : {"skiplist", "vector", "hash_vector"}) {
    const auto store = Open({{"memtable", part}});
    std::vector<std::string> expected;
    for (uint64_t i = 0; i < 5000; ++i) {
      // 7919 is prime, so that each number comes once.
      ASSERT_TRUE(store->Put(KeyOf(i * 7919 % 5000), "v").ok());
      expected.push_back(KeyOf(i));
    }
    EXPECT_EQ(KeysInPieces(store.get(), 2000, [] {}), expected) << part;
    EXPECT_EQ(KeysInPieces(store.get(), 1024, [] {}), expected) << part;
    EXPECT_EQ(KeysInPieces(store.get(), 5000, [] {}), expected) << part;
    EXPECT_EQ(KeysInPieces(store.get(), 10, [] {}), expected) << part;
  }
}

TEST(MemTableStore, ALongScanSeesWhatWasWrittenSinceTheOneBefore) {
  for (const char* part : {"skiplist", "vector"}) {
    const auto store = Open({{"memtable", part}});
    for (uint64_t i = 0; i < 4000; i += 2) ASSERT_TRUE(store->Put(KeyOf(i), "v").ok());
    uint64_t pieces = 0;
    const auto keys = KeysInPieces(store.get(), 1024, [&] {
      if (pieces++ == 0) {
        ASSERT_TRUE(store->Put(KeyOf(3999), "new").ok());
        ASSERT_TRUE(store->Delete(KeyOf(3000)).ok());
      }
    });
    EXPECT_EQ(keys.back(), KeyOf(3999)) << part;
    EXPECT_FALSE(std::binary_search(keys.begin(), keys.end(), KeyOf(3000))) << part;
    EXPECT_EQ(keys.size(), 2000u) << part;
  }
}

TEST(MemTableStore, ALongScanThatBeginsElsewhereDoes) {
  const auto store = Open({{"memtable", "vector"}});
  for (uint64_t i = 0; i < 4000; ++i) ASSERT_TRUE(store->Put(KeyOf(i), "v").ok());
  ASSERT_TRUE(store->Put(KeyOf(1023) + "5", "between").ok());
  const auto first_from = [&store](const std::string& start) {
    std::string first;
    const auto visit = [&first](auto key, auto) {
      if (first.empty()) first = key;
    };
    EXPECT_EQ(store->Scan(start, 1024, visit).value(), 1024u);
    return first;
  };
  const std::string zero(1, 0);
  EXPECT_EQ(first_from(""), KeyOf(0));
  EXPECT_EQ(first_from(KeyOf(1023) + "7"), KeyOf(1024));
  EXPECT_EQ(first_from(KeyOf(2000) + zero), KeyOf(2001));
  EXPECT_EQ(first_from(KeyOf(1023)), KeyOf(1023));
  EXPECT_EQ(first_from(KeyOf(2046)), KeyOf(2046));
  EXPECT_EQ(first_from(KeyOf(1) + zero), KeyOf(2));
}

TEST(MemTableStore, ABatchIsSeenAsAWholeByReadersBesideIt) {
  constexpr uint64_t kEntries = 200;
  const auto store = Open({{"memtable", "btree"}});
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kEntries; ++i) keys.push_back(KeyOf(i));
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 500; ++i) {
      const std::string value = std::to_string(i);
      std::vector<Pair> batch;
      for (const std::string& key : keys) batch.emplace_back(key, value);
      EXPECT_TRUE(store->PutBatch(batch).ok());
    }
    done = true;
  });
  uint64_t torn = 0;
  while (!done) {
    std::vector<std::string> values;
    const auto visit = [&values](auto, auto value) { values.emplace_back(value); };
    EXPECT_TRUE(store->Scan("", kEntries, visit).ok());
    const bool whole =
        values.empty() || (values.size() == kEntries && values.front() == values.back());
    torn += whole ? 0 : 1;
  }
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace varve::harness
