// RespStore: Redis, or another server that speaks its protocol, as a client sees it.
//
// The server is started for the trial, or runs already (resp_settings.h). Each client thread has a
// connection, and each operation is one command: SET, GET, DEL, MSET for a batch (which is atomic).
//
// Redis keeps a hash table, which has no order: scans and deletes of ranges are not supported,
// unless resp.ordered keeps a sorted set of all keys besides. Then a write is a script that changes
// both, which is atomic: a server carries out one script at a time. A piece of a scan is what both
// held at one moment (resp_scan.h). Keys are as they are given; with resp.ordered they begin with
// "k", so that none is the name of the sorted set, "o". YCSB's binding for Redis keeps such a set,
// too, scored by a hash of the key, so that its scans are not in order, and asks for each key by
// itself.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "engine/util/clock.h"
#include "harness/files.h"
#include "harness/stores/resp/resp_connection.h"
#include "harness/stores/resp/resp_files.h"
#include "harness/stores/resp/resp_scan.h"
#include "harness/stores/resp/resp_scripts.h"
#include "harness/stores/resp/resp_server.h"
#include "harness/stores/resp/resp_settings.h"
#include "harness/stores/resp/resp_terms.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

using Effect = RespConnection::Effect;
using Arguments = std::vector<std::string_view>;

constexpr uint64_t kPollNs = 2'000'000;
constexpr std::string_view kNoOrder =
    "it keeps keys in a hash table, which has no order (resp.ordered = true keeps a sorted set of "
    "them besides)";

// Those that only grow.
constexpr std::string_view kCounters[] = {
    "total_commands_processed",
    "total_connections_received",
    "total_net_input_bytes",
    "total_net_output_bytes",
    "total_reads_processed",
    "total_writes_processed",
    "keyspace_hits",
    "keyspace_misses",
    "expired_keys",
    "evicted_keys",
    "total_error_replies",
    "total_forks",
    "rdb_saves",
    "aof_rewrites",
    "aof_delayed_fsync",
};

class RespStore final : public Store {
 public:
  RespStore(RespSettings settings, const StoreOptions& asked)
      : settings_(std::move(settings)), directory_(asked.directory) {
    address_.socket = settings_.socket;
    address_.host = settings_.host;
    address_.port = settings_.port;
    address_.user = settings_.user;
    address_.database = settings_.database;
    address_.timeout_seconds = settings_.timeout;
  }

  ~RespStore() override {
    if (clear_at_end_) static_cast<void>(Call(Effect::kWrites, {"FLUSHDB"}));
  }

  // Null: without terms.
  Status Open(const Terms* terms) {
    Status status = settings_.runs_already ? FindServer() : StartServer(terms);
    if (status.ok()) status = CheckLayout();
    if (status.ok() && settings_.ordered) status = LoadScripts();
    if (!status.ok()) return status;
    clear_at_end_ = settings_.flush_at_end;
    config_ = ReadConfiguration();
    const Result<RespFacts> info = Info();
    if (info.ok()) at_open_ = *info;
    process_ = FindProcess();
    caveats_ = RespCaveats(settings_, terms, config_, process_ != 0);
    return {};
  }

  Status Put(std::string_view key, std::string_view value) override {
    if (!settings_.ordered) return ExpectOk({"SET", key, value});
    return ExpectOk({"EVALSHA", put_script_, "0", key, value});
  }

  Status Delete(std::string_view key) override {
    if (!settings_.ordered) return ExpectCount({"DEL", key});
    return ExpectCount({"EVALSHA", delete_script_, "0", key});
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    if (settings_.ordered) {
      thread_local std::string name;
      name.assign("k").append(key);
      key = name;
    }
    const Result<RespReply> reply = Call(Effect::kReads, {"GET", key});
    if (!reply.ok()) return reply.status();
    if ((*reply)->type == REDIS_REPLY_NIL) return false;
    if ((*reply)->type != REDIS_REPLY_STRING) return Unexpected(Effect::kReads, "GET", **reply);
    value->assign(TextOf(**reply));
    return true;
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    return ScanBy("ZRANGEBYLEX", "+", start, count, visit);
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    return ScanBy("ZREVRANGEBYLEX", "-", start, count, visit);
  }

