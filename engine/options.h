// Options: every knob of the engine, once.
//
// ForEach is the only list of settings: the command line, files, help, range checks, results and
// sweeps all come from it. A setting is spelt "engine.<name>" outside of the engine.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve {

// What kind of value a setting takes, and how it is written.
enum class SettingKind : uint8_t {
  kBytes,   // "64 MiB", "4096"
  kCount,   // a whole number
  kNumber,  // a number with a fraction
  kFlag,    // true or false
  kChoice,  // one of a table of names
  kList,    // names of a table, with commas between them, in an order that matters; or "auto"
  kText,    // as its help says
};

// What is known of a setting besides its value.
struct Setting {
  std::string_view name;
  SettingKind kind;
  double min = 0;  // inclusive; for kBytes, kCount, kNumber
  double max = 0;
  std::string_view table;  // for kChoice and kList: the table of parts.h that holds the names
  std::string_view help;
  bool living = false;  // Db::SetOptions may change it
};

struct Options {
  // Behaviour
  std::string durability = "process";
  std::string wal = "mmap";
  bool create_if_missing = true;
  bool error_if_exists = false;
  uint64_t seed = 0;

  // Memory
  // Measured (docs/performance.md, Memtables): beside the skip list the B+ tree takes random
  // entries in a quarter of the time and is read in a third; beside the radix tree, which is read
  // in less, it is scanned, and so flushed, twice as fast, and a database fills an eighth faster.
  std::string memtable = "btree";
  uint64_t memtable_bytes = 64 << 20;
  uint64_t memtable_entries_max = 0;
  uint64_t memtables_max = 3;
  uint64_t memtable_buckets = 0;
  uint64_t memtable_prefix_bytes = 16;
  bool memtable_preallocate = false;
  bool memtable_sort_on_read = false;
  bool memtable_huge_pages = false;
  std::string cache = "clock";
  uint64_t cache_bytes = 64 << 20;

  // Tables
  uint64_t block_bytes = 4096;
  uint64_t restart_interval = 16;
  std::string compression = "none";
  std::string filter = "bloom";
  double filter_bits_per_key = 10;
  std::string filter_allocation = "uniform";
  std::string filter_bits_by_level;
  uint64_t filter_prefix_bytes = 0;
  uint64_t table_bytes = 64 << 20;
  uint64_t open_files_max = 0;
  uint64_t manifest_bytes = 4 << 20;

  // Compaction
  std::string compaction = "leveled";
  uint64_t size_ratio = 10;
  std::string size_ratios;
  double ratio_scale = 0.8;
  uint64_t level0_runs = 4;
  uint64_t level1_bytes = 0;
  std::string level_sizes = "auto";
  uint64_t runs_upper = 0;
  uint64_t runs_last = 1;
  std::string layout;
  std::string triggers = "auto";
  std::string granularity = "auto";
  uint64_t compaction_files = 4;
  std::string movement = "auto";
  std::string merge_mode = "auto";
  bool flush_merges = false;
  bool trivial_moves = true;
  double space_amplification_max = 0;
  double tombstone_density_max = 0;
  uint64_t tombstone_age_max = 0;
  uint64_t file_age_max = 0;
  std::string age_unit = "operations";
  uint64_t similar_percent = 1;
  uint64_t window_length = 1'000'000;
  uint64_t fifo_bytes_max = 0;

  // Maintenance
  std::string background = "threads";
  uint64_t compaction_threads = 1;
  uint64_t subcompactions = 1;
  uint64_t level0_slowdown_runs = 20;
  uint64_t level0_stop_runs = 36;
  uint64_t pending_slowdown_bytes = uint64_t{64} << 30;
  uint64_t pending_stop_bytes = uint64_t{256} << 30;
  uint64_t compaction_bytes_per_second = 0;
  std::string scheduler = "fifo";

