// The translation of YCSB's properties. See ycsb_properties.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/ycsb_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "workloads/java_properties.h"
#include "workloads/lengths.h"
#include "workloads/text.h"
#include "workloads/workload_file.h"
#include "workloads/ycsb_table.h"

namespace varve::workloads {
namespace {

using enum YcsbTreatment;
using Row = YcsbRow;

// True and false as Java reads them, but nothing else.
Result<bool> ParseFlag(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "true" || lower == "false") return lower == "true";
  return Status::InvalidArgument(
      fmt::format("\"{}\" is neither true nor false", text.substr(0, 60)));
}

bool IsFlag(const Row& row) { return row.fallback == "true" || row.fallback == "false"; }

struct Given {
  std::string value;
  std::string where;  // "file:line" or "-p"
};

// The properties of a file and of overrides, with YCSB's defaults behind them.
class Translation {
 public:
  // `path`: of the last file, beside which others are sought.
  explicit Translation(std::string path) : path_(std::move(path)) {}

  Status Add(std::string_view name, std::string_view value, std::string where) {
    std::vector<std::string_view> names;
    for (const Row& row : YcsbRows()) names.push_back(row.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Status::InvalidArgument(fmt::format("{}: YCSB has no property \"{}\"{}", where,
                                                 name.substr(0, 60), DidYouMean(name, names)));
    }
    given_[std::string(name)] = {std::string(value), std::move(where)};
    return {};
  }

  Status Translate(YcsbRun* run) const {
    run->workload.key_format = "ycsb";
    for (const Row& row : YcsbRows()) {
      if (Status status = TranslateRow(row, run); !status.ok()) return At(row.name, status);
    }
    for (const auto by_hand : {&Translation::Class, &Translation::Order, &Translation::Counts,
                               &Translation::Distribution, &Translation::Fields,
                               &Translation::ScanLengths, &Translation::LoadOnly}) {
      if (Status status = (this->*by_hand)(&run->workload); !status.ok()) return status;
    }
    if (Status status = Trial(run); !status.ok()) return status;
    return Report(&run->report);
  }

  // An error if something was asked for that a workload alone cannot hold.
  Status CheckWorkloadOnly() const {
    for (const Row& row : YcsbRows()) {
      if (row.treatment != kTrial && row.treatment != kReport) continue;
      if (!IsGiven(row.name) || Value(row.name) == row.fallback) continue;
      if (row.treatment == kTrial) {
        return At(row.name,
                  Invalid(fmt::format("only `varve bench -P` honours it; anything else that runs a "
                                      "workload sets trial.{}",
                                      row.detail)));
      }
      return At(row.name, Invalid("only `varve bench -P` honours it, which can print what YCSB "
                                  "prints"));
    }
    return {};
  }

 private:
  static Status Invalid(std::string message) { return Status::InvalidArgument(std::move(message)); }

  // The value of a property, or its default.
  std::string_view Value(std::string_view name) const {
    const auto found = given_.find(name);
    if (found != given_.end()) return found->second.value;
    return std::find_if(YcsbRows().begin(), YcsbRows().end(),
                        [&](const Row& row) { return row.name == name; })
        ->fallback;
  }
  bool IsGiven(std::string_view name) const { return given_.find(name) != given_.end(); }

  // An error in the property `name`, with its place.
  Status At(std::string_view name, const Status& status) const {
    const auto found = given_.find(name);
    const std::string place = found == given_.end() ? "YCSB's default" : found->second.where;
    return status.Annotate(fmt::format("{}: {}", place, name));
  }

  bool IsDefault(const Row& row) const { return Value(row.name) == row.fallback; }

  Result<bool> Flag(std::string_view name) const {
    const Result<bool> flag = ParseFlag(Value(name));
    return flag.ok() ? flag : At(name, flag.status());
  }

