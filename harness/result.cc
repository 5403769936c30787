// Assembling of result.json.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/compaction_metrics.h"
#include "harness/counters_json.h"
#include "harness/device_settings.h"
#include "harness/machine.h"
#include "harness/windows_json.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kSteadySamplesMin = 10;
constexpr double kSteadyDifferenceMax = 0.2;
constexpr double kStealMax = 0.01;
constexpr double kResidualMax = 0.02;
// Of the median response.
constexpr double kLagMax = 0.01;

std::string SettingOf(const TrialOutcome& outcome, std::string_view name) {
  for (const SettingText& setting : outcome.settings_used) {
    if (setting.name == name) return setting.text;
  }
  return "";
}

Json LatencyJson(const Histogram& h) {
  return {{"count", h.count()},
          {"mean_ns", h.mean_ns()},
          {"min_ns", h.min_ns()},
          {"p50_ns", h.PercentileNs(50)},
          {"p90_ns", h.PercentileNs(90)},
          {"p95_ns", h.PercentileNs(95)},
          {"p99_ns", h.PercentileNs(99)},
          {"p999_ns", h.PercentileNs(99.9)},
          {"p9999_ns", h.PercentileNs(99.99)},
          {"max_ns", h.max_ns()}};
}

Json AllLatencies(const KindHistograms& latency) {
  Json json = Json::object();
  for (size_t kind = 0; kind < latency.size(); ++kind) {
    if (latency[kind].count() > 0) json[TimedName(kind)] = LatencyJson(latency[kind]);
  }
  const Histogram all = MergedOperations(latency);
  if (all.count() > 0) json["all"] = LatencyJson(all);
  return json;
}

// Response, queueing and the generator's own lag; nothing in a closed loop.
void AddPacedLatencies(const PacedLatency* paced, Json* json) {
  if (paced == nullptr) return;
  (*json)["response"] = AllLatencies(paced->response);
  (*json)["queueing"] = LatencyJson(paced->queueing);
  if (paced->lag.count() > 0) (*json)["generator_lag"] = LatencyJson(paced->lag);
}

// What grew, under the engine's own names.
Json OwnCountersJson(const PhaseRecord& phase) {
  std::map<std::string_view, uint64_t> before;
  for (const auto& [name, value] : phase.before.own_counters) before[name] = value;
  Json json = Json::object();
  for (const auto& [name, value] : phase.after.own_counters) {
    if (value > before[name]) json[name] = value - before[name];
  }
  return json;
}

Json PhaseJson(const PhaseRecord& phase) {
  Json json = {{"name", phase.name},
               {"start_ns", phase.start_ns},
               {"end_ns", phase.end_ns},
               {"operations", phase.counts.total()}};
  if (phase.after.has_counters) {
    json["counters"] = CountersJson(phase.after.counters, phase.before.counters);
    json["compactions"] =
        CompactionsJson(phase.after.counters.compactions, phase.before.counters.compactions);
  }
  if (!phase.after.own_counters.empty()) json["own_counters"] = OwnCountersJson(phase);
  for (const auto& [name, value] : phase.after.own_gauges) json["own_gauges"][name] = value;
  if (phase.after.has_ledger) {
    json["ledger"] = LedgerJson(phase.after.ledger - phase.before.ledger);
  }
  return json;
}

Json OperationsJson(const PhaseRecord& measure) {
  const ClientCounts& counts = measure.counts;
  Json json = {{"total", counts.total()}};
  for (size_t kind = 0; kind < counts.operations.size(); ++kind) {
    if (counts.operations[kind] == 0) continue;
    json[OperationName(static_cast<workloads::OperationKind>(kind))] = counts.operations[kind];
  }
  json["found"] = counts.found;
  json["absent"] = counts.absent;
  json["scanned_entries"] = counts.scanned_entries;
  json["user_bytes_written"] = counts.user_bytes_written;
  json["bytes_returned"] = counts.bytes_returned;
  if (counts.unserved > 0) json["unserved"] = counts.unserved;
  json["stream_hash"] = fmt::format("{:016x}", measure.stream_hash);
  return json;
}

