// LmdbStore: LMDB behind the interface of a store. docs/peers/lmdb.md says what becomes of the
// terms and what its numbers mean.
//
// One database, the main one. A put is a write transaction, as a put of LMDB is; a batch is one,
// too. Reads renew a read transaction that their thread keeps (lmdb_readers.h) and copy what they
// find; none is open between two operations.
//
// LMDB's keys have 1 to 511 bytes. So that there is an empty one, a key of nothing but zero bytes
// is stored with one more. That keeps the order of all keys: such a key is before every longer one
// that goes on otherwise, with as many zeros or with one more. All others are stored as they are.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <lmdb.h>

#include <utility>

#include "harness/stores/lmdb/lmdb_readers.h"
#include "harness/stores/lmdb/lmdb_settings.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

bool IsAllZeros(std::string_view key) { return key.find_first_not_of('\0') == key.npos; }

// A key as it is stored.
class StoredKey {
 public:
  explicit StoredKey(std::string_view key) : key_(key) {
    if (!IsAllZeros(key)) return;
    longer_.assign(key.size() + 1, '\0');
    key_ = longer_;
  }
  StoredKey(const StoredKey&) = delete;
  StoredKey& operator=(const StoredKey&) = delete;

  size_t size() const { return key_.size(); }
  // Points into this.
  MDB_val value() const { return {key_.size(), const_cast<char*>(key_.data())}; }

 private:
  std::string longer_;  // empty of most keys
  std::string_view key_;
};

