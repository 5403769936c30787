// Values of settings as text: parsing, formatting, and sentences about what is wrong.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/setting_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/parts.h"

namespace varve {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};

// Binary units first and largest first: FormatBytes takes the first that divides.
constexpr std::array<Unit, 11> kUnits = {{
    {"EiB", uint64_t{1} << 60},
    {"PiB", uint64_t{1} << 50},
    {"TiB", uint64_t{1} << 40},
    {"GiB", uint64_t{1} << 30},
    {"MiB", uint64_t{1} << 20},
    {"KiB", uint64_t{1} << 10},
    {"TB", 1'000'000'000'000},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"KB", 1'000},
    {"B", 1},
}};
constexpr size_t kBinaryUnits = 6;

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

// The whole of `text` as a number, or false.
template <class Number>
bool ParseWhole(std::string_view text, Number* number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && rest == end;
}

Status NotBytes(std::string_view text) {
  return Status::InvalidArgument(
      fmt::format("\"{}\" is not a size; write 4096, \"64 MiB\" or \"1.5 GB\"", text));
}

// A range check on the scale that Setting states its limits on.
template <class Number>
Status CheckRange(const Setting& setting, std::string_view text, Number value) {
  const auto limit = [&](double bound) {
    return setting.kind == SettingKind::kBytes ? FormatBytes(static_cast<uint64_t>(bound))
                                               : fmt::format("{}", bound);
  };
  if (static_cast<double>(value) < setting.min) {
    return Status::InvalidArgument(
        fmt::format("\"{}\" is less than the smallest value, {}", text, limit(setting.min)));
  }
  if (static_cast<double>(value) > setting.max) {
    return Status::InvalidArgument(
        fmt::format("\"{}\" is more than the largest value, {}", text, limit(setting.max)));
  }
  return Status();
}

std::vector<std::string> NamesOfTable(std::string_view table_name) {
  std::vector<std::string> names;
  for (const PartTable& table : PartTables()) {
    if (table.name != table_name) continue;
    for (const NamedPart& part : table.parts) names.emplace_back(part.name);
  }
  return names;
}

// Edit distance with adjacent swaps (Damerau-Levenshtein, "optimal string alignment"), where case
// and the difference of '-' and '_' cost nothing.
size_t EditDistance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return Lower(x == '-' ? '_' : x) == Lower(y == '-' ? '_' : y);
  };
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = cost[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      cost[i][j] = std::min({change, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

// One of `names`, unless there are none: then the caller knows them.
Status CheckName(const Setting& setting, const std::vector<std::string>& names,
                 std::string_view text) {
  const bool known = std::find(names.begin(), names.end(), text) != names.end();
  if (names.empty() || known) return Status();
  std::string sentence = UnknownName(setting.table, text, names);
  if (NearestName(text, names).empty()) {
    sentence += fmt::format("; there are {}", fmt::join(names, ", "));
  }
  return Status::InvalidArgument(std::move(sentence));
}

// Names with commas between them, none of them twice; written back without spaces.
Status ParseList(const Setting& setting, const std::vector<std::string>& names,
                 std::string_view text, std::string* value) {
  std::vector<std::string> list;
  for (const std::string_view name : SplitList(text)) {
    if (Status s = CheckName(setting, names, name); !s.ok()) return s;
    if (std::find(list.begin(), list.end(), name) != list.end()) {
      return Status::InvalidArgument(fmt::format("\"{}\" is there twice", name));
    }
    list.emplace_back(name);
  }
  const bool automatic = std::find(list.begin(), list.end(), "auto") != list.end();
  if (automatic && list.size() > 1) {
    return Status::InvalidArgument("\"auto\" stands alone or not at all");
  }
  *value = fmt::format("{}", fmt::join(list, ","));
  return Status();
}

}  // namespace

std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = text.find(',');
    parts.push_back(Trimmed(text.substr(0, comma)));
    if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
  }
  return parts;
}

Result<uint64_t> ParseBytes(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  const size_t digits = std::min(trimmed.find_first_not_of("0123456789."), trimmed.size());
  const std::string_view number = trimmed.substr(0, digits);
  const std::string_view unit_name = Trimmed(trimmed.substr(digits));
  if (number.empty() || number.front() == '.' || number.back() == '.') return NotBytes(text);

  uint64_t scale = unit_name.empty() ? 1 : 0;
  for (const Unit& unit : kUnits) {
    if (SameIgnoringCase(unit.name, unit_name)) scale = unit.bytes;
  }
  if (scale == 0) return NotBytes(text);

  uint64_t whole = 0;
  if (ParseWhole(number, &whole)) {
    if (whole > UINT64_MAX / scale) {
      return Status::InvalidArgument(fmt::format("\"{}\" is more than 16 EiB", text));
    }
    return whole * scale;
  }
  double fraction = 0;
  if (!ParseWhole(number, &fraction)) return NotBytes(text);
  const double bytes = fraction * static_cast<double>(scale);
  if (!(bytes < 9e18)) {
    return Status::InvalidArgument(fmt::format("\"{}\" is too large", text));
  }
  return static_cast<uint64_t>(std::llround(bytes));
}

