// Terms, options files and own settings, in this order.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_setup.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>

#include <algorithm>
#include <array>
#include <limits>

#include "engine/setting_text.h"
#include "harness/stores/engine_store.h"
#include "harness/stores/own_settings.h"
#include "harness/stores/rocksdb/rocksdb_file.h"

namespace varve::harness {
namespace {

struct Alias {
  std::string_view ours;
  std::string_view theirs;
};

constexpr std::array kStyles = {
    Alias{"level", "kCompactionStyleLevel"}, Alias{"universal", "kCompactionStyleUniversal"},
    Alias{"fifo", "kCompactionStyleFIFO"}, Alias{"none", "kCompactionStyleNone"}};
constexpr std::array kMemTables = {"skip_list", "vector", "prefix_hash", "hash_linkedlist"};
constexpr std::array kStatistics = {"none", "tickers", "all"};
constexpr std::array kFilters = {"none", "bloom", "ribbon"};

struct CompressionOf {
  rocksdb::CompressionType type;
  std::string_view name;
};
constexpr std::array kCompressions = {CompressionOf{rocksdb::kNoCompression, "none"},
                                      CompressionOf{rocksdb::kSnappyCompression, "snappy"},
                                      CompressionOf{rocksdb::kZlibCompression, "zlib"},
                                      CompressionOf{rocksdb::kBZip2Compression, "bzip2"},
                                      CompressionOf{rocksdb::kLZ4Compression, "lz4"},
                                      CompressionOf{rocksdb::kLZ4HCCompression, "lz4hc"},
                                      CompressionOf{rocksdb::kXpressCompression, "xpress"},
                                      CompressionOf{rocksdb::kZSTD, "zstd"}};

template <class Names>
Status OneOf(std::string_view what, std::string_view text, const Names& names) {
  if (std::find(names.begin(), names.end(), text) != names.end()) return {};
  return Status::InvalidArgument(
      fmt::format("{}; there are {}",
                  UnknownName(what, text, std::vector<std::string>(names.begin(), names.end())),
                  fmt::join(names, ", ")));
}

// Bits per key that a ribbon filter took that was asked for by the bits of a Bloom filter:
// measured, the filter of a table of 200,000 keys.
struct RibbonPoint {
  double bloom;
  double ribbon;
};
constexpr std::array kRibbon = {
    RibbonPoint{0, 0},       RibbonPoint{2, 1.484},   RibbonPoint{4, 2.931},
    RibbonPoint{6, 4.329},   RibbonPoint{8, 5.743},   RibbonPoint{10, 7.047},
    RibbonPoint{12, 8.283},  RibbonPoint{14, 9.545},  RibbonPoint{16, 10.777},
    RibbonPoint{18, 11.956}, RibbonPoint{20, 13.097}, RibbonPoint{24, 15.242},
    RibbonPoint{30, 18.207}};

// On the line between the points on either side, or through the last two.
double Between(double value, double RibbonPoint::*from, double RibbonPoint::*to) {
  size_t at = 1;
  while (at + 1 < kRibbon.size() && kRibbon[at].*from < value) ++at;
  const RibbonPoint& below = kRibbon[at - 1];
  const RibbonPoint& above = kRibbon[at];
  const double share = (value - below.*from) / (above.*from - below.*from);
  return below.*to + share * (above.*to - below.*to);
}

// Room that no FIFO fills.
constexpr uint64_t kFifoBytes = uint64_t{1} << 62;

// Makes a setup step by step; each step may refuse.
class Maker {
 public:
  explicit Maker(const StoreOptions& asked) : asked_(asked) {}

  Result<RocksDbSetup> Make() {
    setup_.options.database.create_if_missing = true;
    Status status = asked_.own_defaults ? Status() : TakeTerms();
    if (status.ok()) status = TakeFile();
    if (status.ok()) status = TakeOwn();
    if (status.ok()) status = FinishStyle();
    if (status.ok()) status = FinishTable();
    if (!status.ok()) return status;
    FinishMemTable();
    FinishThreads();
    return std::move(setup_);
  }

 private:
  rocksdb::DBOptions& database() { return setup_.options.database; }
  rocksdb::ColumnFamilyOptions& family() { return setup_.options.family; }
  rocksdb::BlockBasedTableOptions& table() { return setup_.options.table; }
  bool IsSetTo(const std::string& name) const { return setup_.set.count(name) > 0; }

