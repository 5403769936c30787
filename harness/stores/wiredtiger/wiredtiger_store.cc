// WiredTigerStore: WiredTiger behind the interface of a store: one table of raw keys and values,
// a B-tree or an LSM-tree (wiredtiger.type; releases from 2025 on have no LSM-tree any more).
//
// A session with two cursors for each client thread, opened once, as in the library's own wtperf.
// Cursors are reset after each operation, so that they pin no page and hold no snapshot. A single
// operation is a transaction of its own, which the library repeats if it conflicts; those of
// several are repeated here. A scan sees the snapshot that its cursor took at its first step.
//
// A range is deleted by WT_SESSION.truncate, whose ends are both inclusive: the last is found
// first. Of an LSM-tree, truncate takes away all that lies before the range, too (seen in 3.2.1):
// there are no deletes of ranges then.
//
// Settle: WT_SESSION.compact flushes the chunk in memory of an LSM-tree and makes all merges that
// are due. A B-tree has settled when its dirty pages are in a checkpoint.
//
// A connection does not survive fork(): its threads are not there in the child.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <mutex>
#include <thread>

#include "engine/setting_text.h"
#include "harness/stores/own_settings.h"
#include "harness/stores/stores.h"
#include "harness/stores/terms.h"
#include "harness/stores/thread_handles.h"
#include "harness/stores/wiredtiger/wiredtiger_config.h"
#include "harness/stores/wiredtiger/wiredtiger_session.h"

namespace varve::harness {
namespace {

constexpr const char* kTable = "table:kv";
constexpr int kTriesMax = 1000;  // of a transaction that conflicts with another

// Sums since the connection was opened, under the library's own descriptions.
constexpr std::array kCounters = {
    WT_STAT_CONN_BLOCK_READ,
    WT_STAT_CONN_BLOCK_BYTE_READ,
    WT_STAT_CONN_BLOCK_BYTE_MAP_READ,
    WT_STAT_CONN_BLOCK_WRITE,
    WT_STAT_CONN_BLOCK_BYTE_WRITE,
    WT_STAT_CONN_BLOCK_BYTE_WRITE_CHECKPOINT,
    WT_STAT_CONN_LOG_BYTES_PAYLOAD,
    WT_STAT_CONN_LOG_BYTES_WRITTEN,
    WT_STAT_CONN_LOG_SYNC,
    WT_STAT_CONN_LOG_WRITES,
    WT_STAT_CONN_FSYNC_IO,
    WT_STAT_CONN_CACHE_PAGES_REQUESTED,
    WT_STAT_CONN_CACHE_READ,
    WT_STAT_CONN_CACHE_BYTES_READ,
    WT_STAT_CONN_CACHE_WRITE,
    WT_STAT_CONN_CACHE_BYTES_WRITE,
    WT_STAT_CONN_CACHE_EVICTION_CLEAN,
    WT_STAT_CONN_CACHE_EVICTION_DIRTY,
    WT_STAT_CONN_CACHE_EVICTION_APP,
    WT_STAT_CONN_CACHE_EVICTION_APP_DIRTY,
    WT_STAT_CONN_TXN_CHECKPOINT,
    WT_STAT_CONN_TXN_ROLLBACK,
    WT_STAT_CONN_LSM_ROWS_MERGED,
    WT_STAT_CONN_LSM_CHECKPOINT_THROTTLE,
    WT_STAT_CONN_LSM_MERGE_THROTTLE,
};

class WiredTigerStore final : public Store {
 public:
  explicit WiredTigerStore(WiredTigerSetup setup) : setup_(std::move(setup)) {}
  ~WiredTigerStore() override {
    handles_.Clear();
    own_session_ = nullptr;  // closed with the connection
    if (connection_ != nullptr) connection_->close(connection_, nullptr);
  }

  Status Open(const std::string& directory) {
    int code =
        wiredtiger_open(directory.c_str(), &messages_, setup_.connection.c_str(), &connection_);
    if (code != 0) return messages_.Failed("wiredtiger_open", code);
    code = connection_->open_session(connection_, nullptr, nullptr, &own_session_);
    if (code != 0) return messages_.Failed("WT_CONNECTION.open_session", code);
    const std::string there = Metadata("colgroup:kv");
    if (there.empty()) {
      code = own_session_->create(own_session_, kTable, setup_.table.c_str());
      if (code != 0) return messages_.Failed("WT_SESSION.create", code);
    }
    source_ = ConfigText(Metadata("colgroup:kv"), "source").value_or("");
    directory_ = directory;
    if (source_.starts_with("lsm:") == lsm()) return {};
    return Status::InvalidArgument(fmt::format(
        "wiredtiger.type = {}: the table that is there is of the other type", setup_.own.type));
  }

