// RocksDbStore: Facebook's LSM-tree behind the interface of a store.
//
// One column family. Gets pin the value where RocksDB has it, so that it is copied once, into the
// caller's string; each scan has an iterator of its own, as in db_bench's seekrandom (an iterator
// sees the database as it was when it was made). Ranges are deleted by RocksDB's own range
// tombstones, batches are a WriteBatch. docs/peers/rocksdb.md says how terms become options.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/version.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "engine/util/thread_slots.h"
#include "harness/stores/rocksdb/rocksdb_listener.h"
#include "harness/stores/rocksdb/rocksdb_setup.h"
#include "harness/stores/rocksdb/rocksdb_state.h"
#include "harness/stores/rocksdb/rocksdb_used.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSettlePoll{1};
// In the first that finds nothing to do, RocksDB may have scheduled what the second waits for.
constexpr int kQuietRounds = 2;

rocksdb::Slice SliceOf(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Of newer releases the pointer is a unique_ptr.
template <class Options>
rocksdb::Status OpenDatabase(const Options& options, const std::string& directory,
                             std::unique_ptr<rocksdb::DB>* db) {
  if constexpr (requires { rocksdb::DB::Open(options, directory, db); }) {
    return rocksdb::DB::Open(options, directory, db);
  } else {
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, directory, &raw);
    db->reset(raw);
    return status;
  }
}

class RocksDbStore final : public Store {
 public:
  RocksDbStore(std::unique_ptr<RocksDbRecord> record, std::unique_ptr<rocksdb::DB> db,
               const RocksDbSetup& setup)
      : record_(std::move(record)),
        db_(std::move(db)),
        state_(db_.get(), record_.get()),
        used_(RocksDbUsed(db_.get(), setup)),
        logs_(setup.log),
        reads_backwards_(setup.reads_backwards) {
    write_.disableWAL = !setup.log;
    write_.sync = setup.sync;
    read_.verify_checksums = true;
    read_.total_order_seek = true;  // whatever prefix_extractor says
    LearnTables();
    record_->Watch(db_.get());
  }

  ~RocksDbStore() override {
    record_->Watch(nullptr);
    static_cast<void>(db_->Close());
  }

  Status Put(std::string_view key, std::string_view value) override {
    return Wrote("Put", db_->Put(write_, SliceOf(key), SliceOf(value)));
  }