  Status TakeTerms() {
    Result<Terms> terms = TermsOf(asked_);
    if (!terms.ok()) return terms.status();
    setup_.terms = *terms;
    setup_.has_terms = true;
    family().write_buffer_size = terms->memtable_bytes;
    family().max_write_buffer_number = static_cast<int>(terms->memtables_max);
    table().no_block_cache = terms->cache_bytes == 0;
    if (terms->cache_bytes > 0) table().block_cache = rocksdb::NewLRUCache(terms->cache_bytes);
    database().max_background_flushes = static_cast<int>(terms->flush_threads);
    database().max_background_compactions = static_cast<int>(terms->compaction_threads);
    database().max_background_jobs = static_cast<int>(terms->threads());
    database().use_direct_reads = terms->direct_io;
    database().use_direct_io_for_flush_and_compaction = terms->direct_io;
    setup_.log = terms->durability != "none";
    setup_.sync = terms->durability == "power";
    TakeFilter(terms->filter);
    return TakeCompression(terms->compression);
  }

  // The kinds that RocksDB has are those of its paper's authors: a Bloom filter of which a key's
  // bits are in one cache line, and a ribbon filter.
  void TakeFilter(std::string_view kind) {
    const double bits = setup_.terms.filter_bits_per_key;
    if (kind == "none") {
      table().filter_policy.reset();
    } else if (kind == "bloom" || kind == "blocked_bloom") {
      table().filter_policy.reset(rocksdb::NewBloomFilterPolicy(bits, false));
    } else {
      // Also of tables that are flushed, for which its default would be a Bloom filter.
      table().filter_policy.reset(rocksdb::NewRibbonFilterPolicy(BloomBits(bits), -1));
    }
  }

  Status TakeCompression(std::string_view name) {
    std::vector<std::string_view> names;
    for (const rocksdb::CompressionType type : rocksdb::GetSupportedCompressions()) {
      for (const CompressionOf& known : kCompressions) {
        if (known.type != type) continue;
        names.push_back(known.name);
        if (known.name != name) continue;
        family().compression = type;
        family().bottommost_compression = rocksdb::kDisableCompressionOption;
        family().compression_per_level.clear();
        return {};
      }
    }
    return Status::InvalidArgument(fmt::format(
        "engine.compression: this RocksDB has no {}, it has {}", name, fmt::join(names, ", ")));
  }

  Status TakeFile() {
    for (const SettingText& own : asked_.own_settings) {
      if (own.name != "options_file") continue;
      Result<RocksDbFile> file = ReadRocksDbFile(own.text);
      if (!file.ok()) return file.status().Annotate(own.name);
      for (const RocksDbFile::Line& line : file->lines) {
        Status status = SetRocksDbText(line.place, line.name, line.text, &setup_.options, true);
        if (!status.ok()) return status.Annotate(fmt::format("{}: {}", own.text, line.name));
        setup_.set.insert(line.name);
      }
      for (std::string& caveat : file->caveats) setup_.caveats.push_back(std::move(caveat));
    }
    return {};
  }

  Status TakeOwn() {
    for (const SettingText& own : asked_.own_settings) {
      const RocksDbOption* option = FindRocksDbOption(own.name);
      if (option == nullptr) {
        return Status::InvalidArgument(fmt::format("unknown setting of rocksdb \"{}\"", own.name));
      }
      Status status = option->place == RocksDbPlace::kStore ? TakeWord(own.name, own.text)
                                                            : TakeOption(*option, own.text);
      if (!status.ok()) return status.Annotate(own.name);
    }
    return {};
  }

  Status TakeWord(const std::string& name, const std::string& text) {
    if (name == "memtable") return TakeMemTable(text);
    if (name == "statistics") return TakeStatistics(text);
    if (name != "filter") return {};  // the file was read before
    if (Status status = OneOf("filter", text, kFilters); !status.ok()) return status;
    if (setup_.terms.filter_bits_per_key <= 0) setup_.terms.filter_bits_per_key = 10;
    TakeFilter(text);
    setup_.set.insert("filter");
    return {};
  }

  Status TakeMemTable(const std::string& text) {
    const std::string kind = text.substr(0, text.find(':'));
    if (Status status = OneOf("memtable", kind, kMemTables); !status.ok()) return status;
    const Result<Options> engine = EngineOptionsOf(asked_.settings);
    if (!engine.ok()) return engine.status();
    std::string full = text;
    if (kind == text && (kind == "prefix_hash" || kind == "hash_linkedlist")) {
      const uint64_t buckets = std::max<uint64_t>(1, family().write_buffer_size / 1024);
      const uint64_t asked = engine->memtable_buckets;
      full = fmt::format("{}:{}", kind, asked > 0 ? asked : buckets);
    }
    prefix_bytes_ = engine->memtable_prefix_bytes;
    setup_.set.insert("memtable_factory");
    return SetRocksDbText(RocksDbPlace::kFamily, "memtable_factory", full, &setup_.options);
  }