  // Calls visit(setting, field) for each setting, in the order of the help page. Self is Options
  // or const Options.
  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// One setting as a name and the text that a file or command line would hold.
struct SettingText {
  std::string name;
  std::string text;
};

// Sets `name` (without "engine.") from text. The error names the setting, what is wrong, and the
// nearest right name.
Status SetOption(Options* options, std::string_view name, std::string_view text);

// All settings with their current values, in the order of ForEach.
std::vector<SettingText> OptionTexts(const Options& options);

// The table of the help page: every setting without its value.
std::vector<Setting> OptionSettings();

// The first reason why these options cannot be opened: a choice that no table has, a combination
// that cannot work. The one function that refuses combinations.
Status CheckOptions(const Options& options);

// "64 MiB", "1.5 GB", "4096": bytes. Binary and decimal units.
Result<uint64_t> ParseBytes(std::string_view text);
// A text that ParseBytes reads back exactly: whole binary units where they fit, else digits.
std::string FormatBytes(uint64_t bytes);

// The name in `names` that `name` was probably meant to be, or "" if none is near.
std::string NearestName(std::string_view name, const std::vector<std::string>& names);

template <class Self, class Visitor>
void Options::ForEach(Self& self, Visitor&& visit) {
  constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;
  using enum SettingKind;
  visit(Setting{"durability", kChoice, 0, 0, "durability",
                "what an acknowledged write survives: nothing, the process, or power loss"},
        self.durability);
  visit(Setting{"wal", kChoice, 0, 0, "wal", "how the write-ahead log reaches the kernel"},
        self.wal);
  visit(Setting{"create_if_missing", kFlag, 0, 0, "", "make the database if it is not there"},
        self.create_if_missing);
  visit(Setting{"error_if_exists", kFlag, 0, 0, "", "fail if the database is there"},
        self.error_if_exists);
  visit(Setting{"seed", kCount, 0, 9e15, "", "of the engine's own random choices when inline"},
        self.seed);
  visit(Setting{"memtable", kChoice, 0, 0, "memtable", "structure that holds recent writes"},
        self.memtable);
  visit(Setting{"memtable_bytes", kBytes, 4 * kKiB, 64 * kGiB, "",
                "a memtable is sealed when it has taken this much memory"},
        self.memtable_bytes);
  visit(Setting{"memtable_entries_max", kCount, 0, 1e12, "",
                "and when it holds this many entries, tombstones included; 0: any number"},
        self.memtable_entries_max);
  visit(Setting{"memtables_max", kCount, 2, 64, "",
                "memtables in memory, active and sealed; writes stop at this number"},
        self.memtables_max);
  visit(Setting{"memtable_buckets", kCount, 0, 1e9, "",
                "hash memtables: H, the number of buckets; 0: one for each KiB of memtable_bytes"},
        self.memtable_buckets);
  visit(Setting{"memtable_prefix_bytes", kCount, 0, 65536, "",
                "hash memtables: X, first bytes of a key that choose its bucket; 0: one bucket"},
        self.memtable_prefix_bytes);
  visit(Setting{"memtable_preallocate", kFlag, 0, 0, "",
                "vector: room for all entries is taken at the beginning; false: it grows"},
        self.memtable_preallocate);
  visit(Setting{"memtable_sort_on_read", kFlag, 0, 0, "",
                "vector: a get sorts a copy of the active memtable; false: it scans it"},
        self.memtable_sort_on_read);
  visit(Setting{"memtable_huge_pages", kFlag, 0, 0, "",
                "pages of 2 MiB for memtables of at least 16 MiB, where the kernel grants them"},
        self.memtable_huge_pages);
  visit(Setting{"cache", kChoice, 0, 0, "cache", "block cache"}, self.cache);
  visit(Setting{"cache_bytes", kBytes, 0, 16 * kTiB, "", "memory for cached blocks"},
        self.cache_bytes);
  visit(Setting{"block_bytes", kBytes, 256, 16 * kMiB, "", "target size of a data block"},
        self.block_bytes);
  visit(Setting{"restart_interval", kCount, 1, 1024, "",
                "entries between keys that are stored whole"},
        self.restart_interval);
  visit(Setting{"compression", kChoice, 0, 0, "compression", "of data blocks"}, self.compression);
  visit(Setting{"filter", kChoice, 0, 0, "filter", "kind of filter over the keys of a table"},
        self.filter);
  visit(Setting{"filter_bits_per_key", kNumber, 0, 64, "",
                "memory of filters; 0: none (xor8, fuse8, fuse16 take 9.84, 9.04, 18.08, or none)"},
        self.filter_bits_per_key);
  visit(Setting{"filter_allocation", kChoice, 0, 0, "filter_allocation",
                "how the bits of filters are spread over runs"},
        self.filter_allocation);
  visit(Setting{"filter_bits_by_level", kText, 0, 0, "",
                "bits per key in levels 0, 1, …, the last one repeated, for levels: 14,12,9.5"},
        self.filter_bits_by_level);
  visit(Setting{"filter_prefix_bytes", kCount, 0, 65536, "",
                "filters also hold so many first bytes of keys, for scans within these; 0: no"},
        self.filter_prefix_bytes);
  visit(Setting{"table_bytes", kBytes, 4 * kKiB, 64 * kGiB, "",
                "target size of a table; a run is cut into tables of this size"},
        self.table_bytes);
  visit(Setting{"open_files_max", kCount, 0, 1e6, "",
                "tables whose files are open at a time; 0: three quarters of the process's limit"},
        self.open_files_max);
  visit(Setting{"manifest_bytes", kBytes, 4 * kKiB, 64 * kGiB, "",
                "a new manifest is started when the current one has grown to this size"},
        self.manifest_bytes);
  visit(Setting{"compaction", kChoice, 0, 0, "compaction", "compaction strategy", true},
        self.compaction);
  visit(
      Setting{"size_ratio", kCount, 2, 1000, "", "T: capacity of a level over the one above", true},
      self.size_ratio);
  visit(
      Setting{"size_ratios", kText, 0, 0, "",
              "T below levels 0, 1, 2, …, the last one repeated: 10,8,4; empty: size_ratio", true},
      self.size_ratios);
  visit(Setting{"ratio_scale", kNumber, 0.1, 1, "",
                "garnering: c, by which T is divided from level to level upward", true},
        self.ratio_scale);
  visit(Setting{"level0_runs", kCount, 1, 1000, "",
                "runs of level 0 that start its compaction where levels hold one run", true},
        self.level0_runs);
  visit(Setting{"level1_bytes", kBytes, 0, 16 * kTiB, "",
                "capacity of level 1; 0 derives it from the memtable and the layout", true},
        self.level1_bytes);
  visit(Setting{"level_sizes", kChoice, 0, 0, "level_sizes",
                "capacities from level 1 downward, or from the last level upward", true},
        self.level_sizes);
  visit(Setting{"runs_upper", kCount, 0, 1000, "",
                "fluid: K, runs that a level above the last may hold; 0: T - 1", true},
        self.runs_upper);
  visit(Setting{"runs_last", kCount, 0, 1000, "",
                "fluid: Z, runs that the last level may hold; 0: as the levels above", true},
        self.runs_last);
  visit(Setting{"layout", kText, 0, 0, "",
                "ucs: levels 0, 1, … as T4 (tiered), L10 (leveled) or N: T4,T4,L10", true},
        self.layout);
  visit(Setting{"triggers", kList, 0, 0, "trigger",
                "what starts a compaction, in order of precedence; auto: those with a limit", true},
        self.triggers);
  visit(Setting{"granularity", kChoice, 0, 0, "granularity", "how much one compaction moves", true},
        self.granularity);
  visit(Setting{"compaction_files", kCount, 1, 10000, "", "tables that granularity = files moves",
                true},
        self.compaction_files);
  visit(Setting{"movement", kList, 0, 0, "movement",
                "which table a compaction moves first; the next one decides among equals", true},
        self.movement);
  visit(Setting{"merge_mode", kChoice, 0, 0, "merge_mode",
                "whether runs that cascade over levels are merged once or once a level", true},
        self.merge_mode);
  visit(Setting{"flush_merges", kFlag, 0, 0, "",
                "a flush is merged at once with the tables it would be merged with next", true},
        self.flush_merges);
  visit(Setting{"trivial_moves", kFlag, 0, 0, "",
                "tables that overlap nothing change level without being rewritten", true},
        self.trivial_moves);
  visit(Setting{"space_amplification_max", kNumber, 0, 1000, "",
                "all runs are merged if those above the last hold more than this times its bytes",
                true},
        self.space_amplification_max);
  visit(Setting{"tombstone_density_max", kNumber, 0, 1, "",
                "a table is merged downward if more than this share of it are tombstones; 0: any",
                true},
        self.tombstone_density_max);
  visit(
      Setting{"tombstone_age_max", kCount, 0, 1e15, "",
              "no tombstone gets older, in age_unit, unless a snapshot needs it; 0: any age", true},
      self.tombstone_age_max);
  visit(
      Setting{"file_age_max", kCount, 0, 1e15, "",
              "a table with an older entry is merged downward (fifo, time_window: dropped)", true},
      self.file_age_max);
  visit(Setting{"age_unit", kChoice, 0, 0, "age_unit", "of ages and of window_length", true},
        self.age_unit);
  visit(Setting{"similar_percent", kCount, 0, 1000, "",
                "universal: how much larger than those before it a run may be to be merged", true},
        self.similar_percent);
  visit(Setting{"window_length", kCount, 1, 1e15, "", "time_window: its length, in age_unit", true},
        self.window_length);
  visit(
      Setting{"fifo_bytes_max", kBytes, 0, 1024 * kTiB, "",
              "fifo: the oldest run is dropped when tables hold more; 0: nothing is dropped", true},
      self.fifo_bytes_max);
  visit(Setting{"background", kChoice, 0, 0, "background",
                "where flush and compaction run; inline is deterministic to the bit"},
        self.background);
  visit(Setting{"compaction_threads", kCount, 1, 64, "", "besides the one thread for flushes"},
        self.compaction_threads);
  visit(Setting{"subcompactions", kCount, 1, 16, "",
                "parts of its key range in which one compaction runs at the same time, at most"},
        self.subcompactions);
  visit(Setting{"level0_slowdown_runs", kCount, 1, 100000, "",
                "runs of level 0 at which writes are slowed down"},
        self.level0_slowdown_runs);
  visit(Setting{"level0_stop_runs", kCount, 1, 100000, "", "runs of level 0 at which writes stop"},
        self.level0_stop_runs);
  visit(Setting{"pending_slowdown_bytes", kBytes, kMiB, 1024 * kTiB, "",
                "bytes waiting for compaction at which writes are slowed down"},
        self.pending_slowdown_bytes);
  visit(Setting{"pending_stop_bytes", kBytes, kMiB, 1024 * kTiB, "",
                "bytes waiting for compaction at which writes stop"},
        self.pending_stop_bytes);
  visit(Setting{"compaction_bytes_per_second", kBytes, 0, kTiB, "",
                "most that flush and compaction write together; 0: no limit; not when inline"},
        self.compaction_bytes_per_second);
  visit(Setting{"scheduler", kChoice, 0, 0, "scheduler",
                "which flush or compaction writes next; not when inline"},
        self.scheduler);
}

}  // namespace varve