Json MemoryJson(const TrialOutcome& outcome, const PhaseRecord& measure) {
  Json json = Json::object();
  const auto set_if_known = [&json](std::string_view name, uint64_t bytes) {
    if (bytes > 0) json[name] = bytes;
  };
  set_if_known("peak_bytes", outcome.memory_peak_bytes);
  set_if_known("resident_peak_bytes", outcome.resident_peak_bytes);
  json["oracle_bytes"] = outcome.oracle_bytes;
  if (measure.after.has_memtable) {
    const MemTableUse& use = measure.after.memtable_use;
    json["memtable_bytes"] = use.total();
    json["memtable_payload_bytes"] = use.payload;
    json["memtable_structure_bytes"] = use.structure;
    json["memtable_slack_bytes"] = use.slack;
  }
  if (!measure.after.has_counters) return json;
  const Counters& counters = measure.after.counters;
  json["memtable_bytes"] = counters.memtable_bytes;
  json["memtable_spare_bytes"] = counters.memtable_spare_bytes;
  json["filter_bytes"] = counters.filter_bytes;
  json["index_bytes"] = counters.index_bytes;
  json["cache_bytes"] = counters.cache_bytes;
  return json;
}

Json CpuJson(const PhaseRecord& measure) {
  const ProcessStats& after = measure.process_after;
  const ProcessStats& before = measure.process_before;
  Json json = {{"user_seconds", after.user_seconds - before.user_seconds},
               {"system_seconds", after.system_seconds - before.system_seconds}};
  if (measure.after.has_counters) {
    json["background_seconds"] = static_cast<double>(measure.after.counters.background_cpu_ns -
                                                     measure.before.counters.background_cpu_ns) /
                                 1e9;
  }
  return json;
}

Json OperatingSystemJson(const PhaseRecord& measure) {
  const ProcessStats& after = measure.process_after;
  const ProcessStats& before = measure.process_before;
  Json json = Json::object();
  if (after.has_io && before.has_io) {
    json["read_bytes"] = after.read_bytes - before.read_bytes;
    json["write_bytes"] = after.write_bytes - before.write_bytes;
    json["rchar"] = after.rchar - before.rchar;
    json["wchar"] = after.wchar - before.wchar;
  }
  json["voluntary_switches"] = after.voluntary_switches - before.voluntary_switches;
  json["involuntary_switches"] = after.involuntary_switches - before.involuntary_switches;
  return json;
}

Json TreeJson(const StoreState& state) {
  Json levels = Json::array();
  for (size_t level = 0; level < state.levels.size(); ++level) {
    const LevelShape& shape = state.levels[level];
    Json row = {
        {"level", level}, {"runs", shape.runs}, {"tables", shape.tables}, {"bytes", shape.bytes}};
    if (shape.has_entries) {
      row["entries"] = shape.entries;
      row["filter_bytes"] = shape.filter_bytes;
    }
    levels.push_back(std::move(row));
  }
  return {{"levels", levels}};
}

// The share of processor time that the hypervisor gave to others; 0 if not known.
double StealShare(const PhaseRecord& measure) {
  const ProcessStats& after = measure.process_after;
  const ProcessStats& before = measure.process_before;
  const uint64_t ticks = after.cpu_ticks - before.cpu_ticks;
  if (!after.has_cpu || !before.has_cpu || ticks == 0) return 0;
  return static_cast<double>(after.steal_ticks - before.steal_ticks) / static_cast<double>(ticks);
}