std::string_view ViewOf(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// The key that was given.
std::string_view GivenKey(const MDB_val& stored) {
  std::string_view key = ViewOf(stored);
  if (IsAllZeros(key)) key.remove_suffix(1);
  return key;
}

class LmdbStore final : public Store {
 public:
  explicit LmdbStore(LmdbSetup setup) : caveats_(std::move(setup.caveats)) {}
  ~LmdbStore() override {
    if (readers_ != nullptr) readers_->Close();
    mdb_env_close(env_);
  }

  Status Open(const std::string& directory, const LmdbSetup& setup) {
    int code = mdb_env_create(&env_);
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_env_create");
    code = mdb_env_set_mapsize(env_, setup.map_bytes);
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_env_set_mapsize");
    code = mdb_env_set_maxreaders(env_, setup.max_readers);
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_env_set_maxreaders");
    constexpr mdb_mode_t kMode = 0644;
    code = mdb_env_open(env_, directory.c_str(), setup.flags, kMode);
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_env_open");
    key_bytes_max_ = static_cast<size_t>(mdb_env_get_maxkeysize(env_));
    const Status opened = Write(
        "mdb_dbi_open", [this](MDB_txn* txn) { return mdb_dbi_open(txn, nullptr, 0, &dbi_); });
    if (!opened.ok()) return opened;
    readers_ = std::make_shared<LmdbReaderPool>(env_, dbi_);
    MDB_envinfo info{};
    mdb_env_info(env_, &info);
    transactions_before_ = info.me_last_txnid;
    return {};
  }

  Status Put(std::string_view key, std::string_view value) override {
    return PutBatch({{{key, value}}});
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    for (const auto& [key, value] : entries) {
      const StoredKey stored(key);
      if (stored.size() > key_bytes_max_) return TooLong(key);
    }
    return Write("mdb_put", [&](MDB_txn* txn) {
      int code = MDB_SUCCESS;
      for (const auto& [key, value] : entries) {
        const StoredKey stored(key);
        MDB_val at = stored.value();
        MDB_val data = {value.size(), const_cast<char*>(value.data())};
        if (code == MDB_SUCCESS) code = mdb_put(txn, dbi_, &at, &data, 0);
      }
      return code;
    });
  }

  Status Delete(std::string_view key) override {
    const StoredKey stored(key);
    return Write("mdb_del", [&](MDB_txn* txn) {
      MDB_val at = stored.value();
      return mdb_del(txn, dbi_, &at, nullptr);
    });
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    const StoredKey stored(key);
    const LmdbRead read(readers_);
    if (!read.status().ok()) return read.status();
    MDB_val at = stored.value();
    MDB_val found{};
    const int code = mdb_get(read.txn(), dbi_, &at, &found);
    if (code == MDB_NOTFOUND) return false;
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_get");
    value->assign(ViewOf(found));
    return true;
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    const StoredKey from(start);
    const LmdbRead read(readers_);
    return VisitFrom(read, from, MDB_NEXT, count, visit);
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    const StoredKey from(start);
    const LmdbRead read(readers_);
    return VisitFrom(read, from, MDB_PREV, count, visit);
  }

  Status DeleteRange(std::string_view, std::string_view) override {
    return Status::NotSupported("LMDB has no deletes of ranges");
  }

  // There is no background work: what is owed is the sync that commits did without.
  Status Settle() override { return Synced() ? Status() : Sync(); }

  Status Sync() override {
    const int code = mdb_env_sync(env_, 1);
    return code == MDB_SUCCESS ? Status() : LmdbFailure(code, "mdb_env_sync");
  }

  StoreState State() const override {
    StoreState state;
    MDB_envinfo info{};
    MDB_stat tree{};
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &tree);
    state.has_file_bytes = true;
    state.file_bytes = (uint64_t{info.me_last_pgno} + 1) * tree.ms_psize;
    state.own_counters = {{"transactions", info.me_last_txnid - transactions_before_}};
    state.own_gauges = {
        {"depth", tree.ms_depth},           {"branch_pages", tree.ms_branch_pages},
        {"leaf_pages", tree.ms_leaf_pages}, {"overflow_pages", tree.ms_overflow_pages},
        {"entries", tree.ms_entries},       {"readers", info.me_numreaders}};
    return state;
  }

  std::vector<SettingText> SettingsUsed() const override { return LmdbSettingsUsed(env_); }
  std::vector<std::string> Caveats() const override { return caveats_; }

 private:
  Status TooLong(std::string_view key) const {
    return Status::InvalidArgument(
        fmt::format("a key of {} bytes: those of LMDB have {} at most, of nothing but zeros {}",
                    key.size(), key_bytes_max_, key_bytes_max_ - 1));
  }

  bool Synced() const {
    unsigned flags = 0;
    mdb_env_get_flags(env_, &flags);
    return LmdbDurability(flags) == "power";
  }

  // A write transaction. `change` returns a code of LMDB: MDB_NOTFOUND says that there is nothing
  // to change.
  template <class Change>
  Status Write(std::string_view call, const Change& change) {
    MDB_txn* txn = nullptr;
    int code = mdb_txn_begin(env_, nullptr, 0, &txn);
    if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_txn_begin");
    code = change(txn);
    if (code != MDB_SUCCESS) {
      mdb_txn_abort(txn);
      return code == MDB_NOTFOUND ? Status() : LmdbFailure(code, call);
    }
    code = mdb_txn_commit(txn);
    return code == MDB_SUCCESS ? Status() : LmdbFailure(code, "mdb_txn_commit");
  }

  // To the first entry at or after `from`, or backwards (MDB_PREV) the last at or before it.
  static int Seek(MDB_cursor* cursor, const StoredKey& from, MDB_cursor_op step, MDB_val* key,
                  MDB_val* value) {
    *key = from.value();
    const int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (step == MDB_NEXT) return code;
    if (code == MDB_NOTFOUND) return mdb_cursor_get(cursor, key, value, MDB_LAST);
    const bool behind = code == MDB_SUCCESS && ViewOf(*key) != ViewOf(from.value());
    return behind ? mdb_cursor_get(cursor, key, value, MDB_PREV) : code;
  }

  static Result<uint64_t> VisitFrom(const LmdbRead& read, const StoredKey& from, MDB_cursor_op step,
                                    uint64_t count, const Visit& visit) {
    if (!read.status().ok()) return read.status();
    if (count == 0) return 0;
    const Result<MDB_cursor*> cursor = read.Cursor();
    if (!cursor.ok()) return cursor.status();
    MDB_val key{};
    MDB_val value{};
    int code = Seek(*cursor, from, step, &key, &value);
    uint64_t visited = 0;
    while (code == MDB_SUCCESS) {
      if (visit != nullptr) visit(GivenKey(key), ViewOf(value));
      if (++visited == count) return visited;
      code = mdb_cursor_get(*cursor, &key, &value, step);
    }
    if (code != MDB_NOTFOUND) return LmdbFailure(code, "mdb_cursor_get");
    return visited;
  }

  const std::vector<std::string> caveats_;
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  size_t key_bytes_max_ = 0;
  uint64_t transactions_before_ = 0;
  std::shared_ptr<LmdbReaderPool> readers_;
};

Result<std::unique_ptr<Store>> OpenLmdb(const StoreOptions& options) {
  const Result<LmdbSetup> setup = LmdbSetupOf(options);
  if (!setup.ok()) return setup.status();
  auto store = std::make_unique<LmdbStore>(*setup);
  if (Status status = store->Open(options.directory, *setup); !status.ok()) return status;
  return std::unique_ptr<Store>(std::move(store));
}

std::string LmdbVersion() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  mdb_version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace

const StoreLibrary kLmdbLibrary = {"LMDB", OpenLmdb, LmdbVersion, OwnSettingsOf<LmdbSettings>,
                                   CheckOwnSettingsOf<LmdbSettings>};

}  // namespace varve::harness