  Status DeleteRange(std::string_view begin, std::string_view end) override {
    if (!settings_.ordered) return Status::NotSupported(std::string(kNoOrder));
    if (begin >= end) return {};
    const std::string first = fmt::format("[{}", begin), last = fmt::format("({}", end);
    return ExpectCount({"EVALSHA", delete_range_script_, "0", first, last});
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    if (entries.empty()) return {};
    Arguments arguments = {"MSET"};
    if (settings_.ordered) arguments = {"EVALSHA", put_script_, "0"};
    for (const auto& [key, value] : entries) {
      arguments.push_back(key);
      arguments.push_back(value);
    }
    return ExpectOk(arguments);
  }

  Status Settle() override;
  Status Sync() override;
  StoreState State() const override;
  std::vector<SettingText> SettingsUsed() const override;
  std::vector<std::string> Caveats() const override { return caveats_; }

 private:
  Status StartServer(const Terms* terms);
  Status AwaitServer();
  Status FindServer();
  Status CheckLayout();
  Status LoadScripts();
  RespFacts ReadConfiguration() const;
  int64_t FindProcess() const;
  Result<RespFacts> Info() const;
  Result<uint64_t> ScanBy(std::string_view command, std::string_view bound, std::string_view start,
                          uint64_t count, const Visit& visit);

  RespConnection& Connection() const;
  Status Explained(const Status& status) const;
  Result<RespReply> Call(Effect effect, std::span<const std::string_view> arguments) const;
  Result<RespReply> Call(Effect effect, std::initializer_list<std::string_view> arguments) const {
    return Call(effect, std::span(arguments.begin(), arguments.size()));
  }
  Status Unexpected(Effect effect, std::string_view command, const redisReply& reply) const {
    return Connection().Unexpected(effect, command, reply);
  }
  Status ExpectOk(std::span<const std::string_view> arguments) const;
  Status ExpectOk(std::initializer_list<std::string_view> arguments) const {
    return ExpectOk(std::span(arguments.begin(), arguments.size()));
  }
  Status ExpectCount(std::initializer_list<std::string_view> arguments) const;

  static uint64_t NextId() {
    static std::atomic<uint64_t> last{0};
    return ++last;
  }

  const RespSettings settings_;
  const std::string directory_;
  const uint64_t id_ = NextId();
  RespAddress address_;                 // as all that follows, constant once opened
  std::unique_ptr<RespServer> server_;  // null: it runs already
  std::string put_script_, delete_script_, scan_script_, delete_range_script_;  // their hashes
  RespFacts config_;
  RespFacts at_open_;
  int64_t process_ = 0;
  std::vector<std::string> caveats_;
  bool clear_at_end_ = false;

  mutable std::mutex mutex_;
  // Of a thread that has ended the next of the same id takes over. Guarded by mutex_.
  mutable std::map<std::thread::id, std::unique_ptr<RespConnection>> connections_;
};

// Of this thread.
RespConnection& RespStore::Connection() const {
  struct Last {
    uint64_t store = 0;
    RespConnection* connection = nullptr;
  };
  thread_local Last last;
  if (last.store != id_) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<RespConnection>& mine = connections_[std::this_thread::get_id()];
    if (mine == nullptr) mine = std::make_unique<RespConnection>(address_);
    last = {id_, mine.get()};
  }
  return *last.connection;
}

Result<RespReply> RespStore::Call(Effect effect,
                                  std::span<const std::string_view> arguments) const {
  Result<RespReply> reply = Connection().Call(effect, arguments);
  return reply.ok() ? std::move(reply) : Explained(reply.status());
}

