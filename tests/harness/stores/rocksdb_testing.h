// What tests of the store `rocksdb` share: a fixture that opens one and asks it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {

using Settings = std::vector<SettingText>;

inline constexpr uint64_t kValueBytes = 100;

class JobCounter final : public EventListener {
 public:
  void OnJobEnd(const JobEvent& event) override {
    const std::lock_guard lock(mutex);
    events.push_back(event);
  }
  void OnStallEnd(const StallEvent& event) override {
    const std::lock_guard lock(mutex);
    stalls.push_back(event);
  }
  std::mutex mutex;
  std::vector<JobEvent> events;
  std::vector<StallEvent> stalls;
};

class RocksDbStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    kind_ = FindStoreKind("rocksdb");
    if (!kind_->built()) GTEST_SKIP() << "RocksDB was not there when Varve was built";
  }

  Result<std::unique_ptr<Store>> TryOpen(const Settings& settings, const Settings& own = {}) {
    StoreOptions options;
    options.directory = directory_.path();
    options.settings = settings;
    options.own_settings = own;
    options.own_defaults = own_defaults_;
    options.direct_io = direct_io_;
    options.listener = &jobs_;
    return kind_->Open(options);
  }

  void Open(const Settings& settings, const Settings& own = {}) {
    store_.reset();
    auto store = TryOpen(settings, own);
    if (!store.ok()) throw std::runtime_error(store.status().ToString());  // ends the test
    store_ = std::move(*store);
  }

  std::string Used(std::string_view name) const {
    for (const SettingText& setting : store_->SettingsUsed()) {
      if (setting.name == name) return setting.text;
    }
    return "";
  }

  // But for the one that is of the library, and not of what was asked for.
  std::vector<std::string> Caveats() const {
    std::vector<std::string> caveats;
    for (const std::string& caveat : store_->Caveats()) {
      if (caveat.find("assertions") == caveat.npos) caveats.push_back(caveat);
    }
    return caveats;
  }

  static std::string Key(uint64_t number) {
    return "key" + std::to_string(100000 + number * 7919 % 100000);
  }

  void Fill(uint64_t entries, uint64_t first = 0) {
    for (uint64_t i = first; i < first + entries; ++i) {
      const std::string value(kValueBytes, static_cast<char>('a' + i % 26));
      ASSERT_TRUE(store_->Put(Key(i), value).ok());
    }
  }

  void ExpectEntries(uint64_t entries) {
    std::string value;
    for (uint64_t i = 0; i < entries; ++i) {
      ASSERT_TRUE(store_->Get(Key(i), &value).value()) << i;
      ASSERT_EQ(value, std::string(kValueBytes, static_cast<char>('a' + i % 26)));
    }
    uint64_t seen = 0;
    std::string last;
    const auto visited = store_->Scan("", UINT64_MAX, [&](std::string_view key, std::string_view) {
      EXPECT_LT(last, key);
      last = key;
      ++seen;
    });
    ASSERT_TRUE(visited.ok());
    EXPECT_EQ(seen, entries);
  }

  uint64_t OwnCounter(std::string_view name) const {
    for (const auto& [own, value] : store_->State().own_counters) {
      if (own == name) return value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  FreshDirectory directory_;
  bool own_defaults_ = false;
  bool direct_io_ = false;
  JobCounter jobs_;
  const StoreKind* kind_ = nullptr;
  std::unique_ptr<Store> store_;
};

inline const Settings kSmall = {{"memtable_bytes", "128 KiB"}, {"cache_bytes", "256 KiB"}};

}  // namespace varve::harness
