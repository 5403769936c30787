// SqliteStore: SQLite behind the interface of a store: one table of keys and values.
//
// A connection for each client thread, as SQLite wants it, each with a page cache of its own: what
// the terms give is divided among them. Writers go one after the other by a lock of ours, as in
// programs that embed SQLite, so that none sleeps because the file is busy. In WAL mode readers
// take no lock; in the other journal modes a writer shuts them out, as the file's own lock would.
//
// Durability (www.sqlite.org/pragma.html#pragma_synchronous, wal.html). A commit in WAL mode is
// written to the kernel before it returns: it survives the process. It survives power loss if
// `synchronous` is full, which syncs the log at each commit. A log for undo that lies in memory, or
// none, leaves half a commit behind if the process is killed in one: nothing is promised then.
// Undo logs in files are gone, and the commit made, when their file is deleted (durable by
// `synchronous = extra`, which syncs the directory), cut off or overwritten (`full`).
//
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "engine/setting_text.h"
#include "harness/files.h"
#include "harness/stores/own_settings.h"
#include "harness/stores/sqlite/sqlite_connection.h"
#include "harness/stores/sqlite/sqlite_pragmas.h"
#include "harness/stores/stores.h"
#include "harness/stores/terms.h"
#include "harness/stores/thread_handles.h"

namespace varve::harness {
namespace {

// The own settings that are no pragmas.
constexpr std::string_view kConnections = "connections";
constexpr std::string_view kTable = "table";
constexpr std::string_view kNoFilters =
    "it has no filters: a B-tree looks a key up where it must be";

// What is asked of a database before it is opened.
struct SqliteSetup {
  std::string path;
  std::string directory;
  std::map<std::string, std::string, std::less<>> pragmas;  // to be set on each connection
  uint64_t cache_bytes = 0;     // of all connections, if not of each by its pragma; 0: by default
  uint64_t log_bytes = 0;       // that make a checkpoint due, if not by its pragma; 0: by default
  bool one_connection = false;  // for all threads, who wait for each other
  bool rowid = false;           // kind of the table
  std::vector<std::string> caveats;
};

Result<std::unique_ptr<SqliteConnection>> OpenConnection(const SqliteSetup& setup) {
  auto connection = SqliteConnection::Open(setup.path);
  if (!connection.ok()) return connection.status();
  for (const SqlitePragma& pragma : SqlitePragmas()) {
    const auto asked = setup.pragmas.find(pragma.name);
    if (asked == setup.pragmas.end()) continue;
    Status status = SetPragma(**connection, pragma, asked->second);
    if (!status.ok()) return status;
  }
  if (Status status = (*connection)->CreateTable(setup.rowid); !status.ok()) return status;
  if (Status status = (*connection)->Prepare(); !status.ok()) return status;
  return connection;
}

Status SetCacheBytes(SqliteConnection& connection, uint64_t bytes) {
  const SqlitePragma* pragma = FindSqlitePragma("cache_size");
  const uint64_t kib = std::clamp<uint64_t>(bytes >> 10, 1, INT32_MAX);
  return SetPragma(connection, *pragma, fmt::format("-{}", kib));
}

// "": it cannot be asked.
std::string AskPragma(SqliteConnection& connection, std::string_view name) {
  const SqlitePragma* pragma = FindSqlitePragma(name);
  if (pragma == nullptr) return "";
  Result<std::string> text = ReadPragma(connection, *pragma);
  return text.ok() ? std::move(*text) : "";
}

uint64_t CacheBytesOf(SqliteConnection& connection) {
  const int64_t size = std::atoll(AskPragma(connection, "cache_size").c_str());
  const int64_t page = std::atoll(AskPragma(connection, "page_size").c_str());
  return static_cast<uint64_t>(size < 0 ? -size << 10 : size * page);
}

std::string DurabilityOf(std::string_view journal_mode, std::string_view synchronous) {
  if (journal_mode == "off" || journal_mode == "memory") return "none";
  const bool syncs_directory = synchronous == "extra";
  const bool syncs = syncs_directory || (synchronous == "full" && journal_mode != "delete");
  return syncs ? "power" : "process";
}

Status SyncDirectory(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus("cannot open", path);
  Status status;
  if (::fsync(file) != 0) status = ErrnoStatus("cannot sync", path);
  ::close(file);
  return status;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteSetup setup, std::unique_ptr<SqliteConnection> own)
      : setup_(std::move(setup)),
        own_(std::move(own)),
        readers_wait_(AskPragma(*own_, "journal_mode") != "wal") {}