std::string FormatBytes(uint64_t bytes) {
  for (size_t i = 0; i < kBinaryUnits; ++i) {
    const Unit& unit = kUnits[i];
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return fmt::format("{} {}", bytes / unit.bytes, unit.name);
    }
  }
  return fmt::format("{}", bytes);
}

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  std::string nearest;
  size_t least = SIZE_MAX;
  for (const std::string& candidate : names) {
    // Without its group a setting is still meant: "memtable" is "engine.memtable".
    const std::string_view last = std::string_view(candidate).substr(candidate.rfind('.') + 1);
    const size_t distance = std::min(EditDistance(name, candidate), EditDistance(name, last));
    const bool near = distance <= (std::max(name.size(), last.size()) + 1) / 3;
    const bool begins = name.size() >= 3 && candidate.starts_with(name);
    if ((near || begins) && distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

std::string UnknownName(std::string_view what, std::string_view name,
                        const std::vector<std::string>& names) {
  const std::string nearest = NearestName(name, names);
  const std::string hint = nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest);
  return fmt::format("unknown {} \"{}\"{}", what, name, hint);
}

Status ParseSetting(const Setting& setting, std::string_view text, uint64_t* value) {
  uint64_t parsed = 0;
  if (setting.kind == SettingKind::kBytes) {
    const Result<uint64_t> bytes = ParseBytes(text);
    if (!bytes.ok()) return bytes.status();
    parsed = *bytes;
  } else if (!ParseWhole(Trimmed(text), &parsed)) {
    return Status::InvalidArgument(fmt::format("\"{}\" is not a whole number", text));
  }
  const Status in_range = CheckRange(setting, text, parsed);
  if (in_range.ok()) *value = parsed;
  return in_range;
}

Status ParseSetting(const Setting& setting, std::string_view text, double* value) {
  double parsed = 0;
  if (!ParseWhole(Trimmed(text), &parsed) || !std::isfinite(parsed)) {
    return Status::InvalidArgument(fmt::format("\"{}\" is not a number", text));
  }
  const Status in_range = CheckRange(setting, text, parsed);
  if (in_range.ok()) *value = parsed;
  return in_range;
}

Status ParseSetting(const Setting&, std::string_view text, bool* value) {
  const std::string_view trimmed = Trimmed(text);
  if (trimmed != "true" && trimmed != "false") {
    return Status::InvalidArgument(fmt::format("\"{}\" is neither true nor false", text));
  }
  *value = trimmed == "true";
  return Status();
}

Status ParseSetting(const Setting& setting, std::string_view text, std::string* value) {
  if (setting.kind == SettingKind::kText) {
    *value = Trimmed(text);
    return Status();
  }
  const std::vector<std::string> names = NamesOfTable(setting.table);
  if (setting.kind == SettingKind::kList) return ParseList(setting, names, text, value);
  if (Status s = CheckName(setting, names, text); !s.ok()) return s;
  *value = text;
  return Status();
}

std::string FormatSetting(const Setting& setting, uint64_t value) {
  return setting.kind == SettingKind::kBytes ? FormatBytes(value) : fmt::format("{}", value);
}
std::string FormatSetting(const Setting&, double value) { return fmt::format("{}", value); }
std::string FormatSetting(const Setting&, bool value) { return value ? "true" : "false"; }
std::string FormatSetting(const Setting&, const std::string& value) { return value; }

std::string SettingRange(const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::kBytes:
      return fmt::format("{} to {}", FormatBytes(static_cast<uint64_t>(setting.min)),
                         FormatBytes(static_cast<uint64_t>(setting.max)));
    case SettingKind::kCount:
    case SettingKind::kNumber:
      return fmt::format("{} to {}", setting.min, setting.max);
    case SettingKind::kFlag:
      return "true, false";
    case SettingKind::kChoice:
      return fmt::format("{}", fmt::join(NamesOfTable(setting.table), ", "));
    case SettingKind::kList:
      return fmt::format("any of {}", fmt::join(NamesOfTable(setting.table), ", "));
    case SettingKind::kText:
      return "";
  }
  return "";
}

}  // namespace varve