  Status TranslateRow(const Row& row, YcsbRun* run) const {
    const std::string_view value = Value(row.name);
    if (row.treatment == kTranslated) return SetProperty(&run->workload, row.detail, value);
    if (IsFlag(row)) {
      const Result<bool> flag = ParseFlag(value);
      if (!flag.ok()) return flag.status();
      if (*flag == (row.fallback == "true")) return {};
    }
    if (IsDefault(row)) return {};
    if (row.treatment == kOnlyDefault) return Invalid(std::string(row.detail));
    if (row.treatment == kAccepted) {
      run->notes.emplace_back(At(row.name, Invalid(std::string(row.detail))).message());
    }
    return {};
  }

  Status Class(Workload*) const {
    const std::string_view name = Value("workload");
    if (name.ends_with(".CoreWorkload") || name == "CoreWorkload") return {};
    return At("workload", Invalid("not implemented: only CoreWorkload is"));
  }

  Status Order(Workload* w) const {
    const std::string_view order = Value("insertorder");
    if (order == "hashed" || order == "ordered") return SetProperty(w, "key_order", order);
    return At(
        "insertorder",
        Invalid(fmt::format(
            "\"{}\" is none of hashed or ordered (YCSB takes anything but hashed for ordered){}",
            order.substr(0, 60), DidYouMean(order, {"hashed", "ordered"}))));
  }

  Status Counts(Workload* w) const {
    constexpr uint64_t kUnlimited = 2147483647;
    for (const auto& [ycsb, ours] :
         {std::pair("recordcount", "records"), std::pair("operationcount", "operations")}) {
      if (Status status = SetProperty(w, ours, Value(ycsb)); !status.ok()) return At(ycsb, status);
    }
    if (w->records == 0) w->records = kUnlimited;
    if (!IsGiven("insertcount")) return {};
    if (Status status = SetProperty(w, "insert_count", Value("insertcount")); !status.ok()) {
      return At("insertcount", status);
    }
    if (w->insert_count > 0) return {};
    return At("insertcount", Invalid("0, a load of nothing, is not implemented"));
  }

  Status Distribution(Workload* w) const {
    const std::string_view name = Value("requestdistribution");
    const std::vector<std::string_view> names = {"uniform", "zipfian",    "latest",
                                                 "hotspot", "sequential", "exponential"};
    if (Status s = OneOf("requestdistribution", name, names); !s.ok()) return s;
    w->key_chooser = name == "zipfian" ? "ycsb_scrambled" : name;
    if (name != "zipfian" || IsGiven("operationcount")) return {};
    return At("requestdistribution", Invalid("zipfian requires operationcount, as in YCSB"));
  }

  Status Fields(Workload* w) const {
    if (Status s = SetProperty(w, "fields", Value("fieldcount")); !s.ok()) {
      return At("fieldcount", s);
    }
    for (const auto& [ycsb, ours] : {std::pair("fieldlength", "value_bytes"),
                                     std::pair("minfieldlength", "value_bytes_min")}) {
      const Result<uint64_t> length = ParseCount(Value(ycsb));
      if (!length.ok()) return At(ycsb, length.status());
      constexpr uint64_t kLongest = uint64_t{1} << 40;  // far above the limit, far below overflow
      const uint64_t total = std::min(*length, kLongest) * w->fields;
      if (Status s = SetProperty(w, ours, fmt::format("{}", total)); !s.ok()) return At(ycsb, s);
    }
    return FieldLengths(w);
  }

  Status FieldLengths(Workload* w) const {
    const std::string_view name = Value("fieldlengthdistribution");
    const std::vector<std::string_view> names = {"constant", "uniform", "zipfian", "histogram"};
    if (Status s = OneOf("fieldlengthdistribution", name, names); !s.ok()) return s;
    if (name != "histogram") return SetProperty(w, "value_distribution", name);
    const auto bins = ReadHistogramFile(BesideFile(path_, Value("fieldlengthhistogram")));
    if (!bins.ok()) return At("fieldlengthhistogram", bins.status());
    uint64_t longest = 0;
    for (const LengthBin& bin : *bins) longest = std::max(longest, bin.to);
    w->value_distribution = name;
    w->value_histogram = FormatHistogram(*bins);
    const std::string total = fmt::format("{}", longest * w->fields);
    return At("fieldlengthhistogram", SetProperty(w, "value_bytes", total));
  }

