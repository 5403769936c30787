// The store `resp` with a real server: what becomes of the terms, what survives what, and what is
// refused. Skipped where no server is installed.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "engine/util/clock.h"
#include "harness/files.h"
#include "harness/store.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Code = Status::Code;
using Settings = std::vector<SettingText>;

std::string SettingOf(const Store& store, std::string_view name) {
  for (const SettingText& setting : store.SettingsUsed()) {
    if (setting.name == name) return setting.text;
  }
  return "not told";
}

uint64_t CounterOf(const Store& store, std::string_view name) {
  for (const auto& [known, value] : store.State().own_counters) {
    if (known == name) return value;
  }
  return UINT64_MAX;
}

std::optional<std::string> ValueOf(Store& store, std::string_view key) {
  std::string value;
  const Result<bool> found = store.Get(key, &value);
  EXPECT_TRUE(found.ok()) << found.status().ToString();
  return found.ok() && *found ? std::optional(value) : std::nullopt;
}

class RespStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!FindStoreKind("resp")->built()) GTEST_SKIP() << "hiredis was not there";
    FreshDirectory scratch;
    StoreOptions options;
    options.directory = scratch.path();
    const auto store = FindStoreKind("resp")->Open(options);
    if (store.status().code() == Code::kNotFound) GTEST_SKIP() << store.status().ToString();
  }

  Result<std::unique_ptr<Store>> TryOpen(Settings own = {}, Settings terms = {},
                                         bool own_defaults = false) {
    StoreOptions options;
    options.directory = directory_.path();
    options.own_settings = std::move(own);
    options.settings = std::move(terms);
    options.own_defaults = own_defaults;
    return FindStoreKind("resp")->Open(options);
  }

  std::unique_ptr<Store> Open(Settings own = {}, Settings terms = {}, bool own_defaults = false) {
    auto store = TryOpen(std::move(own), std::move(terms), own_defaults);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? std::move(*store) : nullptr;
  }

  std::string SocketOf() const {
    const std::string config = ReadTextFile(directory_.path() + "/resp.conf").value();
    const size_t begin = config.find("unixsocket ") + 11;
    return config.substr(begin, config.find('\n', begin) - begin);
  }

  FreshDirectory directory_;
};

TEST_F(RespStore, DurabilityBecomesALogAndWhenItIsSynced) {
  const std::vector<std::vector<std::string>> cases = {
      {"none", "no", "no"}, {"process", "yes", "no"}, {"power", "yes", "always"}};
  for (const std::vector<std::string>& one : cases) {
    FreshDirectory fresh;
    StoreOptions options;
    options.directory = fresh.path();
    options.settings = {{"durability", one[0]}};
    const auto store = FindStoreKind("resp")->Open(options).value();
    EXPECT_EQ(SettingOf(*store, "durability"), one[0]);
    EXPECT_EQ(SettingOf(*store, "appendonly"), one[1]);
    EXPECT_EQ(SettingOf(*store, "appendfsync"), one[2]);
    EXPECT_EQ(SettingOf(*store, "save"), "");
    EXPECT_EQ(SettingOf(*store, "auto-aof-rewrite-percentage"), "0");
    EXPECT_EQ(SettingOf(*store, "compression"), "none");
    EXPECT_THAT(SettingOf(*store, "server_version"), HasSubstr("7."));
  }
}

TEST_F(RespStore, WithoutTermsItIsAsItsMakersShipIt) {
  const auto store = Open({}, {{"compression", "lz4"}}, true);
  EXPECT_EQ(SettingOf(*store, "durability"), "none");
  EXPECT_EQ(SettingOf(*store, "save"), "3600 1 300 100 60 10000");
  EXPECT_EQ(SettingOf(*store, "auto-aof-rewrite-percentage"), "100");
  EXPECT_THAT(store->Caveats(), Contains(HasSubstr("child processes")));
  EXPECT_THAT(store->Caveats(), Not(Contains(HasSubstr("engine."))));
}

