// RespSettings: the own settings of the store `resp`: its own, and the server's parameters under
// their own names.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "engine/status.h"
#include "harness/store.h"

namespace varve::harness {

struct RespSettings {
  // A server that is started for the trial.
  std::string server;
  std::string config;
  // A server that runs already.
  std::string host = "127.0.0.1";
  uint64_t port = 6379;
  std::string socket;
  std::string user;
  std::string password_file;
  bool flush_at_end = false;
  // Both.
  uint64_t database = 0;
  double timeout = 60;
  bool ordered = false;

  // Not in ForEach.
  bool runs_already = false;            // one of host, port and socket was set
  std::vector<SettingText> parameters;  // of the server, "config" taken apart among them

  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// A parameter of the server: a line of redis.conf, a name of CONFIG GET.
struct RespParameter {
  std::string_view name;
  std::string_view form;   // "yes|no", "number", "bytes", or "" for whatever the server takes
  std::string_view usual;  // of Redis 7, or ours
  std::string_view help;
};
std::span<const RespParameter> RespParameters();

std::vector<OwnSetting> RespOwnSettings();

// What they say. The error is of the first that is wrong in itself.
Result<RespSettings> ReadRespSettings(std::span<const SettingText> own_settings);

// The same, and none of them may stand without what it needs, or with what it excludes.
Result<RespSettings> ReadAllRespSettings(std::span<const SettingText> own_settings);

// True if the server was told so by name, in whichever way.
bool SetsParameter(const RespSettings& settings, std::string_view name);

template <class Self, class Visitor>
void RespSettings::ForEach(Self& self, Visitor&& visit) {
  using enum SettingKind;
  visit(Setting{"server", kText, 0, 0, "",
                "program that is started for the trial, on a Unix socket of its own; \"\": the "
                "first there is of redis-server, valkey-server, keydb-server and redis-check-rdb, "
                "which is redis-server under another name"},
        self.server);
  visit(Setting{"config", kText, 0, 0, "",
                "other lines of its configuration: \"name value; name value\""},
        self.config);
  visit(Setting{"host", kText, 0, 0, "", "of a server that runs already, and is empty"}, self.host);
  visit(Setting{"port", kCount, 1, 65535, "", "of a server that runs already"}, self.port);
  visit(Setting{"socket", kText, 0, 0, "",
                "path of the Unix socket of a server that runs already; instead of host and port"},
        self.socket);
  visit(Setting{"user", kText, 0, 0, "", "to log in as; \"\": the server's default user"},
        self.user);
  visit(Setting{"password_file", kText, 0, 0, "",
                "whose first line is the password to log in with; \"\": without"},
        self.password_file);
  visit(Setting{"flush_at_end", kFlag, 0, 0, "",
                "delete all keys of the database of a server that runs already after the trial"},
        self.flush_at_end);
  visit(Setting{"database", kCount, 0, 1e6, "", "number of the database that is selected"},
        self.database);
  visit(Setting{"timeout", kNumber, 0.05, 1e6, "", "seconds to connect, and for each answer"},
        self.timeout);
  visit(Setting{"ordered", kFlag, 0, 0, "",
                "keep a sorted set of all keys, by which scans and deletes of ranges are answered"},
        self.ordered);
}

}  // namespace varve::harness
