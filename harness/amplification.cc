// Sums over windows of phases, and quotients of them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/amplification.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/compaction_metrics.h"
#include "harness/system_amplification.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

// What the store's ledger says of a window.
struct Window {
  bool has_ledger = false;
  LedgerSnapshot ledger;
  uint64_t user_bytes = 0;
};

Window LedgerOf(const PhaseRecords& phases, std::string_view first, std::string_view last) {
  const PhaseWindow phase_window = WindowOf(phases, first, last);
  Window window;
  window.user_bytes = phase_window.user_bytes_written;
  if (phase_window.end == nullptr || !phase_window.end->after.has_ledger) return window;
  window.has_ledger = true;
  window.ledger = phase_window.end->after.ledger - phase_window.begin->before.ledger;
  return window;
}

void SetQuotient(std::string_view name, uint64_t dividend, uint64_t divisor, Json* json) {
  if (divisor == 0) return;
  (*json)[name] = static_cast<double>(dividend) / static_cast<double>(divisor);
}

uint64_t Written(const Window& window) { return window.ledger.Total().bytes_written; }
uint64_t Written(const Window& window, IoKind kind) {
  return window.ledger.OfKind(kind).bytes_written;
}

Json WriteParts(const Window& window) {
  Json parts;
  uint64_t rest = Written(window);
  const auto add = [&](std::string_view name, uint64_t bytes) {
    SetQuotient(name, bytes, window.user_bytes, &parts);
    rest -= bytes;
  };
  add("wal", Written(window, IoKind::kWal));
  add("flush", Written(window, IoKind::kFlush));
  for (int level = 0; level < kLevelsMax; ++level) {
    const IoCounts counts = window.ledger.OfKindAndLevel(IoKind::kCompaction, level);
    if (counts.bytes_written == 0) continue;
    add(fmt::format("compaction_to_{}", level), counts.bytes_written);
  }
  SetQuotient("other", rest, window.user_bytes, &parts);
  return parts;
}

void AddWrites(const PhaseRecords& phases, Json* json) {
  const Window measure = LedgerOf(phases, "measure", "measure");
  if (measure.has_ledger && measure.user_bytes > 0) {
    SetQuotient("write_amplification", Written(measure), measure.user_bytes, json);
    SetQuotient("write_amplification_without_wal",
                Written(measure) - Written(measure, IoKind::kWal), measure.user_bytes, json);
    (*json)["write_amplification_parts"] = WriteParts(measure);
  }
  const auto whole = [&](std::string_view name, std::string_view first, std::string_view last) {
    const Window window = LedgerOf(phases, first, last);
    if (window.has_ledger) SetQuotient(name, Written(window), window.user_bytes, json);
  };
  whole("write_amplification_load", "load", "settle");
  whole("write_amplification_total", "load", "drain");
  const PhaseRecord* drain = FindPhase(phases, "drain");
  if (drain == nullptr) return;
  whole("write_amplification_with_debt", "measure", "drain");
  const Window debt = LedgerOf(phases, "drain", "drain");
  if (debt.has_ledger) (*json)["debt_bytes"] = Written(debt);
  (*json)["debt_seconds"] = drain->seconds();
}

LevelReadCounters Difference(const LevelReadCounters& after, const LevelReadCounters& before) {
  LevelReadCounters d;
  d.runs_probed = after.runs_probed - before.runs_probed;
  d.filter_probes = after.filter_probes - before.filter_probes;
  d.filter_negatives = after.filter_negatives - before.filter_negatives;
  d.filter_false_positives = after.filter_false_positives - before.filter_false_positives;
  d.blocks_from_cache = after.blocks_from_cache - before.blocks_from_cache;
  d.blocks_from_storage = after.blocks_from_storage - before.blocks_from_storage;
  return d;
}

void AddGetsByLevel(const std::array<LevelReadCounters, kLevelsMax>& levels, uint64_t gets,
                    Json* json) {
  Json runs = Json::array();
  Json blocks = Json::array();
  for (size_t level = 0; level < levels.size(); ++level) {
    const LevelReadCounters& d = levels[level];
    if (d.runs_probed + d.blocks_from_cache + d.blocks_from_storage == 0) continue;
    Json row = {{"level", level}};
    SetQuotient("runs", d.runs_probed, gets, &row);
    runs.push_back(row);
    row = {{"level", level}};
    SetQuotient("cache", d.blocks_from_cache, gets, &row);
    SetQuotient("storage", d.blocks_from_storage, gets, &row);
    blocks.push_back(row);
  }
  (*json)["runs_probed_per_get_by_level"] = runs;
  (*json)["blocks_per_get_by_level"] = blocks;
}