void AddPacingCaveats(const PhaseRecord& measure, const PacedLatency* paced,
                      std::vector<std::string>* caveats) {
  if (paced == nullptr) return;
  const Histogram response = MergedOperations(paced->response);
  const auto lag_ns = static_cast<double>(paced->lag.PercentileNs(99));
  const auto median_ns = static_cast<double>(response.PercentileNs(50));
  if (lag_ns > kLagMax * median_ns) {
    caveats->push_back(fmt::format(
        "the generator was late: one operation in 100 by more than {:.0f} µs, where half of all "
        "responses took less than {:.0f} µs",
        lag_ns / 1e3, median_ns / 1e3));
  }
  const uint64_t unserved = measure.counts.unserved;
  const auto due = static_cast<double>(measure.counts.total() + unserved);
  if (static_cast<double>(unserved) > kUnservedShareMax * due) {
    caveats->push_back(fmt::format(
        "the rate was too high: {:.1f} % of the operations that were due were never begun, and "
        "are in no response time",
        100 * static_cast<double>(unserved) / due));
  }
}

void AddVerdictCaveats(const TrialOutcome& outcome, std::vector<std::string>* caveats) {
  const Verdict& verdict = outcome.verdict;
  if (!verdict.checked) {
    caveats->push_back("no answer was verified");
  } else if (verdict.wrong_answers > 0) {
    caveats->push_back(
        fmt::format("{} wrong answers, the first: {}", verdict.wrong_answers, verdict.first_wrong));
  }
}

// What is to be known of the store itself, whatever it did.
std::vector<std::string> StoreCaveats(const TrialOutcome& outcome) {
  std::vector<std::string> caveats;
  if (outcome.profile == "default") {
    caveats.push_back(
        fmt::format("{}: its own defaults, which are not those of the others", outcome.store));
  }
  for (const std::string& caveat : outcome.store_caveats) {
    caveats.push_back(fmt::format("{}: {}", outcome.store, caveat));
  }
  return caveats;
}

Json SettingsJson(const TrialOutcome& outcome) {
  Json json = {{"store", outcome.store}, {"profile", outcome.profile}};
  if (!outcome.library.empty()) json["library"] = outcome.library;
  for (const SettingText& setting : outcome.settings_used) json[setting.name] = setting.text;
  return json;
}

std::vector<std::string> Caveats(const TrialOutcome& outcome, const PhaseRecord& measure,
                                 double residual) {
  std::vector<std::string> caveats;
  AddVerdictCaveats(outcome, &caveats);
  for (std::string& caveat : StoreCaveats(outcome)) caveats.push_back(std::move(caveat));
  if (SettingOf(outcome, "durability") == "none") {
    caveats.push_back("durability was none: acknowledged writes may be lost");
  }
  if (std::string device = DeviceCaveat(outcome.settings_used); !device.empty()) {
    caveats.push_back(std::move(device));
  }
  AddPacingCaveats(measure, outcome.measured->paced.get(), &caveats);
  for (std::string& caveat : WindowCaveats(outcome, measure)) caveats.push_back(std::move(caveat));
  const uint64_t data = std::max(measure.live_bytes, measure.disk_bytes);
  const bool reads_modelled = !SettingOf(outcome, "device_read_bytes_per_second").empty() ||
                              !SettingOf(outcome, "device_latency_us").empty();
  if (data > 0 && data < MemoryLimitBytes() && !reads_modelled) {
    caveats.push_back("the data fit in memory: latencies are not those of the device");
  }
  if (JudgeSteadiness(outcome.measured->throughputs) == Steadiness::kUnknown) {
    caveats.push_back("too short to tell whether it was steady");
  }
  const double steal = StealShare(measure);
  if (steal > kStealMax) {
    caveats.push_back(
        fmt::format("the hypervisor took {:.1f} % of the processor time away", 100 * steal));
  }
  if (residual > kResidualMax) {
    caveats.push_back(fmt::format(
        "the bytes that the store counted differ by {:.1f} % from the operating system's",
        100 * residual));
  }
  if (const double share = CompactionResidual(outcome.phases); share > 0) {
    caveats.push_back(fmt::format(
        "compactions account for {:.2g} % more or less bytes than the ledger", 100 * share));
  }
  if (outcome.events_dropped > 0) {
    caveats.push_back(fmt::format("{} events were too many to keep", outcome.events_dropped));
  }
  return caveats;
}

}  // namespace

