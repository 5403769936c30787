// What WiredTiger is configured with: the terms of a trial and the store's own settings as its two
// configuration strings, and what such strings say (source.wiredtiger.com, "Configuration
// Strings").
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <wiredtiger.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "harness/store.h"

namespace varve::harness {

struct WiredTigerSettings {
  std::string type = "btree";
  uint64_t checkpoint_seconds = 60;
  uint64_t leaf_page_max = 32 << 10;
  uint64_t internal_page_max = 4 << 10;
  bool prefix_compression = false;
  std::string block_compressor;
  uint64_t eviction_dirty_target = 5;
  uint64_t eviction_dirty_trigger = 20;
  uint64_t chunk_size = 0;
  uint64_t bloom_bit_count = 0;
  uint64_t merge_max = 15;
  uint64_t merge_min = 0;
  std::string connection_config;
  std::string table_config;

  template <class Self, class Visit>
  static void ForEach(Self&& self, Visit&& visit) {
    using enum SettingKind;
    constexpr double kKiB = 1024;
    constexpr double kMiB = 1024 * kKiB;
    visit(Setting{"type", kText, 0, 0, "", "btree or lsm"}, self.type);
    visit(Setting{"checkpoint_seconds", kCount, 0, 100000, "",
                  "seconds between checkpoints; 0: none but at the end of the load and of the run"},
          self.checkpoint_seconds);
    visit(Setting{"leaf_page_max", kBytes, 512, 512 * kMiB, "", "largest leaf page on disk"},
          self.leaf_page_max);
    visit(
        Setting{"internal_page_max", kBytes, 512, 512 * kMiB, "", "largest internal page on disk"},
        self.internal_page_max);
    visit(Setting{"prefix_compression", kFlag, 0, 0, "",
                  "leave out what a key has in common with the one before it on its page"},
          self.prefix_compression);
    visit(Setting{"block_compressor", kText, 0, 0, "",
                  "of pages: none, or one of those that the library was shipped with"},
          self.block_compressor);
    visit(Setting{"eviction_dirty_target", kCount, 1, 100, "",
                  "percent of the cache that is dirty from which threads write pages out"},
          self.eviction_dirty_target);
    visit(Setting{"eviction_dirty_trigger", kCount, 1, 100, "",
                  "percent of the cache that is dirty from which clients must help them"},
          self.eviction_dirty_trigger);
    visit(Setting{"chunk_size", kBytes, 0, 500 * kMiB, "",
                  "type lsm: chunk in memory; 0: as the terms say"},
          self.chunk_size);
    visit(Setting{"bloom_bit_count", kCount, 0, 1000, "",
                  "type lsm: bits for each key in Bloom filters; 0: as the terms say"},
          self.bloom_bit_count);
    visit(
        Setting{"merge_max", kCount, 2, 100, "", "type lsm: most chunks that are merged into one"},
        self.merge_max);
    visit(Setting{"merge_min", kCount, 0, 100, "",
                  "type lsm: least chunks that are merged; 0: half of merge_max"},
          self.merge_min);
    visit(Setting{"connection_config", kText, 0, 0, "",
                  "for wiredtiger_open, as it is, behind all that the rest gives"},
          self.connection_config);
    visit(Setting{"table_config", kText, 0, 0, "",
                  "for WT_SESSION.create, as it is, behind all that the rest gives"},
          self.table_config);
  }
};

struct WiredTigerSetup {
  WiredTigerSettings own;
  std::string connection;  // for wiredtiger_open
  std::string table;       // for WT_SESSION.create
  std::vector<std::string> caveats;
};

// Of the terms, unless the profile is default, and of the own settings. Both strings are what the
// loaded library takes; else the error has its words.
Result<WiredTigerSetup> WiredTigerSetupOf(const StoreOptions& options);

// The settings by themselves: values and strings that the library takes.
Status CheckWiredTigerSettings(std::span<const SettingText> own_settings);

// What a configuration string says of a key, "transaction_sync.method"; the last of several.
std::optional<std::string> ConfigText(const std::string& config, const std::string& key);
// A number ("4KB" is one), or true (1) and false (0).
std::optional<int64_t> ConfigNumber(const std::string& config, const std::string& key);
bool ConfigIs(const std::string& config, const std::string& key, std::string_view text);

// What survives with these: a commit that waits for its log record to be written to the kernel, or
// synced, before it returns; without that, log records may wait in memory for a checkpoint
// (source.wiredtiger.com/3.2.1/tune_durability.html).
std::string WiredTigerDurability(const std::string& connection, const std::string& table);

// Takes the library's messages, in place of its own handler, which prints them. One for each
// connection; any thread.
class WiredTigerMessages : public WT_EVENT_HANDLER {
 public:
  WiredTigerMessages();
  // What the library said last, in this thread or in one of its own, and what the code means. Each
  // message is given once.
  Status Failed(std::string_view call, int code);

 private:
  static int Remember(WT_EVENT_HANDLER* handler, WT_SESSION*, int, const char* message);

  std::mutex mutex_;
  std::string last_;  // of all threads; guarded by mutex_
};

}  // namespace varve::harness
