// Sections of measurements, and their export as text or JSON. See ycsb_output.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/ycsb_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/hlog_reader.h"

namespace varve::harness {
namespace {

using nlohmann::json;

constexpr double kNsPerUs = 1e3;
constexpr std::string_view kResponse = "response_";
constexpr std::string_view kVerify = "VERIFY";

// One line of the output; `value` as it is written.
struct Line {
  std::string section;
  std::string name;
  std::string value;
};

// What one section is made of.
struct Section {
  uint64_t count = 0;
  double sum_ns = 0;
  uint64_t min_ns = UINT64_MAX;
  uint64_t max_ns = 0;
  std::unique_ptr<Histogram> buckets = std::make_unique<Histogram>();
};
using Sections = std::map<std::string, Section, std::less<>>;

std::string Text(uint64_t number) { return fmt::format("{}", number); }

// The section of a timed kind. Reads of keys that are not there fail in YCSB.
std::string SectionOf(std::string_view kind) {
  if (kind == "read_modify_write_read") return "READ";
  if (kind == "read_modify_write_update") return "UPDATE";
  if (kind.starts_with("read_absent")) return "READ-FAILED";
  std::string name(kind);
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return name;
}

uint64_t NumberAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<uint64_t>() : 0;
}

double MeanNs(const json& numbers) {
  const auto found = numbers.find("mean_ns");
  return found != numbers.end() && found->is_number() ? found->get<double>() : 0;
}

// Counts, means and extremes are exact in result.json; the buckets come from the log.
Sections ReadSections(const json& latency) {
  Sections sections;
  for (const auto& [kind, numbers] : latency.items()) {
    if (kind == "all" || !numbers.is_object()) continue;
    Section& section = sections[SectionOf(kind)];
    const uint64_t count = NumberAt(numbers, "count");
    section.count += count;
    section.sum_ns += MeanNs(numbers) * static_cast<double>(count);
    section.min_ns = std::min(section.min_ns, NumberAt(numbers, "min_ns"));
    section.max_ns = std::max(section.max_ns, NumberAt(numbers, "max_ns"));
  }
  // A read that fails is counted by its status under READ.
  if (sections.count("READ-FAILED") != 0) sections["READ"];
  return sections;
}

// The place of an entry in Java's ConcurrentHashMap with few entries, in which YCSB keeps its
// measurements: sections are printed by it.
uint32_t JavaBin(std::string_view name) {
  constexpr uint32_t kBins = 16;
  uint32_t hash = 0;
  for (const char c : name) hash = hash * 31 + static_cast<unsigned char>(c);
  return (hash ^ hash >> 16) % kBins;
}

void SortAsJava(std::vector<std::string>* names) {
  std::stable_sort(names->begin(), names->end(), [](const std::string& a, const std::string& b) {
    return JavaBin(a) < JavaBin(b);
  });
}

class Report {
 public:
  Report(const json& result, const workloads::YcsbReport& report)
      : result_(result), report_(report) {}

  Status Make(std::string_view hlog) {
    const json none = json::object();
    const json& latency = result_.value("latency", none);
    const bool open_loop = result_.contains("response");
    // In a closed loop an operation begins when it is meant to.
    const json& response = open_loop ? result_["response"] : latency;
    Sections service = ReadSections(latency), intended = ReadSections(response);
    const auto tag_of = [](std::string_view tag) {
      return tag.starts_with(kResponse) ? tag.substr(kResponse.size()) : tag;
    };
    const Status read = ReadHlog(
        hlog, [&](std::string_view tag) { return latency.contains(tag_of(tag)); },
        [&](std::string_view tag, const Histogram& histogram) {
          const std::string section = SectionOf(tag_of(tag));
          const bool is_response = tag.starts_with(kResponse);
          if (!is_response) service[section].buckets->Merge(histogram);
          if (is_response == open_loop) intended[section].buckets->Merge(histogram);
        });
    if (!read.ok()) return read.Annotate("latency.hlog");
    Overall();
    if (report_.interval != "intended") AddSections(service, "", true);
    if (report_.interval == "intended") AddSections(intended, "", true);
    if (report_.interval == "both") AddSections(intended, "Intended-", false);
    return {};
  }

  const std::vector<Line>& lines() const { return lines_; }

 private:
  void Add(std::string section, std::string name, std::string value) {
    lines_.push_back({std::move(section), std::move(name), std::move(value)});
  }

  void Overall() {
    uint64_t milliseconds = 0;
    for (const json& phase : result_.value("phases", json::array())) {
      if (!phase.is_object() || phase.value("name", json()) != "measure") continue;
      milliseconds = (NumberAt(phase, "end_ns") - NumberAt(phase, "start_ns")) / 1'000'000;
    }
    const json operations = result_.value("operations", json::object());
    const auto total = static_cast<double>(NumberAt(operations, "total"));
    Add("OVERALL", "RunTime(ms)", Text(milliseconds));
    Add("OVERALL", "Throughput(ops/sec)",
        JavaDouble(1000.0 * total / static_cast<double>(milliseconds)));
    // There is no collector of garbage.
    Add("TOTAL_GCs", "Count", "0");
    Add("TOTAL_GC_TIME", "Time(ms)", "0");
    Add("TOTAL_GC_TIME_%", "Time(%)", "0.0");
  }

