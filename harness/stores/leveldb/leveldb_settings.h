// LevelDB's settings: its own by their own names, and what becomes of the terms.
//
// LevelDB moves options that are out of its range to the nearest that is not (SanitizeOptions in
// its db_impl.cc), without a word and, of write buffers of 2 GiB and more, to the wrong end. So
// own settings have its ranges, terms are moved before it sees them, and either is then what it
// uses: the open database cannot be asked.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <leveldb/cache.h>
#include <leveldb/filter_policy.h>
#include <leveldb/options.h>

#include <memory>
#include <optional>
#include <string>

#include "harness/stores/own_or_term.h"
#include "harness/stores/own_settings.h"

namespace varve::harness {

constexpr uint64_t kLevelDbWriteBufferMin = uint64_t{64} << 10;
constexpr uint64_t kLevelDbWriteBufferMax = uint64_t{1} << 30;

// Fields of leveldb::Options, ReadOptions and WriteOptions; what is empty, the terms decide.
struct LevelDbSettings {
  std::optional<uint64_t> write_buffer_size;
  std::optional<uint64_t> cache_bytes;
  std::optional<std::string> compression;
  std::optional<uint64_t> filter_bits_per_key;
  std::optional<bool> sync;
  std::optional<bool> verify_checksums;
  bool fill_cache = leveldb::ReadOptions().fill_cache;
  bool paranoid_checks = leveldb::Options().paranoid_checks;
  bool reuse_logs = leveldb::Options().reuse_logs;
  uint64_t block_size = leveldb::Options().block_size;
  uint64_t block_restart_interval = 16;
  uint64_t max_file_size = leveldb::Options().max_file_size;
  uint64_t max_open_files = 1000;

  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// For StoreLibrary::check.
Status CheckLevelDbSettings(std::span<const SettingText> own_settings);

// All that a database is opened and used with. `options` points to the cache and the filter.
struct LevelDbSetup {
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;
  leveldb::Options options;
  leveldb::ReadOptions read;
  leveldb::WriteOptions write;
  TermsUsed used;
};

Result<LevelDbSetup> LevelDbSetupOf(const StoreOptions& options);

template <class Self, class Visitor>
void LevelDbSettings::ForEach(Self& self, Visitor&& visit) {
  constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;
  using enum SettingKind;
  visit(Setting{"write_buffer_size", kBytes, 64 * kKiB, kGiB, "",
                "a memtable is sealed when it has taken this much memory"},
        self.write_buffer_size);
  visit(Setting{"cache_bytes", kBytes, 0, 16 * kTiB, "",
                "block_cache: an LRU cache of this size; 0: none"},
        self.cache_bytes);
  visit(Setting{"compression", kText, 0, 0, "", "of blocks: none or snappy"}, self.compression);
  visit(Setting{"filter_bits_per_key", kCount, 0, 1000, "",
                "filter_policy: a Bloom filter of so many bits; 0: none"},
        self.filter_bits_per_key);
  visit(Setting{"sync", kFlag, 0, 0, "", "the log is synced before a write is acknowledged"},
        self.sync);
  visit(Setting{"verify_checksums", kFlag, 0, 0, "", "of every block that is read"},
        self.verify_checksums);
  visit(Setting{"fill_cache", kFlag, 0, 0, "", "what is read is kept in the cache"},
        self.fill_cache);
  visit(Setting{"paranoid_checks", kFlag, 0, 0, "", "stops at the first damage that it finds"},
        self.paranoid_checks);
  visit(Setting{"reuse_logs", kFlag, 0, 0, "", "goes on with the log that it finds at open"},
        self.reuse_logs);
  visit(Setting{"block_size", kBytes, kKiB, 4 * kMiB, "", "target size of a block"},
        self.block_size);
  visit(Setting{"block_restart_interval", kCount, 1, 1e6, "",
                "entries between keys that are stored whole"},
        self.block_restart_interval);
  visit(Setting{"max_file_size", kBytes, kMiB, kGiB, "", "target size of a table"},
        self.max_file_size);
  visit(Setting{"max_open_files", kCount, 74, 50000, "", "tables that are kept open, and ten more"},
        self.max_open_files);
}

}  // namespace varve::harness
