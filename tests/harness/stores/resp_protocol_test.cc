// The store `resp` against a server that answers with errors, with other types, with half an
// answer, with random bytes, too late or never: each is a clear error, and none is taken for the
// answer to the next command.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <random>

#include "harness/store.h"
#include "tests/harness/store_test_util.h"
#include "tests/harness/stores/resp_fake_server.h"

namespace varve::harness {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Code = Status::Code;
using Answer = FakeServer::Answer;
using Command = FakeServer::Command;

class RespProtocol : public testing::Test {
 protected:
  void SetUp() override {
    if (!FindStoreKind("resp")->built()) GTEST_SKIP() << "hiredis was not there";
  }

  // With these settings besides.
  Result<std::unique_ptr<Store>> TryOpen(std::vector<SettingText> own = {}) {
    StoreOptions options;
    options.directory = directory_.path();
    own.push_back({"socket", server_.socket()});
    options.own_settings = std::move(own);
    return FindStoreKind("resp")->Open(options);
  }

  std::unique_ptr<Store> Open(std::vector<SettingText> own = {}) {
    auto store = TryOpen(std::move(own));
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? std::move(*store) : nullptr;
  }

  static Status Get(Store& store) {
    std::string value;
    return store.Get("key", &value).status();
  }

  FreshDirectory directory_;
  FakeServer server_;
};

std::string Setting(const Store& store, std::string_view name) {
  for (const SettingText& setting : store.SettingsUsed()) {
    if (setting.name == name) return setting.text;
  }
  return "";
}

TEST_F(RespProtocol, AnAnswerOfAnotherTypeIsNone) {
  const auto store = Open();
  for (const std::string answer : {":1\r\n", "+OK\r\n", "*0\r\n", "*1\r\n$1\r\na\r\n"}) {
    server_.OnCommand("GET", answer);
    const Status status = Get(*store);
    EXPECT_EQ(status.code(), Code::kIoError) << answer;
    EXPECT_THAT(std::string(status.message()), HasSubstr("GET: the server answered")) << answer;
  }
  for (const std::string answer : {":1\r\n", "$2\r\nOK\r\n", "$-1\r\n", "+QUEUED\r\n", "*0\r\n"}) {
    server_.OnCommand("SET", answer);
    EXPECT_EQ(store->Put("key", "value").code(), Code::kIndeterminate) << answer;
    server_.OnCommand("MSET", answer);
    const std::pair<std::string_view, std::string_view> entries[] = {{"key", "value"}};
    EXPECT_EQ(store->PutBatch(entries).code(), Code::kIndeterminate) << answer;
  }
  for (const std::string answer : {":-1\r\n", "+OK\r\n", "$1\r\n1\r\n", "$-1\r\n", "*0\r\n"}) {
    server_.OnCommand("DEL", answer);
    EXPECT_EQ(store->Delete("key").code(), Code::kIndeterminate) << answer;
  }
}

TEST_F(RespProtocol, AfterAnAnswerOfAnotherTypeAnotherConnectionIsUsed) {
  const auto store = Open();
  std::vector<int> connections;
  server_.OnCommand("GET", [&connections](int connection, const Command&) {
    connections.push_back(connection);
    return Answer{connections.size() == 2 ? "+OK\r\n" : "$-1\r\n"};
  });
  for (int get = 0; get < 4; ++get) EXPECT_EQ(Get(*store).ok(), get != 1);
  ASSERT_EQ(connections.size(), 4u);
  EXPECT_EQ(connections[0], connections[1]);
  EXPECT_NE(connections[1], connections[2]);
  EXPECT_EQ(connections[2], connections[3]);
}

TEST_F(RespProtocol, ErrorsKeepTheServersWordsAndSayOfWhatKindTheyAre) {
  const auto store = Open();
  const std::pair<std::string, Code> errors[] = {
      {"OOM command not allowed when used memory > 'maxmemory'.", Code::kNoSpace},
      {"MISCONF Errors writing to the AOF file: No space left on device", Code::kNoSpace},
      {"LOADING Redis is loading the dataset in memory", Code::kIoError},
      {"READONLY You can't write against a read only replica.", Code::kIoError},
      {"NOAUTH Authentication required.", Code::kInvalidArgument},
      {"NOPERM this user has no permissions", Code::kInvalidArgument},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", Code::kIoError},
      {"ERR unknown command 'SET'", Code::kNotSupported},
      {"ERR Error running script: x, on @user_script:1.", Code::kIoError},
      {"", Code::kIoError}};
  for (const auto& [text, code] : errors) {
    SCOPED_TRACE(text);
    server_.OnCommand("SET", "-" + text + "\r\n");
    server_.OnCommand("GET", "-" + text + "\r\n");
    const Status put = store->Put("key", "value");
    // A script may have failed half-way.
    const bool half = text.find("script:") != std::string::npos;
    EXPECT_EQ(put.code(), half ? Code::kIndeterminate : code);
    EXPECT_THAT(std::string(put.message()), HasSubstr("SET: the server answered \"" + text + "\""));
    EXPECT_EQ(Get(*store).code(), code);
  }
}

TEST_F(RespProtocol, AWriteWhoseAnswerIsLostMayHaveHappenedAndIsNotSentTwice) {
  const auto store = Open();
  server_.OnCommand("SET", [](int, const Command&) { return Answer{"+O", true}; });
  server_.OnCommand("GET", [](int, const Command&) { return Answer{"$5\r\nva", true}; });
  const Status put = store->Put("key", "value");
  EXPECT_EQ(put.code(), Code::kIndeterminate);
  EXPECT_THAT(std::string(put.message()), HasSubstr("the server closed the connection"));
  EXPECT_EQ(server_.Asked("SET"), 1);
  EXPECT_EQ(Get(*store).code(), Code::kIoError);
  EXPECT_EQ(server_.Asked("GET"), 1);
  // The next is asked over another connection.
  server_.OnCommand("GET", "$5\r\nvalue\r\n");
  std::string value;
  EXPECT_TRUE(store->Get("key", &value).value());
  EXPECT_EQ(value, "value");
}

TEST_F(RespProtocol, NoAnswerAndSlowAnswersEndInTime) {
  const auto store = Open({{"timeout", "0.1"}});
  server_.OnCommand("SET", "");
  const Status put = store->Put("key", "value");
  EXPECT_EQ(put.code(), Code::kIndeterminate);
  EXPECT_THAT(std::string(put.message()), HasSubstr("no whole answer within resp.timeout = 0.1 s"));
  server_.OnCommand("GET", "$1000\r\nthe rest never comes");
  EXPECT_THAT(std::string(Get(*store).message()), HasSubstr("no whole answer"));
}

TEST_F(RespProtocol, ALateAnswerIsNotThatOfTheNextCommand) {
  const auto store = Open({{"timeout", "0.1"}});
  std::map<int, std::string> owed;  // by connection
  server_.OnCommand("GET", [&owed](int connection, const Command& command) {
    const std::string answer =
        "$" + std::to_string(command[1].size()) + "\r\n" + command[1] + "\r\n";
    if (command[1] != "slow") return Answer{owed[connection] + answer};
    owed[connection] = answer;
    return Answer{};
  });
  std::string value;
  EXPECT_FALSE(store->Get("slow", &value).ok());
  EXPECT_TRUE(store->Get("quick", &value).ok());
  EXPECT_EQ(value, "quick");
}

TEST_F(RespProtocol, MoreThanTheAnswerIsAnErrorAndIsForgotten) {
  const auto store = Open();
  server_.OnCommand("GET", "$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_THAT(std::string(Get(*store).message()), HasSubstr("more than the answer"));
  server_.OnCommand("GET", "$1\r\nc\r\n");
  std::string value;
  EXPECT_TRUE(store->Get("key", &value).value());
  EXPECT_EQ(value, "c");
}

TEST_F(RespProtocol, LengthsAreNotTakenOnTrust) {
  const auto store = Open();
  std::string nested;
  for (int depth = 0; depth < 100; ++depth) nested += "*1\r\n";
  for (const std::string& answer :
       {std::string("*2147483647\r\n"), std::string("*1048577\r\n"), nested,
        std::string("*9223372036854775807\r\n"), std::string("$-7\r\n"), std::string("*-7\r\n"),
        std::string("$99999999999999999999\r\n"), std::string("$2\r\nabc\r\n"),
        std::string("?what\r\n"), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string("\0\0\0\0", 4), std::string(":12x\r\n"), std::string("\r\n")}) {
    server_.OnCommand("GET", [&answer](int, const Command&) { return Answer{answer, true}; });
    const Status status = Get(*store);
    EXPECT_EQ(status.code(), Code::kIoError) << answer.substr(0, 40);
    const bool array = answer.starts_with("*2147483647") || answer.starts_with("*1048577");
    const std::string why = array ? "too many elements" : "GET";
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << answer.substr(0, 40);
  }
}

// Valid answers with bytes changed, cut off or put together; the connection ends behind them, so
// that a call that waits for more hears so.
std::string DamagedAnswer(std::mt19937_64* random) {
  static const std::vector<std::string> kValid = {
      "$5\r\nvalue\r\n",
      "$-1\r\n",
      "+OK\r\n",
      ":1\r\n",
      "-ERR no\r\n",
      "*0\r\n",
      "*1\r\n*1\r\n$1\r\nv\r\n",
      "*2\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*1\r\n$-1\r\n"};
  std::string answer = kValid[(*random)() % kValid.size()];
  if ((*random)() % 4 == 0) answer += kValid[(*random)() % kValid.size()];
  for (uint64_t changes = (*random)() % 4; changes > 0; --changes) {
    const size_t at = (*random)() % answer.size();
    const uint64_t how = (*random)() % 3;
    if (how == 0) answer[at] = static_cast<char>((*random)());
    if (how == 1) answer[at] = "0123456789-*$+:\r\n"[(*random)() % 17];
    if (how == 2) answer.insert(at, 1, answer[(*random)() % answer.size()]);
  }
  if ((*random)() % 3 == 0) answer.resize((*random)() % answer.size());
  return answer;
}

TEST_F(RespProtocol, RandomBytesAreAnAnswerOrAnErrorAndNeverMore) {
  constexpr uint64_t kSeed = 20240711;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  const auto store = Open({{"ordered", "true"}, {"timeout", "5"}});
  std::mt19937_64 random(kSeed);
  std::string answer;
  for (const std::string command : {"GET", "EVALSHA", "EXEC"}) {
    server_.OnCommand(command, [&answer](int, const Command&) { return Answer{answer, true}; });
  }
  bool keys_are_right = false;
  server_.OnCommand("ZRANGEBYLEX", [&](int, const Command&) {
    return keys_are_right ? Answer{"*1\r\n$1\r\nk\r\n"} : Answer{answer, true};
  });
  int good = 0, bad = 0;
  for (int step = 0; step < 2000; ++step) {
    answer = DamagedAnswer(&random);
    keys_are_right = random() % 2 == 0;
    std::string value;
    uint64_t visited = 0;
    Status status;
    const uint64_t operation = random() % 4;
    if (operation == 0) status = store->Get("key", &value).status();
    if (operation == 1) status = store->Put("key", "value");
    if (operation == 2) status = store->Delete("key");
    if (operation == 3) {
      const Store::Visit visit = [&visited](std::string_view, std::string_view) { ++visited; };
      const Result<uint64_t> scanned = store->Scan("", 5, visit);
      status = scanned.status();
      EXPECT_LE(visited, 5u);
      EXPECT_EQ(scanned.ok() ? *scanned : visited, visited);
    }
    ++(status.ok() ? good : bad);
    EXPECT_FALSE(status.message().empty());
  }
  EXPECT_GT(good, 20);
  EXPECT_GT(bad, 1000);
  server_.OnCommand("GET", "$5\r\nvalue\r\n");
  EXPECT_TRUE(Get(*store).ok());
}

TEST_F(RespProtocol, AScanThatIsNotWhatWasAskedForIsRefused) {
  const auto store = Open({{"ordered", "true"}});
  const std::string one = "*1\r\n$1\r\nk\r\n";
  const std::string three = "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n";
  struct Case {
    std::string keys;
    std::string values;
    Code code;
  };
  const Case cases[] = {{one, "*1\r\n*1\r\n$1\r\nv\r\n", Code::kOk},
                        {"*0\r\n", "", Code::kOk},
                        {one, "*1\r\n*1\r\n$-1\r\n", Code::kCorruption},
                        {one, "*1\r\n*0\r\n", Code::kIoError},
                        {one, "*1\r\n*1\r\n:1\r\n", Code::kIoError},
                        {one, "*0\r\n", Code::kIoError},
                        {one, "*2\r\n+OK\r\n+OK\r\n", Code::kIoError},
                        {one, "+OK\r\n", Code::kIoError},
                        {one, "-EXECABORT Transaction discarded\r\n", Code::kIoError},
                        {three, "*1\r\n" + three, Code::kIoError},  // more than 2
                        {"*1\r\n:1\r\n", "", Code::kIoError},
                        {"+OK\r\n", "", Code::kIoError},
                        {"-ERR no\r\n", "", Code::kIoError}};
  for (const Case& one_case : cases) {
    server_.OnCommand("ZRANGEBYLEX", one_case.keys);
    server_.OnCommand("EXEC", one_case.values);
    const Status status = store->Scan("", 2, nullptr).status();
    EXPECT_EQ(status.code(), one_case.code) << one_case.keys << one_case.values;
  }
  EXPECT_EQ(server_.Asked("UNWATCH"), 1);
}

TEST_F(RespProtocol, AScanThatIsDisturbedIsAScript) {
  const auto store = Open({{"ordered", "true"}});
  server_.OnCommand("ZRANGEBYLEX", "*1\r\n$1\r\nk\r\n");
  server_.OnCommand("EXEC", "*-1\r\n");
  server_.OnCommand("EVALSHA", "*2\r\n*1\r\n$1\r\na\r\n*1\r\n$1\r\nv\r\n");
  std::string seen;
  const Store::Visit visit = [&seen](std::string_view key, std::string_view value) {
    seen.append(key).append(value);
  };
  EXPECT_EQ(store->Scan("", 2, visit).value(), 1u);
  EXPECT_EQ(seen, "av");
  EXPECT_EQ(server_.Asked("EXEC"), 2);
  EXPECT_EQ(server_.Asked("EVALSHA"), 1);
  for (const std::string answer : {"*2\r\n*1\r\n$1\r\na\r\n*0\r\n", "*0\r\n", "+OK\r\n"}) {
    server_.OnCommand("EVALSHA", answer);
    EXPECT_EQ(store->Scan("", 2, visit).status().code(), Code::kIoError) << answer;
  }
  EXPECT_EQ(seen, "av");
}

TEST_F(RespProtocol, AServerThatIsNotEmptyIsLeftAlone) {
  server_.OnCommand("DBSIZE", ":3\r\n");
  const Status status = TryOpen().status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is not empty (3 keys)"));
  EXPECT_FALSE(TryOpen({{"flush_at_end", "true"}}).ok());
  EXPECT_EQ(server_.Asked("FLUSHDB"), 0);
}

TEST_F(RespProtocol, KeysAreDeletedAtTheEndOnlyIfThatWasAskedFor) {
  server_.OnCommand("FLUSHDB", "+OK\r\n");
  Open().reset();
  EXPECT_EQ(server_.Asked("FLUSHDB"), 0);
  Open({{"flush_at_end", "true"}}).reset();
  EXPECT_EQ(server_.Asked("FLUSHDB"), 1);
}

TEST_F(RespProtocol, AServerWithoutConfigAndInfoIsUsedAndTheDoubtsAreTold) {
  const auto store = Open();
  EXPECT_EQ(Setting(*store, "durability"), "none");
  EXPECT_EQ(Setting(*store, "server_version"), "unknown");
  EXPECT_THAT(store->Caveats(), Contains(HasSubstr("does not tell its configuration")));
  EXPECT_THAT(store->Caveats(), Contains(HasSubstr("process is not known")));
  const StoreState state = store->State();
  EXPECT_FALSE(state.has_file_bytes);
  EXPECT_TRUE(state.own_counters.empty());
  EXPECT_EQ(state.server_process, 0);
  EXPECT_TRUE(store->Settle().ok());
  const Status sync = store->Sync();
  EXPECT_EQ(sync.code(), Code::kNotSupported);
  EXPECT_THAT(std::string(sync.message()), HasSubstr("WAITAOF"));
}

TEST_F(RespProtocol, DurabilityIsThatOfTheServersOwnConfiguration) {
  std::string appendonly, appendfsync, on_rewrite;
  server_.OnCommand("CONFIG", [&](int, const Command& command) {
    std::string text = "0";
    if (command[2] == "appendonly") text = appendonly;
    if (command[2] == "appendfsync") text = appendfsync;
    if (command[2] == "no-appendfsync-on-rewrite") text = on_rewrite;
    if (command[2] == "save") text = "";
    const auto bulk = [](const std::string& s) {
      return "$" + std::to_string(s.size()) + "\r\n" + s + "\r\n";
    };
    return Answer{"*2\r\n" + bulk(command[2]) + bulk(text)};
  });
  const std::vector<std::vector<std::string>> cases = {
      {"no", "always", "no", "none"},      {"yes", "always", "no", "power"},
      {"yes", "always", "yes", "process"}, {"yes", "no", "no", "process"},
      {"yes", "everysec", "no", "none"},
  };
  for (const std::vector<std::string>& one : cases) {
    appendonly = one[0], appendfsync = one[1], on_rewrite = one[2];
    const auto store = Open();
    EXPECT_EQ(Setting(*store, "durability"), one[3]) << one[0] << " " << one[1] << " " << one[2];
    // The term is "process".
    const auto differs = Contains(HasSubstr("the server ran before the trial: durability is"));
    if (one[3] == "process") {
      EXPECT_THAT(store->Caveats(), Not(differs));
    } else {
      EXPECT_THAT(store->Caveats(), differs);
    }
    EXPECT_EQ(store->Sync().ok(), one[3] == "power");
  }
}

TEST_F(RespProtocol, SettleWaitsUntilNothingIsLeft) {
  const auto store = Open();
  for (const std::string work : {"aof_rewrite_in_progress", "rdb_bgsave_in_progress",
                                 "aof_pending_bio_fsync", "aof_buffer_length"}) {
    int left = 3;
    server_.OnCommand("INFO", [&](int, const Command&) {
      const std::string text = work + ":" + std::to_string(left > 0 ? left-- : 0) + "\r\n";
      return Answer{"$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"};
    });
    EXPECT_TRUE(store->Settle().ok());
    EXPECT_EQ(left, 0) << work;
  }
}

TEST_F(RespProtocol, ThePasswordIsSentAndShownNowhere) {
  const std::string path = directory_.path() + "/password";
  std::ofstream(path) << "open sesame\nnot this\n";
  Command login;
  server_.OnCommand("AUTH", [&login](int, const Command& command) {
    login = command;
    return Answer{"+OK\r\n"};
  });
  const std::vector<SettingText> own = {{"password_file", path}, {"user", "ali"}};
  const auto store = Open(own);
  EXPECT_EQ(login, (Command{"AUTH", "ali", "open sesame"}));
  for (const SettingText& setting : store->SettingsUsed()) {
    EXPECT_THAT(setting.text, Not(HasSubstr("sesame")));
  }
  EXPECT_THAT(store->Caveats(), Not(Contains(HasSubstr("sesame"))));
  server_.OnCommand("AUTH", "-WRONGPASS invalid username-password pair\r\n");
  const Status refused = TryOpen(own).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("sesame")));
  EXPECT_FALSE(TryOpen({{"password_file", directory_.path() + "/none"}}).ok());
}

TEST_F(RespProtocol, TheDatabaseIsSelectedOnEachConnection) {
  std::vector<std::string> selected;
  server_.OnCommand("SELECT", [&selected](int, const Command& command) {
    selected.push_back(command[1]);
    return Answer{"+OK\r\n"};
  });
  const auto store = Open({{"database", "7"}});
  server_.OnCommand("GET", [](int, const Command&) { return Answer{"", true}; });
  EXPECT_FALSE(Get(*store).ok());
  EXPECT_FALSE(Get(*store).ok());
  EXPECT_EQ(selected, (std::vector<std::string>{"7", "7"}));
  server_.OnCommand("SELECT", "-ERR DB index is out of range\r\n");
  EXPECT_EQ(TryOpen({{"database", "7"}}).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace varve::harness
