// Writes the numbers of a simulated history.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/simulation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/progress.h"

namespace varve::harness {
namespace {

using nlohmann::json;

json ByReason(const std::array<uint64_t, kCompactionReasonCount>& counts) {
  json by_reason = json::object();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    by_reason[std::string(CompactionReasonName(static_cast<CompactionReason>(i)))] = counts[i];
  }
  return by_reason;
}

json LevelReport(const SimulationRecord& record, const Tree& tree, const CompactionPlanner& planner,
                 int level) {
  const auto index = static_cast<size_t>(level);
  const SimulationRecord::LevelTotals& totals = record.levels()[index];
  json runs = json::array();
  uint64_t bytes = 0;
  uint64_t tables = 0;
  if (index < tree.levels.size()) {
    for (const Run& run : tree.levels[index].runs) runs.push_back(run.bytes());
    bytes = tree.levels[index].bytes();
    tables = tree.levels[index].tables();
  }
  return {{"level", level},
          {"bytes", bytes},
          {"bytes_max", planner.LevelBytesMax(tree, level)},
          {"tables", tables},
          {"runs_bytes", runs},
          {"write_amplification", record.level_amplification(level)},
          {"bytes_read", totals.bytes_read},
          {"bytes_written", totals.bytes_written},
          {"jobs", ByReason(totals.jobs)},
          {"trivial_moves", ByReason(totals.moves)}};
}

std::string SizeText(double bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.4g} {}", bytes, kUnits[unit]);
}

std::string Line(std::string_view name, std::string_view text) {
  return fmt::format("  {:28} {}\n", name, text);
}

std::string NumberLine(const json& numbers, std::string_view name, std::string_view field) {
  return Line(name, fmt::format("{:.4g}", numbers.at(std::string(field)).get<double>()));
}

std::string CountsText(const json& by_reason) {
  std::string text;
  for (const auto& [reason, count] : by_reason.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<uint64_t>(), reason);
  }
  return text;
}

// "#" for equal numbers of bytes in all levels, at least one for a run; "|" between runs.
std::string Bar(const json& runs, double bytes_a_mark) {
  std::string bar;
  constexpr size_t kColumns = 60;
  for (const json& run : runs) {
    const auto marks = static_cast<size_t>(run.get<double>() / bytes_a_mark);
    if (!bar.empty()) bar += '|';
    bar.append(std::max<size_t>(1, marks), '#');
  }
  return bar.size() <= kColumns ? bar : bar.substr(0, kColumns - 1) + "…";
}

std::string Drawing(const json& levels) {
  double largest = 1;
  for (const json& level : levels) largest = std::max(largest, level.at("bytes").get<double>());
  std::string text = "tree at the end\n";
  for (const json& level : levels) {
    const json& runs = level.at("runs_bytes");
    if (runs.empty()) continue;
    const auto tables = level.at("tables").get<uint64_t>();
    text +=
        fmt::format("  L{:<2} {:>4} run{} {:>7} table{} {:>10}  {}\n", level.at("level").get<int>(),
                    runs.size(), runs.size() == 1 ? " " : "s", tables, tables == 1 ? " " : "s",
                    SizeText(level.at("bytes").get<double>()), Bar(runs, largest / 40));
  }
  return text;
}

std::string Amplifications(const json& report) {
  const json& write = report.at("write_amplification");
  const json& space = report.at("space_amplification");
  std::string text = "write amplification\n" + NumberLine(write, "in all", "total") +
                     NumberLine(write, "by flush", "flush") +
                     NumberLine(write, "by compaction", "compaction");
  for (const json& level : report.at("levels")) {
    if (level.at("bytes_written") == 0) continue;
    text += NumberLine(level, fmt::format("  into level {}", level.at("level").get<int>()),
                       "write_amplification");
  }
  return text + "space amplification\n" + NumberLine(space, "second half, mean", "mean") +
         NumberLine(space, "at the end", "end") + NumberLine(space, "largest", "max") +
         NumberLine(space, "largest within a job", "max_transient");
}

}  // namespace

json SimulationReport(const SimulationRecord& record, const TableModel& model, const Tree& tree,
                      const CompactionPlanner& planner) {
  const RunsPerGet gets = model.GetCost(tree);
  const double live_bytes = model.live_bytes();
  const auto tree_bytes = static_cast<double>(tree.bytes());
  json report = {
      {"operations", model.operations()},
      {"user_bytes", model.user_bytes()},
      {"live_bytes", live_bytes},
      {"tree_bytes", tree.bytes()},
      {"flushes", record.flushes()},
      {"flush_bytes", record.flush_bytes()},
      {"jobs", record.jobs()},
      {"trivial_moves", record.moves()},
      {"write_amplification",
       {{"total", record.write_amplification()},
        {"flush", record.flush_amplification()},
        {"compaction", record.compaction_amplification()}}},
      {"space_amplification",
       {{"mean", record.space_mean()},
        {"end", live_bytes > 0 ? tree_bytes / live_bytes : 0},
        {"max", record.space_max()},
        {"max_transient", record.space_max_transient()}}},
      {"runs", {{"mean", record.runs_mean()}, {"max", record.runs_max()}, {"end", tree.runs()}}},
      {"runs_per_get", {{"absent", gets.absent}, {"found", gets.found}}},
      {"largest_job",
       {{"bytes", record.largest_job().bytes},
        {"operations", record.largest_job().operations},
        {"text", record.largest_job().text}}}};
  report["levels"] = json::array();
  for (int level = 0; level < kLevelsMax; ++level) {
    const auto index = static_cast<size_t>(level);
    const SimulationRecord::LevelTotals& totals = record.levels()[index];
    const bool idle = ByReason(totals.jobs).empty() && ByReason(totals.moves).empty();
    const bool empty = index >= tree.levels.size() || tree.levels[index].runs.empty();
    if (!idle || !empty) report["levels"].push_back(LevelReport(record, tree, planner, level));
  }
  return report;
}

std::string SimulationSummary(const json& report) {
  const json& runs = report.at("runs");
  const json& gets = report.at("runs_per_get");
  std::string text = fmt::format("{} operations, {} of keys and values, {} flushes\n",
                                 CountText(report.at("operations").get<double>()),
                                 SizeText(report.at("user_bytes").get<double>()),
                                 report.at("flushes").get<uint64_t>());
  text += Amplifications(report);
  text += "runs\n" + NumberLine(runs, "mean", "mean") + NumberLine(runs, "largest number", "max") +
          NumberLine(gets, "asked by a get, absent", "absent") +
          NumberLine(gets, "asked by a get, found", "found");
  text += "compactions\n";
  for (const json& level : report.at("levels")) {
    const std::string name = fmt::format("into level {}", level.at("level").get<int>());
    if (!level.at("jobs").empty()) text += Line(name, CountsText(level.at("jobs")));
    if (level.at("trivial_moves").empty()) continue;
    text += Line(name, "moved: " + CountsText(level.at("trivial_moves")));
  }
  const json& largest = report.at("largest_job");
  if (largest.at("bytes") != 0) {
    text += Line("largest, read and written", SizeText(largest.at("bytes").get<double>()));
    text += Line("", largest.at("text").get<std::string>());
  }
  return text + Drawing(report.at("levels"));
}

}  // namespace varve::harness
