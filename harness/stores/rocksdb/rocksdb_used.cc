// Reads options back, and finds where they differ from the terms.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_used.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <rocksdb/filter_policy.h>

#include <cmath>
#include <cstdlib>

namespace varve::harness {
namespace {

struct Filter {
  std::string kind = "none";
  double bits = 0;  // per key, of memory
};

// From RocksDB's own name of it, "bloomfilter:10:false".
Filter FilterOf(const rocksdb::BlockBasedTableOptions* table) {
  if (table == nullptr || table->filter_policy == nullptr) return {};
  const std::string id = table->filter_policy->GetId();
  const size_t colon = id.find(':');
  const double bits = colon == id.npos ? 0 : std::strtod(id.c_str() + colon + 1, nullptr);
  if (id.starts_with("bloomfilter:")) return {"bloom", bits};
  if (id.starts_with("ribbonfilter:")) return {"ribbon", RibbonBits(bits)};
  return {id, bits};
}

// One name if there is one for all levels.
std::string CompressionText(const rocksdb::Options& options) {
  std::string text = RocksDbCompressionName(options.compression);
  for (size_t level = 0; level < options.compression_per_level.size(); ++level) {
    const std::string name = RocksDbCompressionName(options.compression_per_level[level]);
    text = level == 0 ? name : text + ":" + name;
  }
  const rocksdb::CompressionType last = options.bottommost_compression;
  if (last == rocksdb::kDisableCompressionOption || last == options.compression) return text;
  return fmt::format("{}, bottommost {}", text, RocksDbCompressionName(last));
}

std::string DurabilityText(const rocksdb::Options& options, const RocksDbSetup& setup) {
  if (!setup.log || options.manual_wal_flush) return "none";
  return setup.sync ? "power" : "process";
}

// Its test hooks are in the library only if its assertions are.
bool HasAssertions() {
  return dlsym(RTLD_DEFAULT, "_ZN7rocksdb9SyncPoint11GetInstanceEv") != nullptr;
}

class Reading {
 public:
  Reading(const rocksdb::Options& options, uint64_t cache_bytes, const RocksDbSetup& setup)
      : options_(options), cache_bytes_(cache_bytes), setup_(setup) {}

  TermsUsed Take() {
    UseTerms();
    UseAll();
    AddCaveats();
    return std::move(used_);
  }

 private:
  // A term under our name, and a caveat if it is not what was asked for: because one of `options`
  // was set, or because RocksDB made something else of it.
  void UseTerm(std::string_view name, const std::string& text, const std::string& asked,
               const std::vector<std::string>& options) {
    used_.Use(name, text);
    if (!setup_.has_terms || text == asked) return;
    for (const std::string& option : options) {
      if (setup_.set.count(option) == 0) continue;
      used_.Caveat(fmt::format("rocksdb.{} was set: {} is {}, not {}", option, name, text, asked));
      return;
    }
    used_.Caveat(fmt::format("{} is {}, not {}", name, text, asked));
  }

  void UseTerms() {
    const Terms& terms = setup_.terms;
    const auto* table = options_.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    const RocksDbThreads threads = RocksDbThreadsOf(options_);
    const auto number = [](auto value) { return fmt::format("{}", value); };
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    UseTerm("durability", DurabilityText(options_, setup_), terms.durability, {"manual_wal_flush"});
    UseTerm("memtable_bytes", FormatBytes(options_.write_buffer_size),
            FormatBytes(terms.memtable_bytes), {"write_buffer_size"});
    UseTerm("memtables_max", number(options_.max_write_buffer_number), number(terms.memtables_max),
            {"max_write_buffer_number"});
    UseTerm("cache_bytes", FormatBytes(cache_bytes_), FormatBytes(terms.cache_bytes),
            {"block_cache", "no_block_cache", "table_factory"});
    UseTerm("compression", CompressionText(options_), terms.compression,
            {"compression", "compression_per_level", "bottommost_compression"});
    UseFilter(FilterOf(table));
    UseTerm("flush_threads", number(threads.flush), number(terms.flush_threads),
            {"max_background_flushes", "max_background_jobs", "max_background_compactions"});
    UseTerm("compaction_threads", number(threads.compaction), number(terms.compaction_threads),
            {"max_background_compactions", "max_background_jobs", "max_background_flushes"});
    UseTerm("direct_io",
            flag(options_.use_direct_reads && options_.use_direct_io_for_flush_and_compaction),
            flag(terms.direct_io), {"use_direct_reads", "use_direct_io_for_flush_and_compaction"});
  }

