// ReadCounters: what one thread's reads did, written without locks or contended lines.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/io/file_system.h"

namespace varve {

// A counter with one writing thread and any readers. Adding is two plain moves and an add.
class Tally {
 public:
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t Read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The fields of LevelReadCounters (engine/events.h), as tallies.
struct LevelReadTallies {
  Tally runs_probed, filter_probes, filter_negatives, filter_false_positives;
  Tally blocks_from_cache, blocks_from_storage;
  Tally scan_blocks_from_cache, scan_blocks_from_storage;
  Tally scan_filter_probes, scan_filter_negatives;
};

// One per thread and database; the owner thread writes.
struct alignas(64) ReadCounters {
  Tally gets_found, gets_absent, gets_from_memtable, user_bytes_read;
  Tally iterators, iterator_entries;
  std::array<LevelReadTallies, kLevelsMax> levels;

  // Adds the current values to `counters` (struct Counters, engine/events.h). Any thread.
  template <class Sums>
  void AddTo(Sums* counters) const {
    counters->gets_found += gets_found.Read();
    counters->gets_absent += gets_absent.Read();
    counters->gets_from_memtable += gets_from_memtable.Read();
    counters->user_bytes_read += user_bytes_read.Read();
    counters->iterators += iterators.Read();
    counters->iterator_entries += iterator_entries.Read();
    for (size_t i = 0; i < levels.size(); ++i) {
      counters->levels[i].runs_probed += levels[i].runs_probed.Read();
      counters->levels[i].filter_probes += levels[i].filter_probes.Read();
      counters->levels[i].filter_negatives += levels[i].filter_negatives.Read();
      counters->levels[i].filter_false_positives += levels[i].filter_false_positives.Read();
      counters->levels[i].blocks_from_cache += levels[i].blocks_from_cache.Read();
      counters->levels[i].blocks_from_storage += levels[i].blocks_from_storage.Read();
      counters->levels[i].scan_blocks_from_cache += levels[i].scan_blocks_from_cache.Read();
      counters->levels[i].scan_blocks_from_storage += levels[i].scan_blocks_from_storage.Read();
      counters->levels[i].scan_filter_probes += levels[i].scan_filter_probes.Read();
      counters->levels[i].scan_filter_negatives += levels[i].scan_filter_negatives.Read();
    }
  }
};

}  // namespace varve
