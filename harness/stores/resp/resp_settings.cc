// The table of parameters, and what is wrong with settings.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/setting_text.h"
#include "harness/stores/own_settings.h"

namespace varve::harness {
namespace {

// Of the meaning of each the server's own redis.conf tells more. "terms" as the usual value: the
// terms of the trial decide.
constexpr RespParameter kParameters[] = {
    {"appendonly", "yes|no", "terms", "keep a log of all writes, the append-only file"},
    {"appendfsync", "always|everysec|no", "terms", "when the append-only file is synced"},
    {"no-appendfsync-on-rewrite", "yes|no", "no", "no sync while a child process writes"},
    {"auto-aof-rewrite-percentage", "number", "0 (Redis: 100)",
     "growth at which a child process writes the append-only file anew; 0: never"},
    {"auto-aof-rewrite-min-size", "bytes", "64mb", "no rewrite below this size"},
    {"aof-use-rdb-preamble", "yes|no", "yes", "a rewritten file begins with a snapshot"},
    {"save", "", "\"\" (Redis: 3600 1 300 100 60 10000)",
     "\"seconds changes …\": when a child process writes a snapshot; \"\": never"},
    {"rdbcompression", "yes|no", "yes", "compress strings in snapshots by LZF"},
    {"rdbchecksum", "yes|no", "yes", "a checksum at the end of snapshots"},
    {"maxmemory", "bytes", "0", "of all data; 0: no limit"},
    {"maxmemory-policy", "", "noeviction", "what is done at maxmemory"},
    {"maxmemory-samples", "number", "5", "keys that are drawn to find one to evict"},
    {"io-threads", "number", "1", "threads that read from and write to sockets"},
    {"io-threads-do-reads", "yes|no", "no", "they read, too"},
    {"hz", "number", "10", "how often a second background work is done"},
    {"dynamic-hz", "yes|no", "yes", "more often with many clients"},
    {"databases", "number", "16", "number of databases"},
    {"maxclients", "number", "10000", "connections at once"},
    {"tcp-keepalive", "number", "300", "seconds between probes of idle connections"},
    {"activerehashing", "yes|no", "yes", "use idle time to move hash tables that grow"},
    {"activedefrag", "yes|no", "no", "move values to where memory is less fragmented"},
    {"jemalloc-bg-thread", "yes|no", "yes", "the allocator gives memory back in its own thread"},
    {"lazyfree-lazy-user-del", "yes|no", "no", "DEL frees memory in another thread, as UNLINK"},
    {"lazyfree-lazy-server-del", "yes|no", "no", "so do overwritten values"},
    {"lazyfree-lazy-eviction", "yes|no", "no", "so do evicted keys"},
    {"zset-max-listpack-entries", "number", "128", "sorted sets up to this many are one block"},
    {"zset-max-listpack-value", "number", "64", "and up to this length of each"},
    {"latency-tracking", "yes|no", "yes", "a histogram of the time of each command"},
    {"latency-monitor-threshold", "number", "0", "milliseconds from which it is noted; 0: never"},
    {"slowlog-log-slower-than", "", "10000", "microseconds; -1: never"},
    {"disable-thp", "yes|no", "yes", "no transparent huge pages"},
    {"oom-score-adj", "", "no", "tell the kernel whom to kill first"},
    {"proto-max-bulk-len", "bytes", "512mb", "longest value"},
    {"busy-reply-threshold", "number", "5000",
     "milliseconds from which a script keeps other clients from being answered"},
};

// Where the server listens, who may log in and where its files are is the store's business.
constexpr std::string_view kReserved[] = {
    "port",          "bind",           "unixsocket",      "unixsocketperm", "tls-port",
    "dir",           "logfile",        "dbfilename",      "appendfilename", "appenddirname",
    "daemonize",     "supervised",     "pidfile",         "include",        "requirepass",
    "user",          "aclfile",        "masterauth",      "masteruser",     "replicaof",
    "slaveof",       "rename-command", "cluster-enabled", "protected-mode", "timeout",
    "syslog-enabled"};

const RespParameter* FindParameter(std::string_view name) {
  for (const RespParameter& parameter : kParameters) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

bool IsWhole(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// As redis.conf writes memory: "1gb", "64mb", "100k", "4096".
bool IsMemory(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string unit;
  for (const char c : text.substr(digits)) unit += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  constexpr std::string_view kUnits[] = {"", "b", "k", "kb", "m", "mb", "g", "gb"};
  return digits > 0 && std::find(std::begin(kUnits), std::end(kUnits), unit) != std::end(kUnits);
}

// A value is written into a line of the configuration as it is.
Status CheckParameter(std::string_view name, std::string_view text) {
  const auto wrong = [&](std::string_view right) {
    return Status::InvalidArgument(fmt::format("{}: \"{}\" is not {}", name, text, right));
  };
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') return wrong("one line of text");
  }
  const RespParameter* parameter = FindParameter(name);
  const std::string_view form = parameter == nullptr ? "" : parameter->form;
  if (form == "number" && !IsWhole(text)) return wrong("a whole number");
  if (form == "bytes" && !IsMemory(text)) return wrong("a size as the server writes it: 64mb, 1gb");
  if (form.find('|') == form.npos) return {};
  for (std::string_view rest = form; !rest.empty();) {
    const std::string_view choice = rest.substr(0, rest.find('|'));
    if (text == choice) return {};
    rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
  }
  return wrong(fmt::format("one of {}", form));
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Status CheckOther(std::string_view name, std::string_view line) {
  if (name.empty() ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != name.npos) {
    return Status::InvalidArgument(fmt::format(
        "config: \"{}\" is not a name and a value, as \"hz 10; maxclients 100\"", line));
  }
  for (const std::string_view reserved : kReserved) {
    if (name != reserved) continue;
    return Status::InvalidArgument(fmt::format("config: {} is set by the store itself", name));
  }
  return {};
}

// "name value; name value".
Status ReadOthers(std::string_view config, std::vector<SettingText>* parameters) {
  for (std::string_view rest = config; !rest.empty();) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view line = Trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const std::string_view name = line.substr(0, line.find(' '));
    const std::string_view text = Trimmed(line.substr(name.size()));
    if (Status status = CheckOther(name, line); !status.ok()) return status;
    if (Status status = CheckParameter(name, text); !status.ok()) return status.Annotate("config");
    parameters->push_back({std::string(name), std::string(text)});
  }
  return {};
}

// Settings of one way and of the other.
Status CheckTogether(const RespSettings& settings, std::span<const SettingText> own_settings) {
  const auto refused = [](std::string_view name, std::string_view why) {
    return Status::InvalidArgument(fmt::format("{}: {}", name, why));
  };
  constexpr std::string_view kNotStarted =
      "the server runs already (resp.host, resp.port or resp.socket), so that it is not for the "
      "store to start or change it";
  if (settings.runs_already) {
    for (const SettingText& parameter : settings.parameters) {
      return refused(parameter.name, kNotStarted);
    }
    if (IsSet(own_settings, "server")) return refused("server", kNotStarted);
  } else {
    for (const std::string_view name : {"user", "password_file", "flush_at_end"}) {
      if (!IsSet(own_settings, name)) continue;
      return refused(name,
                     "is for a server that runs already: set resp.host, resp.port or "
                     "resp.socket, too");
    }
  }
  if (!settings.socket.empty() && (IsSet(own_settings, "host") || IsSet(own_settings, "port"))) {
    return refused("socket", "stands instead of host and port, not beside them");
  }
  for (size_t i = 0; i < settings.parameters.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (settings.parameters[i].name != settings.parameters[j].name) continue;
      return refused(settings.parameters[i].name, "is set twice");
    }
  }
  return {};
}

}  // namespace

std::span<const RespParameter> RespParameters() { return kParameters; }

std::vector<OwnSetting> RespOwnSettings() {
  std::vector<OwnSetting> own;
  const RespSettings unset;
  RespSettings::ForEach(unset, [&own](const Setting& setting, const auto& field) {
    std::string help(setting.help);
    if (const std::string range = SettingRange(setting); !range.empty()) help += "; " + range;
    if (const std::string usual = FormatSetting(setting, field); !usual.empty()) {
      help += "; usually " + usual;
    }
    own.push_back({std::string(setting.name), std::move(help)});
  });
  for (const RespParameter& parameter : kParameters) {
    std::string help(parameter.help);
    if (!parameter.form.empty()) help += fmt::format("; {}", parameter.form);
    help += parameter.usual == "terms" ? "; usually by the terms"
                                       : fmt::format("; usually {}", parameter.usual);
    own.push_back({std::string(parameter.name), std::move(help)});
  }
  return own;
}

Result<RespSettings> ReadRespSettings(std::span<const SettingText> own_settings) {
  RespSettings settings;
  for (const SettingText& own : own_settings) {
    const Result<bool> found = SetByName(&settings, own.name, own.text);
    if (!found.ok()) return found.status().Annotate(own.name);
    if (*found) continue;
    const std::string text(Trimmed(own.text));
    if (Status status = CheckParameter(own.name, text); !status.ok()) return status;
    settings.parameters.push_back({own.name, text});
  }
  for (const std::string_view name : {"host", "port", "socket"}) {
    settings.runs_already = settings.runs_already || IsSet(own_settings, name);
  }
  const Status status = ReadOthers(settings.config, &settings.parameters);
  if (!status.ok()) return status;
  return settings;
}

Result<RespSettings> ReadAllRespSettings(std::span<const SettingText> own_settings) {
  Result<RespSettings> settings = ReadRespSettings(own_settings);
  if (!settings.ok()) return settings;
  const Status status = CheckTogether(*settings, own_settings);
  if (!status.ok()) return status;
  return settings;
}

bool SetsParameter(const RespSettings& settings, std::string_view name) {
  return IsSet(settings.parameters, name);
}

}  // namespace varve::harness