  // Makes the connection of the first client, so that it does not wait for that.
  Status Start() {
    if (setup_.one_connection) {
      cache_shares_ = 1;
      return {};
    }
    // Ours has no client: it makes checkpoints, which need no cache.
    if (Status status = SetCacheBytes(*own_, 0); !status.ok()) return status;
    auto first = NewConnection();
    if (!first.ok()) return first.status();
    connections_.Add(std::move(*first));
    return {};
  }

  Status Put(std::string_view key, std::string_view value) override {
    return Write([&](SqliteConnection& connection) { return connection.Put(key, value); });
  }
  Status Delete(std::string_view key) override {
    return Write([&](SqliteConnection& connection) { return connection.Delete(key); });
  }
  Status DeleteRange(std::string_view begin, std::string_view end) override {
    if (begin >= end) return {};
    return Write([&](SqliteConnection& connection) { return connection.DeleteRange(begin, end); });
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    return Write([&](SqliteConnection& connection) {
      Status status = connection.Begin();
      for (size_t i = 0; status.ok() && i < entries.size(); ++i) {
        status = connection.Put(entries[i].first, entries[i].second);
      }
      if (status.ok()) return connection.Commit();
      connection.Rollback();
      return status;
    });
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    return Read<bool>([&](SqliteConnection& connection) { return connection.Get(key, value); });
  }
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    if (count == 0) return uint64_t{0};
    return Read<uint64_t>(
        [&](SqliteConnection& connection) { return connection.Scan(start, count, visit); });
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    if (count == 0) return uint64_t{0};
    return Read<uint64_t>(
        [&](SqliteConnection& connection) { return connection.ScanReverse(start, count, visit); });
  }

  // There is no background work, but the log is a debt: its pages are to be written once more.
  Status Settle() override {
    const std::lock_guard own(own_->mutex);
    const std::lock_guard writer(lock_);
    return readers_wait_ ? Status() : own_->Checkpoint();
  }

  Status Sync() override {
    const std::lock_guard own(own_->mutex);
    const std::lock_guard writer(lock_);
    if (Status status = own_->Sync(); !status.ok()) return status;
    return SyncDirectory(setup_.directory);
  }

  StoreState State() const override {
    StoreState state;
    state.has_file_bytes = true;
    for (const std::string_view suffix : {"", "-wal", "-journal"}) {
      std::error_code absent;
      const auto bytes = std::filesystem::file_size(setup_.path + std::string(suffix), absent);
      if (!absent) state.file_bytes += bytes;
    }
    for (const auto& counter : SqliteConnection::kCounters) {
      state.own_counters.emplace_back(counter.name, 0);
    }
    Visit([&state](SqliteConnection& connection) {
      const auto& counts = connection.Count();
      for (size_t i = 0; i < counts.size(); ++i) state.own_counters[i].second += counts[i];
    });
    return state;
  }

  std::vector<SettingText> SettingsUsed() const override {
    TermsUsed used;
    uint64_t connections = 0;
    uint64_t cache_bytes = 0;
    Visit([&](SqliteConnection& connection) {
      ++connections;
      static_cast<void>(TakeShare(connection));  // what is not taken is seen in what is asked
      cache_bytes += CacheBytesOf(connection);
      if (connections > 1) return;
      used.Use("durability", DurabilityOf(AskPragma(connection, "journal_mode"),
                                          AskPragma(connection, "synchronous")));
      for (const SqlitePragma& pragma : SqlitePragmas()) {
        const std::string text = AskPragma(connection, pragma.name);
        if (!text.empty()) used.Use(pragma.name, text);
      }
    });
    used.UseBytes("cache_bytes", cache_bytes);
    used.UseCount(kConnections, connections);
    used.Use(kTable, setup_.rowid ? "rowid" : "without_rowid");
    used.Use("compression", "none");
    used.Use("filter", "none");
    used.UseFlag("direct_io", false);
    return used.settings();
  }

  std::vector<std::string> Caveats() const override {
    std::vector<std::string> caveats = setup_.caveats;
    uint64_t connections = 0;
    Visit([&connections](SqliteConnection&) { ++connections; });
    if (setup_.cache_bytes == 0 || connections < 2) return caveats;
    caveats.push_back(fmt::format(
        "its cache is divided among {} connections, one a client, and a page may be in each",
        connections));
    return caveats;
  }

