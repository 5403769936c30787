// Drawing of lengths, and reading of histograms. See lengths.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "workloads/normal.h"
#include "workloads/text.h"
#include "workloads/workload_file.h"

namespace varve::workloads {
namespace {

constexpr size_t kMostBins = 4096;
constexpr uint64_t kLongest = uint64_t{1} << 30;
constexpr double kHeaviest = 1e15;
constexpr double kExponential = 1e-8;  // a shape up to this is as good as 0

Status Invalid(std::string message) { return Status::InvalidArgument(std::move(message)); }

Result<uint64_t> ParseLength(std::string_view text) {
  Result<uint64_t> length = ParseCount(text);
  if (length.ok() && *length > kLongest) {
    return Invalid(fmt::format("a length of {} is above {}", *length, kLongest));
  }
  return length;
}

// "LENGTH WEIGHT" or "FROM-TO WEIGHT", with a space or colon between.
Result<LengthBin> ParseBin(std::string_view text) {
  const size_t space = text.find_first_of(" \t:");
  if (space == std::string_view::npos) {
    return Invalid("a bin is a length or FROM-TO, a space or colon, and a weight");
  }
  const std::string_view lengths = text.substr(0, space);
  const size_t dash = std::min(lengths.find('-'), lengths.size());
  const Result<uint64_t> from = ParseLength(lengths.substr(0, dash));
  if (!from.ok()) return from.status();
  const Result<uint64_t> to =
      dash < lengths.size() ? ParseLength(lengths.substr(dash + 1)) : Result<uint64_t>(*from);
  if (!to.ok()) return to.status();
  if (*from > *to) return Invalid(fmt::format("a bin from {} to {} is empty", *from, *to));
  const Result<double> weight = ParseNumber(text.substr(space + 1));
  if (!weight.ok()) return weight.status();
  if (*weight < 0 || *weight > kHeaviest) {
    return Invalid(fmt::format("a weight must be between 0 and {}, not {}", kHeaviest, *weight));
  }
  return LengthBin{*from, *to, *weight};
}

// Calls visit(number, line) for each part of the text between separators, from 1 on, without what
// follows a '#', unless it is empty. Stops at the first error.
template <class Visitor>
Status ForEachLine(std::string_view text, char separator, Visitor&& visit) {
  for (size_t number = 1; !text.empty(); number++) {
    const size_t end = std::min(text.find(separator), text.size());
    const std::string_view line = Trim(text.substr(0, std::min(end, text.find('#'))));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (Status status = visit(number, line); !status.ok()) return status;
  }
  return {};
}

// What the bins must fulfil together.
Result<std::vector<LengthBin>> Checked(std::vector<LengthBin> bins) {
  if (bins.size() > kMostBins) {
    return Invalid(fmt::format("a histogram has at most {} bins, not {}", kMostBins, bins.size()));
  }
  const auto weighs = [](const LengthBin& bin) { return bin.weight > 0; };
  if (std::none_of(bins.begin(), bins.end(), weighs)) {
    return Invalid("a histogram needs a bin with a weight above 0");
  }
  std::erase_if(bins, [&](const LengthBin& bin) { return !weighs(bin); });
  return bins;
}

Result<std::vector<LengthBin>> ParseBins(std::string_view text, char separator,
                                         std::string_view place) {
  std::vector<LengthBin> bins;
  const Status status = ForEachLine(text, separator, [&](size_t number, std::string_view line) {
    const Result<LengthBin> bin = ParseBin(line);
    if (!bin.ok()) return bin.status().Annotate(fmt::format("{}{}", place, number));
    bins.push_back(*bin);
    return Status();
  });
  if (!status.ok()) return status;
  return Checked(std::move(bins));
}

constexpr std::string_view kYcsbHeader = "BlockSize";

// The counts of a file of YCSB, of which the first line gives the block size.
Status ParseYcsbCounts(std::string_view text, std::string_view place, uint64_t* block_size,
                       std::vector<uint64_t>* counts) {
  return ForEachLine(text, '\n', [&](size_t number, std::string_view line) -> Status {
    const size_t tab = std::min(line.find('\t'), line.size());
    const Result<uint64_t> value = ParseLength(line.substr(std::min(tab + 1, line.size())));
    if (!value.ok()) return value.status().Annotate(fmt::format("{}{}", place, number));
    if (line.substr(0, tab) == kYcsbHeader && number == 1) {
      *block_size = *value;
      return {};
    }
    if (line.substr(0, tab) != fmt::format("{}", counts->size())) {
      return Invalid(fmt::format("{}{}: this line must begin with index {} and a tab", place,
                                 number, counts->size()));
    }
    counts->push_back(*value);
    return {};
  });
}

// As HistogramGenerator.nextValue draws: of the numbers below the sum, bucket i takes those up to
// and with the sum of counts 0 … i.
Result<std::vector<LengthBin>> ParseYcsb(std::string_view text, std::string_view place) {
  uint64_t block_size = 0;
  std::vector<uint64_t> counts;
  if (Status s = ParseYcsbCounts(text, place, &block_size, &counts); !s.ok()) return s;
  uint64_t area = 0;
  for (const uint64_t count : counts) area += count;
  if (area > 0x7fffffff) return Invalid("the counts of YCSB's histogram exceed 2147483647");
  std::vector<LengthBin> bins;
  uint64_t sum = 0, taken = 0;
  for (size_t i = 0; i < counts.size(); i++) {
    const bool last = i + 1 == counts.size();
    sum += counts[i];
    const uint64_t end = last ? area : std::min(sum + 1, area);
    const uint64_t length = (last ? i : i + 1) * block_size;
    if (length > kLongest) return Invalid(fmt::format("a length is above {}", kLongest));
    bins.push_back({length, length, static_cast<double>(end - taken)});
    taken = end;
  }
  return Checked(std::move(bins));
}

Status CheckNormal(const LengthShape& s) {
  const double min = static_cast<double>(s.min), max = static_cast<double>(s.max);
  if (s.mean < min || s.mean > max) {
    return Invalid(fmt::format("{}_mean ({}) must be between {}_min ({}) and {} ({})", s.stem,
                               s.mean, s.stem, s.min, s.max_name, s.max));
  }
  if (s.deviation > max - min) {
    return Invalid(fmt::format("{}_deviation ({}) must not be above {} - {}_min ({})", s.stem,
                               s.deviation, s.max_name, s.stem, s.max - s.min));
  }
  return {};
}

Status CheckHistogram(const LengthShape& s, uint64_t fields) {
  if (s.histogram == kNoHistogram) {
    return Invalid(
        fmt::format("{} is needed when the distribution is histogram", s.histogram_name));
  }
  const Result<std::vector<LengthBin>> bins = ReadHistogram(s.histogram);
  if (!bins.ok()) return bins.status().Annotate(s.histogram_name);
  for (const LengthBin& bin : *bins) {
    if (bin.to * fields > s.max) {
      return Invalid(fmt::format("{} ({}) must be at least {}, the longest of {}{}", s.max_name,
                                 s.max, bin.to * fields, s.histogram_name,
                                 fields > 1 ? " times fields" : ""));
    }
    if (bin.from < s.least) {
      return Invalid(fmt::format("{} has a length of {}; the least is {}", s.histogram_name,
                                 bin.from, s.least));
    }
  }
  return {};
}

}  // namespace

LengthShape ValueLengths(const Workload& w) {
  return {.stem = "value_bytes",
          .max_name = "value_bytes",
          .histogram_name = "value_histogram",
          .distribution = w.value_distribution,
          .min = w.value_bytes_min,
          .max = w.value_bytes,
          .mean = w.value_bytes_mean,
          .deviation = w.value_bytes_deviation,
          .scale = w.value_bytes_scale,
          .shape = w.value_bytes_shape,
          .histogram = w.value_histogram};
}

LengthShape ScanLengths(const Workload& w) {
  return {.stem = "scan_length",
          .max_name = "scan_length_max",
          .histogram_name = "scan_length_histogram",
          .distribution = w.scan_length_distribution,
          .least = 1,
          .min = w.scan_length_min,
          .max = w.scan_length_max,
          .mean = w.scan_length_mean,
          .deviation = w.scan_length_deviation,
          .scale = w.scan_length_scale,
          .shape = w.scan_length_shape,
          .histogram = w.scan_length_histogram};
}

LengthShape DeleteRangeLengths(const Workload& w) {
  return {.stem = "delete_range_length",
          .max_name = "delete_range_length_max",
          .histogram_name = "delete_range_length_histogram",
          .distribution = w.delete_range_length_distribution,
          .least = 1,
          .min = w.delete_range_length_min,
          .max = w.delete_range_length_max,
          .mean = w.delete_range_length_mean,
          .deviation = w.delete_range_length_deviation,
          .scale = w.delete_range_length_scale,
          .shape = w.delete_range_length_shape,
          .histogram = w.delete_range_length_histogram};
}

LengthShape OfField(const LengthShape& shape, uint64_t fields) {
  LengthShape field = shape;
  const double divisor = static_cast<double>(fields);
  field.min /= fields;
  field.max /= fields;
  field.mean /= divisor;
  field.deviation /= divisor;
  field.scale /= divisor;
  return field;
}

Status CheckLengths(const LengthShape& s, uint64_t fields) {
  if (s.max % fields != 0) {
    return Invalid(
        fmt::format("{} ({}) must be a multiple of fields ({})", s.max_name, s.max, fields));
  }
  if (s.distribution == "constant") return {};
  if (s.distribution == "histogram") return CheckHistogram(s, fields);
  if (s.min > s.max) {
    return Invalid(
        fmt::format("{}_min ({}) must not be above {} ({})", s.stem, s.min, s.max_name, s.max));
  }
  if (s.min % fields != 0) {
    return Invalid(
        fmt::format("{}_min ({}) must be a multiple of fields ({})", s.stem, s.min, fields));
  }
  if (s.distribution == "normal") return CheckNormal(s);
  if (s.distribution == "pareto" && s.scale <= 0) {
    return Invalid(fmt::format("{}_scale must be above 0 when the distribution is pareto", s.stem));
  }
  return {};
}

bool IsHistogramFile(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty() || trimmed == kNoHistogram) return false;
  return trimmed.front() < '0' || trimmed.front() > '9';
}

