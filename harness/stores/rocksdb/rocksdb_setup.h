// What a RocksDB is opened with: the terms, then a file of options, then own settings; each
// overrides what was before it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/statistics.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/store.h"
#include "harness/stores/rocksdb/rocksdb_options.h"
#include "harness/stores/terms.h"

namespace varve::harness {

struct RocksDbSetup {
  RocksDbOptions options;
  bool log = true;                                  // false: writes go round the write-ahead log
  bool sync = false;                                // a write is synced before it is acknowledged
  bool reads_backwards = true;                      // false: its memtable cannot
  std::shared_ptr<rocksdb::Statistics> statistics;  // null: none
  Terms terms;                                      // unless the profile has none
  bool has_terms = false;
  std::set<std::string> set;  // options of RocksDB that the file or own settings have set
  std::vector<std::string> caveats;
};

// The threads of RocksDB's two pools for these options, as it derives them itself.
struct RocksDbThreads {
  int flush = 1;
  int compaction = 1;
};
RocksDbThreads RocksDbThreadsOf(const rocksdb::DBOptions& database);

// kInvalidArgument for the first setting that cannot be.
Result<RocksDbSetup> RocksDbSetupOf(const StoreOptions& options);

// For StoreLibrary.
std::vector<OwnSetting> RocksDbOwnSettings();
Status CheckRocksDbSettings(std::span<const SettingText> own_settings);
bool RocksDbSettingsDropData(std::span<const SettingText> own_settings);

// Compactions may drop what was never deleted.
bool RocksDbDropsData(const rocksdb::ColumnFamilyOptions& family);

// RocksDB's name of a compression, "" if it has none for ours.
std::string RocksDbCompressionName(rocksdb::CompressionType type);

// A ribbon filter of RocksDB is asked for by the bits of the Bloom filter that has as many false
// positives, and takes fewer (rocksdb/filter_policy.h).
double RibbonBits(double bloom_bits);
double BloomBits(double ribbon_bits);

}  // namespace varve::harness