 private:
  // Before each operation, as another connection may have come. REQUIRES: its mutex is held.
  Status TakeShare(SqliteConnection& connection) const {
    const uint64_t shares = cache_shares_.load(std::memory_order_relaxed);
    if (connection.cache_shares == shares) return {};
    connection.cache_shares = shares;
    if (setup_.cache_bytes == 0) return {};
    return SetCacheBytes(connection, setup_.cache_bytes / shares);
  }

  // So that no writer keeps it from looking into the file.
  Result<std::unique_ptr<SqliteConnection>> OpenAlone() {
    const std::lock_guard writer(lock_);
    return OpenConnection(setup_);
  }

  Result<std::unique_ptr<SqliteConnection>> NewConnection() {
    auto made = OpenAlone();
    if (made.ok()) ++cache_shares_;
    return made;
  }

  Result<SqliteConnection*> Mine() {
    if (setup_.one_connection) return own_.get();
    return connections_.Get([this] { return NewConnection(); });
  }

  // Those of the clients.
  template <class Each>
  void Visit(const Each& each) const {
    const auto locked = [&each](SqliteConnection& connection) {
      const std::lock_guard its(connection.mutex);
      each(connection);
    };
    if (setup_.one_connection) {
      locked(*own_);
    } else {
      connections_.ForEach(locked);
    }
  }

  template <class Work>
  Status Write(const Work& work) {
    const Result<SqliteConnection*> connection = Mine();
    if (!connection.ok()) return connection.status();
    const std::lock_guard mine((*connection)->mutex);
    if (Status status = TakeShare(**connection); !status.ok()) return status;
    const std::lock_guard writer(lock_);
    return work(**connection);
  }

  template <class Answer, class Work>
  Result<Answer> Read(const Work& work) {
    const Result<SqliteConnection*> connection = Mine();
    if (!connection.ok()) return connection.status();
    const std::lock_guard mine((*connection)->mutex);
    if (Status status = TakeShare(**connection); !status.ok()) return status;
    if (!readers_wait_) return work(**connection);
    const std::shared_lock reader(lock_);
    return work(**connection);
  }

  const SqliteSetup setup_;
  const std::unique_ptr<SqliteConnection> own_;  // of no client, unless there is only this one
  const bool readers_wait_;                      // for writers
  // Taken behind the mutex of a connection. Shared by readers, if they wait.
  std::shared_mutex lock_;
  std::atomic<uint64_t> cache_shares_ = 0;  // connections of clients
  ThreadHandles<SqliteConnection> connections_;
};

void AddCaveatsOfTerms(const Terms& terms, std::vector<std::string>* caveats) {
  if (terms.filter != "none") caveats->emplace_back(kNoFilters);
  if (terms.direct_io) {
    caveats->emplace_back(
        "it has no direct I/O: its file goes through the page cache of the operating system");
  }
  caveats->emplace_back(
      "it has no background threads: a checkpoint is the work of the client whose commit is due "
      "for it");
  caveats->emplace_back("it has no checksums of pages: what it reads is not verified");
}

// Own settings that change what a term has settled.
void AddContradictions(std::span<const SettingText> own_settings, SqliteSetup* setup) {
  struct Contradiction {
    std::string_view name;
    std::string_view term;
  };
  for (const auto& [name, term] : std::initializer_list<Contradiction>{
           {"journal_mode", "engine.durability"},
           {"synchronous", "engine.durability"},
           {"wal_autocheckpoint", "engine.memtable_bytes"},
           {"cache_size", "engine.memtable_bytes and engine.cache_bytes"}}) {
    if (!IsSet(own_settings, name)) continue;
    setup->caveats.push_back(fmt::format("sqlite.{} was set: not {}", name, term));
    if (name == "cache_size") setup->cache_bytes = 0;
    if (name == "wal_autocheckpoint") setup->log_bytes = 0;
  }
}

Status AddTerms(const StoreOptions& options, SqliteSetup* setup) {
  const Result<Terms> terms = TermsOf(options);
  if (!terms.ok()) return terms.status();
  if (terms->compression != "none") {
    return Status::InvalidArgument(fmt::format(
        "engine.compression = {}: SQLite has no compression (there is: none)", terms->compression));
  }
  const bool power = terms->durability == "power";
  const bool none = terms->durability == "none";
  setup->pragmas = {{"journal_mode", "wal"},
                    {"synchronous", power  ? "full"
                                    : none ? "off"
                                           : "normal"},
                    {"secure_delete", "off"},
                    {"mmap_size", "0"}};
  setup->cache_bytes = terms->memory_bytes();
  setup->log_bytes = terms->memtable_bytes;
  if (none && !IsSet(options.own_settings, "journal_mode")) {
    setup->caveats.emplace_back(
        "it writes its log to the kernel always: durability none was asked for, and it is only "
        "that nothing is synced");
  }
  AddCaveatsOfTerms(*terms, &setup->caveats);
  AddContradictions(options.own_settings, setup);
  return {};
}