  Status ScanLengths(Workload* w) const {
    const std::string_view name = Value("scanlengthdistribution");
    if (Status s = OneOf("scanlengthdistribution", name, {"uniform", "zipfian"}); !s.ok()) return s;
    return SetProperty(w, "scan_length_distribution", name);
  }

  // A load is measured as a run of nothing but inserts. As in YCSB, recordcount of them if there is
  // no insertcount, wherever they start.
  Status LoadOnly(Workload* w) const {
    const Result<bool> transactions = Flag("dotransactions");
    if (!transactions.ok()) return transactions.status();
    if (*transactions) return {};
    w->operations = IsGiven("insertcount") ? w->insert_count : w->records;
    w->records = w->insert_start;
    w->insert_count = 0;
    w->read_proportion = w->update_proportion = w->scan_proportion = 0;
    w->read_modify_write_proportion = 0;
    w->insert_proportion = 1;
    return {};
  }

  Result<uint64_t> Count(std::string_view name) const {
    const Result<uint64_t> count = ParseCount(Value(name));
    return count.ok() ? count : At(name, count.status());
  }

  void AddTrial(std::string_view ycsb, std::string_view ours, std::string text,
                YcsbRun* run) const {
    const std::string origin = fmt::format("{}: {}", given_.find(ycsb)->second.where, ycsb);
    run->trial.push_back({std::string(ours), std::move(text), origin});
  }

  Status Trial(YcsbRun* run) const {
    const auto threads = Count("threadcount"), target = Count("target"),
               seconds = Count("maxexecutiontime");
    for (const auto* count : {&threads, &target, &seconds}) {
      if (!count->ok()) return count->status();
    }
    if (IsGiven("threadcount")) {
      AddTrial("threadcount", "clients", fmt::format("{}", *threads), run);
    }
    if (*target > 0) {
      AddTrial("target", "arrivals", "constant", run);
      AddTrial("target", "rate_ops_per_second", fmt::format("{}", *target), run);
    }
    if (*seconds > 0) {
      AddTrial("maxexecutiontime", "seconds", fmt::format("{}", *seconds), run);
      // Without it, a trial would end by time alone.
      AddTrial("maxexecutiontime", "operations", fmt::format("{}", run->workload.operations), run);
    }
    return Integrity(run);
  }

  Status Integrity(YcsbRun* run) const {
    const Result<bool> integrity = Flag("dataintegrity");
    if (!integrity.ok()) return integrity.status();
    run->report.data_integrity = *integrity;
    if (!*integrity) return {};
    if (run->workload.value_distribution != "constant") {
      return At("dataintegrity", Invalid("needs fieldlengthdistribution=constant, as in YCSB"));
    }
    AddTrial("dataintegrity", "verify", "true", run);
    return {};
  }

  Status Report(YcsbReport* report) const {
    report->asked = std::any_of(YcsbRows().begin(), YcsbRows().end(), [&](const Row& row) {
      return row.treatment == kReport && !IsDefault(row);
    });
    const std::string_view exporter = Value("exporter");
    report->exporter = exporter.substr(exporter.rfind('.') + 1);
    report->file = Text("exportfile");
    report->interval = Text("measurement.interval");
    const Result<bool> buckets = Flag("measurement.histogram.verbose");
    if (!buckets.ok()) return buckets.status();
    report->buckets = *buckets;
    if (Status s = OneOf("exporter", report->exporter,
                         {"TextMeasurementsExporter", "JSONMeasurementsExporter",
                          "JSONArrayMeasurementsExporter"});
        !s.ok()) {
      return s;
    }
    if (Status s = OneOf("measurement.interval", report->interval, {"op", "intended", "both"});
        !s.ok()) {
      return s;
    }
    return Percentiles(&report->percentiles);
  }