  void AddSections(const Sections& sections, const std::string& prefix, bool with_status) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : sections) names.push_back(name);
    if (report_.data_integrity && with_status) names.emplace_back(kVerify);
    SortAsJava(&names);
    for (const std::string& name : names) {
      if (name == kVerify) {
        AddVerification();
        continue;
      }
      const Section& section = sections.find(name)->second;
      AddSection(prefix + name, section);
      if (with_status) AddStatus(name, section.count);
      if (report_.buckets) AddBuckets(prefix + name, *section.buckets);
    }
  }

  void AddSection(const std::string& name, const Section& section) {
    const bool empty = section.count == 0;
    const double mean_ns = empty ? 0 : section.sum_ns / static_cast<double>(section.count);
    Add(name, "Operations", Text(section.count));
    Add(name, "AverageLatency(us)", JavaDouble(mean_ns / kNsPerUs));
    Add(name, "MinLatency(us)", Text(empty ? 0 : section.min_ns / 1000));
    Add(name, "MaxLatency(us)", Text(section.max_ns / 1000));
    for (const double percentile : report_.percentiles) {
      const uint64_t ns = std::min(section.buckets->PercentileNs(percentile), section.max_ns);
      Add(name, PercentileLabel(percentile) + "PercentileLatency(us)", Text(ns / 1000));
    }
  }

  void AddStatus(const std::string& name, uint64_t count) {
    if (name == "READ-FAILED") return;
    const json operations = result_.value("operations", json::object());
    const uint64_t absent = name == "READ" ? NumberAt(operations, "absent") : 0;
    const uint64_t ok = name == "READ" ? NumberAt(operations, "found") : count;
    if (ok > 0) Add(name, "Return=OK", Text(ok));
    if (absent > 0) Add(name, "Return=NOT_FOUND", Text(absent));
  }

  // Values are checked outside of what is timed.
  void AddVerification() {
    const json checks = result_.value("verification", json::object());
    const uint64_t checked = NumberAt(checks, "reads_checked");
    const uint64_t wrong = std::min(NumberAt(checks, "wrong_answers"), checked);
    Add(std::string(kVerify), "Operations", Text(checked));
    if (checked > wrong) Add(std::string(kVerify), "Return=OK", Text(checked - wrong));
    if (wrong > 0) Add(std::string(kVerify), "Return=UNEXPECTED_STATE", Text(wrong));
  }

  void AddBuckets(const std::string& name, const Histogram& histogram) {
    std::map<uint64_t, uint64_t> by_us;
    for (size_t index = 0; index < Histogram::kBuckets; ++index) {
      if (histogram.CountAt(index) == 0) continue;
      by_us[Histogram::HighestOf(index) / 1000] += histogram.CountAt(index);
    }
    for (const auto& [us, count] : by_us) {
      Add(name, Text(us), JavaDouble(static_cast<double>(count)));
    }
  }

  const json& result_;
  const workloads::YcsbReport& report_;
  std::vector<Line> lines_;
};

std::string AsText(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += fmt::format("[{}], {}, {}\n", line.section, line.name, line.value);
  }
  return text;
}

// As Jackson's default printer writes objects: in an array, or one behind the other.
std::string AsJson(const std::vector<Line>& lines, bool array) {
  std::string text = array ? "[ " : "";
  for (const Line& line : lines) {
    if (&line != &lines.front()) text += array ? ", " : " ";
    const bool number = line.value.find_first_not_of("0123456789.E-") == std::string::npos;
    text += fmt::format(
        "{{\n  \"metric\" : \"{}\",\n  \"measurement\" : \"{}\",\n  \"value\" : {}\n}}",
        line.section, line.name, number ? line.value : fmt::format("\"{}\"", line.value));
  }
  return text + (array ? " ]\n" : "\n");
}

}  // namespace

std::string JavaDouble(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  const double size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e7);
  if (plain) {
    const std::string text = fmt::format("{}", number);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  std::string text;
  for (int precision = 0; precision < 17; ++precision) {
    text = fmt::format("{:.{}e}", number, precision);
    if (std::stod(text) == number) break;
  }
  const size_t e = text.find('e');
  std::string digits = text.substr(0, e);
  if (digits.find('.') == std::string::npos) digits += ".0";
  return fmt::format("{}E{}", digits, std::stoi(text.substr(e + 1)));
}

std::string PercentileLabel(double percentile) {
  if (percentile != std::floor(percentile)) return JavaDouble(percentile);
  const auto number = static_cast<int>(percentile);
  constexpr std::array<std::string_view, 10> kSuffixes = {"th", "st", "nd", "rd", "th",
                                                          "th", "th", "th", "th", "th"};
  const bool teen = number % 100 >= 11 && number % 100 <= 13;
  return fmt::format("{}{}", number, teen ? "th" : kSuffixes[static_cast<size_t>(number % 10)]);
}

Result<std::string> YcsbOutput(const json& result, std::string_view hlog,
                               const workloads::YcsbReport& report) {
  if (!result.is_object()) return Status::Corruption("result.json is not a result");
  auto made = Report(result, report);
  if (Status status = made.Make(hlog); !status.ok()) return status;
  if (report.exporter == "TextMeasurementsExporter") return AsText(made.lines());
  return AsJson(made.lines(), report.exporter == "JSONArrayMeasurementsExporter");
}

}  // namespace varve::harness