// One of two words: true if it is the second.
Status ReadWord(const SettingText& setting, std::string_view first, std::string_view second,
                bool* is_second) {
  *is_second = setting.text == second;
  if (*is_second || setting.text == first) return {};
  return Status::InvalidArgument(
      fmt::format("{}: \"{}\" is none of {}, {}", setting.name, setting.text, first, second));
}

Status AddOwnSetting(const SettingText& setting, SqliteSetup* setup) {
  if (setting.name == kConnections) {
    return ReadWord(setting, "thread", "one", &setup->one_connection);
  }
  if (setting.name == kTable) return ReadWord(setting, "without_rowid", "rowid", &setup->rowid);
  const SqlitePragma* pragma = FindSqlitePragma(setting.name);
  if (pragma == nullptr) return Status::InvalidArgument("SQLite has no pragma " + setting.name);
  const Result<std::string> text = PragmaText(*pragma, setting.text);
  if (!text.ok()) return text.status();
  setup->pragmas[setting.name] = *text;
  return {};
}

Status AddOwnSettings(std::span<const SettingText> own_settings, SqliteSetup* setup) {
  for (const SettingText& setting : own_settings) {
    if (Status status = AddOwnSetting(setting, setup); !status.ok()) return status;
  }
  return {};
}

// The log may grow to what the log of a memtable does before its pages are written in place.
void SetLogBytes(SqliteSetup* setup) {
  if (setup->log_bytes == 0) return;
  const auto page = setup->pragmas.find("page_size");
  const uint64_t page_bytes = page == setup->pragmas.end() ? 4096 : std::stoull(page->second);
  const uint64_t pages = std::clamp<uint64_t>(setup->log_bytes / page_bytes, 1, INT32_MAX);
  setup->pragmas["wal_autocheckpoint"] = fmt::format("{}", pages);
}

Result<std::unique_ptr<Store>> OpenSqliteStore(const StoreOptions& options) {
  if (sqlite3_threadsafe() == 0) {
    return Status::NotSupported("this SQLite was built for programs of one thread");
  }
  SqliteSetup setup;
  setup.directory = options.directory;
  setup.path = options.directory + "/kv.sqlite";
  if (!options.own_defaults) {
    if (Status status = AddTerms(options, &setup); !status.ok()) return status;
  }
  if (Status status = AddOwnSettings(options.own_settings, &setup); !status.ok()) return status;
  SetLogBytes(&setup);
  const auto locking = setup.pragmas.find("locking_mode");
  if (locking != setup.pragmas.end() && locking->second != "normal" && !setup.one_connection) {
    return Status::InvalidArgument(
        "sqlite.locking_mode = exclusive needs sqlite.connections = one: another connection could "
        "not read");
  }
  auto own = OpenConnection(setup);
  if (!own.ok()) return own.status();
  auto store = std::make_unique<SqliteStore>(std::move(setup), std::move(*own));
  if (Status status = store->Start(); !status.ok()) return status;
  return std::unique_ptr<Store>(std::move(store));
}

std::vector<OwnSetting> SqliteOwnSettings() {
  std::vector<OwnSetting> own = {
      {std::string(kConnections),
       "thread: a connection for each client, or one: for all of them; usually thread"},
      {std::string(kTable),
       "without_rowid: one B-tree by key, or rowid: one of values and an index; usually "
       "without_rowid"}};
  for (const SqlitePragma& pragma : SqlitePragmas()) {
    const std::string range = pragma.kind == SqlitePragma::kWords
                                  ? fmt::format("; {}", fmt::join(pragma.words, ", "))
                                  : "";
    own.push_back({std::string(pragma.name),
                   fmt::format("{}{}; usually {}", pragma.help, range,
                               pragma.usual.empty() ? "by the terms" : pragma.usual)});
  }
  return own;
}

Status CheckSqliteSettings(std::span<const SettingText> own_settings) {
  SqliteSetup ignored;
  return AddOwnSettings(own_settings, &ignored);
}

std::string SqliteVersion() { return sqlite3_libversion(); }

}  // namespace

const StoreLibrary kSqliteLibrary = {"SQLite", OpenSqliteStore, SqliteVersion, SqliteOwnSettings,
                                     CheckSqliteSettings};

}  // namespace varve::harness