// With what has become of the server, if that is why.
Status RespStore::Explained(const Status& status) const {
  const Status ended = server_ == nullptr ? Status() : server_->Ended();
  return ended.ok() ? status : status.Annotate(ended.message());
}

Status RespStore::ExpectOk(std::span<const std::string_view> arguments) const {
  const Result<RespReply> reply = Call(Effect::kWrites, arguments);
  if (!reply.ok()) return reply.status();
  const bool ok = (*reply)->type == REDIS_REPLY_STATUS && TextOf(**reply) == "OK";
  return ok ? Status() : Unexpected(Effect::kWrites, arguments[0], **reply);
}

Status RespStore::ExpectCount(std::initializer_list<std::string_view> arguments) const {
  const Result<RespReply> reply = Call(Effect::kWrites, arguments);
  if (!reply.ok()) return reply.status();
  const bool count = (*reply)->type == REDIS_REPLY_INTEGER && (*reply)->integer >= 0;
  return count ? Status() : Unexpected(Effect::kWrites, *arguments.begin(), **reply);
}

Status RespStore::StartServer(const Terms* terms) {
  const std::string configuration = RespConfiguration(settings_, terms);
  if (Status status = CheckRespFiles(directory_, configuration); !status.ok()) return status;
  auto server = RespServer::Start(settings_.server, directory_, configuration);
  if (!server.ok()) return server.status();
  server_ = std::move(*server);
  address_.socket = server_->socket();
  return AwaitServer();
}

// Until it has read its data.
Status RespStore::AwaitServer() {
  const uint64_t give_up = RealClock()->NowNs() + static_cast<uint64_t>(settings_.timeout * 1e9);
  for (;;) {
    const Result<RespReply> reply = Call(Effect::kReads, {"PING"});
    if (reply.ok()) return {};
    const Status status = reply.status();
    if (Status ended = server_->Ended(); !ended.ok()) return ended;
    const bool loads = status.message().find("LOADING") != std::string_view::npos;
    const bool late = !loads && RealClock()->NowNs() > give_up;
    if (late || status.code() != Status::Code::kIoError) return status;
    RealClock()->SleepNs(kPollNs);
  }
}

// Of somebody else: nothing of theirs may be there to be changed.
Status RespStore::FindServer() {
  Result<std::string> password = ReadPassword(settings_.password_file);
  if (!password.ok()) return password.status();
  address_.password = std::move(*password);
  const Result<RespReply> keys = Call(Effect::kReads, {"DBSIZE"});
  if (!keys.ok()) return keys.status();
  if ((*keys)->type != REDIS_REPLY_INTEGER) return Unexpected(Effect::kReads, "DBSIZE", **keys);
  if ((*keys)->integer == 0) return {};
  return Status::InvalidArgument(fmt::format(
      "database {} of the server at {} is not empty ({} keys): choose another by resp.database, or "
      "delete them yourself (FLUSHDB); resp.flush_at_end = true does it after each trial",
      settings_.database, address_.ToString(), (*keys)->integer));
}

// Whether what is there was written with resp.ordered as it is now.
Status RespStore::CheckLayout() {
  const Result<RespReply> type = Call(Effect::kReads, {"TYPE", "o"});
  const Result<RespReply> keys = Call(Effect::kReads, {"DBSIZE"});
  if (!type.ok()) return type.status();
  if (!keys.ok()) return keys.status();
  if ((*type)->type != REDIS_REPLY_STATUS) return Unexpected(Effect::kReads, "TYPE", **type);
  if ((*keys)->type != REDIS_REPLY_INTEGER) return Unexpected(Effect::kReads, "DBSIZE", **keys);
  const bool ordered = TextOf(**type) == "zset";
  if ((*keys)->integer == 0 || ordered == settings_.ordered) return {};
  return Status::InvalidArgument(
      fmt::format("the database was written with resp.ordered = {}", ordered));
}

