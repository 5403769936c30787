// Writes summary.csv.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/summary_csv.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace varve::harness {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> kPercentiles = {"p50", "p95", "p99", "p999", "max"};

// Columns that stand in "amplification" under their own name.
constexpr std::array<std::string_view, 34> kAmplification = {
    "write_amplification",
    "write_amplification_without_wal",
    "write_amplification_load",
    "write_amplification_total",
    "write_amplification_with_debt",
    "runs_probed_per_get",
    "blocks_read_per_get",
    "blocks_from_cache_per_get",
    "blocks_from_storage_per_get",
    "bytes_read_per_byte_returned",
    "filter_false_positive_rate",
    "space_amplification",
    "space_amplification_settled",
    "space_amplification_peak",
    "space_amplification_mean",
    "system_write_amplification",
    "system_write_amplification_load",
    "system_write_amplification_with_debt",
    "system_write_amplification_total",
    "system_write_call_amplification",
    "system_bytes_read_per_byte_returned",
    "system_read_call_bytes_per_byte_returned",
    "system_space_amplification",
    "system_space_amplification_settled",
    "system_space_amplification_peak",
    "entries_written_per_entry",
    "compaction_jobs",
    "compaction_bytes_read",
    "compaction_bytes_written",
    "tombstones_left",
    "tombstone_age_max",
    "stall_seconds",
    "debt_seconds",
    "debt_bytes",
};

// The value at a path of keys, or null.
json At(const json& object, std::initializer_list<std::string_view> path) {
  const json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return *at;
}

std::string CsvField(std::string text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  for (size_t quote = 0; (quote = text.find('"', quote)) != text.npos; quote += 2) {
    text.insert(quote, 1, '"');
  }
  return "\"" + text + "\"";
}

std::string Text(const json& value) {
  if (value.is_string()) return CsvField(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (value.is_number()) return value.dump();
  return "";
}

// A table under construction: columns appear in the order of the first row.
class Row {
 public:
  void Add(std::string name, std::string text) {
    names_.push_back(CsvField(std::move(name)));
    texts_.push_back(std::move(text));
  }
  std::string Header() const { return fmt::format("{}\n", fmt::join(names_, ",")); }
  std::string Line() const { return fmt::format("{}\n", fmt::join(texts_, ",")); }

 private:
  std::vector<std::string> names_;
  std::vector<std::string> texts_;
};

json MeasureSeconds(const json& result) {
  const json phases = At(result, {"phases"});
  for (const json& phase : phases) {
    if (At(phase, {"name"}) != "measure") continue;
    const json start = At(phase, {"start_ns"});
    const json end = At(phase, {"end_ns"});
    if (!start.is_number() || !end.is_number()) return nullptr;
    return (end.get<double>() - start.get<double>()) / 1e9;
  }
  return nullptr;
}

json CpuSeconds(const json& result) {
  const json user = At(result, {"cpu", "user_seconds"});
  const json system = At(result, {"cpu", "system_seconds"});
  if (!user.is_number() || !system.is_number()) return nullptr;
  return user.get<double>() + system.get<double>();
}

std::string Caveats(const json& result) {
  std::vector<std::string> caveats;
  for (const json& caveat : At(result, {"caveats"})) {
    if (caveat.is_string()) caveats.push_back(caveat);
  }
  return CsvField(fmt::format("{}", fmt::join(caveats, "; ")));
}

// Every operation type that some trial timed, in the order of the alphabet, and "all" at last.
// `section`: "latency" or "response".
std::vector<std::string> OperationTypes(const std::vector<json>& results,
                                        std::string_view section) {
  std::set<std::string> types;
  for (const json& result : results) {
    const json latency = At(result, {section});
    if (!latency.is_object()) continue;
    for (const auto& [type, unused] : latency.items()) types.insert(type);
  }
  types.erase("all");
  std::vector<std::string> ordered(types.begin(), types.end());
  ordered.push_back("all");
  return ordered;
}

void AddPercentiles(const json& result, std::string_view section,
                    const std::vector<std::string>& types, Row* row) {
  for (const std::string& type : types) {
    for (const std::string_view percentile : kPercentiles) {
      const std::string field = fmt::format("{}_ns", percentile);
      row->Add(fmt::format("{}_{}_{}", section, type, field),
               Text(At(result, {section, type, field})));
    }
  }
}

// `types` of latencies, `responses` of responses; of these none if every loop was closed.
Row MakeRow(const TrialSpec& spec, const json& result, const std::vector<std::string>& types,
            const std::vector<std::string>& responses) {
  Row row;
  row.Add("trial", spec.Id());
  row.Add("variant", CsvField(spec.variant));
  row.Add("repetition", fmt::format("{}", spec.repetition));
  row.Add("store", CsvField(spec.trial.store));
  row.Add("workload", CsvField(spec.trial.workload));
  row.Add("durability", Text(At(result, {"settings_used", "durability"})));
  for (const SettingText& setting : spec.point) {
    row.Add(setting.name, Text(TrialSettingJson(setting.name, setting.text)));
  }
  row.Add("operations", Text(At(result, {"operations", "total"})));
  row.Add("seconds", Text(MeasureSeconds(result)));
  for (const char* name : {"throughput_ops_per_second", "throughput_worst_window_ops_per_second",
                           "p99_worst_window_ns", "share_of_windows_below_half"}) {
    row.Add(name, Text(At(result, {name})));
  }
  row.Add("throughput_interval_width", Text(At(result, {"throughput_interval", "width"})));
  AddPercentiles(result, "latency", types, &row);
  AddPercentiles(result, "response", responses, &row);
  for (const std::string_view name : kAmplification) {
    row.Add(std::string(name), Text(At(result, {"amplification", name})));
  }
  row.Add("cpu_seconds", Text(CpuSeconds(result)));
  row.Add("memory_bytes_peak", Text(At(result, {"memory", "peak_bytes"})));
  row.Add("verified", Text(At(result, {"verified"})));
  row.Add("steady", Text(At(result, {"steady"})));
  row.Add("sustained", Text(At(result, {"sustained"})));
  row.Add("not_supported", Text(At(result, {"not_supported"})));
  row.Add("caveats", Caveats(result));
  return row;
}

}  // namespace

std::string SummaryCsv(const Plan& plan, const std::vector<json>& results) {
  const std::vector<std::string> types = OperationTypes(results, "latency");
  std::vector<std::string> responses = OperationTypes(results, "response");
  if (responses.size() == 1) responses.clear();
  std::string csv = MakeRow(plan.trials.at(0), json(), types, responses).Header();
  for (size_t i = 0; i < plan.trials.size(); ++i) {
    if (!results[i].is_null()) csv += MakeRow(plan.trials[i], results[i], types, responses).Line();
  }
  return csv;
}

}  // namespace varve::harness