Result<std::vector<LengthBin>> ReadHistogram(std::string_view text) {
  if (IsHistogramFile(text)) return ReadHistogramFile(std::string(Trim(text)));
  return ParseBins(text, ',', "bin ");
}

Result<std::vector<LengthBin>> ReadHistogramFile(const std::string& path) {
  const Result<std::string> text = ReadWorkloadText(path);
  if (!text.ok()) return text.status();
  const std::string place = path + ":";
  Result<std::vector<LengthBin>> bins =
      text->starts_with(kYcsbHeader) ? ParseYcsb(*text, place) : ParseBins(*text, '\n', place);
  if (bins.ok() || bins.status().message().starts_with(place)) return bins;
  return bins.status().Annotate(path);
}

std::string FormatHistogram(const std::vector<LengthBin>& bins) {
  std::string text;
  for (const LengthBin& bin : bins) {
    if (!text.empty()) text += ",";
    text +=
        bin.from == bin.to ? fmt::format("{}", bin.from) : fmt::format("{}-{}", bin.from, bin.to);
    text += ":" + FormatNumber(bin.weight);
  }
  return text;
}

uint64_t Lengths::Normal::Draw(Random* random) const {
  // To the nearest whole number: the shortest and the longest get half a unit more on their side.
  const double drawn = NormalBetween(random, mean, deviation, low - 0.5, high + 0.5);
  return static_cast<uint64_t>(std::clamp(std::floor(drawn + 0.5), low, high));
}