  Status Delete(std::string_view key) override {
    CountDelete();
    return Wrote("Delete", db_->Delete(write_, SliceOf(key)));
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    rocksdb::PinnableSlice pinned;
    const rocksdb::Status status =
        db_->Get(read_, db_->DefaultColumnFamily(), SliceOf(key), &pinned);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return StatusOfRocksDb("Get", status);
    value->assign(pinned.data(), pinned.size());
    return true;
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read_));
    uint64_t visited = 0;
    for (at->Seek(SliceOf(start)); visited < count && at->Valid();) {
      if (visit != nullptr) visit(ViewOf(at->key()), ViewOf(at->value()));
      if (++visited < count) at->Next();
    }
    if (!at->status().ok()) return StatusOfRocksDb("Iterator", at->status());
    return visited;
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    if (!reads_backwards_) {
      return Status::NotSupported("this memtable of RocksDB cannot be read backwards");
    }
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read_));
    uint64_t visited = 0;
    for (at->SeekForPrev(SliceOf(start)); visited < count && at->Valid();) {
      if (visit != nullptr) visit(ViewOf(at->key()), ViewOf(at->value()));
      if (++visited < count) at->Prev();
    }
    if (!at->status().ok()) return StatusOfRocksDb("Iterator", at->status());
    return visited;
  }

  Status DeleteRange(std::string_view begin, std::string_view end) override {
    if (begin >= end) return {};
    CountDelete();
    return Wrote("DeleteRange", db_->DeleteRange(write_, db_->DefaultColumnFamily(), SliceOf(begin),
                                                 SliceOf(end)));
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    rocksdb::WriteBatch batch;
    for (const auto& [key, value] : entries) {
      if (const rocksdb::Status s = batch.Put(SliceOf(key), SliceOf(value)); !s.ok()) {
        return StatusOfRocksDb("WriteBatch", s);
      }
    }
    return Wrote("Write", db_->Write(write_, &batch));
  }

  Status Settle() override {
    if (Status status = Flush(); !status.ok()) return status;
    for (int quiet = 0; quiet < kQuietRounds;) {
      const uint64_t before = record_->jobs_seen();
      const Status status = IsRunning() ? Sleep() : RunScheduled();
      if (!status.ok()) return status;
      quiet = record_->jobs_seen() == before && !IsRunning() ? quiet + 1 : 0;
    }
    uint64_t errors = 0;
    db_->GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &errors);
    return errors == 0 ? Status() : Status::IoError("a flush or compaction of RocksDB failed");
  }

  // Without a log, what is not in a table is nowhere.
  Status Sync() override {
    return logs_ ? StatusOfRocksDb("FlushWAL", db_->FlushWAL(true)) : Flush();
  }

  StoreState State() const override {
    uint64_t deletes = 0;
    deletes_.ForEach([&deletes](const Deletes& of) { deletes += of.count.load(); });
    return state_.Read(deletes);
  }

  std::vector<SettingText> SettingsUsed() const override { return used_.settings(); }
  std::vector<std::string> Caveats() const override { return used_.caveats(); }

 private:
  struct alignas(64) Deletes {
    std::atomic<uint64_t> count{0};
  };

  // No call for a write that succeeded.
  static Status Wrote(std::string_view call, const rocksdb::Status& status) {
    return status.ok() ? Status() : StatusOfRocksDb(call, status);
  }

  void CountDelete() {
    std::atomic<uint64_t>& count = deletes_.Local().count;
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  bool IsRunning() const {
    for (const std::string& property : {rocksdb::DB::Properties::kNumRunningCompactions,
                                        rocksdb::DB::Properties::kNumRunningFlushes}) {
      uint64_t jobs = 0;
      if (db_->GetIntProperty(property, &jobs) && jobs > 0) return true;
    }
    return false;
  }

  static Status Sleep() {
    std::this_thread::sleep_for(kSettlePoll);
    return {};
  }

  // Waits for jobs that wait for a thread, and lets RocksDB look for others. That it says of itself
  // whether a compaction is needed is of no use: universal compaction needs some that it never
  // begins.
  Status RunScheduled() {
    const rocksdb::Status paused = db_->PauseBackgroundWork();
    if (!paused.ok()) return StatusOfRocksDb("PauseBackgroundWork", paused);
    return StatusOfRocksDb("ContinueBackgroundWork", db_->ContinueBackgroundWork());
  }

  Status Flush() { return StatusOfRocksDb("Flush", db_->Flush(rocksdb::FlushOptions())); }

  // Those that were there before the listener was.
  void LearnTables() {
    rocksdb::TablePropertiesCollection all;
    if (!db_->GetPropertiesOfAllTables(&all).ok()) return;
    rocksdb::ColumnFamilyMetaData family;
    db_->GetColumnFamilyMetaData(&family);
    for (const rocksdb::LevelMetaData& level : family.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) {
        const auto at = all.find(file.directory + "/" + file.relative_filename);
        if (at != all.end()) {
          record_->TableKnown(file.file_number, RocksDbFactsOf(*at->second, file.size));
        }
      }
    }
  }

  const std::unique_ptr<RocksDbRecord> record_;  // outlives the database
  const std::unique_ptr<rocksdb::DB> db_;
  mutable RocksDbStateReader state_;
  const TermsUsed used_;
  const bool logs_;
  const bool reads_backwards_;
  rocksdb::WriteOptions write_;
  rocksdb::ReadOptions read_;
  mutable PerThread<Deletes> deletes_;
};

// The pools are the process's: those of an earlier store may be of another size.
void SetThreads(const RocksDbThreads& threads, rocksdb::Env* env) {
  env->SetBackgroundThreads(threads.flush, rocksdb::Env::Priority::HIGH);
  env->SetBackgroundThreads(threads.compaction, rocksdb::Env::Priority::LOW);
}

Result<std::unique_ptr<Store>> Open(const StoreOptions& asked) {
  const Result<RocksDbSetup> setup = RocksDbSetupOf(asked);
  if (!setup.ok()) return setup.status();
  auto record = std::make_unique<RocksDbRecord>(asked.listener);
  rocksdb::Options options(setup->options.database, setup->options.family);
  options.listeners.emplace_back(NewRocksDbListener(record.get()).release());
  options.statistics = setup->statistics;
  SetThreads(RocksDbThreadsOf(options), options.env);
  std::unique_ptr<rocksdb::DB> db;
  const rocksdb::Status status = OpenDatabase(options, asked.directory, &db);
  if (!status.ok()) return StatusOfRocksDb("Open", status);
  return std::unique_ptr<Store>(
      std::make_unique<RocksDbStore>(std::move(record), std::move(db), *setup));
}

// Of the library that is loaded, which may be another one than was compiled against.
std::string Version() { return rocksdb::GetRocksVersionAsString(); }

}  // namespace

const StoreLibrary kRocksDbLibrary = {
    "RocksDB", Open, Version, RocksDbOwnSettings, CheckRocksDbSettings, RocksDbSettingsDropData};

}  // namespace varve::harness