  Status TakeStatistics(const std::string& text) {
    if (Status status = OneOf("statistics", text, kStatistics); !status.ok()) return status;
    setup_.statistics = nullptr;
    if (text == "none") return {};
    setup_.statistics = rocksdb::CreateDBStatistics();
    setup_.statistics->set_stats_level(
        text == "all" ? rocksdb::StatsLevel::kAll : rocksdb::StatsLevel::kExceptHistogramOrTimers);
    return {};
  }

  Status TakeOption(const RocksDbOption& option, const std::string& text) {
    std::string theirs = text;
    for (const Alias& style : kStyles) {
      if (option.name == "compaction_style" && text == style.ours) theirs = style.theirs;
    }
    if (option.name == "compaction_style" && !theirs.starts_with("kCompactionStyle")) {
      return Status::InvalidArgument(
          fmt::format("unknown style \"{}\"; there are level, universal, fifo, none", text));
    }
    setup_.set.insert(option.name);
    if (Status s = SetRocksDbOption(option, theirs, &setup_.options); !s.ok()) return s;
    if (family().comparator != rocksdb::BytewiseComparator()) {
      return Status::InvalidArgument("keys must be in the order of their bytes");
    }
    return {};
  }

  // FIFO may not drop what nobody deleted, unless it was asked to, and without compactions there is
  // nothing that writes could wait for.
  Status FinishStyle() {
    const rocksdb::CompactionStyle style = family().compaction_style;
    if (style == rocksdb::kCompactionStyleFIFO) {
      if (!IsSetTo("compaction_options_fifo") &&
          !IsSetTo("compaction_options_fifo.max_table_files_size")) {
        family().compaction_options_fifo.max_table_files_size = kFifoBytes;
      }
      if (!IsSetTo("ttl")) family().ttl = 0;
      if (!IsSetTo("periodic_compaction_seconds")) family().periodic_compaction_seconds = 0;
    }
    if (style != rocksdb::kCompactionStyleNone) return {};
    if (IsSetTo("disable_auto_compactions") && !family().disable_auto_compactions) {
      return Status::InvalidArgument(
          "compaction_style: with none, disable_auto_compactions = false would stop writes for "
          "ever "
          "when level 0 is full");
    }
    family().disable_auto_compactions = true;
    return {};
  }

  void FinishMemTable() {
    const std::string_view name = family().memtable_factory->Name();
    const bool hash = name.starts_with("Hash");
    if (hash && family().prefix_extractor == nullptr) {
      family().prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(prefix_bytes_));
      setup_.caveats.push_back(
          fmt::format("its hash memtables need a prefix_extractor: the first {} bytes of a key, "
                      "which are in the filters as well",
                      prefix_bytes_));
    }
    setup_.reads_backwards = name != "VectorRepFactory" && name != "HashSkipListRepFactory";
    if (family().memtable_factory->IsInsertConcurrentlySupported()) return;
    if (IsSetTo("allow_concurrent_memtable_write")) return;
    database().allow_concurrent_memtable_write = false;
  }

  // What the terms say of the two pools would win over the one number for both.
  void FinishThreads() {
    if (!IsSetTo("max_background_jobs") || IsSetTo("max_background_flushes") ||
        IsSetTo("max_background_compactions")) {
      return;
    }
    database().max_background_flushes = database().max_background_compactions = -1;
  }

  Status FinishTable() {
    if (IsSetTo("table_factory") && !family().table_factory->IsInstanceOf("BlockBasedTable")) {
      setup_.caveats.push_back(fmt::format(
          "rocksdb.table_factory was set: {} has no block cache, and filters of its own",
          family().table_factory->Name()));
      return {};
    }
    if (std::string_view(family().table_factory->Name()) == "BlockBasedTable" &&
        IsSetTo("table_factory")) {
      return Status::InvalidArgument(
          "table_factory: set options of BlockBasedTable by their own names, such as block_size");
    }
    family().table_factory.reset(rocksdb::NewBlockBasedTableFactory(table()));
    return {};
  }

