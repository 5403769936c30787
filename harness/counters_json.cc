// Differences of counters and ledgers over a phase, as result.json shows them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/counters_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

// Sets names to differences that are not zero.
class Differences {
 public:
  void Add(const std::string& name, uint64_t after, uint64_t before) {
    if (after != before) json_[name] = after - before;
  }
  Json Take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

void AddOperations(const Counters& after, const Counters& before, Differences* json) {
  json->Add("puts", after.puts, before.puts);
  json->Add("deletes", after.deletes, before.deletes);
  json->Add("write_batches", after.write_batches, before.write_batches);
  json->Add("write_groups", after.write_groups, before.write_groups);
  json->Add("user_bytes_written", after.user_bytes_written, before.user_bytes_written);
  json->Add("gets_found", after.gets_found, before.gets_found);
  json->Add("gets_absent", after.gets_absent, before.gets_absent);
  json->Add("gets_from_memtable", after.gets_from_memtable, before.gets_from_memtable);
  json->Add("user_bytes_read", after.user_bytes_read, before.user_bytes_read);
  json->Add("iterators", after.iterators, before.iterators);
  json->Add("iterator_entries", after.iterator_entries, before.iterator_entries);
  json->Add("flushes", after.flushes, before.flushes);
  json->Add("flush_bytes_written", after.flush_bytes_written, before.flush_bytes_written);
  json->Add("flush_entries_written", after.flush_entries_written, before.flush_entries_written);
  json->Add("jobs_failed", after.jobs_failed, before.jobs_failed);
  json->Add("background_cpu_ns", after.background_cpu_ns, before.background_cpu_ns);
}

void AddStalls(const Counters& after, const Counters& before, Differences* json) {
  for (size_t cause = 0; cause < after.stalls.size(); ++cause) {
    const auto name = std::string(StallCauseName(static_cast<StallCause>(cause)));
    json->Add("stalls_" + name, after.stalls[cause], before.stalls[cause]);
    json->Add("stall_ns_" + name, after.stall_ns[cause], before.stall_ns[cause]);
  }
}

void AddReads(const Counters& after, const Counters& before, Differences* json) {
  for (size_t level = 0; level < after.levels.size(); ++level) {
    const LevelReadCounters& a = after.levels[level];
    const LevelReadCounters& b = before.levels[level];
    const std::string prefix = fmt::format("level{}_", level);
    json->Add(prefix + "runs_probed", a.runs_probed, b.runs_probed);
    json->Add(prefix + "filter_probes", a.filter_probes, b.filter_probes);
    json->Add(prefix + "filter_negatives", a.filter_negatives, b.filter_negatives);
    json->Add(prefix + "filter_false_positives", a.filter_false_positives,
              b.filter_false_positives);
    json->Add(prefix + "blocks_from_cache", a.blocks_from_cache, b.blocks_from_cache);
    json->Add(prefix + "blocks_from_storage", a.blocks_from_storage, b.blocks_from_storage);
    json->Add(prefix + "scan_blocks_from_cache", a.scan_blocks_from_cache,
              b.scan_blocks_from_cache);
    json->Add(prefix + "scan_blocks_from_storage", a.scan_blocks_from_storage,
              b.scan_blocks_from_storage);
    json->Add(prefix + "scan_filter_probes", a.scan_filter_probes, b.scan_filter_probes);
    json->Add(prefix + "scan_filter_negatives", a.scan_filter_negatives, b.scan_filter_negatives);
  }
}

}  // namespace

Json CountersJson(const Counters& after, const Counters& before) {
  Differences json;
  AddOperations(after, before, &json);
  AddStalls(after, before, &json);
  AddReads(after, before, &json);
  return json.Take();
}

Json CompactionsJson(const CompactionLedger& after, const CompactionLedger& before) {
  Json entries = Json::array();
  for (const CompactionCounters& entry : Difference(after, before)) {
    entries.push_back({{"from_level", entry.from_level},
                       {"to_level", entry.to_level},
                       {"reason", CompactionReasonName(entry.reason)},
                       {"jobs", entry.jobs},
                       {"trivial_moves", entry.trivial_moves},
                       {"bytes_read", entry.bytes_read},
                       {"bytes_written", entry.bytes_written},
                       {"bytes_overlap", entry.bytes_overlap},
                       {"entries_read", entry.entries_read},
                       {"entries_dropped", entry.entries_dropped},
                       {"tombstones_dropped", entry.tombstones_dropped},
                       {"seconds", static_cast<double>(entry.nanoseconds) / 1e9}});
  }
  return entries;
}

Json LedgerJson(const LedgerSnapshot& difference) {
  Json cells = Json::array();
  for (size_t kind = 0; kind < difference.cells.size(); ++kind) {
    for (size_t level = 0; level < difference.cells[kind].size(); ++level) {
      for (size_t reason = 0; reason < difference.cells[kind][level].size(); ++reason) {
        const IoCounts& counts = difference.cells[kind][level][reason];
        if (counts == IoCounts()) continue;
        Json cell = {{"cause", IoKindName(static_cast<IoKind>(kind))}, {"level", level}};
        if (static_cast<IoKind>(kind) == IoKind::kCompaction) {
          cell["reason"] = CompactionReasonName(static_cast<CompactionReason>(reason));
        }
        cell["bytes_read"] = counts.bytes_read;
        cell["bytes_written"] = counts.bytes_written;
        // No byte moves without a call: a store that counts none does not know them.
        if (counts.reads + counts.writes + counts.syncs > 0) {
          cell["reads"] = counts.reads;
          cell["writes"] = counts.writes;
          cell["syncs"] = counts.syncs;
          cell["sync_ns"] = counts.sync_ns;
        }
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

}  // namespace varve::harness