void AddGets(const PhaseRecord& measure, Json* json) {
  const Counters& after = measure.after.counters;
  const Counters& before = measure.before.counters;
  const uint64_t gets =
      after.gets_found + after.gets_absent - before.gets_found - before.gets_absent;
  if (!measure.after.has_counters || gets == 0) return;
  std::array<LevelReadCounters, kLevelsMax> levels;
  LevelReadCounters sum;
  for (size_t level = 0; level < levels.size(); ++level) {
    const LevelReadCounters d = Difference(after.levels[level], before.levels[level]);
    levels[level] = d;
    sum.runs_probed += d.runs_probed;
    sum.filter_probes += d.filter_probes;
    sum.filter_negatives += d.filter_negatives;
    sum.filter_false_positives += d.filter_false_positives;
    sum.blocks_from_cache += d.blocks_from_cache;
    sum.blocks_from_storage += d.blocks_from_storage;
  }
  SetQuotient("runs_probed_per_get", sum.runs_probed, gets, json);
  SetQuotient("blocks_read_per_get", sum.blocks_from_cache + sum.blocks_from_storage, gets, json);
  SetQuotient("blocks_from_cache_per_get", sum.blocks_from_cache, gets, json);
  SetQuotient("blocks_from_storage_per_get", sum.blocks_from_storage, gets, json);
  AddGetsByLevel(levels, gets, json);
  if (sum.filter_probes == 0) return;
  SetQuotient("filter_probes_per_get", sum.filter_probes, gets, json);
  SetQuotient("filter_false_positive_rate", sum.filter_false_positives,
              sum.filter_false_positives + sum.filter_negatives, json);
  (*json)["filter_probes_absent"] = sum.filter_false_positives + sum.filter_negatives;
  const double expected = measure.after.filter_false_positive_rate_expected;
  if (expected >= 0) (*json)["filter_false_positive_rate_expected"] = expected;
}

void AddFilters(const PhaseRecord& measure, Json* json) {
  if (!measure.after.has_filter_counters) return;
  const FilterCounters& after = measure.after.filter_counters;
  const FilterCounters& before = measure.before.filter_counters;
  const uint64_t probes = after.probes - before.probes;
  if (probes == 0) return;
  const uint64_t false_positives = after.false_positives - before.false_positives;
  const uint64_t absent = false_positives + after.negatives - before.negatives;
  SetQuotient("filter_probes_per_get", probes, after.gets - before.gets, json);
  SetQuotient("filter_false_positive_rate", false_positives, absent, json);
  (*json)["filter_probes_absent"] = absent;
}

void AddReadBytes(const PhaseRecord& measure, Json* json) {
  if (!measure.after.has_ledger || measure.after.ledger_lacks_reads) return;
  const LedgerSnapshot ledger = measure.after.ledger - measure.before.ledger;
  const uint64_t read =
      ledger.OfKind(IoKind::kGet).bytes_read + ledger.OfKind(IoKind::kScan).bytes_read;
  SetQuotient("bytes_read_per_byte_returned", read, measure.counts.bytes_returned, json);
}

void AddSpace(const PhaseRecords& phases, const SampleSummary& measured, Json* json) {
  const auto at_end_of = [&](std::string_view name, std::string_view phase_name) {
    const PhaseRecord* phase = FindPhase(phases, phase_name);
    if (phase == nullptr || !phase->after.has_file_bytes) return;
    SetQuotient(name, phase->after.file_bytes, phase->live_bytes, json);
  };
  at_end_of("space_amplification", "measure");
  at_end_of("space_amplification_settled", "drain");
  const double peak = measured.space_amplification_peak;
  if (peak > 0) (*json)["space_amplification_peak"] = peak;
  const uint64_t samples = measured.space_amplification_samples;
  if (samples > 0) {
    (*json)["space_amplification_mean"] =
        measured.space_amplification_sum / static_cast<double>(samples);
  }
  const PhaseRecord* drain = FindPhase(phases, "drain");
  if (drain != nullptr && drain->after.has_counters && drain->live_bytes > 0) {
    (*json)["space_overhead"] = SpaceOverhead(drain->after, drain->live_bytes);
  }
  if (measured.space_overhead_samples == 0) return;
  (*json)["space_overhead_mean"] =
      measured.space_overhead_sum / static_cast<double>(measured.space_overhead_samples);
  (*json)["space_overhead_peak"] = measured.space_overhead_peak;
}

