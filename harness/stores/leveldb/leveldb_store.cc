// LevelDbStore: LevelDB behind the interface of a store. docs/peers/leveldb.md says what becomes of
// the terms and what its numbers mean.
//
// Used as its own benchmark uses it (db_bench.cc): a batch for each write, an iterator for each
// scan, a get into the caller's string. An iterator is a snapshot, a batch is atomic.
//
// What LevelDB does not offer is a way to wait. Its background work goes through Env::Schedule, one
// call at a time, of which the next comes before the one before returns: an Env that counts them
// knows when nothing is left. A write of no batch seals the memtable, as its own CompactRange does
// before it compacts; CompactRange itself would rewrite everything, which is no settling.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <leveldb/c.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/write_batch.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "harness/stores/leveldb/leveldb_settings.h"
#include "harness/stores/leveldb/text_of_leveldb.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

// Its text of all tables is made under the lock of the database, in about 3 µs each (measured): of
// more than these, sizes are taken from a text that rounds them.
constexpr uint64_t kTablesListed = 200;

leveldb::Slice SliceOf(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ViewOf(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

// It tells the operating system's errors by their words alone.
Status FailureOf(const leveldb::Status& status, std::string_view call) {
  const std::string words = status.ToString();
  std::string message = fmt::format("LevelDB's {}: {}", call, words);
  if (status.IsCorruption()) return Status::Corruption(std::move(message));
  if (status.IsInvalidArgument()) return Status::InvalidArgument(std::move(message));
  if (status.IsNotSupportedError()) return Status::NotSupported(std::move(message));
  if (words.starts_with("IO error: lock ")) return Status::Busy(std::move(message));
  if (words.ends_with("No space left on device")) return Status::NoSpace(std::move(message));
  return Status::IoError(std::move(message));
}

Status StatusOf(const leveldb::Status& status, std::string_view call) {
  return status.ok() ? Status() : FailureOf(status, call);
}

// The calls that were scheduled and have not returned. Thread safe.
class BackgroundWork {
 public:
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++left_;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) none_left_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;
  int left_ = 0;  // guarded by mutex_
};

// The usual Env, of which the background work is known.
class WatchedEnv final : public leveldb::EnvWrapper {
 public:
  WatchedEnv() : EnvWrapper(leveldb::Env::Default()) {}

  void Schedule(void (*work)(void*), void* argument) override {
    background_->Begin();
    target()->Schedule(&Run, new Call{work, argument, background_});
  }

  BackgroundWork* background() const { return background_.get(); }

 private:
  // Keeps what it counts in alive: who waits for it may be gone before it has returned.
  struct Call {
    void (*work)(void*);
    void* argument;
    std::shared_ptr<BackgroundWork> counted_in;
  };

  static void Run(void* argument) {
    const std::unique_ptr<Call> call(static_cast<Call*>(argument));
    call->work(call->argument);
    call->counted_in->End();
  }

  const std::shared_ptr<BackgroundWork> background_ = std::make_shared<BackgroundWork>();
};

class LevelDbStore final : public Store {
 public:
  explicit LevelDbStore(LevelDbSetup setup) : setup_(std::move(setup)) {
    setup_.options.env = &env_;
  }
  ~LevelDbStore() override {
    db_.reset();
    env_.background()->Wait();
  }

  Status Open(const std::string& directory) {
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(setup_.options, directory, &db);
    db_.reset(db);
    return StatusOf(status, "Open");
  }

  Status Put(std::string_view key, std::string_view value) override {
    return StatusOf(db_->Put(setup_.write, SliceOf(key), SliceOf(value)), "Put");
  }
  Status Delete(std::string_view key) override {
    return StatusOf(db_->Delete(setup_.write, SliceOf(key)), "Delete");
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    const leveldb::Status status = db_->Get(setup_.read, SliceOf(key), value);
    if (status.ok()) return true;
    if (status.IsNotFound()) return false;
    return FailureOf(status, "Get");
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    const std::unique_ptr<leveldb::Iterator> iterator(db_->NewIterator(setup_.read));
    iterator->Seek(SliceOf(start));
    return VisitBy<&leveldb::Iterator::Next>(iterator.get(), count, visit);
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    const std::unique_ptr<leveldb::Iterator> iterator(db_->NewIterator(setup_.read));
    iterator->Seek(SliceOf(start));
    if (!iterator->status().ok()) return FailureOf(iterator->status(), "Iterator");
    if (!iterator->Valid()) {
      iterator->SeekToLast();
    } else if (ViewOf(iterator->key()) > start) {
      iterator->Prev();
    }
    return VisitBy<&leveldb::Iterator::Prev>(iterator.get(), count, visit);
  }

  Status DeleteRange(std::string_view, std::string_view) override {
    return Status::NotSupported("LevelDB has no deletes of ranges");
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    leveldb::WriteBatch batch;
    for (const auto& [key, value] : entries) batch.Put(SliceOf(key), SliceOf(value));
    return StatusOf(db_->Write(setup_.write, &batch), "Write");
  }

  Status Settle() override {
    const leveldb::Status sealed = db_->Write(setup_.write, nullptr);
    env_.background()->Wait();
    return sealed.ok() ? WriteNothing(setup_.write) : FailureOf(sealed, "Write");
  }

  // A sync is of the log of the active memtable alone; the one before is not synced when it is
  // closed (LevelDB's issue 193), so its memtable has to become a table.
  Status Sync() override {
    leveldb::WriteOptions write;
    write.sync = true;
    Status status = WriteNothing(write);
    env_.background()->Wait();
    return status.ok() ? WriteNothing(write) : status;
  }

  StoreState State() const override {
    StoreState state;
    const std::vector<LevelDbLevel> rows = ParseLevelDbStats(Property("leveldb.stats"));
    uint64_t tables = 0;
    for (const LevelDbLevel& row : rows) {
      tables += row.files;
      const auto add = [&](std::string_view name, uint64_t value) {
        state.own_counters.emplace_back(fmt::format("level{}.{}", row.level, name), value);
      };
      add("time_sec", row.time_sec);
      add("read_mb", row.read_mb);
      add("write_mb", row.write_mb);
    }
    state.levels = tables > kTablesListed ? RoundedLevelDbLevels(rows)
                                          : ParseLevelDbTables(Property("leveldb.sstables"));
    constexpr std::string_view kMemory = "approximate-memory-usage";
    const std::string bytes = Property(fmt::format("leveldb.{}", kMemory));
    state.own_gauges.emplace_back(kMemory, std::strtoull(bytes.c_str(), nullptr, 10));
    return state;
  }

  std::vector<SettingText> SettingsUsed() const override { return setup_.used.settings(); }
  std::vector<std::string> Caveats() const override { return setup_.used.caveats(); }

 private:
  // Up to `count` entries from where the iterator stands; it does not step behind the last.
  template <void (leveldb::Iterator::*kStep)()>
  static Result<uint64_t> VisitBy(leveldb::Iterator* iterator, uint64_t count, const Visit& visit) {
    uint64_t visited = 0;
    for (; visited < count && iterator->Valid(); ++visited) {
      if (visit != nullptr) visit(ViewOf(iterator->key()), ViewOf(iterator->value()));
      if (visited + 1 < count) (iterator->*kStep)();
    }
    if (!iterator->status().ok()) return FailureOf(iterator->status(), "Iterator");
    return visited;
  }

  // A batch of no entries in the log. Fails if background work has failed, as all writes then do.
  Status WriteNothing(const leveldb::WriteOptions& write) {
    leveldb::WriteBatch nothing;
    return StatusOf(db_->Write(write, &nothing), "Write");
  }

  std::string Property(std::string_view name) const {
    std::string value;
    db_->GetProperty(SliceOf(name), &value);
    return value;
  }

  LevelDbSetup setup_;
  WatchedEnv env_;
  std::unique_ptr<leveldb::DB> db_;  // uses both
};

Result<std::unique_ptr<Store>> OpenLevelDb(const StoreOptions& options) {
  Result<LevelDbSetup> setup = LevelDbSetupOf(options);
  if (!setup.ok()) return setup.status();
  auto store = std::make_unique<LevelDbStore>(std::move(*setup));
  if (Status status = store->Open(options.directory); !status.ok()) return status;
  return std::unique_ptr<Store>(std::move(store));
}

std::string LevelDbVersion() {
  return fmt::format("{}.{}", leveldb_major_version(), leveldb_minor_version());
}

}  // namespace

const StoreLibrary kLevelDbLibrary = {"LevelDB", OpenLevelDb, LevelDbVersion,
                                      OwnSettingsOf<LevelDbSettings>, CheckLevelDbSettings};

}  // namespace varve::harness