Steadiness JudgeSteadiness(const std::vector<double>& throughputs) {
  if (throughputs.size() < kSteadySamplesMin) return Steadiness::kUnknown;
  const auto half = static_cast<ptrdiff_t>(throughputs.size() / 2);
  const double first = std::accumulate(throughputs.begin(), throughputs.begin() + half, 0.0);
  const double second = std::accumulate(throughputs.end() - half, throughputs.end(), 0.0);
  const double larger = std::max(first, second);
  const bool close = std::abs(first - second) < kSteadyDifferenceMax * larger;
  return close ? Steadiness::kSteady : Steadiness::kNotSteady;
}

Json ResultJson(const TrialOutcome& outcome, const nlohmann::json& trial,
                const nlohmann::json& machine, const nlohmann::json& build) {
  const PhaseRecord& measure = *FindPhase(outcome.phases, "measure");
  Json json = {{"schema", 1}, {"trial", trial}, {"machine", machine}, {"build", build}};
  json["settings_used"] = SettingsJson(outcome);
  json["phases"] = Json::array();
  for (const auto& phase : outcome.phases) json["phases"].push_back(PhaseJson(*phase));
  json["operations"] = OperationsJson(measure);
  if (measure.seconds() > 0) {
    json["throughput_ops_per_second"] =
        static_cast<double>(measure.counts.total()) / measure.seconds();
  }
  AddWindows(outcome, measure, &json);
  json["latency"] = AllLatencies(outcome.measured->latency);
  AddPacedLatencies(outcome.measured->paced.get(), &json);
  json["amplification"] = Amplification(outcome.phases, *outcome.measured);
  json["memory"] = MemoryJson(outcome, measure);
  json["cpu"] = CpuJson(measure);
  json["operating_system"] = OperatingSystemJson(measure);
  const double residual =
      LedgerResidual(outcome.phases, SettingOf(outcome, "wal") == "mmap", outcome.harness_bytes);
  if (residual >= 0) json["ledger_residual"] = residual;
  const double compaction_residual = CompactionResidual(outcome.phases);
  if (compaction_residual >= 0) json["compaction_residual"] = compaction_residual;
  if (outcome.null_ns_per_operation > 0) {
    json["harness"]["null_ns_per_operation"] = outcome.null_ns_per_operation;
    json["harness"]["share_of_client_time"] = GeneratorShare(outcome, measure);
  }
  if (!measure.after.levels.empty()) json["tree"] = TreeJson(measure.after);
  if (outcome.verdict.checked) {
    json["verified"] = outcome.verdict.wrong_answers == 0;
    json["verification"] = {{"wrong_answers", outcome.verdict.wrong_answers},
                            {"reads_checked", outcome.verdict.reads_checked},
                            {"reads_unchecked", outcome.verdict.reads_unchecked}};
  }
  const Steadiness steadiness = JudgeSteadiness(outcome.measured->throughputs);
  if (steadiness != Steadiness::kUnknown) json["steady"] = steadiness == Steadiness::kSteady;
  std::vector<std::string> caveats = MachineCaveats(machine, build);
  for (std::string& caveat : Caveats(outcome, measure, residual)) {
    caveats.push_back(std::move(caveat));
  }
  json["caveats"] = caveats;
  return json;
}

Json NotSupportedJson(const TrialOutcome& outcome, const std::string& why,
                      const nlohmann::json& trial, const nlohmann::json& machine,
                      const nlohmann::json& build) {
  Json json = {{"schema", 1}, {"trial", trial}, {"machine", machine}, {"build", build}};
  json["settings_used"] = SettingsJson(outcome);
  const std::string sentence = fmt::format("{}: {}", outcome.store, why);
  json["not_supported"] = sentence;
  std::vector<std::string> caveats = MachineCaveats(machine, build);
  caveats.push_back(sentence);
  for (std::string& caveat : StoreCaveats(outcome)) caveats.push_back(std::move(caveat));
  json["caveats"] = caveats;
  return json;
}

std::string JsonText(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace varve::harness
