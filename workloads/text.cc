// Parsing of numbers, and edit distance. See text.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>

namespace varve::workloads {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {{"", 1},         {"b", 1},        {"kib", 0x1p10}, {"mib", 0x1p20},
                           {"gib", 0x1p30}, {"tib", 0x1p40}, {"kb", 1e3},     {"mb", 1e6},
                           {"gb", 1e9},     {"tb", 1e12}};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// The number of letters to insert, remove or replace to turn a into b (Levenshtein).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

// Of the text as it may be in an error: a file can hold anything.
std::string Quote(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string shown;
  for (const char c : text.substr(0, kShown)) {
    shown += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
  }
  return "\"" + shown + (text.size() > kShown ? "…\"" : "\"");
}

}  // namespace

Result<uint64_t> ParseCount(std::string_view text) {
  std::string digits;
  for (const char c : Trim(text)) {
    if (c != '_') digits += c;
  }
  uint64_t count = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc() || stop != end) {
    return Status::InvalidArgument(fmt::format("{} is not a whole number", Quote(text)));
  }
  return count;
}

Result<uint64_t> ParseByteCount(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const Status wrong = Status::InvalidArgument(fmt::format(
      "{} is not a number of bytes (write 4096, \"64 KiB\" or \"1.5 MB\")", Quote(text)));
  double number = 0;
  const char* end = trimmed.data() + trimmed.size();
  const auto [stop, error] = std::from_chars(trimmed.data(), end, number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return wrong;
  const std::string unit = Lower(Trim({stop, static_cast<size_t>(end - stop)}));
  for (const Unit& known : kUnits) {
    if (known.name != unit) continue;
    const double bytes = number * known.bytes;
    if (bytes > 0x1p62 || bytes != std::floor(bytes)) return wrong;
    return static_cast<uint64_t>(bytes);
  }
  return wrong;
}

Result<double> ParseNumber(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  double number = 0;
  const char* end = trimmed.data() + trimmed.size();
  const auto [stop, error] = std::from_chars(trimmed.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) {
    return Status::InvalidArgument(fmt::format("{} is not a number", Quote(text)));
  }
  return number;
}

std::string FormatNumber(double number) { return fmt::format("{}", number); }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& names) {
  constexpr size_t kLongest = 200;  // a longer name is no misspelling, and costs time
  if (name.size() > kLongest) return "";
  const std::string lower = Lower(name);
  std::string_view nearest;
  size_t nearest_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : names) {
    const size_t distance = EditDistance(lower, Lower(candidate));
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

std::string JoinNames(const std::vector<std::string_view>& names) {
  std::string joined;
  for (size_t i = 0; i < names.size(); i++) {
    if (i > 0) joined += i + 1 == names.size() ? " or " : ", ";
    joined += names[i];
  }
  return joined;
}

}  // namespace varve::workloads
