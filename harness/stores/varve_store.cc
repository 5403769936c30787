// VarveStore: the engine of this repository behind the interface of a store.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/db.h"
#include "engine/parts.h"
#include "harness/device_settings.h"
#include "harness/stores/engine_store.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

class VarveStore final : public Store {
 public:
  VarveStore(std::unique_ptr<FileSystem> device, std::unique_ptr<Db> db, const StoreOptions& asked)
      : device_(std::move(device)),
        db_(std::move(db)),
        model_(asked.device),
        direct_io_(asked.direct_io) {
    const Options& options = db_->options();
    const FilterPart* part = FindPart(FilterParts(), options.filter);
    const auto filter = part == nullptr ? nullptr : part->make();
    // What runs of different rates add up to depends on which of them are asked how often.
    if (filter == nullptr || options.filter_allocation != "uniform") return;
    filter_rate_expected_ = filter->ExpectedFalsePositiveRate(options.filter_bits_per_key);
  }

  Status Put(std::string_view key, std::string_view value) override { return db_->Put(key, value); }
  Status Delete(std::string_view key) override { return db_->Delete(key); }
  Result<bool> Get(std::string_view key, std::string* value) override {
    return db_->Get(key, value);
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    const std::unique_ptr<Iterator> iterator = db_->NewIterator();
    iterator->Seek(start);
    return VisitEntries(*iterator, count, visit);
  }

  Status DeleteRange(std::string_view begin, std::string_view end) override {
    return begin < end ? db_->DeleteRange(begin, end) : Status();
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    const std::unique_ptr<Iterator> iterator = db_->NewIterator();
    iterator->SeekForPrev(start);
    return VisitEntriesBackwards(*iterator, count, visit);
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    WriteBatch batch;
    for (const auto& [key, value] : entries) batch.Put(key, value);
    return db_->Write(batch);
  }

  Status Settle() override { return db_->Settle(); }
  Status Sync() override { return db_->Sync(); }

  StoreState State() const override {
    StoreState state;
    state.has_counters = true;
    state.counters = db_->counters();
    state.has_ledger = true;
    state.ledger = db_->ledger();
    state.has_file_bytes = true;
    state.file_bytes = db_->file_bytes();
    state.filter_false_positive_rate_expected = filter_rate_expected_;
    for (const Level& level : db_->tree().levels) {
      LevelShape shape;
      shape.has_entries = true;
      shape.runs = level.runs.size();
      shape.tables = level.tables();
      shape.bytes = level.bytes();
      for (const Run& run : level.runs) shape.entries += run.entries();
      shape.filter_bytes = state.counters.filter_bytes_by_level[state.levels.size()];
      state.levels.push_back(shape);
    }
    return state;
  }

  std::vector<SettingText> SettingsUsed() const override {
    std::vector<SettingText> settings = OptionTexts(db_->options());
    for (SettingText& setting : DeviceSettings(model_)) settings.push_back(std::move(setting));
    return settings;
  }

  std::vector<std::string> Caveats() const override {
    if (!direct_io_) return {};
    return {"it has no direct I/O: its files go through the page cache of the operating system"};
  }

 private:
  const std::unique_ptr<FileSystem> device_;  // null: the real device
  const std::unique_ptr<Db> db_;
  const DeviceModel model_;
  const bool direct_io_;  // was asked for
  double filter_rate_expected_ = -1;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenVarveStore(const StoreOptions& options) {
  const Result<Options> engine = EngineOptionsOf(options.settings);
  if (!engine.ok()) return engine.status();
  Environment environment;
  environment.listener = options.listener;
  std::unique_ptr<FileSystem> device;
  if (!DeviceSettings(options.device).empty()) {
    device = NewDeviceFileSystem(PosixFileSystem(), options.device, RealClock());
    environment.file_system = device.get();
  }
  Result<std::unique_ptr<Db>> db = Db::Open(*engine, environment, options.directory);
  if (!db.ok()) return db.status();
  return std::unique_ptr<Store>(
      std::make_unique<VarveStore>(std::move(device), std::move(*db), options));
}

}  // namespace varve::harness