  // Of the kinds that RocksDB does not have, the nearest of the same memory is no difference in
  // bits.
  void UseFilter(const Filter& filter) {
    const Terms& terms = setup_.terms;
    const std::vector<std::string> options = {"filter", "filter_policy", "table_factory"};
    const std::string nearest = terms.filter == "blocked_bloom" ? "bloom" : "ribbon";
    const bool known =
        terms.filter == "none" || terms.filter == "bloom" || terms.filter == "ribbon";
    if (setup_.has_terms && !known && filter.kind == nearest) {
      used_.Use("filter", filter.kind);
      used_.Caveat(fmt::format("it has no filter {}: {} filters of the same memory instead",
                               terms.filter, nearest));
    } else {
      UseTerm("filter", filter.kind, terms.filter, options);
    }
    // Read back from a text with three digits.
    const bool same = std::abs(filter.bits - terms.filter_bits_per_key) < 0.01;
    const std::string asked = fmt::format("{:.4g}", terms.filter_bits_per_key);
    UseTerm("filter_bits_per_key", same ? asked : fmt::format("{:.4g}", filter.bits), asked,
            options);
  }

  // The fields of structs are in the text of the struct.
  void UseAll() {
    RocksDbOptions read;
    read.database = options_;
    read.family = options_;
    const auto* table = options_.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    if (table != nullptr) read.table = *table;
    for (const RocksDbPlace place :
         {RocksDbPlace::kDatabase, RocksDbPlace::kFamily, RocksDbPlace::kTable}) {
      if (place == RocksDbPlace::kTable && table == nullptr) continue;
      for (const auto& [name, text] : RocksDbTexts(place, read)) {
        if (name.find('.') == name.npos) used_.Use("rocksdb." + name, text);
      }
    }
    used_.Use("rocksdb.statistics", StatisticsText());
  }

  std::string StatisticsText() const {
    if (options_.statistics == nullptr) return "none";
    const auto level = options_.statistics->get_stats_level();
    return level == rocksdb::StatsLevel::kAll ? "all" : "tickers";
  }

  void AddCaveats() {
    for (const std::string& caveat : setup_.caveats) used_.Caveat(caveat);
    if (HasAssertions()) {
      used_.Caveat(
          "this library was built with its assertions, as Debian's is, and is slower than a "
          "release "
          "build: -DROCKSDB_ROOT names another");
    }
    if (options_.statistics != nullptr) {
      used_.Caveat("rocksdb.statistics was set: it counts at each operation, which takes time");
    }
    if (options_.manual_wal_flush && setup_.log) {
      used_.Caveat(
          "rocksdb.manual_wal_flush was set: the end of its log is in the process's memory");
    }
    if (setup_.has_terms && setup_.terms.direct_io && setup_.log) {
      used_.Caveat("its log goes through the page cache of the operating system");
    }
    AddStyleCaveats();
    AddMemTableCaveats();
  }

  void AddStyleCaveats() {
    if (options_.compaction_style == rocksdb::kCompactionStyleNone) {
      used_.Caveat("it never compacts, and level 0 does not delay writes, however full it is");
    }
    if (options_.compaction_style != rocksdb::kCompactionStyleFIFO) return;
    used_.Caveat(RocksDbDropsData(options_)
                     ? "its FIFO drops the oldest data, deleted or not"
                     : "its FIFO was given room for everything, so that it drops nothing");
  }

  void AddMemTableCaveats() {
    if (!options_.memtable_factory->IsInsertConcurrentlySupported()) {
      used_.Caveat("writers fill its memtable one after the other: it takes one at a time");
    }
    if (!setup_.reads_backwards) used_.Caveat("its memtable cannot be read backwards");
  }

  const rocksdb::Options& options_;
  const uint64_t cache_bytes_;
  const RocksDbSetup& setup_;
  TermsUsed used_;
};

}  // namespace

TermsUsed RocksDbUsed(rocksdb::DB* db, const RocksDbSetup& setup) {
  const rocksdb::Options options = db->GetOptions();
  uint64_t cache_bytes = 0;  // stays so if there is no cache
  db->GetIntProperty(rocksdb::DB::Properties::kBlockCacheCapacity, &cache_bytes);
  return Reading(options, cache_bytes, setup).Take();
}

}  // namespace varve::harness