TEST_F(RespStore, OwnSettingsComeLast) {
  const auto store = Open({{"appendfsync", "everysec"},
                           {"hz", "50"},
                           {"maxmemory", "64mb"},
                           {"save", "900 1"},
                           {"config", " hash-max-listpack-entries 77 ; list-compress-depth 1;"}});
  EXPECT_EQ(SettingOf(*store, "appendfsync"), "everysec");
  EXPECT_EQ(SettingOf(*store, "durability"), "none");
  EXPECT_EQ(SettingOf(*store, "hz"), "50");
  EXPECT_EQ(SettingOf(*store, "maxmemory"), "67108864");
  EXPECT_EQ(SettingOf(*store, "save"), "900 1");
  EXPECT_EQ(SettingOf(*store, "hash-max-listpack-entries"), "77");
  EXPECT_EQ(SettingOf(*store, "list-compress-depth"), "1");
  EXPECT_THAT(store->Caveats(), Contains(HasSubstr("not process, as engine.durability says")));
  EXPECT_THAT(store->Caveats(), Contains(StartsWith("appendfsync everysec")));
  EXPECT_THAT(store->Caveats(), Contains(HasSubstr("child processes")));
}

TEST_F(RespStore, WrongSettingsAreRefusedWithTheRightForm) {
  const std::pair<Settings, std::string> cases[] = {
      {{{"appendfsync", "sometimes"}}, "is not one of always|everysec|no"},
      {{{"hz", "fast"}}, "is not a whole number"},
      {{{"maxmemory", "1 GiB"}}, "64mb"},
      {{{"timeout", "0"}}, "less than the smallest"},
      {{{"ordered", "maybe"}}, "neither true nor false"},
      {{{"maxmemory-policy", "a\nport 6379"}}, "one line"},
      {{{"config", "dir /tmp"}}, "dir is set by the store itself"},
      {{{"config", "Hz 10"}}, "is not a name and a value"},
      {{{"config", "hz ten"}}, "is not a whole number"},
      {{{"config", "hz 10"}, {"hz", "20"}}, "hz: is set twice"},
      {{{"host", "localhost"}, {"hz", "20"}}, "runs already"},
      {{{"port", "6379"}, {"server", "x"}}, "runs already"},
      {{{"socket", "x"}, {"port", "6379"}}, "instead of host and port"},
      {{{"flush_at_end", "true"}, {"hz", "20"}}, "for a server that runs already"},
      {{{"password_file", "x"}}, "for a server that runs already"}};
  for (const auto& [own, message] : cases) {
    const Status status = TryOpen(own).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
  const StoreKind& kind = *FindStoreKind("resp");
  EXPECT_TRUE(CheckOwnSetting(kind, {"password_file", "x"}).ok());  // the rest is yet to come
  EXPECT_FALSE(CheckOwnSetting(kind, {"hz", "fast"}).ok());
  EXPECT_THAT(std::string(CheckOwnSetting(kind, {"io_threads", "2"}).message()),
              HasSubstr("did you mean \"io-threads\"?"));
}

TEST_F(RespStore, WhatTheServerRefusesIsToldInItsOwnWords) {
  const Status status = TryOpen({{"config", "frobnicate 3"}}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("exit status 1"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Bad directive"));
  const Status policy = TryOpen({{"maxmemory-policy", "bogus"}}).status();
  EXPECT_THAT(std::string(policy.message()), HasSubstr("allkeys-lru"));
  EXPECT_EQ(TryOpen({{"server", "no-such-server"}}).status().code(), Code::kNotFound);
  EXPECT_EQ(TryOpen({{"server", "/etc/passwd"}}).status().code(), Code::kNotFound);
  const Status silent = TryOpen({{"server", "true"}}).status();  // and not what was said before
  EXPECT_THAT(std::string(silent.message()), EndsWith("true has ended (exit status 0)"));
  EXPECT_EQ(TryOpen({}, {{"compression", "lz4"}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(TryOpen({{"database", "16"}}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(TryOpen({{"database", "15"}}).ok());
}

TEST_F(RespStore, CaveatsAppearWhenTheyApplyAndOnlyThen) {
  const std::vector<std::string> conditional = {
      "resp.ordered",         "engine.filter", "engine.compaction_threads", "direct I/O",
      "thrown away",          "everysec",      "child processes",           "ran before",
      "process is not known", "does not tell", "engine.durability",         "is gone when"};
  const auto few = Open({}, {{"filter", "none"}})->Caveats();
  for (const std::string& caveat : conditional) EXPECT_THAT(few, Not(Contains(HasSubstr(caveat))));
  for (const std::string caveat : {"round trip", "in memory", "no checksums"}) {
    EXPECT_THAT(few, Contains(HasSubstr(caveat)));
  }
  FreshDirectory fresh;
  StoreOptions options;
  options.directory = fresh.path();
  options.direct_io = true;
  options.settings = {{"durability", "none"}, {"filter", "bloom"}, {"compaction_threads", "2"}};
  options.own_settings = {
      {"ordered", "true"}, {"maxmemory", "1gb"}, {"maxmemory-policy", "allkeys-lru"}};
  const auto many = FindStoreKind("resp")->Open(options).value()->Caveats();
  for (const size_t applies : {0u, 1u, 2u, 3u, 4u, 11u}) {
    EXPECT_THAT(many, Contains(HasSubstr(conditional[applies])));
  }
  EXPECT_THAT(many, Not(Contains(HasSubstr("no checksums"))));
}

TEST_F(RespStore, AFullServerHasNoSpace) {
  const auto store = Open({{"maxmemory", "3mb"}});
  const std::string value(100000, 'v');
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = store->Put(std::to_string(i), value);
  EXPECT_EQ(status.code(), Code::kNoSpace);
  EXPECT_EQ(ValueOf(*store, "0"), value);
  EXPECT_TRUE(store->Delete("0").ok());
}

TEST_F(RespStore, WithoutOrderScansAndRangesAreNotSupported) {
  const auto store = Open();
  for (const Status& status :
       {store->Scan("", 0, nullptr).status(), store->ScanReverse("", 0, nullptr).status(),
        store->DeleteRange("", ""), store->DeleteRange("a", "b")}) {
    EXPECT_EQ(status.code(), Code::kNotSupported);
    EXPECT_THAT(std::string(status.message()), HasSubstr("resp.ordered"));
  }
}

TEST_F(RespStore, OrderedItScansAndDeletesMoreThanOnePiece) {
  const auto store = Open({{"ordered", "true"}});
  constexpr uint64_t kKeys = 2500;
  std::vector<std::string> keys;
  std::vector<std::pair<std::string_view, std::string_view>> entries;
  for (uint64_t i = 0; i < kKeys; ++i) keys.push_back("k" + std::to_string(10000 + i));
  for (const std::string& key : keys) entries.emplace_back(key, key);
  ASSERT_TRUE(store->PutBatch(entries).ok());
  for (const std::string_view key : {"", "o", "k", "\xff\xff"}) {
    ASSERT_TRUE(store->Put(key, "v").ok());
  }
  std::vector<std::string> seen;
  const Store::Visit visit = [&seen](std::string_view key, std::string_view) {
    seen.emplace_back(key);
  };
  EXPECT_EQ(store->Scan("k", kKeys + 1, visit).value(), kKeys + 1);
  EXPECT_EQ(seen.front(), "k");
  EXPECT_TRUE(std::equal(keys.begin(), keys.end(), seen.begin() + 1, seen.end()));
  seen.clear();
  EXPECT_EQ(store->ScanReverse("o", 2002, visit).value(), 2002u);
  EXPECT_EQ(seen.front(), "o");
  EXPECT_EQ(seen.back(), keys[kKeys - 2001]);
  ASSERT_TRUE(store->DeleteRange(keys[1], keys[2400]).ok());
  EXPECT_EQ(store->Scan("", UINT64_MAX, nullptr).value(), 4 + 1 + 100u);
  EXPECT_EQ(ValueOf(*store, keys[0]), keys[0]);
  EXPECT_EQ(ValueOf(*store, keys[1]), std::nullopt);
  EXPECT_EQ(ValueOf(*store, keys[2399]), std::nullopt);
  EXPECT_EQ(ValueOf(*store, keys[2400]), keys[2400]);
  EXPECT_TRUE(store->DeleteRange("z", "a").ok());
  EXPECT_EQ(ValueOf(*store, "o"), "v");
}

TEST_F(RespStore, AScanIsOfOneMoment) {
  const auto store = Open({{"ordered", "true"}});
  constexpr size_t kKeys = 20;
  std::atomic<bool> done{false};
  std::thread writer([&store, &done] {
    for (int version = 0; version < 1500; ++version) {
      const std::string value = std::to_string(version);
      std::vector<std::string> keys;
      std::vector<std::pair<std::string_view, std::string_view>> entries;
      for (size_t i = 0; i < kKeys; ++i) keys.push_back("key" + std::to_string(i));
      for (const std::string& key : keys) entries.emplace_back(key, value);
      EXPECT_TRUE(store->PutBatch(entries).ok());
      if (version % 3 == 0) {
        EXPECT_TRUE(store->DeleteRange("k", "l").ok());
      }
    }
    done = true;
  });
  uint64_t whole = 0;
  while (!done) {
    std::vector<std::string> values;
    const auto visited = store->Scan("", 100, [&values](std::string_view, std::string_view value) {
      values.emplace_back(value);
    });
    EXPECT_TRUE(visited.ok()) << visited.status().ToString();
    EXPECT_TRUE(values.empty() || values.size() == kKeys) << values.size();
    EXPECT_TRUE(values.empty() || values == std::vector(kKeys, values[0]));
    whole += values.empty() ? 0 : 1;
  }
  EXPECT_GT(whole, 10u);
  writer.join();
}

TEST_F(RespStore, ADatabaseIsReadAsItWasWrittenOrNotAtAll) {
  ASSERT_TRUE(Open({{"ordered", "true"}})->Put("a", "1").ok());
  EXPECT_EQ(TryOpen().status().code(), Code::kInvalidArgument);
  EXPECT_EQ(TryOpen({{"ordered", "true"}}, {{"durability", "none"}}).status().code(),
            Code::kInvalidArgument);
  const auto store = Open({{"ordered", "true"}});
  EXPECT_EQ(store->Scan("", 9, nullptr).value(), 1u);
}

TEST_F(RespStore, WithoutALogASyncIsASnapshot) {
  const Settings none = {{"durability", "none"}};
  {
    const auto store = Open({}, none);
    ASSERT_TRUE(store->Put("synced", "1").ok());
    EXPECT_EQ(store->State().file_bytes, 0u);
    ASSERT_TRUE(store->Sync().ok());
    EXPECT_GT(store->State().file_bytes, 0u);
    ASSERT_TRUE(store->Put("not synced", "1").ok());
  }
  {
    const auto store = Open({}, none);
    EXPECT_EQ(ValueOf(*store, "synced"), "1");
    EXPECT_EQ(ValueOf(*store, "not synced"), std::nullopt);
  }
  EXPECT_EQ(TryOpen().status().code(), Code::kInvalidArgument);  // a log would begin empty
}

// The trial dies, and with it the server: what was acknowledged was with the kernel.
TEST_F(RespStore, ATrialThatIsKilledLosesNothingAtDurabilityProcess) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t trial = ::fork();
  if (trial == 0) {
    const auto store = Open();
    for (int i = 0; i < 200; ++i) {
      if (!store->Put(std::to_string(i), std::string(1000, 'v')).ok()) ::_exit(1);
    }
    const int64_t server = store->State().server_process;
    if (::write(ends[1], &server, sizeof server) != sizeof server) ::_exit(2);
    ::pause();
  }
  int64_t server = 0;
  ASSERT_EQ(::read(ends[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
  ASSERT_GT(server, 1);
  const std::string socket = SocketOf();
  EXPECT_EQ(::access(socket.c_str(), F_OK), 0);
  EXPECT_EQ(::kill(trial, SIGKILL), 0);
  EXPECT_EQ(::waitpid(trial, nullptr, 0), trial);
  const auto store = Open();  // once the server has gone, too
  EXPECT_NE(store->State().server_process, server);
  EXPECT_NE(::access(socket.substr(0, socket.rfind('/')).c_str(), F_OK), 0);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(ValueOf(*store, std::to_string(i)), std::string(1000, 'v')) << i;
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(RespStore, AServerThatIsKilledIsTold) {
  auto store = Open({{"ordered", "true"}});
  ASSERT_TRUE(store->Put("a", "1").ok());
  const int64_t server = store->State().server_process;
  ASSERT_EQ(::kill(static_cast<pid_t>(server), SIGKILL), 0);
  RealClock()->SleepNs(100'000'000);
  const Status put = store->Put("b", "2");
  EXPECT_FALSE(put.ok());
  EXPECT_THAT(std::string(put.message()), HasSubstr("killed by signal 9"));
  EXPECT_FALSE(store->Scan("", 5, nullptr).ok());
  EXPECT_FALSE(store->Settle().ok());
  EXPECT_FALSE(store->Sync().ok());
  EXPECT_EQ(store->State().server_process, server);
  store.reset();
  EXPECT_EQ(ValueOf(*Open({{"ordered", "true"}}), "a"), "1");
}

TEST_F(RespStore, ClosedItLeavesNoProcessAndNoSocket) {
  auto store = Open();
  const auto server = static_cast<pid_t>(store->State().server_process);
  const std::string socket = SocketOf();
  EXPECT_EQ(::access(socket.c_str(), F_OK), 0);
  store.reset();
  EXPECT_NE(::kill(server, 0), 0);
  EXPECT_NE(::access(socket.substr(0, socket.rfind('/')).c_str(), F_OK), 0);
}

TEST_F(RespStore, ADirectoryHasOneServer) {
  const auto store = Open();
  EXPECT_EQ(TryOpen().status().code(), Code::kBusy);
  EXPECT_TRUE(store->Put("a", "1").ok());
}

TEST_F(RespStore, TheTrialsDirectoryMayHaveALongNameWithSpaces) {
  const std::string path = directory_.path() + "/" + std::string(150, 'd') + " \"x\"";
  std::filesystem::create_directory(path);
  StoreOptions options;
  options.directory = path;
  const auto store = FindStoreKind("resp")->Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_TRUE((*store)->Put("a", "1").ok());
  EXPECT_TRUE((*store)->Sync().ok());
  EXPECT_TRUE(std::filesystem::exists(path + "/appendonlydir"));
}

TEST_F(RespStore, ItsOwnCountersAreThoseOfTheServer) {
  const auto store = Open();
  ASSERT_TRUE(store->Put("a", "1").ok());
  const uint64_t hits = CounterOf(*store, "keyspace_hits");
  const uint64_t misses = CounterOf(*store, "keyspace_misses");
  for (int i = 0; i < 7; ++i) EXPECT_EQ(ValueOf(*store, "a"), "1");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ValueOf(*store, "b"), std::nullopt);
  EXPECT_EQ(CounterOf(*store, "keyspace_hits"), hits + 7);
  EXPECT_EQ(CounterOf(*store, "keyspace_misses"), misses + 3);
  const uint64_t before = store->State().file_bytes;
  ASSERT_TRUE(store->Put("b", std::string(5000, 'v')).ok());
  EXPECT_GT(store->State().file_bytes, before + 5000);
}

TEST_F(RespStore, ARunningServerIsUsedIfItIsEmptyAndLeftAsItIs) {
  const auto own = Open();
  EXPECT_EQ(ValueOf(*own, "nothing"), std::nullopt);
  FreshDirectory other;
  StoreOptions options;
  options.directory = other.path();
  options.own_settings = {{"socket", SocketOf()}};
  const StoreKind& kind = *FindStoreKind("resp");
  {
    const auto guest = kind.Open(options);
    ASSERT_TRUE(guest.ok()) << guest.status().ToString();
    EXPECT_EQ(CounterOf(**guest, "keyspace_misses"), 0u);
    EXPECT_EQ((*guest)->State().server_process, own->State().server_process);
    EXPECT_EQ(SettingOf(**guest, "durability"), "process");
    EXPECT_THAT((*guest)->Caveats(), Contains(HasSubstr("ran before the trial")));
    EXPECT_THAT((*guest)->Caveats(), Not(Contains(HasSubstr("process is not known"))));
    EXPECT_EQ((*guest)->Sync().code(), Code::kNotSupported);
    ASSERT_TRUE((*guest)->Put("guest", "1").ok());
  }
  EXPECT_EQ(ValueOf(*own, "guest"), "1");
  EXPECT_EQ(kind.Open(options).status().code(), Code::kInvalidArgument);
  options.own_settings.push_back({"database", "1"});
  options.own_settings.push_back({"flush_at_end", "true"});
  for (int time = 0; time < 2; ++time) {
    const auto guest = kind.Open(options);
    ASSERT_TRUE(guest.ok()) << guest.status().ToString();
    EXPECT_EQ(ValueOf(**guest, "guest"), std::nullopt);
    ASSERT_TRUE((*guest)->Put("other", "1").ok());
  }
  EXPECT_EQ(ValueOf(*own, "guest"), "1");
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
}

TEST_F(RespStore, ThreadsThatComeAndGoShareFewConnections) {
  const auto store = Open();
  ASSERT_TRUE(store->Put("a", "1").ok());
  const uint64_t before = CounterOf(*store, "total_connections_received");
  for (int i = 0; i < 20; ++i) {
    std::thread([&store] {
      for (int get = 0; get < 5; ++get) EXPECT_EQ(ValueOf(*store, "a"), "1");
    }).join();
  }
  EXPECT_LE(CounterOf(*store, "total_connections_received"), before + 20);
  FreshDirectory other;
  StoreOptions options;
  options.directory = other.path();
  const auto second = FindStoreKind("resp")->Open(options).value();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ValueOf(*store, "a"), "1");
    EXPECT_EQ(ValueOf(*second, "a"), std::nullopt);
  }
}

}  // namespace
}  // namespace varve::harness
