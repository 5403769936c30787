// Reading and looking up of objectives.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/setting_text.h"
#include "harness/json_number.h"
#include "harness/progress.h"
#include "workloads/operation.h"

namespace varve::harness {
namespace {

struct Unit {
  std::string_view name;
  double ns;
};
constexpr std::array<Unit, 5> kUnits = {
    {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
constexpr std::array<std::string_view, 8> kPercentiles = {"p50",  "p90",   "p95",  "p99",
                                                          "p999", "p9999", "mean", "max"};
constexpr std::string_view kExample = "as in \"p99 <= 5 ms\" or \"read p50 <= 80 us\"";

Status Wrong(std::string text) { return Status::InvalidArgument(std::move(text)); }

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

Status CheckName(std::string_view what, const std::string& name,
                 const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return Status();
  return Wrong(UnknownName(what, name, names));
}

// "99.9" of "p99.9" is written "999" in results.
std::string PercentileName(std::string name) {
  name.erase(std::remove(name.begin(), name.end(), '.'), name.end());
  return name;
}

Status ReadSubject(std::string_view text, Objective* objective) {
  const std::vector<std::string> words = Words(text);
  if (words.empty() || words.size() > 2) {
    return Wrong(fmt::format("before <= come a percentile and perhaps an operation, {}", kExample));
  }
  objective->percentile = PercentileName(words.back());
  Status status =
      CheckName("percentile", objective->percentile, {kPercentiles.begin(), kPercentiles.end()});
  if (!status.ok() || words.size() == 1) return status;
  std::vector<std::string> operations = {"all"};
  for (size_t kind = 0; kind < workloads::kOperationKinds; ++kind) {
    operations.emplace_back(OperationName(static_cast<workloads::OperationKind>(kind)));
  }
  objective->operation = words.front();
  return CheckName("operation", objective->operation, operations);
}

Status ReadLimit(std::string_view text, Objective* objective) {
  std::string joined;
  for (const std::string& word : Words(text)) joined += word;
  const size_t unit_at = joined.find_first_not_of("0123456789.eE+-");
  const std::string unit_name = unit_at == joined.npos ? "" : joined.substr(unit_at);
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(),
                                  [&](const Unit& one) { return one.name == unit_name; });
  if (unit == kUnits.end()) {
    return Wrong(fmt::format("\"{}\" ends with none of ns, us, ms, s, {}", joined, kExample));
  }
  const Setting number = {"", SettingKind::kNumber, 0, 1e12, "", ""};
  double value = 0;
  Status status = ParseSetting(number, joined.substr(0, unit_at), &value);
  if (!status.ok()) return status;
  if (value <= 0) return Wrong("no response takes no time: the limit must be more than 0");
  objective->limit_ns = value * unit->ns;
  return status;
}

}  // namespace

Result<Objective> ParseObjective(std::string_view text) {
  const size_t sign = text.find('<');
  if (sign == text.npos) return Wrong(fmt::format("\"{}\" has no <=, {}", text, kExample));
  const bool equal = text.substr(sign).starts_with("<=");
  Objective objective;
  Status status = ReadSubject(text.substr(0, sign), &objective);
  if (status.ok()) status = ReadLimit(text.substr(sign + (equal ? 2 : 1)), &objective);
  if (!status.ok()) return status.Annotate(fmt::format("objective \"{}\"", text));
  const std::string of = objective.operation == "all" ? "" : objective.operation + " ";
  objective.text =
      fmt::format("{}{} <= {}", of, objective.percentile, NanosecondsText(objective.limit_ns));
  return objective;
}

std::optional<double> MeasuredNs(const Objective& objective, const nlohmann::json& result) {
  const std::string name = fmt::format("{}_ns", objective.percentile);
  return NumberAt(result, {"response", objective.operation, name});
}

}  // namespace varve::harness