  Status Put(std::string_view key, std::string_view value) override {
    return Write("WT_CURSOR.insert",
                 [&](WiredTigerSession& handle) { return Insert(handle.writer, key, value); });
  }

  Status Delete(std::string_view key) override {
    return Write("WT_CURSOR.remove", [&](WiredTigerSession& handle) {
      const StoredKey stored(key);
      handle.writer->set_key(handle.writer, stored.item());
      const int code = handle.writer->remove(handle.writer);
      return code == WT_NOTFOUND ? 0 : code;
    });
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    return Write("transaction of WT_CURSOR.insert", [&](WiredTigerSession& handle) {
      return Transaction(handle, [&] {
        int code = 0;
        for (size_t i = 0; code == 0 && i < entries.size(); ++i) {
          code = Insert(handle.writer, entries[i].first, entries[i].second);
        }
        return code;
      });
    });
  }

  Status DeleteRange(std::string_view begin, std::string_view end) override {
    if (lsm()) {
      return Status::NotSupported(
          "WiredTiger has no deletes of ranges in an LSM-tree that keep what lies before the "
          "range");
    }
    if (begin >= end) return {};
    return Write("WT_SESSION.truncate", [&](WiredTigerSession& handle) {
      return Transaction(handle, [&] { return Truncate(handle, begin, end); });
    });
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    const Result<WiredTigerSession*> handle = Mine();
    if (!handle.ok()) return handle.status();
    WT_CURSOR* cursor = (*handle)->reader;
    const Positioned positioned(cursor);
    const StoredKey stored(key);
    cursor->set_key(cursor, stored.item());
    int code = cursor->search(cursor);
    if (code == WT_NOTFOUND) return false;
    WT_ITEM found = {};
    if (code == 0) code = cursor->get_value(cursor, &found);
    if (code != 0) return messages_.Failed("WT_CURSOR.search", code);
    value->assign(BytesOf(found));
    return true;
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    return ScanBy<true>(start, count, visit);
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    return ScanBy<false>(start, count, visit);
  }

  Status Settle() override {
    if (ConfigNumber(setup_.connection, "in_memory").value_or(0) != 0) return {};
    const std::lock_guard own(own_mutex_);
    if (lsm() && ConfigNumber(setup_.connection, "lsm_manager.merge").value_or(1) != 0) {
      // Cursors of threads that are gone would keep the files of chunks that were merged.
      handles_.CloseLeft();
      for (int tries = 0;; ++tries) {
        const int code = own_session_->compact(own_session_, kTable, "timeout=0");
        if (code == 0) break;
        if (code != EBUSY || tries == kTriesMax)
          return messages_.Failed("WT_SESSION.compact", code);
      }
    }
    return Checkpoint();
  }

  // Without a log only a checkpoint is durable.
  Status Sync() override {
    if (WiredTigerDurability(setup_.connection, setup_.table) == "none") return Settle();
    const std::lock_guard own(own_mutex_);
    const int code = own_session_->log_flush(own_session_, "sync=on");
    return code == 0 ? Status() : messages_.Failed("WT_SESSION.log_flush", code);
  }

  StoreState State() const override;
  std::vector<SettingText> SettingsUsed() const override;
  std::vector<std::string> Caveats() const override { return setup_.caveats; }

 private:
  bool lsm() const { return setup_.own.type == "lsm"; }

  Result<std::unique_ptr<WiredTigerSession>> NewHandle() {
    auto handle = std::make_unique<WiredTigerSession>();
    int code = connection_->open_session(connection_, nullptr, nullptr, &handle->session);
    if (code != 0) return messages_.Failed("WT_CONNECTION.open_session", code);
    for (WT_CURSOR** cursor : {&handle->reader, &handle->writer}) {
      code = handle->session->open_cursor(handle->session, kTable, nullptr, nullptr, cursor);
      if (code != 0) return messages_.Failed("WT_SESSION.open_cursor", code);
    }
    return handle;
  }

  Result<WiredTigerSession*> Mine() {
    return handles_.Get([this] { return NewHandle(); });
  }

  // `work(WiredTigerSession&)` gives a result code, and may be done again.
  template <class Work>
  Status Write(std::string_view call, const Work& work) {
    const Result<WiredTigerSession*> handle = Mine();
    if (!handle.ok()) return handle.status();
    for (int tries = 1;; ++tries) {
      const int code = work(**handle);
      if (code == 0) return {};
      (*handle)->writer->reset((*handle)->writer);
      if (code != WT_ROLLBACK || tries == kTriesMax) return messages_.Failed(call, code);
      std::this_thread::yield();
    }
  }

  static int Insert(WT_CURSOR* cursor, std::string_view key, std::string_view value) {
    const StoredKey stored(key);
    const WT_ITEM value_item = ItemOf(value);
    cursor->set_key(cursor, stored.item());
    cursor->set_value(cursor, &value_item);
    return cursor->insert(cursor);
  }