Status RespStore::LoadScripts() {
  const std::pair<std::string_view, std::string*> scripts[] = {
      {kPutScript, &put_script_},
      {kDeleteScript, &delete_script_},
      {kScanScript, &scan_script_},
      {kDeleteRangeScript, &delete_range_script_}};
  for (const auto& [script, hash] : scripts) {
    const Result<RespReply> reply = Call(Effect::kReads, {"SCRIPT", "LOAD", script});
    if (!reply.ok()) return reply.status().Annotate("resp.ordered needs scripts");
    if ((*reply)->type != REDIS_REPLY_STRING) return Unexpected(Effect::kReads, "SCRIPT", **reply);
    *hash = TextOf(**reply);
  }
  return {};
}

Result<RespFacts> RespStore::Info() const {
  const Result<RespReply> reply = Call(Effect::kReads, {"INFO"});
  if (!reply.ok()) return reply.status();
  if ((*reply)->type != REDIS_REPLY_STRING) return Unexpected(Effect::kReads, "INFO", **reply);
  return ParseInfo(TextOf(**reply));
}

// Those of the table, and those that were set. Empty if the server has no CONFIG, or does not let
// us ask.
RespFacts RespStore::ReadConfiguration() const {
  std::vector<std::string> names;
  for (const RespParameter& parameter : RespParameters()) names.emplace_back(parameter.name);
  for (const SettingText& parameter : settings_.parameters) names.push_back(parameter.name);
  RespFacts config;
  for (const std::string& name : names) {
    const Result<RespReply> reply = Call(Effect::kReads, {"CONFIG", "GET", name});
    if (!reply.ok()) return {};
    const redisReply& answer = **reply;
    if (answer.type != REDIS_REPLY_ARRAY || answer.elements < 2) continue;
    if (answer.element[1]->type == REDIS_REPLY_STRING) config[name] = TextOf(*answer.element[1]);
  }
  return config;
}

