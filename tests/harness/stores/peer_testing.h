// What tests of stores of other libraries share: opening one, what it says of itself, and a process
// that dies.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {

// Skips where Varve was built without the library.
class PeerTest : public testing::Test {
 protected:
  using Texts = std::vector<SettingText>;

  explicit PeerTest(std::string_view store) : kind_(*FindStoreKind(store)) {}

  void SetUp() override {
    if (!kind_.built()) GTEST_SKIP() << kind_.name << " was not built";
  }

  StoreOptions OptionsOf(Texts settings, Texts own = {}) const {
    StoreOptions options;
    options.directory = directory_.path();
    options.settings = std::move(settings);
    options.own_settings = std::move(own);
    return options;
  }

  // Closes the one before. Null, and a failure, if it cannot be opened.
  Store* OpenWith(const StoreOptions& options) {
    store_.reset();
    auto store = kind_.Open(options);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    if (store.ok()) store_ = std::move(*store);
    return store_.get();
  }
  Store* Open(Texts settings = {}, Texts own = {}) {
    return OpenWith(OptionsOf(std::move(settings), std::move(own)));
  }
  Store* OpenAsItComes(Texts own = {}) {
    StoreOptions options = OptionsOf({{"compression", "lz4"}}, std::move(own));
    options.own_defaults = true;
    return OpenWith(options);
  }

  Status Refusal(Texts settings, Texts own = {}) const {
    const auto store = kind_.Open(OptionsOf(std::move(settings), std::move(own)));
    return store.ok() ? Status() : store.status();
  }

  // What the open store says that it uses; "" if it says nothing of it.
  std::string Used(std::string_view name) const {
    for (const SettingText& setting : store_->SettingsUsed()) {
      if (setting.name == name) return setting.text;
    }
    return "";
  }

  // The caveats of the open store that hold `words`.
  int Caveats(std::string_view words) const {
    int found = 0;
    for (const std::string& caveat : store_->Caveats()) {
      if (caveat.find(words) != std::string::npos) ++found;
    }
    return found;
  }

  std::optional<std::string> Get(std::string_view key) const {
    std::string value;
    const Result<bool> found = store_->Get(key, &value);
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    if (!found.ok() || !*found) return std::nullopt;
    return value;
  }

  uint64_t Gauge(std::string_view name) const {
    for (const auto& [gauge, value] : store_->State().own_gauges) {
      if (gauge == name) return value;
    }
    ADD_FAILURE() << "no gauge " << name;
    return 0;
  }

  // Opens the store in a process of its own, and lets it die at once after `work`, which returns
  // whether all went well.
  void InAProcessThatDies(const StoreOptions& options, const std::function<bool(Store*)>& work) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = kind_.Open(options);
      _exit(store.ok() && work(store->get()) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  const StoreKind& kind_;
  const FreshDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace varve::harness
