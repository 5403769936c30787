// Properties of RocksDB.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_state.h"

#include <fmt/format.h>
#include <rocksdb/metadata.h>
#include <rocksdb/statistics.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

namespace varve::harness {
namespace {

using Map = std::map<std::string, std::string>;

// A log is made of blocks of this size; a record that goes over the end of one is cut in two, each
// with a header of 7 bytes, or of 11 if log files are used again (db/log_format.h).
constexpr uint64_t kLogBlockBytes = 32 << 10;
constexpr uint64_t kLogHeaderBytes = 7;
constexpr uint64_t kRecyclableLogHeaderBytes = 11;
constexpr double kGiB = 1 << 30;

uint64_t Whole(const Map& map, const std::string& name) {
  const auto at = map.find(name);
  return at == map.end() ? 0 : std::strtoull(at->second.c_str(), nullptr, 10);
}

double Fraction(const Map& map, const std::string& name) {
  const auto at = map.find(name);
  return at == map.end() ? 0 : std::strtod(at->second.c_str(), nullptr);
}

IoCounts& Cell(LedgerSnapshot* ledger, IoKind kind) {
  return ledger->cells.at(static_cast<size_t>(kind)).at(0).at(0);
}

// Sorted runs: each table of level 0, and each level below.
uint64_t RunsOf(const rocksdb::LevelMetaData& level) {
  if (level.level == 0) return level.files.size();
  return level.files.empty() ? 0 : 1;
}

}  // namespace

RocksDbStateReader::RocksDbStateReader(rocksdb::DB* db, RocksDbRecord* record)
    : db_(db), record_(record) {
  const bool recycled = db->GetDBOptions().recycle_log_file_num > 0;
  log_header_bytes_ = recycled ? kRecyclableLogHeaderBytes : kLogHeaderBytes;
}

uint64_t RocksDbStateReader::Property(const std::string& name) const {
  uint64_t value = 0;
  return db_->GetIntProperty(name, &value) ? value : 0;
}

StoreState RocksDbStateReader::Read(uint64_t deletes) {
  StoreState state;
  record_->AddTo(&state);
  state.has_counters = state.has_ledger = true;
  state.counters.deletes = deletes;
  state.counters_lack_tombstone_age = true;
  state.ledger_lacks_reads = true;
  AddLog(&state);
  AddManifest(&state);
  AddLevels(&state);
  AddGauges(&state);
  AddTickers(&state);
  return state;
}

// RocksDB counts what it puts into its log without the headers of the records, of which there is
// one for each group of writes.
void RocksDbStateReader::AddLog(StoreState* state) {
  Map map;
  db_->GetMapProperty(rocksdb::DB::Properties::kDBStats, &map);
  const uint64_t payload = Whole(map, "db.wal_bytes_written");
  const uint64_t groups = Whole(map, "db.user_writes_by_self");
  const uint64_t records = payload == 0 ? 0 : groups + payload / kLogBlockBytes;
  Cell(&state->ledger, IoKind::kWal).bytes_written = payload + records * log_header_bytes_;
  Counters& counters = state->counters;
  const uint64_t keys = Whole(map, "db.user_keys_written");
  counters.puts = keys > counters.deletes ? keys - counters.deletes : 0;
  counters.write_groups = groups;
  counters.write_batches = groups + Whole(map, "db.user_writes_by_other");
  for (const auto& [name, text] : map) {
    if (name != "db.uptime") state->own_counters.emplace_back(name, Whole(map, name));
  }
}

// Of a manifest that was replaced since the last call, its end is not counted.
void RocksDbStateReader::AddManifest(StoreState* state) {
  std::vector<std::string> files;
  uint64_t bytes = 0;
  if (!db_->GetLiveFiles(files, &bytes, false).ok()) return;
  const std::lock_guard lock(mutex_);
  manifest_bytes_sum_ += bytes >= manifest_bytes_ ? bytes - manifest_bytes_ : bytes;
  manifest_bytes_ = bytes;
  Cell(&state->ledger, IoKind::kManifest).bytes_written = manifest_bytes_sum_;
}

void RocksDbStateReader::AddLevels(StoreState* state) const {
  rocksdb::ColumnFamilyMetaData family;
  db_->GetColumnFamilyMetaData(&family);
  Counters& counters = state->counters;
  for (const rocksdb::LevelMetaData& level : family.levels) {
    LevelShape shape;
    shape.runs = RunsOf(level);
    shape.tables = level.files.size();
    shape.bytes = level.size;
    for (const rocksdb::SstFileMetaData& file : level.files) {
      const RocksDbTableFacts facts = record_->FactsOf(file.file_number);
      shape.entries += facts.entries;
      shape.filter_bytes += facts.filter_bytes;
      counters.filter_bytes += facts.filter_bytes;
      counters.index_bytes += facts.index_bytes;
      counters.table_data_bytes += facts.data_bytes;
      counters.tombstones += facts.tombstones;
    }
    if (state->levels.size() < counters.filter_bytes_by_level.size()) {
      counters.filter_bytes_by_level[state->levels.size()] = shape.filter_bytes;
    }
    state->levels.push_back(shape);
  }
  state->has_file_bytes = true;
  state->file_bytes = family.size + family.blob_file_size;
}

void RocksDbStateReader::AddGauges(StoreState* state) const {
  using P = rocksdb::DB::Properties;
  Counters& counters = state->counters;
  counters.memtable_bytes = Property(P::kCurSizeAllMemTables);
  const uint64_t kept = Property(P::kSizeAllMemTables);
  counters.memtable_spare_bytes =
      kept > counters.memtable_bytes ? kept - counters.memtable_bytes : 0;
  counters.sealed_memtables = Property(P::kNumImmutableMemTable);
  counters.cache_bytes = Property(P::kBlockCacheUsage);
  counters.pending_compaction_bytes = Property(P::kEstimatePendingCompactionBytes);
  Map map;
  db_->GetMapProperty(P::kCFStats, &map);
  counters.background_cpu_ns =
      static_cast<uint64_t>(std::llround(Fraction(map, "compaction.Sum.CompMergeCPU") * 1e9));
  // What RocksDB's table of compactions says that it wrote: level 0 is the flushes, the sum has
  // them, too.
  for (const char* row : {"L0", "Sum"}) {
    const double bytes = Fraction(map, fmt::format("compaction.{}.WriteGB", row)) * kGiB;
    state->own_counters.emplace_back(fmt::format("compaction.{}.Write bytes", row),
                                     static_cast<uint64_t>(std::llround(bytes)));
  }
}

void RocksDbStateReader::AddTickers(StoreState* state) const {
  const auto statistics = db_->GetDBOptions().statistics;
  if (statistics == nullptr) return;
  const auto count = [&statistics](rocksdb::Tickers ticker) {
    return statistics->getTickerCount(ticker);
  };
  for (const auto& [ticker, name] : rocksdb::TickersNameMap) {
    state->own_counters.emplace_back(name, count(ticker));
  }
  FilterCounters& filter = state->filter_counters;
  state->has_filter_counters = true;
  filter.gets = count(rocksdb::NUMBER_KEYS_READ);
  filter.negatives = count(rocksdb::BLOOM_FILTER_USEFUL);
  const uint64_t positives = count(rocksdb::BLOOM_FILTER_FULL_POSITIVE);
  const uint64_t true_positives = count(rocksdb::BLOOM_FILTER_FULL_TRUE_POSITIVE);
  filter.probes = filter.negatives + positives;
  filter.false_positives = positives > true_positives ? positives - true_positives : 0;
  if (statistics->get_stats_level() != rocksdb::StatsLevel::kAll) return;
  for (const auto& [histogram, name] : rocksdb::HistogramsNameMap) {
    rocksdb::HistogramData data;
    statistics->histogramData(histogram, &data);
    state->own_counters.emplace_back(name + ".count", data.count);
    state->own_counters.emplace_back(name + ".sum", data.sum);
  }
}

}  // namespace varve::harness