// The process, if it is on this machine; else 0.
int64_t RespStore::FindProcess() const {
  if (server_ != nullptr) return server_->process();
  if (!address_.socket.empty()) {
    ucred peer{};
    socklen_t length = sizeof peer;
    const int found =
        ::getsockopt(Connection().file_descriptor(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
    return found == 0 && peer.pid != ::getpid() ? peer.pid : 0;
  }
  return LocalProcess(address_.host, at_open_);
}

Result<uint64_t> RespStore::ScanBy(std::string_view command, std::string_view bound,
                                   std::string_view start, uint64_t count, const Visit& visit) {
  if (!settings_.ordered) return Status::NotSupported(std::string(kNoOrder));
  std::string from = fmt::format("[{}", start);
  for (uint64_t visited = 0;;) {
    const uint64_t wanted = std::min(count - visited, kScanPiece);
    if (wanted == 0) return visited;
    const Result<RespPiece> piece =
        ReadPiece(&Connection(), {command, from, bound, wanted}, scan_script_);
    if (!piece.ok()) return Explained(piece.status());
    for (size_t i = 0; i < piece->size() && visit; ++i) {
      visit(TextOf(*piece->keys->element[i]), TextOf(*piece->values->element[i]));
    }
    visited += piece->size();
    if (piece->size() < wanted) return visited;
    from = fmt::format("({}", TextOf(*piece->keys->element[wanted - 1]));
  }
}

// No child is at work, and no sync or write of the log is put off.
Status RespStore::Settle() {
  for (;;) {
    const Result<RespFacts> info = Info();
    if (info.status().code() == Status::Code::kNotSupported) return {};  // it has no INFO
    if (!info.ok()) return info.status();
    uint64_t left = 0;
    for (const std::string_view work :
         {"loading", "async_loading", "rdb_bgsave_in_progress", "aof_rewrite_in_progress",
          "aof_rewrite_scheduled", "aof_buffer_length", "aof_pending_bio_fsync",
          "lazyfree_pending_objects"}) {
      left += CountOf(*info, work);
    }
    if (left == 0) return {};
    RealClock()->SleepNs(kPollNs);
  }
}

// A server of ours has given all it acknowledged to the kernel, once it has settled: its files are
// synced from here. Without a log it writes a snapshot. Of another we ask what it has to offer.
Status RespStore::Sync() {
  if (Status status = Settle(); !status.ok()) return status;
  if (RespDurability(config_) == "power") return {};
  const bool logs = FactOf(config_, "appendonly") == "yes";
  if (server_ != nullptr) return logs ? SyncRespFiles(directory_) : ExpectOk({"SAVE"});
  constexpr std::string_view kCannot =
      "a server that ran before the trial cannot be told to sync, unless it has appendfsync always "
      "or WAITAOF";
  const std::string wait_ms = fmt::format("{:.0f}", settings_.timeout * 500);
  const Result<RespReply> reply = Call(Effect::kReads, {"WAITAOF", "1", "0", wait_ms});
  if (!reply.ok()) return Status::NotSupported(std::string(kCannot));
  const redisReply& answer = **reply;
  const bool done = answer.type == REDIS_REPLY_ARRAY && answer.elements > 0 &&
                    answer.element[0]->type == REDIS_REPLY_INTEGER &&
                    answer.element[0]->integer >= 1;
  return done ? Status() : Status::IoError("WAITAOF: the server has not synced its log in time");
}

StoreState RespStore::State() const {
  StoreState state;
  state.server_process = process_;
  const Result<RespFacts> info = Info();
  if (!info.ok()) return state;
  if (FactOf(*info, "aof_enabled") == "1") {
    state.has_file_bytes = true;
    state.file_bytes = CountOf(*info, "aof_current_size");
  } else if (server_ != nullptr) {
    std::error_code none;
    const uintmax_t bytes = std::filesystem::file_size(directory_ + "/dump.rdb", none);
    state.has_file_bytes = true;
    state.file_bytes = none ? 0 : bytes;
  }
  for (const std::string_view name : kCounters) {
    if (FactOf(*info, name).empty()) continue;
    const uint64_t now = CountOf(*info, name), before = CountOf(at_open_, name);
    state.own_counters.emplace_back(name, now < before ? now : now - before);
  }
  return state;
}

std::vector<SettingText> RespStore::SettingsUsed() const {
  TermsUsed used;
  used.Use("durability", std::string(RespDurability(config_)));
  used.Use("compression", "none");
  used.Use("filter", "none");
  used.UseFlag("direct_io", false);
  used.Use("server", server_ != nullptr ? server_->program() : address_.ToString());
  used.Use("server_version", ServerVersion(at_open_));
  used.UseCount("database", settings_.database);
  used.UseFlag("ordered", settings_.ordered);
  used.Use("timeout", fmt::format("{}", settings_.timeout));
  for (const auto& [name, text] : config_) used.Use(name, text);
  return used.settings();
}

Result<std::unique_ptr<Store>> OpenRespStore(const StoreOptions& options) {
  Result<RespSettings> settings = ReadAllRespSettings(options.own_settings);
  if (!settings.ok()) return settings.status();
  const Result<Terms> terms = TermsOf(options);
  if (!terms.ok()) return terms.status();
  if (!options.own_defaults && terms->compression != "none") {
    return Status::InvalidArgument(fmt::format(
        "engine.compression = {}: it compresses nothing; it has: none", terms->compression));
  }
  auto store = std::make_unique<RespStore>(std::move(*settings), options);
  const Status status = store->Open(options.own_defaults ? nullptr : &*terms);
  if (!status.ok()) return status;
  return std::unique_ptr<Store>(std::move(store));
}

Status Check(std::span<const SettingText> own_settings) {
  // One alone is looked at for itself: the others come when the trial is whole.
  return own_settings.size() == 1 ? ReadRespSettings(own_settings).status()
                                  : ReadAllRespSettings(own_settings).status();
}

std::string Version() {
  return fmt::format("hiredis {}.{}.{}", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}

}  // namespace

const StoreLibrary kRespLibrary = {"RESP client", OpenRespStore, Version, RespOwnSettings, Check};

}  // namespace varve::harness
