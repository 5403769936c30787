// Writes the summary of a trial for people.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/bench_summary.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "harness/json_number.h"
#include "harness/progress.h"

namespace varve::harness {
namespace {

using nlohmann::json;

std::string SizeText(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.4g} {}", bytes, kUnits[unit]);
}

std::string Line(std::string_view name, std::string_view text) {
  return fmt::format("  {:28} {}\n", name, text);
}

std::string RatioLine(const json& result, std::string_view name, std::string_view field) {
  const auto value = NumberAt(result, {"amplification", field});
  return value ? Line(name, fmt::format("{:.3g}", *value)) : "";
}

std::string Phases(const json& result) {
  std::string text;
  for (const json& phase : result.value("phases", json::array())) {
    const auto start = NumberAt(phase, {"start_ns"});
    const auto end = NumberAt(phase, {"end_ns"});
    if (!start || !end || !phase.contains("name")) continue;
    const double seconds = (*end - *start) / 1e9;
    const double operations = NumberAt(phase, {"operations"}).value_or(0);
    const std::string speed = operations > 0 && seconds > 0
                                  ? fmt::format(", {} operations, {}/s", CountText(operations),
                                                CountText(operations / seconds))
                                  : "";
    text += Line(phase["name"].get<std::string>(), fmt::format("{:.3g} s{}", seconds, speed));
  }
  return text.empty() ? "" : "phases\n" + text;
}

std::string Percentiles(const json& percentiles) {
  std::vector<std::string> cells;
  for (const std::string_view name : {"p50", "p95", "p99", "p999", "max"}) {
    const auto value = NumberAt(percentiles, {fmt::format("{}_ns", name)});
    if (value) cells.push_back(fmt::format("{} {}", name, NanosecondsText(*value)));
  }
  return fmt::format("{}", fmt::join(cells, "  "));
}

// `section`: "latency" or "response".
std::string Times(const json& result, std::string_view section, std::string_view title) {
  const json times = result.value(section, json::object());
  std::string text;
  for (const auto& [type, percentiles] : times.items()) {
    if (NumberAt(percentiles, {"count"}).value_or(0) > 0)
      text += Line(type, Percentiles(percentiles));
  }
  return text.empty() ? "" : fmt::format("{}\n{}", title, text);
}

std::string Latencies(const json& result) {
  return Times(result, "latency", "latency (service time)") +
         Times(result, "response", "response (from when it was due)");
}

std::string Amplifications(const json& result) {
  std::string text = RatioLine(result, "write", "write_amplification");
  text += RatioLine(result, "write, without WAL", "write_amplification_without_wal");
  text += RatioLine(result, "write, load and settle", "write_amplification_load");
  text += RatioLine(result, "write, with debt", "write_amplification_with_debt");
  text += RatioLine(result, "runs probed per get", "runs_probed_per_get");
  text += RatioLine(result, "blocks read per get", "blocks_read_per_get");
  text += RatioLine(result, "blocks from storage per get", "blocks_from_storage_per_get");
  text += RatioLine(result, "bytes read per byte returned", "bytes_read_per_byte_returned");
  text += RatioLine(result, "space", "space_amplification");
  text += RatioLine(result, "space, peak", "space_amplification_peak");
  return text.empty() ? "" : "amplification\n" + text;
}

std::string SystemAmplifications(const json& result) {
  std::string text = RatioLine(result, "write", "system_write_amplification");
  text += RatioLine(result, "write, by calls", "system_write_call_amplification");
  text += RatioLine(result, "write, with debt", "system_write_amplification_with_debt");
  text += RatioLine(result, "bytes read per byte returned", "system_bytes_read_per_byte_returned");
  text += RatioLine(result, "space", "system_space_amplification");
  return text.empty() ? "" : "amplification, as the operating system counts\n" + text;
}

std::string Costs(const json& result) {
  std::string text;
  const auto stall = NumberAt(result, {"amplification", "stall_seconds"});
  if (stall) text += Line("stalls", fmt::format("{:.3g} s", *stall));
  const auto debt_bytes = NumberAt(result, {"amplification", "debt_bytes"});
  const auto debt_seconds = NumberAt(result, {"amplification", "debt_seconds"});
  if (debt_bytes && debt_seconds) {
    text += Line("debt", fmt::format("{}, {:.3g} s", SizeText(*debt_bytes), *debt_seconds));
  }
  const auto peak = NumberAt(result, {"memory", "peak_bytes"});
  if (peak) text += Line("memory, peak", SizeText(*peak));
  const auto user = NumberAt(result, {"cpu", "user_seconds"});
  const auto system = NumberAt(result, {"cpu", "system_seconds"});
  if (user && system) {
    text += Line("CPU", fmt::format("{:.3g} s user, {:.3g} s system", *user, *system));
  }
  const auto harness = NumberAt(result, {"harness", "null_ns_per_operation"});
  if (harness) text += Line("the harness itself", fmt::format("{:.3g} ns an operation", *harness));
  return text.empty() ? "" : "costs\n" + text;
}

std::string Verdict(const json& result) {
  std::string text;
  if (result.contains("verified")) {
    text += Line("answers", result["verified"] == true ? "verified" : "WRONG or not verified");
  }
  for (const json& caveat : result.value("caveats", json::array())) {
    if (caveat.is_string()) text += Line("caveat", caveat.get<std::string>());
  }
  return text;
}

}  // namespace

std::string BenchSummary(const json& result) {
  std::string text;
  const auto throughput = NumberAt(result, {"throughput_ops_per_second"});
  if (throughput) text += fmt::format("throughput: {:.0f} operations/s\n", *throughput);
  return text + Phases(result) + Latencies(result) + Amplifications(result) +
         SystemAmplifications(result) + Costs(result) + Verdict(result);
}

}  // namespace varve::harness
