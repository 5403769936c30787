// The table of YCSB's properties, and their translation. See ycsb_properties.h.
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

namespace varve::workloads {
namespace {

enum class Treatment {
  kTranslated,  // detail: the property of Workload that it sets, as it is written
  kByHand,      // by a function of its own
  kAccepted,    // detail: why it makes no difference
  kOnlyDefault  // detail: what to do instead of setting it
};

struct Row {
  std::string_view name;
  std::string_view fallback;
  Treatment treatment;
  std::string_view detail;
};

constexpr std::string_view kNotYet = "not implemented yet";
constexpr std::string_view kOwnResults = "not implemented: results have a format of their own";

using enum Treatment;
constexpr Row kRows[] = {
    {"workload", "site.ycsb.workloads.CoreWorkload", kByHand, "CoreWorkload only"},
    {"recordcount", "0", kByHand, "records; 0 means 2147483647"},
    {"operationcount", "0", kByHand, "operations; required by requestdistribution=zipfian"},
    {"insertstart", "0", kTranslated, "insert_start"},
    {"insertcount", "", kByHand, "insert_count; recordcount - insertstart if not given"},
    {"insertorder", "hashed", kTranslated, "key_order"},
    {"zeropadding", "1", kTranslated, "zero_padding"},
    {"fieldcount", "10", kByHand, "fields"},
    {"fieldlength", "100", kByHand, "value_bytes is fieldcount times fieldlength"},
    {"minfieldlength", "1", kByHand, "value_bytes_min is fieldcount times minfieldlength"},
    {"fieldlengthdistribution", "constant", kByHand, "value_distribution"},
    {"fieldlengthhistogram", "hist.txt", kByHand, "value_histogram; beside the property file"},
    {"readproportion", "0.95", kTranslated, "read_proportion"},
    {"updateproportion", "0.05", kTranslated, "update_proportion"},
    {"insertproportion", "0", kTranslated, "insert_proportion"},
    {"scanproportion", "0", kTranslated, "scan_proportion"},
    {"readmodifywriteproportion", "0", kTranslated, "read_modify_write_proportion"},
    {"requestdistribution", "uniform", kByHand, "key_chooser"},
    {"hotspotdatafraction", "0.2", kTranslated, "hotspot_data_fraction"},
    {"hotspotopnfraction", "0.8", kTranslated, "hotspot_operation_fraction"},
    {"exponential.percentile", "95", kTranslated, "exponential_percentile"},
    {"exponential.frac", "0.8571428571", kTranslated, "exponential_fraction"},
    {"minscanlength", "1", kTranslated, "scan_length_min"},
    {"maxscanlength", "1000", kTranslated, "scan_length_max"},
    {"scanlengthdistribution", "uniform", kByHand, "scan_length_distribution"},

    {"table", "usertable", kAccepted, "no part of a key; a store has one table"},
    {"fieldnameprefix", "field", kAccepted, "names of fields are not stored"},
    {"readallfields", "true", kOnlyDefault, "not implemented: a read returns the whole value"},
    {"readallfieldsbyname", "false", kAccepted, "a read returns the whole value"},
    {"writeallfields", "false", kAccepted, "a write is of the whole value"},
    {"dataintegrity", "false", kOnlyDefault,
     "not implemented: a trial verifies values with a scheme of its own (trial.verify)"},
    {"core_workload_insertion_retry_limit", "0", kOnlyDefault, kNotYet},
    {"core_workload_insertion_retry_interval", "3", kAccepted, "nothing is tried again"},
    {"core_workload_insertion_keep_going_on_error", "false", kOnlyDefault, kNotYet},

    {"threadcount", "1", kOnlyDefault, "a setting of the trial here: clients"},
    {"target", "0", kOnlyDefault, kNotYet},
    {"maxexecutiontime", "0", kOnlyDefault, "a setting of the trial here: seconds"},
    {"dotransactions", "true", kOnlyDefault, "not implemented: a trial always loads, then runs"},
    {"db", "", kOnlyDefault, "a setting of the trial here: store"},
    {"status", "", kAccepted, "progress is always shown"},
    {"status.interval", "10", kAccepted, "progress is always shown"},
    {"label", "", kAccepted, "only part of YCSB's progress line"},
    {"spin.sleep", "false", kOnlyDefault, kNotYet},
    {"exporter", "site.ycsb.measurements.exporter.TextMeasurementsExporter", kOnlyDefault,
     kOwnResults},
    {"exportfile", "", kOnlyDefault, kOwnResults},
    {"measurementtype", "hdrhistogram", kOnlyDefault, kOwnResults},
    {"measurement.interval", "op", kOnlyDefault, kNotYet},
    {"measurement.trackjvm", "false", kOnlyDefault, kOwnResults},
    {"measurement.histogram.verbose", "false", kOnlyDefault, kOwnResults},
    {"measurement.raw.output_file", "", kOnlyDefault, kOwnResults},
    {"measurement.raw.no_summary", "false", kOnlyDefault, kOwnResults},
    {"hdrhistogram.percentiles", "50,95,99", kOnlyDefault, kOwnResults},
    {"hdrhistogram.fileoutput", "false", kOnlyDefault, kOwnResults},
    {"hdrhistogram.output.path", "", kOnlyDefault, kOwnResults},
    {"histogram.buckets", "1000", kOnlyDefault, kOwnResults},
    {"timeseries.granularity", "1000", kOnlyDefault, kOwnResults},
    {"reportlatencyforeacherror", "false", kOnlyDefault, kOwnResults},
    {"latencytrackederrors", "", kOnlyDefault, kOwnResults},
};

struct Given {
  std::string value;
  std::string where;  // "file:line" or "-p"
};

// The properties of a file and of overrides, with YCSB's defaults behind them.
class Translation {
 public:
  explicit Translation(std::string path) : path_(std::move(path)) {}