  Status Percentiles(std::vector<double>* percentiles) const {
    constexpr std::string_view kName = "hdrhistogram.percentiles";
    percentiles->clear();
    std::string_view rest = Value(kName);
    while (true) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const Result<double> percentile = ParseNumber(Trim(rest.substr(0, comma)));
      if (!percentile.ok()) return At(kName, percentile.status());
      if (*percentile <= 0 || *percentile > 100) {
        return At(kName, Invalid(fmt::format("{} is not above 0 and at most 100", *percentile)));
      }
      percentiles->push_back(*percentile);
      if (comma == rest.size()) return {};
      rest.remove_prefix(comma + 1);
    }
  }

  std::string Text(std::string_view name) const { return std::string(Value(name)); }

  Status OneOf(std::string_view property, std::string_view value,
               const std::vector<std::string_view>& names) const {
    if (std::find(names.begin(), names.end(), value) != names.end()) return {};
    return At(property, Invalid(fmt::format("\"{}\" is none of {}{}", value.substr(0, 60),
                                            JoinNames(names), DidYouMean(value, names))));
  }

  std::string path_;
  std::map<std::string, Given, std::less<>> given_;
};

Result<Translation> Collect(const std::vector<YcsbFile>& files,
                            const std::vector<PropertyText>& overrides) {
  Translation translation(files.empty() ? "" : files.back().path);
  for (const YcsbFile& file : files) {
    const Result<std::vector<JavaProperty>> properties = ParseJavaProperties(file.text);
    if (!properties.ok()) {
      return Status::InvalidArgument(
          fmt::format("{}:{}", file.path, properties.status().message()));
    }
    for (const JavaProperty& property : *properties) {
      const std::string where = fmt::format("{}:{}", file.path, property.line);
      if (Status s = translation.Add(property.name, property.value, where); !s.ok()) return s;
    }
  }
  for (const PropertyText& override_ : overrides) {
    if (Status s = translation.Add(override_.name, override_.text, "-p"); !s.ok()) return s;
  }
  return translation;
}

Result<std::vector<YcsbFile>> ReadFiles(const std::vector<std::string>& paths) {
  std::vector<YcsbFile> files;
  for (const std::string& path : paths) {
    Result<std::string> text = ReadWorkloadText(path);
    if (!text.ok()) return text.status();
    files.push_back({path, std::move(*text)});
  }
  return files;
}

void Name(const std::string& path, Workload* workload) {
  workload->name = path.substr(path.rfind('/') + 1);
  workload->title = fmt::format("YCSB property file {}", workload->name);
}

}  // namespace

Result<YcsbRun> ParseYcsb(const std::vector<YcsbFile>& files,
                          const std::vector<PropertyText>& overrides) {
  const Result<Translation> translation = Collect(files, overrides);
  if (!translation.ok()) return translation.status();
  YcsbRun run;
  if (Status s = translation->Translate(&run); !s.ok()) return s;
  return run;
}

Result<YcsbRun> LoadYcsb(const std::vector<std::string>& paths,
                         const std::vector<PropertyText>& overrides) {
  const Result<std::vector<YcsbFile>> files = ReadFiles(paths);
  if (!files.ok()) return files.status();
  Result<YcsbRun> run = ParseYcsb(*files, overrides);
  if (!run.ok()) return run;
  Name(paths.empty() ? "ycsb_defaults" : paths.back(), &run->workload);
  return run;
}

Result<Workload> LoadYcsbWorkload(const std::string& path) {
  const Result<std::vector<YcsbFile>> files = ReadFiles({path});
  if (!files.ok()) return files.status();
  const Result<Translation> translation = Collect(*files, {});
  if (!translation.ok()) return translation.status();
  YcsbRun run;
  if (Status s = translation->Translate(&run); !s.ok()) return s;
  if (Status s = translation->CheckWorkloadOnly(); !s.ok()) return s;
  Name(path, &run.workload);
  return run.workload;
}

}  // namespace varve::workloads
