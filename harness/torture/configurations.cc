// The tables of configurations and of values.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <string_view>

#include "engine/parts.h"
#include "engine/setting_text.h"
#include "engine/strategy_of.h"
#include "harness/torture/operation_log.h"
#include "harness/torture/pairwise.h"

namespace varve::harness {
namespace {

using std::string_literals::operator""s;

struct NamedRow {
  std::string_view name;
  std::string_view settings;  // over SmallTortureOptions, as in an operation log
};

// Every memtable and every strategy follows from parts.h and is not listed.
constexpr NamedRow kNamed[] = {
    {"small", ""},
    {"threads", "background=threads"},
    {"threads_2", "background=threads compaction_threads=2"},
    {"threads_4_small", "background=threads compaction_threads=4 memtable_bytes=4096"},
    {"tiny_memtable", "memtable_bytes=4096"},
    {"tiny_everything", "memtable_bytes=4096 table_bytes=4096 block_bytes=256 cache_bytes=4096"},
    {"tiny_threads", "memtable_bytes=4096 table_bytes=4096 block_bytes=256 background=threads"},
    {"huge_memtable", "memtable_bytes=16777216"},
    {"many_memtables", "memtable_bytes=4096 memtables_max=8 background=threads"},
    {"two_memtables", "memtable_bytes=4096 memtables_max=2 background=threads"},
    {"tiny_blocks", "block_bytes=256"},
    {"huge_blocks", "block_bytes=65536"},
    {"restart_1", "restart_interval=1"},
    {"restart_2", "restart_interval=2 block_bytes=4096"},
    {"restart_1024", "restart_interval=1024 block_bytes=16384"},
    {"tiny_tables", "table_bytes=4096"},
    {"huge_tables", "table_bytes=1073741824"},
    {"one_open_file", "open_files_max=1 table_bytes=4096"},
    {"few_open_files", "open_files_max=3 table_bytes=4096 background=threads"},
    {"no_filter", "filter=none"},
    {"filter_without_bits", "filter_bits_per_key=0"},
    {"filter_1_bit", "filter_bits_per_key=1"},
    {"filter_64_bits", "filter_bits_per_key=64"},
    {"filters_monkey", "filter_allocation=monkey filter_bits_per_key=5"},
    {"filters_monkey_ribbon", "filter_allocation=monkey filter=ribbon compaction=tiered"},
    {"filters_by_level", "filter_allocation=levels filter_bits_by_level=14,0,6"},
    {"filters_not_last", "filter_allocation=not_last filter=fuse8"},
    {"filters_of_prefixes", "filter_prefix_bytes=4"},
    {"no_cache", "cache=none"},
    {"cache_of_nothing", "cache_bytes=0"},
    {"lru", "cache=lru"},
    {"lru_tiny", "cache=lru cache_bytes=4096"},
    {"clock_tiny", "cache=clock cache_bytes=4096"},
    {"lz4", "compression=lz4"},
    {"lz4_tiny_blocks", "compression=lz4 block_bytes=256"},
    {"lz4_huge_blocks", "compression=lz4 block_bytes=65536 restart_interval=1"},
    {"bare", "filter=none cache=none"},
    {"none_mmap", "durability=none wal=mmap"},
    {"none_write", "durability=none wal=write"},
    {"process_write", "durability=process wal=write"},
    {"power_mmap", "durability=power wal=mmap"},
    {"power_write", "durability=power wal=write"},
    {"leveled_t2", "size_ratio=2 level0_runs=1"},
    {"leveled_round_robin", "movement=round_robin table_bytes=4096"},
    {"leveled_no_moves", "trivial_moves=false"},
    {"leveled_whole_levels", "granularity=level"},
    {"leveled_in_parts", "granularity=level table_bytes=4096 subcompactions=4"},
    {"leveled_in_parts_threads",
     "table_bytes=4096 subcompactions=3 background=threads compaction_threads=2"},
    {"leveled_tiny_level1", "level1_bytes=4096 table_bytes=4096"},
    {"leveled_deep", "level1_bytes=4096 size_ratio=2 memtable_bytes=4096 table_bytes=4096"},
    {"tiered_t2", "compaction=tiered size_ratio=2"},
    {"tiered_in_parts", "compaction=tiered size_ratio=3 table_bytes=4096 subcompactions=2"},
    {"tiered_t4_file", "compaction=tiered size_ratio=4 granularity=file"},
    {"tiered_threads", "compaction=tiered memtable_bytes=4096 background=threads"},
    {"lazy_t2", "compaction=lazy_leveled size_ratio=2 memtable_bytes=4096"},
    {"lazy_file", "compaction=lazy_leveled granularity=file movement=round_robin"},
    {"lazy_threads",
     "compaction=lazy_leveled memtable_bytes=4096 background=threads "
     "compaction_threads=2"},
    {"stalls_early",
     "level0_slowdown_runs=1 level0_stop_runs=3 pending_slowdown_bytes=1048576 "
     "pending_stop_bytes=1048576 memtable_bytes=4096 background=threads"},
    {"dynamic", "compaction=rocksdb_leveled level1_bytes=8192 table_bytes=4096"},
    {"aligned", "granularity=aligned table_bytes=4096 level1_bytes=8192"},
    {"files", "granularity=files compaction_files=3 table_bytes=4096 level1_bytes=8192"},
    {"preemptive", "merge_mode=preemptive granularity=level flush_merges=true level0_runs=1"},
    {"preemptive_threads",
     "compaction=tiered merge_mode=preemptive flush_merges=true background=threads "
     "memtable_bytes=4096"},
    {"flush_merges_files", "flush_merges=true level0_runs=1 table_bytes=4096"},
    {"young_tombstones", "tombstone_age_max=200 table_bytes=4096"},
    {"young_tombstones_threads", "tombstone_age_max=500 background=threads"},
    {"young_tombstones_tiered", "compaction=tiered tombstone_age_max=400"},
    {"few_tombstones", "tombstone_density_max=0.1 table_bytes=4096"},
    {"old_files_downward", "file_age_max=300 table_bytes=4096"},
    {"little_space", "space_amplification_max=0.2"},
    {"few_entries", "memtable_entries_max=10"},
    {"one_bucket", "memtable=hash_skiplist memtable_prefix_bytes=0"},
    {"vector_preallocated", "memtable=vector memtable_preallocate=true memtable_sort_on_read=true"},
    {"huge_pages", "memtable=btree memtable_huge_pages=true memtable_bytes=16777216"},
    {"windows", "compaction=time_window window_length=100 level0_runs=3"},
    {"layout_of_all", "compaction=ucs layout=T3,T2,L3 memtable_bytes=4096"},
    {"growing_ratios", "compaction=garnering ratio_scale=0.5 table_bytes=4096"},
    {"movements", "movement=expired_tombstones,coldest,largest table_bytes=4096"},
    {"another_seed", "seed=12345"},
    {"defaults",
     "memtable_bytes=67108864 memtables_max=3 table_bytes=67108864 block_bytes=4096 "
     "cache_bytes=67108864 size_ratio=10 level0_runs=4 background=threads"},
};

// An empty text in a list of texts.
const std::string kNone = "none";

struct ValuesRow {
  std::string_view name;
  std::string_view values;
};

// Settings for which the least value and the default, or all there are, would not do. At the first
// value of each the most is allowed of the other settings (see CanBeCompleted). Nothing is so
// low that data would be dropped for its age or for room: answers would differ.
constexpr ValuesRow kValues[] = {
    {"seed", "0 77"},
    {"memtable_bytes", "4096 16384 65536 4194304"},
    {"memtables_max", "2 3 8"},
    {"cache_bytes", "0 4096 1048576"},
    {"block_bytes", "256 1024 4096 65536"},
    {"restart_interval", "1 2 16 1024"},
    {"filter_bits_per_key", "0 1 10 64"},
    {"filter_bits_by_level", "none 14,0,6"},
    {"filter_prefix_bytes", "0 4"},
    {"table_bytes", "4096 16384 67108864"},
    {"open_files_max", "0 1 3"},
    {"size_ratio", "2 3 4 10"},
    {"level0_runs", "1 2 4 12"},
    {"level1_bytes", "0 4096 65536"},
    {"compaction_threads", "1 2 4"},
    {"subcompactions", "1 2 4"},
    {"memtable_entries_max", "0 50"},
    {"memtable_buckets", "0 1 100"},
    {"memtable_prefix_bytes", "16 0 2"},
    {"ratio_scale", "0.8 0.5"},
    {"runs_upper", "0 2"},
    {"runs_last", "1 0 2"},
    {"movement", "auto round_robin oldest most_tombstones random"},
    {"triggers", "auto saturation"},
    {"size_ratios", "none 2,4"},
    {"layout", "none T3,L4"},
    {"age_unit", "operations seconds"},
    {"compaction_files", "2 4"},
    {"space_amplification_max", "0 0.5"},
    {"tombstone_density_max", "0 0.2"},
    {"tombstone_age_max", "0 300"},
    {"file_age_max", "0 1000000000"},
    {"similar_percent", "1 50"},
    {"window_length", "200 1000000"},
    {"fifo_bytes_max", "0 1099511627776"},
    {"compaction_bytes_per_second", "0 1073741824"},
    {"level0_slowdown_runs", "1 4 20"},
    {"level0_stop_runs", "36 1 2 12"},
    {"pending_slowdown_bytes", "1048576 68719476736"},
    {"pending_stop_bytes", "274877906944 1048576"},
};

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Over `options`, words such as size_ratio=4.
Options With(Options options, std::string_view settings) {
  for (const std::string& word : Split(settings)) {
    const size_t equals = word.find('=');
    [[maybe_unused]] const Status status =
        SetOption(&options, word.substr(0, equals), word.substr(equals + 1));
    assert(status.ok());
  }
  assert(CheckOptions(options).ok());
  return options;
}

std::string Texts(const Setting& setting, double number) {
  if (setting.kind == SettingKind::kNumber) return fmt::format("{}", number);
  return fmt::format("{}", static_cast<uint64_t>(number));
}

struct Factors {
  std::vector<Setting> settings;
  std::vector<std::vector<std::string>> values;  // of each setting
  std::vector<int> counts;
};

const Factors& AllFactors() {
  static const Factors kFactors = [] {
    Factors factors;
    factors.settings = OptionSettings();
    for (const Setting& setting : factors.settings) {
      factors.values.push_back(SettingValues(setting));
      factors.counts.push_back(static_cast<int>(factors.values.back().size()));
    }
    return factors;
  }();
  return kFactors;
}

// Unset factors take their first value.
Options OptionsOf(const PairwiseRow& row) {
  const Factors& factors = AllFactors();
  Options options;
  size_t i = 0;  // factors are in the order of ForEach
  Options::ForEach(options, [&](const Setting& setting, auto& field) {
    const size_t value = row[i] == kUnset ? 0 : static_cast<size_t>(row[i]);
    [[maybe_unused]] const Status status = ParseSetting(setting, factors.values[i][value], &field);
    assert(status.ok());
    ++i;
  });
  return options;
}

// Of the settings that decide what others may be, the values that complete the most.
constexpr ValuesRow kCompletions[] = {
    {"compaction", "leveled tiered universal"},
    {"granularity", "auto level"},
    {"layout", "T4 T3,L4"},
};

// May the settings of `options` be as they are, with those of kCompletions from `first` on that the
// row leaves open set in some way?
bool CompletesFrom(size_t first, const PairwiseRow& row, const Options& options) {
  if (first == std::size(kCompletions)) return CheckCombinations(options).ok();
  const ValuesRow& completion = kCompletions[first];
  for (size_t i = 0; i < row.size(); ++i) {
    if (AllFactors().settings[i].name != completion.name) continue;
    if (row[i] != kUnset) return CompletesFrom(first + 1, row, options);
  }
  for (const std::string& value : Split(completion.values)) {
    Options completed = options;
    [[maybe_unused]] const Status status = SetOption(&completed, completion.name, value);
    assert(status.ok());
    if (CompletesFrom(first + 1, row, completed)) return true;
  }
  return false;
}

// First values are chosen so that whatever can be completed at all is completed by them and by
// kCompletions: the bounds that must not be exceeded are far, what must not exceed them is small,
// and what strategies may not like is left to them.
bool CanBeCompleted(const PairwiseRow& row) {
  const Options options = OptionsOf(row);
  return CheckCombinations(options).ok() || CompletesFrom(0, row, options);
}

}  // namespace

Options SmallTortureOptions() {
  Options options;
  options.memtable_bytes = 16 << 10;
  options.table_bytes = 8 << 10;
  options.block_bytes = 512;
  options.cache_bytes = 64 << 10;
  options.size_ratio = 3;
  options.level0_runs = 2;
  options.background = "inline";
  return options;
}

const std::vector<Configuration>& NamedConfigurations() {
  static const std::vector<Configuration> kConfigurations = [] {
    std::vector<Configuration> all;
    for (const NamedRow& row : kNamed) {
      all.push_back({std::string(row.name), With(SmallTortureOptions(), row.settings)});
    }
    for (const MemTablePart& memtable : MemTableParts()) {
      Options options = SmallTortureOptions();
      options.memtable = memtable.name;
      all.push_back({fmt::format("memtable_{}", memtable.name), options});
    }
    for (const FilterPart& filter : FilterParts()) {
      Options options = SmallTortureOptions();
      options.filter = filter.name;
      all.push_back({fmt::format("filter_{}", filter.name), options});
    }
    for (const CompactionPart& compaction : CompactionParts()) {
      Options options = SmallTortureOptions();
      options.compaction = compaction.name;
      all.push_back({fmt::format("compaction_{}", compaction.name), options});
    }
    return all;
  }();
  return kConfigurations;
}

std::vector<std::string> SettingValues(const Setting& setting) {
  if (setting.kind == SettingKind::kFlag) {
    // What asks for less of the directory first: a database is made, and may be there. And what
    // layouts of runs refuse last, or no pair with them can be completed.
    if (setting.name == "error_if_exists") return {"false", "true"};
    if (setting.name == "flush_merges") return {"false", "true"};
    return {"true", "false"};
  }
  for (const ValuesRow& row : kValues) {
    if (row.name != setting.name) continue;
    std::vector<std::string> values = Split(row.values);
    if (setting.kind == SettingKind::kText) std::replace(values.begin(), values.end(), kNone, ""s);
    return values;
  }
  std::vector<std::string> values;
  for (const PartTable& table : PartTables()) {
    if (setting.kind != SettingKind::kChoice || table.name != setting.table) continue;
    for (const NamedPart& part : table.parts) values.emplace_back(part.name);
  }
  if (!values.empty()) return values;
  values.push_back(Texts(setting, setting.min));
  const Options defaults;
  Options::ForEach(defaults, [&](const Setting& other, const auto& field) {
    if (other.name != setting.name) return;
    std::string text = FormatSetting(other, field);
    std::erase(text, ' ');
    if (text != values.front()) values.push_back(text);
  });
  return values;
}

std::vector<Configuration> CoveringConfigurations(uint64_t seed) {
  std::vector<Configuration> all;
  for (const PairwiseRow& row : PairwiseRows(AllFactors().counts, CanBeCompleted, seed)) {
    all.push_back({fmt::format("covering_{}", all.size()), OptionsOf(row)});
  }
  return all;
}

Configuration RandomConfiguration(uint64_t seed) {
  const PairwiseRow row = RandomRow(AllFactors().counts, CanBeCompleted, seed);
  return {fmt::format("random_{}", seed), OptionsOf(row)};
}

}  // namespace varve::harness