// Of a store that is one memtable, at the end of measure; and of flushes of memtables in measure.
void AddMemTables(const PhaseRecord& measure, Json* json) {
  const StoreState& end = measure.after;
  if (end.has_memtable) {
    const MemTableUse& use = end.memtable_use;
    SetQuotient("memtable_bytes_per_entry", use.total(), end.memtable_entries, json);
    SetQuotient("memtable_payload_bytes_per_entry", use.payload, end.memtable_entries, json);
    SetQuotient("memtable_structure_bytes_per_entry", use.structure, end.memtable_entries, json);
    SetQuotient("memtable_slack_bytes_per_entry", use.slack, end.memtable_entries, json);
  }
  if (!end.has_counters) return;
  const Counters& before = measure.before.counters;
  const uint64_t flushes = end.counters.flushes - before.flushes;
  (*json)["flushes"] = flushes;
  // What a flush wrote that merged tables, too, is not of the memtable alone.
  const CompactionLedger compactions = Difference(end.counters.compactions, before.compactions);
  const bool merged = std::any_of(compactions.begin(), compactions.end(), [](const auto& entry) {
    return entry.from_level == kMemTableLevel;
  });
  if (merged) return;
  SetQuotient("entries_per_flush",
              end.counters.flush_entries_written - before.flush_entries_written, flushes, json);
}

void AddStalls(const PhaseRecord& measure, Json* json) {
  if (!measure.after.has_counters) return;
  const Counters& after = measure.after.counters;
  const Counters& before = measure.before.counters;
  uint64_t stalls = 0;
  double seconds = 0;
  Json by_cause = Json::object();
  for (size_t cause = 0; cause < after.stalls.size(); ++cause) {
    const uint64_t count = after.stalls[cause] - before.stalls[cause];
    const auto ns = static_cast<double>(after.stall_ns[cause] - before.stall_ns[cause]);
    stalls += count;
    seconds += ns / 1e9;
    if (count > 0) by_cause[StallCauseName(static_cast<StallCause>(cause))] = ns / 1e9;
  }
  (*json)["stall_seconds"] = seconds;
  (*json)["stall_seconds_by_cause"] = by_cause;
  (*json)["stalls"] = stalls;
}

}  // namespace

Json Amplification(const PhaseRecords& phases, const SampleSummary& measured) {
  Json json = Json::object();
  const PhaseRecord* measure = FindPhase(phases, "measure");
  if (measure == nullptr) return json;
  AddWrites(phases, &json);
  AddGets(*measure, &json);
  AddFilters(*measure, &json);
  AddReadBytes(*measure, &json);
  AddSpace(phases, measured, &json);
  AddCompactionMetrics(phases, measured, &json);
  AddMemTables(*measure, &json);
  AddStalls(*measure, &json);
  AddSystemAmplification(phases, measured, &json);
  return json;
}

double LedgerResidual(const PhaseRecords& phases, bool wal_is_mapped, uint64_t harness_bytes) {
  const Window window = LedgerOf(phases, "load", "drain");
  const PhaseRecord* drain = FindPhase(phases, "drain");
  if (!window.has_ledger || drain == nullptr) return -1;
  const ProcessStats& before = phases.front()->process_before;
  const ProcessStats& after = drain->process_after;
  const uint64_t grown = after.wchar - before.wchar;
  const uint64_t not_the_stores = harness_bytes + window.ledger.bytes_written_ahead;
  if (!before.has_io || !after.has_io || grown <= not_the_stores) return -1;
  uint64_t ledger = Written(window);
  if (wal_is_mapped) ledger -= Written(window, IoKind::kWal);
  const auto system = static_cast<double>(grown - not_the_stores);
  return std::abs(static_cast<double>(ledger) - system) / system;
}

}  // namespace varve::harness
