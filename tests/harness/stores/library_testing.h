// What tests of stores that are made of libraries share.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "harness/store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {

using Settings = std::vector<SettingText>;

// A store of one kind in a directory of its own, opened as often as a test wants.
class LibraryStoreTest : public testing::Test {
 protected:
  explicit LibraryStoreTest(std::string_view kind) : kind_(FindStoreKind(kind)) {
    options_.directory = directory_.path();
  }
  void SetUp() override {
    if (!kind_->built()) GTEST_SKIP() << kind_->name << " was not built";
  }

  // Closes what was open before.
  Status Reopen() {
    store_.reset();
    Result<std::unique_ptr<Store>> store = kind_->Open(options_);
    if (!store.ok()) return store.status();
    store_ = std::move(*store);
    return {};
  }
  // With these, in the directory as it is.
  void Open(Settings settings = {}, Settings own_settings = {}) {
    options_.settings = std::move(settings);
    options_.own_settings = std::move(own_settings);
    const Status status = Reopen();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // The error of the same; an empty directory stays so.
  Status OpenError(Settings settings, Settings own_settings) {
    options_.settings = std::move(settings);
    options_.own_settings = std::move(own_settings);
    return Reopen();
  }

  // A setting that is used; "(none)" if it is not told.
  std::string Used(std::string_view name) const {
    for (const SettingText& setting : store_->SettingsUsed()) {
      if (setting.name == name) return setting.text;
    }
    return "(none)";
  }
  // How many caveats contain this.
  int64_t Caveats(std::string_view words) const {
    return std::ranges::count_if(store_->Caveats(), [words](const std::string& caveat) {
      return caveat.find(words) != std::string::npos;
    });
  }
  uint64_t Counter(std::string_view name) const {
    for (const auto& [counter, value] : store_->State().own_counters) {
      if (counter == name) return value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  std::string Get(std::string_view key) const {
    std::string value;
    const Result<bool> found = store_->Get(key, &value);
    if (!found.ok()) return found.status().ToString();
    return *found ? value : "(absent)";
  }
  std::vector<std::string> Keys(std::string_view start = "") const {
    std::vector<std::string> keys;
    const auto visited = store_->Scan(
        start, UINT64_MAX, [&keys](std::string_view key, auto) { keys.emplace_back(key); });
    EXPECT_TRUE(visited.ok()) << visited.status().ToString();
    return keys;
  }

  // What is wrong with a value, as the command line and files are told.
  std::string Refused(std::string_view name, std::string_view value) const {
    const Status status = CheckOwnSetting(*kind_, {std::string(name), std::string(value)});
    return status.ok() ? "(taken)" : std::string(status.message());
  }

  // Opens the store in another process, and kills that when `work` has returned.
  void WorkAndKill(const std::function<Status(Store&)>& work) {
    store_.reset();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const Status opened = Reopen();
      if (!opened.ok() || !work(*store_).ok()) ::_exit(9);
      ::kill(::getpid(), SIGKILL);
    }
    int state = 0;
    ASSERT_EQ(::waitpid(child, &state, 0), child);
    ASSERT_TRUE(WIFSIGNALED(state)) << "exit status " << WEXITSTATUS(state);
  }

  // While a scan is at its first entry another thread puts a key behind it: the scan must not see
  // it, and the next one must.
  void ExpectScanSeesOneMoment() {
    for (const std::string_view key : {"a", "b", "c"}) ASSERT_TRUE(store_->Put(key, "v").ok());
    std::vector<std::string> keys;
    const auto visited = store_->Scan("", 10, [&](std::string_view key, auto) {
      keys.emplace_back(key);
      if (key != "a") return;
      std::jthread([this] {
        EXPECT_TRUE(store_->Put("bb", "v").ok());
        EXPECT_TRUE(store_->Delete("c").ok());
      }).join();
    });
    ASSERT_TRUE(visited.ok()) << visited.status().ToString();
    EXPECT_EQ(keys, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "b", "bb"}));
  }

  const StoreKind* const kind_;
  FreshDirectory directory_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

}  // namespace varve::harness