  const StoreOptions& asked_;
  RocksDbSetup setup_;
  uint64_t prefix_bytes_ = 16;
};

// Of which term an option says the same.
std::string_view TermOf(std::string_view name) {
  constexpr std::array kTerms = {
      Alias{"write_buffer_size", "engine.memtable_bytes"},
      Alias{"max_write_buffer_number", "engine.memtables_max"},
      Alias{"block_cache", "engine.cache_bytes"},
      Alias{"no_block_cache", "engine.cache_bytes"},
      Alias{"compression", "engine.compression"},
      Alias{"filter", "engine.filter, engine.filter_bits_per_key"},
      Alias{"filter_policy", "engine.filter, engine.filter_bits_per_key"},
      Alias{"max_background_jobs", "engine.compaction_threads"},
      Alias{"max_background_compactions", "engine.compaction_threads"},
      Alias{"max_background_flushes", "one"},
      Alias{"use_direct_reads", "trial.direct_io"},
      Alias{"use_direct_io_for_flush_and_compaction", "trial.direct_io"}};
  for (const Alias& term : kTerms) {
    if (term.ours == name) return term.theirs;
  }
  return "";
}

std::string HelpOf(const RocksDbOption& option) {
  if (option.name == "options_file") {
    return "a file of options in RocksDB's own format; what it says overrides the terms, own "
           "settings override it; usually none";
  }
  if (option.name == "memtable") {
    return "skip_list, vector, prefix_hash or hash_linkedlist, of the hash ones also prefix_hash:N "
           "with N buckets; usually skip_list";
  }
  if (option.name == "filter") return "none, bloom or ribbon; usually by the terms (engine.filter)";
  if (option.name == "statistics") {
    return "what RocksDB counts at each operation, which costs time: none, tickers (what reads do) "
           "or all (times as well); usually none";
  }
  const std::string_view term = TermOf(option.name);
  const std::string usual = term.empty() ? option.usual : fmt::format("by the terms ({})", term);
  constexpr std::string_view kPlaces[] = {"", "the database", "the column family", "its tables"};
  const std::string_view place = kPlaces[static_cast<size_t>(option.place)];
  if (option.name == "compaction_style") return "level, universal, fifo or none; usually level";
  return fmt::format("RocksDB's option of {}; usually {}", place,
                     usual.empty() ? "nothing" : usual);
}

}  // namespace

double RibbonBits(double bloom_bits) {
  return Between(bloom_bits, &RibbonPoint::bloom, &RibbonPoint::ribbon);
}

double BloomBits(double ribbon_bits) {
  return Between(ribbon_bits, &RibbonPoint::ribbon, &RibbonPoint::bloom);
}

RocksDbThreads RocksDbThreadsOf(const rocksdb::DBOptions& database) {
  const int jobs = database.max_background_jobs;
  if (database.max_background_flushes == -1 && database.max_background_compactions == -1) {
    const int flush = std::max(1, jobs / 4);
    return {flush, std::max(1, jobs - flush)};
  }
  return {std::max(1, database.max_background_flushes),
          std::max(1, database.max_background_compactions)};
}

Result<RocksDbSetup> RocksDbSetupOf(const StoreOptions& options) { return Maker(options).Make(); }

std::vector<OwnSetting> RocksDbOwnSettings() {
  std::vector<OwnSetting> own;
  for (const RocksDbOption& option : RocksDbOptionTable()) {
    own.push_back({option.name, HelpOf(option)});
  }
  return own;
}

Status CheckRocksDbSettings(std::span<const SettingText> own_settings) {
  StoreOptions asked;
  asked.own_settings.assign(own_settings.begin(), own_settings.end());
  return RocksDbSetupOf(asked).status();
}

bool RocksDbDropsData(const rocksdb::ColumnFamilyOptions& family) {
  if (family.compaction_style != rocksdb::kCompactionStyleFIFO) return false;
  const uint64_t bytes = family.compaction_options_fifo.max_table_files_size;
  return family.ttl > 0 || family.periodic_compaction_seconds > 0 || bytes < kFifoBytes;
}

bool RocksDbSettingsDropData(std::span<const SettingText> own_settings) {
  StoreOptions asked;
  asked.own_settings.assign(own_settings.begin(), own_settings.end());
  const Result<RocksDbSetup> setup = RocksDbSetupOf(asked);
  return setup.ok() && RocksDbDropsData(setup->options.family);
}

std::string RocksDbCompressionName(rocksdb::CompressionType type) {
  for (const CompressionOf& known : kCompressions) {
    if (known.type == type) return std::string(known.name);
  }
  return "";
}

}  // namespace varve::harness
