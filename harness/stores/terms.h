// Terms: what every store of an experiment is given alike, whatever its own name for it is.
//
// They are settings of the trial under the names of our engine: memory (engine.memtable_bytes,
// memtables_max, cache, cache_bytes), durability, compression, filters (filter,
// filter_bits_per_key), threads (compaction_threads) and trial.direct_io. Each store translates
// them into its own options, reads back what these then are (SettingsUsed), and says what it could
// not be given (Caveats). docs/peers.md has the table of translations.
//
// With trial.profile = default there are no terms: a store opens as its makers ship it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/store.h"

namespace varve::harness {

struct Terms {
  uint64_t memtable_bytes = 0;     // of one
  uint64_t memtables_max = 0;      // active and sealed
  uint64_t cache_bytes = 0;        // 0: no block cache
  std::string durability;          // none, process, power
  std::string compression;         // none, lz4, …: a name of the engine's table
  std::string filter;              // none, bloom, ribbon, …: a name of the engine's table
  double filter_bits_per_key = 0;  // 0: no filter
  uint64_t flush_threads = 0;
  uint64_t compaction_threads = 0;
  bool direct_io = false;

  // All that the store may keep in memory: of a store without memtables, its cache.
  uint64_t memory_bytes() const { return memtable_bytes * memtables_max + cache_bytes; }
  uint64_t threads() const { return flush_threads + compaction_threads; }
};

// What `options.settings` say. The error of SetOption for the first that cannot be.
Result<Terms> TermsOf(const StoreOptions& options);

// The names of the settings that are terms, "engine.…" and "trial.…".
const std::vector<std::string>& TermNames();

// What a store made of the terms, as it comes to know it.
class TermsUsed {
 public:
  // A setting as the store reads it back; the names of terms where they mean the same.
  void Use(std::string_view name, std::string text);
  void UseBytes(std::string_view name, uint64_t bytes);
  void UseCount(std::string_view name, uint64_t count);
  void UseFlag(std::string_view name, bool flag);
  void Caveat(std::string sentence) { caveats_.push_back(std::move(sentence)); }

  const std::vector<SettingText>& settings() const { return settings_; }
  const std::vector<std::string>& caveats() const { return caveats_; }

 private:
  std::vector<SettingText> settings_;
  std::vector<std::string> caveats_;
};

}  // namespace varve::harness
