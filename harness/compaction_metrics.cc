// Sums over the compactions of a window.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/compaction_metrics.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/counters_json.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

double Quotient(uint64_t dividend, uint64_t divisor) {
  return static_cast<double>(dividend) / static_cast<double>(divisor);
}

void AddSums(const CompactionLedger& compactions, Json* json) {
  CompactionCounters sum;
  for (const CompactionCounters& entry : compactions) {
    sum.jobs += entry.jobs;
    sum.trivial_moves += entry.trivial_moves;
    sum.bytes_read += entry.bytes_read;
    sum.bytes_written += entry.bytes_written;
    sum.nanoseconds += entry.nanoseconds;
  }
  (*json)["compaction_jobs"] = sum.jobs;
  (*json)["compaction_trivial_moves"] = sum.trivial_moves;
  (*json)["compaction_bytes_read"] = sum.bytes_read;
  (*json)["compaction_bytes_written"] = sum.bytes_written;
  (*json)["compaction_bytes"] = sum.bytes_read + sum.bytes_written;
  if (sum.jobs == 0) return;
  (*json)["compaction_bytes_per_job"] = Quotient(sum.bytes_read + sum.bytes_written, sum.jobs);
  (*json)["compaction_seconds_per_job"] = Quotient(sum.nanoseconds, sum.jobs) / 1e9;
}

uint64_t EntriesWritten(const Counters& after, const Counters& before) {
  uint64_t entries = after.flush_entries_written - before.flush_entries_written;
  for (const CompactionCounters& entry : Difference(after.compactions, before.compactions)) {
    entries += entry.entries_read - entry.entries_dropped;
  }
  return entries;
}

// Copies of each entry that was loaded, until the tree was settled.
void AddLoad(const PhaseRecords& phases, Json* json) {
  const PhaseRecord* load = FindPhase(phases, "load");
  const PhaseRecord* settle = FindPhase(phases, "settle");
  if (load == nullptr || settle == nullptr || !settle->after.has_counters) return;
  const Counters& before = load->before.counters;
  const Counters& after = settle->after.counters;
  const uint64_t entries = after.puts + after.deletes - before.puts - before.deletes;
  if (entries == 0) return;
  (*json)["entries_written_per_entry_load"] = Quotient(EntriesWritten(after, before), entries);
}

// The shape of the tree at the end of measure, and its runs over the samples.
void AddShape(const StoreState& end, const SampleSummary& measured, Json* json) {
  if (end.levels.empty()) return;
  (*json)["levels"] = std::count_if(end.levels.begin(), end.levels.end(),
                                    [](const LevelShape& level) { return level.tables > 0; });
  (*json)["runs"] = RunsOf(end);
  uint64_t filter_bytes = 0;
  uint64_t entries = 0;
  for (const LevelShape& level : end.levels) {
    filter_bytes += level.filter_bytes;
    entries += level.entries;
  }
  if (entries > 0) (*json)["filter_bits_per_entry"] = Quotient(filter_bytes * 8, entries);
  if (measured.runs_samples == 0) return;
  (*json)["runs_mean"] = Quotient(measured.runs_sum, measured.runs_samples);
}

// How far the totals of one target level and reason are apart.
uint64_t Distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

// Bytes of compactions by target level and reason.
struct Cell {
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
};
using Cells = std::array<std::array<Cell, kIoReasonsMax>, kLevelsMax>;

Cells CellsOf(const CompactionLedger& compactions) {
  Cells cells{};
  for (const CompactionCounters& entry : compactions) {
    Cell& cell =
        cells.at(static_cast<size_t>(entry.to_level)).at(static_cast<size_t>(entry.reason));
    cell.bytes_read += entry.bytes_read;
    cell.bytes_written += entry.bytes_written;
  }
  return cells;
}

}  // namespace

void AddCompactionMetrics(const PhaseRecords& phases, const SampleSummary& measured, Json* json) {
  const PhaseRecord* measure = FindPhase(phases, "measure");
  if (measure == nullptr || !measure->after.has_counters) return;
  const Counters& before = measure->before.counters;
  const Counters& after = measure->after.counters;
  AddSums(Difference(after.compactions, before.compactions), json);
  (*json)["compactions"] = CompactionsJson(after.compactions, before.compactions);
  AddShape(measure->after, measured, json);
  AddLoad(phases, json);
  (*json)["tombstones_left"] = after.tombstones;
  if (!measure->after.counters_lack_tombstone_age) {
    (*json)["tombstone_age_max"] = std::max(after.tombstone_age_max, measured.tombstone_age_max);
  }
  const PhaseRecord* drain = FindPhase(phases, "drain");
  const Counters& end = drain == nullptr ? after : drain->after.counters;
  const uint64_t entries = after.puts + after.deletes - before.puts - before.deletes;
  if (entries == 0) return;
  (*json)["entries_written_per_entry"] = Quotient(EntriesWritten(end, before), entries);
}

double CompactionResidual(const PhaseRecords& phases) {
  const PhaseRecord* drain = FindPhase(phases, "drain");
  if (drain == nullptr || !drain->after.has_ledger || !drain->after.has_counters) return -1;
  const StoreState& begin = phases.front()->before;
  const LedgerSnapshot ledger = drain->after.ledger - begin.ledger;
  const Cells ours =
      CellsOf(Difference(drain->after.counters.compactions, begin.counters.compactions));
  const auto& charged = ledger.cells.at(static_cast<size_t>(IoKind::kCompaction));
  uint64_t apart = 0;
  uint64_t total = 0;
  uint64_t charged_total = 0;
  for (size_t level = 0; level < ours.size(); ++level) {
    for (size_t reason = 0; reason < ours[level].size(); ++reason) {
      const Cell& mine = ours[level][reason];
      const IoCounts& theirs = charged[level][reason];
      apart += Distance(mine.bytes_read, theirs.bytes_read) +
               Distance(mine.bytes_written, theirs.bytes_written);
      total += mine.bytes_read + mine.bytes_written;
      charged_total += theirs.bytes_read + theirs.bytes_written;
    }
  }
  return apart == 0 ? 0 : Quotient(apart, std::max(total, charged_total));
}

}  // namespace varve::harness