  // At the library's usual isolation, read-committed: at snapshot isolation a delete of a range
  // that others write in is rolled back for each of their puts, and may never end.
  template <class Work>
  static int Transaction(WiredTigerSession& handle, const Work& work) {
    WT_SESSION* session = handle.session;
    int code = session->begin_transaction(session, nullptr);
    if (code != 0) return code;
    code = work();
    if (code == 0) return session->commit_transaction(session, nullptr);
    session->rollback_transaction(session, nullptr);
    return code;
  }

  static int Truncate(WiredTigerSession& handle, std::string_view begin, std::string_view end) {
    WT_CURSOR* stop = handle.reader;
    const Positioned stops(stop);
    const StoredKey stored_end(end);
    stop->set_key(stop, stored_end.item());
    int order = 0;
    int code = stop->search_near(stop, &order);
    if (code == 0 && order >= 0) code = stop->prev(stop);
    if (code != 0) return code == WT_NOTFOUND ? 0 : code;
    WT_ITEM last = {};
    code = stop->get_key(stop, &last);
    if (code != 0 || KeyOf(last) < begin) return code;
    WT_CURSOR* start = handle.writer;
    const Positioned starts(start);
    const StoredKey stored_begin(begin);
    start->set_key(start, stored_begin.item());
    return handle.session->truncate(handle.session, nullptr, start, stop, nullptr);
  }

  // Positioned at the first entry to visit, or WT_NOTFOUND.
  template <bool kForward>
  static int Seek(WT_CURSOR* cursor, std::string_view start) {
    const StoredKey stored(start);
    cursor->set_key(cursor, stored.item());
    int order = 0;
    const int code = cursor->search_near(cursor, &order);
    if (code != 0) return code;
    if (kForward) return order < 0 ? cursor->next(cursor) : 0;
    return order > 0 ? cursor->prev(cursor) : 0;
  }

  template <bool kForward>
  Result<uint64_t> ScanBy(std::string_view start, uint64_t count, const Visit& visit) {
    if (count == 0) return uint64_t{0};
    const Result<WiredTigerSession*> handle = Mine();
    if (!handle.ok()) return handle.status();
    WT_CURSOR* cursor = (*handle)->reader;
    const Positioned positioned(cursor);
    int code = Seek<kForward>(cursor, start);
    uint64_t visited = 0;
    while (code == 0) {
      WT_ITEM key = {};
      WT_ITEM value = {};
      code = cursor->get_key(cursor, &key);
      if (code == 0) code = cursor->get_value(cursor, &value);
      if (code != 0) break;
      if (visit != nullptr) visit(KeyOf(key), BytesOf(value));
      if (++visited == count) return visited;
      code = kForward ? cursor->next(cursor) : cursor->prev(cursor);
    }
    if (code == WT_NOTFOUND) return visited;
    return messages_.Failed(kForward ? "WT_CURSOR.next" : "WT_CURSOR.prev", code);
  }

  // REQUIRES: own_mutex_ is held.
  Status Checkpoint() {
    const int code = own_session_->checkpoint(own_session_, nullptr);
    return code == 0 ? Status() : messages_.Failed("WT_SESSION.checkpoint", code);
  }

  // What the library keeps about one of its objects; "": nothing. REQUIRES: own_mutex_ is held, or
  // Open.
  std::string Metadata(const std::string& uri) const {
    WT_CURSOR* cursor = nullptr;
    if (own_session_->open_cursor(own_session_, "metadata:", nullptr, nullptr, &cursor) != 0) {
      return "";
    }
    cursor->set_key(cursor, uri.c_str());
    const char* text = nullptr;
    std::string found;
    if (cursor->search(cursor) == 0 && cursor->get_value(cursor, &text) == 0) found = text;
    cursor->close(cursor);
    return found;
  }

  // Null if the connection keeps none. REQUIRES: own_mutex_ is held.
  WT_CURSOR* OpenStatistics() const {
    const std::string kept = ConfigText(setup_.connection, "statistics").value_or("none");
    if (kept.find("fast") == std::string::npos && kept.find("all") == std::string::npos) {
      return nullptr;
    }
    WT_CURSOR* cursor = nullptr;
    const int code = own_session_->open_cursor(own_session_, "statistics:", nullptr,
                                               "statistics=(fast)", &cursor);
    return code == 0 ? cursor : nullptr;
  }

  void UseTable(const std::string& metadata, TermsUsed* used) const;
  void UseConnection(TermsUsed* used) const;