uint64_t Lengths::Pareto::Draw(Random* random) const {
  const double survival = 1 - random->Unit() * below_end;  // 1 - F(x)
  const double x = shape > kExponential ? scale * (std::pow(survival, -shape) - 1) / shape
                                        : -scale * std::log(survival);
  return min + static_cast<uint64_t>(std::min(x, static_cast<double>(max - min)));
}

uint64_t Lengths::Histogram::Draw(Random* random) const {
  const LengthBin& bin = bins[table.Draw(random)];
  return bin.from == bin.to ? bin.from : bin.from + random->Below(bin.to - bin.from + 1);
}

Lengths::Pareto Lengths::MakePareto(const LengthShape& s) {
  const double x = static_cast<double>(s.max + 1 - s.min) / s.scale;
  const double survival =
      s.shape > kExponential ? std::pow(1 + s.shape * x, -1 / s.shape) : std::exp(-x);
  return {s.min, s.max, s.scale, s.shape, 1 - survival};
}

Lengths::Draws Lengths::Make(const LengthShape& s) {
  if (s.distribution == "uniform") return Uniform{s.min, s.max - s.min + 1};
  if (s.distribution == "zipfian") return Zipfian{s.min, YcsbZipfSampler(s.max - s.min + 1)};
  if (s.distribution == "pareto") return MakePareto(s);
  if (s.distribution == "normal") {
    return Normal{s.mean, s.deviation, static_cast<double>(s.min), static_cast<double>(s.max)};
  }
  if (s.distribution == "histogram") {
    const Result<std::vector<LengthBin>> bins = ReadHistogram(s.histogram);
    std::vector<double> weights;
    for (const LengthBin& bin : *bins) weights.push_back(bin.weight);
    return Histogram{*bins, AliasTable(weights)};
  }
  return Constant{s.max};
}

Lengths::Lengths(const LengthShape& shape) : draws_(Make(shape)) {}

uint64_t Lengths::Draw(Random* random) const {
  return std::visit([random](const auto& draw) { return draw.Draw(random); }, draws_);
}

}  // namespace varve::workloads
