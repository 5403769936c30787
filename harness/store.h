// Store: the interface of an engine under test.
//
// One file in harness/stores/ for each engine, one row in harness/stores.cc. Nothing else in the
// harness knows a concrete engine.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/events.h"
#include "engine/io/device_file_system.h"
#include "engine/io/ledger.h"
#include "engine/memtable/memtable.h"
#include "engine/options.h"
#include "engine/status.h"

namespace varve::harness {

// Shape of one level, for stores that have levels.
struct LevelShape {
  uint64_t runs = 0;
  uint64_t tables = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t filter_bytes = 0;
  bool has_entries = false;  // entries and filter_bytes are known
};

// Filters asked by gets, in all levels together: of a store that cannot tell it by level.
struct FilterCounters {
  uint64_t gets = 0;
  uint64_t probes = 0;
  uint64_t negatives = 0;
  uint64_t false_positives = 0;
};

// What a store can tell of itself at one moment. Fields that a store does not know stay unset
// (`has_…` false): results leave them out, and never write zero for "unknown".
struct StoreState {
  bool has_counters = false;
  Counters counters;
  bool counters_lack_tombstone_age = false;
  bool has_ledger = false;
  LedgerSnapshot ledger;
  bool ledger_lacks_reads = false;  // those of gets and scans
  bool has_filter_counters = false;
  FilterCounters filter_counters;
  bool has_file_bytes = false;
  uint64_t file_bytes = 0;
  std::vector<LevelShape> levels;
  // Of a store that is one memtable.
  bool has_memtable = false;
  MemTableUse memtable_use;
  uint64_t memtable_entries = 0;  // versions and tombstones
  // What theory expects of the filter at its settings; negative: unknown, or no filter.
  double filter_false_positive_rate_expected = -1;
  // What the engine counts under its own names: sums since it was opened.
  std::vector<std::pair<std::string, uint64_t>> own_counters;
  // The same of what rises and falls, as it is at this moment.
  std::vector<std::pair<std::string, uint64_t>> own_gauges;
  // The process on this machine that does the store's work, if it is not this one; 0: this one.
  int64_t server_process = 0;
};

// Any method from any thread, after Open has returned.
class Store {
 public:
  virtual ~Store() = default;

  virtual Status Put(std::string_view key, std::string_view value) = 0;
  virtual Status Delete(std::string_view key) = 0;
  // True and the value; false if the key is absent.
  virtual Result<bool> Get(std::string_view key, std::string* value) = 0;
  // Visits at most `count` live keys in order from the first at or after `start`; returns how
  // many. `visit` may be empty.
  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  virtual Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) = 0;
  // The same backwards: from the last key at or before `start` on, descending.
  //
  // A store that has no scans, in this direction, or no deletes of ranges, says kNotSupported and
  // why, whatever it is asked: `count` may be 0 and a range empty.
  virtual Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                                       const Visit& visit) = 0;
  // Deletes every key in [begin, end); nothing if `end` is not above `begin`.
  virtual Status DeleteRange(std::string_view begin, std::string_view end) = 0;
  // Several puts at once, atomically if the store can.
  virtual Status PutBatch(
      std::span<const std::pair<std::string_view, std::string_view>> entries) = 0;

  // Returns when no background work is left.
  virtual Status Settle() = 0;
  // Returns when everything acknowledged survives power loss.
  virtual Status Sync() = 0;

  virtual StoreState State() const = 0;
  // The settings really used, by name, "durability" among them; of a modelled device, those of
  // DeviceSettings.
  virtual std::vector<SettingText> SettingsUsed() const = 0;
  // What of the terms of the trial (harness/stores/terms.h) this store could not be given: a
  // sentence each, without the store's name.
  virtual std::vector<std::string> Caveats() const = 0;
};

struct StoreOptions {
  std::string directory;                  // exists and is empty, or holds a database of this store
  std::vector<SettingText> settings;      // names without "engine."; the terms are among them
  std::vector<SettingText> own_settings;  // of this store alone: names without "rocksdb."
  bool own_defaults = false;              // no terms: all that own_settings leaves as it comes
  bool direct_io = false;                 // one of the terms
  EventListener* listener = nullptr;      // outlives the store
  DeviceModel device;                     // for stores that can be put on a modelled device
};

// A setting of one store alone, spelt "<store>.<name>".
struct OwnSetting {
  std::string name;
  std::string help;  // with what it usually is
};

// A store that is made of somebody else's library. Names of own settings are as in StoreOptions.
struct StoreLibrary {
  std::string_view title;  // "RocksDB"
  Result<std::unique_ptr<Store>> (*open)(const StoreOptions& options);
  std::string (*version)();
  // All that can be set.
  std::vector<OwnSetting> (*own_settings)();
  // The first thing that is wrong with the values of these. Every name is known.
  Status (*check)(std::span<const SettingText> own_settings);
  // With these it may drop what was never deleted. Null: never.
  bool (*drops_data)(std::span<const SettingText> own_settings) = nullptr;
};

// A row of the table of stores.
struct StoreKind {
  std::string_view name;
  std::string_view help;
  Result<std::unique_ptr<Store>> (*open)(const StoreOptions& options);  // null: as the library
  bool models_device = false;             // heeds StoreOptions::device
  std::string_view package = {};          // of Debian, that brings the library; "": it is ours
  const StoreLibrary* library = nullptr;  // null: ours, or not there when Varve was built

  bool built() const { return open != nullptr || library != nullptr; }
  // REQUIRES: built().
  Result<std::unique_ptr<Store>> Open(const StoreOptions& options) const {
    return open != nullptr ? open(options) : library->open(options);
  }
};
std::span<const StoreKind> StoreKinds();
// Null if there is none of that name.
const StoreKind* FindStoreKind(std::string_view name);
// OK if there is a store of that name, and it was built; else what can be done about it
// (kNotSupported if it was not built).
Status CheckStoreKind(std::string_view name);

// Why this cannot be an own setting of the store: an unknown name, or a value that the store
// refuses. OK if it was built and takes it.
Status CheckOwnSetting(const StoreKind& kind, const SettingText& setting);

}  // namespace varve::harness