  Status Add(std::string_view name, std::string_view value, std::string where) {
    std::vector<std::string_view> names;
    for (const Row& row : kRows) names.push_back(row.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Status::InvalidArgument(fmt::format("{}: YCSB has no property \"{}\"{}", where,
                                                 name.substr(0, 60), DidYouMean(name, names)));
    }
    given_[std::string(name)] = {std::string(value), std::move(where)};
    return {};
  }

  Status Translate(Workload* workload) const {
    workload->key_format = "ycsb";
    for (const Row& row : kRows) {
      if (Status status = TranslateRow(row, workload); !status.ok()) return At(row.name, status);
    }
    for (const auto by_hand :
         {&Translation::Class, &Translation::Counts, &Translation::Distribution,
          &Translation::Fields, &Translation::ScanLengths}) {
      if (Status status = (this->*by_hand)(workload); !status.ok()) return status;
    }
    return {};
  }

 private:
  static Status Invalid(std::string message) { return Status::InvalidArgument(std::move(message)); }

  // The value of a property, or its default.
  std::string_view Value(std::string_view name) const {
    const auto found = given_.find(name);
    if (found != given_.end()) return found->second.value;
    return std::find_if(std::begin(kRows), std::end(kRows),
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

  Status TranslateRow(const Row& row, Workload* workload) const {
    const std::string_view value = Value(row.name);
    if (row.treatment == kTranslated) return SetProperty(workload, row.detail, value);
    if (row.treatment == kOnlyDefault && value != row.fallback)
      return Invalid(std::string(row.detail));
    return {};
  }

  Status Class(Workload*) const {
    const std::string_view name = Value("workload");
    if (name.ends_with(".CoreWorkload") || name == "CoreWorkload") return {};
    return At("workload", Invalid("not implemented: only CoreWorkload is"));
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
    if (Status s = OneOf("requestdistribution",
                         {"uniform", "zipfian", "latest", "hotspot", "sequential", "exponential"});
        !s.ok()) {
      return s;
    }
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
    if (Status s =
            OneOf("fieldlengthdistribution", {"constant", "uniform", "zipfian", "histogram"});
        !s.ok()) {
      return s;
    }
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
    if (Status s = OneOf("scanlengthdistribution", {"uniform", "zipfian"}); !s.ok()) return s;
    return SetProperty(w, "scan_length_distribution", Value("scanlengthdistribution"));
  }

  // Whether the value of a property is one of these names.
  Status OneOf(std::string_view property, const std::vector<std::string_view>& names) const {
    const std::string_view name = Value(property);
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    return At(property, Invalid(fmt::format("\"{}\" is none of {}{}", name.substr(0, 60),
                                            JoinNames(names), DidYouMean(name, names))));
  }

  const std::string path_;  // of the property file
  std::map<std::string, Given, std::less<>> given_;
};

}  // namespace

Result<Workload> ParseYcsb(std::string_view text, const std::string& path,
                           const std::vector<PropertyText>& overrides) {
  const Result<std::vector<JavaProperty>> properties = ParseJavaProperties(text);
  if (!properties.ok()) {
    return Status::InvalidArgument(fmt::format("{}:{}", path, properties.status().message()));
  }
  Translation translation(path);
  for (const JavaProperty& property : *properties) {
    const std::string where = fmt::format("{}:{}", path, property.line);
    if (Status s = translation.Add(property.name, property.value, where); !s.ok()) return s;
  }
  for (const PropertyText& override_ : overrides) {
    if (Status s = translation.Add(override_.name, override_.text, "-p"); !s.ok()) return s;
  }
  Workload workload;
  if (Status s = translation.Translate(&workload); !s.ok()) return s;
  return workload;
}

Result<Workload> LoadYcsb(const std::string& path, const std::vector<PropertyText>& overrides) {
  std::string text;
  if (!path.empty()) {
    Result<std::string> file = ReadWorkloadText(path);
    if (!file.ok()) return file.status();
    text = std::move(*file);
  }
  Result<Workload> workload = ParseYcsb(text, path, overrides);
  if (!workload.ok()) return workload.status();
  workload->name = path.substr(path.rfind('/') + 1);
  workload->title = fmt::format("YCSB property file {}", workload->name);
  return workload;
}

std::vector<YcsbPropertyHelp> YcsbProperties() {
  std::vector<YcsbPropertyHelp> help;
  for (const Row& row : kRows) help.push_back({row.name, row.fallback, row.detail});
  return help;
}

}  // namespace varve::workloads