  const WiredTigerSetup setup_;
  mutable WiredTigerMessages messages_;
  std::string directory_;
  std::string source_;  // "file:kv.wt" or "lsm:kv"
  WT_CONNECTION* connection_ = nullptr;
  mutable std::mutex own_mutex_;       // guards own_session_
  WT_SESSION* own_session_ = nullptr;  // of no client
  ThreadHandles<WiredTigerSession> handles_;
};

StoreState WiredTigerStore::State() const {
  StoreState state;
  state.has_file_bytes = true;
  std::error_code gone;
  for (const auto& file : std::filesystem::directory_iterator(directory_, gone)) {
    // A log file has its full length from the beginning, and is no data.
    if (file.path().extension() != ".wt" && file.path().extension() != ".lsm" &&
        file.path().extension() != ".bf") {
      continue;
    }
    const auto bytes = file.file_size(gone);
    if (!gone) state.file_bytes += bytes;
  }
  const std::lock_guard own(own_mutex_);
  WT_CURSOR* cursor = OpenStatistics();
  if (cursor == nullptr) return state;
  for (const int counter : kCounters) {
    const char* description = nullptr;
    const char* printed = nullptr;
    int64_t value = 0;
    cursor->set_key(cursor, counter);
    if (cursor->search(cursor) != 0) continue;
    if (cursor->get_value(cursor, &description, &printed, &value) != 0) continue;
    state.own_counters.emplace_back(description, static_cast<uint64_t>(value));
  }
  cursor->close(cursor);
  return state;
}

void WiredTigerStore::UseTable(const std::string& metadata, TermsUsed* used) const {
  const auto number = [&](const char* key) {
    return static_cast<uint64_t>(ConfigNumber(metadata, key).value_or(0));
  };
  const auto text = [&](const char* key) { return ConfigText(metadata, key).value_or(""); };
  const std::string compressor = text("block_compressor");
  used->Use("compression", compressor.empty() ? "none" : compressor);
  const bool bloom = lsm() && number("lsm.bloom") != 0;
  used->Use("filter", bloom ? "bloom" : "none");
  if (bloom) used->UseCount("filter_bits_per_key", number("lsm.bloom_bit_count"));
  if (lsm()) {
    used->UseBytes("memtable_bytes", number("lsm.chunk_size"));
    used->UseCount("merge_max", number("lsm.merge_max"));
    used->UseCount("merge_min", number("lsm.merge_min"));
  }
}

void WiredTigerStore::UseConnection(TermsUsed* used) const {
  const std::string& config = setup_.connection;
  for (const char* key :
       {"checkpoint.wait", "log.enabled", "log.file_max", "transaction_sync.enabled",
        "transaction_sync.method", "eviction.threads_max", "eviction_dirty_target",
        "eviction_dirty_trigger", "lsm_manager.worker_thread_max", "mmap"}) {
    if (const auto text = ConfigText(config, key)) used->Use(key, *text);
  }
  const std::string direct = ConfigText(config, "direct_io").value_or("");
  used->UseFlag("direct_io", direct.find("data") != std::string::npos);
  if (WT_CURSOR* cursor = OpenStatistics(); cursor != nullptr) {
    const char* description = nullptr;
    const char* printed = nullptr;
    int64_t bytes = 0;
    cursor->set_key(cursor, WT_STAT_CONN_CACHE_BYTES_MAX);
    const bool found = cursor->search(cursor) == 0 &&
                       cursor->get_value(cursor, &description, &printed, &bytes) == 0;
    if (found) used->UseBytes("cache_bytes", static_cast<uint64_t>(bytes));
    cursor->close(cursor);
  }
}

std::vector<SettingText> WiredTigerStore::SettingsUsed() const {
  TermsUsed used;
  used.Use("durability", WiredTigerDurability(setup_.connection, setup_.table));
  used.Use("type", lsm() ? "lsm" : "btree");
  const std::lock_guard own(own_mutex_);
  const std::string metadata = Metadata(source_);
  UseTable(metadata, &used);
  UseConnection(&used);
  used.Use("connection_config", setup_.connection);
  used.Use("table_config", setup_.table);
  return used.settings();
}

Result<std::unique_ptr<Store>> OpenWiredTigerStore(const StoreOptions& options) {
  Result<WiredTigerSetup> setup = WiredTigerSetupOf(options);
  if (!setup.ok()) return setup.status();
  auto store = std::make_unique<WiredTigerStore>(std::move(*setup));
  if (Status status = store->Open(options.directory); !status.ok()) return status;
  return std::unique_ptr<Store>(std::move(store));
}

std::string WiredTigerVersion() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  wiredtiger_version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace

const StoreLibrary kWiredTigerLibrary = {"WiredTiger", OpenWiredTigerStore, WiredTigerVersion,
                                         OwnSettingsOf<WiredTigerSettings>,
                                         CheckWiredTigerSettings};

}  // namespace varve::harness
