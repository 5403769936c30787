// Properties by name, and the checks of a workload as a whole. See workload.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

#include "workloads/choosers/choosers.h"
#include "workloads/choosers/hotspot.h"
#include "workloads/choosers/mixgraph.h"
#include "workloads/keys.h"
#include "workloads/lengths.h"
#include "workloads/operation_mix.h"
#include "workloads/phases.h"
#include "workloads/text.h"
#include "workloads/trace_workload.h"

namespace varve::workloads {
namespace {

std::string FormatRange(const Property& property) {
  return fmt::format("between {} and {}", property.min, property.max);
}

Status OutOfRange(const Property& property, std::string_view text) {
  return Status::InvalidArgument(
      fmt::format("{} must be {}, not {}", property.name, FormatRange(property), Trim(text)));
}

Status SetField(const Property& property, std::string_view text, uint64_t* field) {
  const Result<uint64_t> number =
      property.kind == PropertyKind::kBytes ? ParseByteCount(text) : ParseCount(text);
  if (!number.ok()) return number.status().Annotate(property.name);
  const double value = static_cast<double>(*number);
  if (value < property.min || value > property.max) return OutOfRange(property, text);
  *field = *number;
  return {};
}

Status SetField(const Property& property, std::string_view text, double* field) {
  const Result<double> number = ParseNumber(text);
  if (!number.ok()) return number.status().Annotate(property.name);
  if (*number < property.min || *number > property.max) return OutOfRange(property, text);
  *field = *number;
  return {};
}

Status SetHistogram(const Property& property, std::string_view text, std::string* field) {
  if (Trim(text) == kNoHistogram) {
    *field = kNoHistogram;
    return {};
  }
  const Result<std::vector<LengthBin>> bins = ReadHistogram(text);
  if (!bins.ok()) return bins.status().Annotate(property.name);
  *field = FormatHistogram(*bins);
  return {};
}

Status SetField(const Property& property, std::string_view text, std::string* field) {
  if (property.kind == PropertyKind::kHistogram) return SetHistogram(property, text, field);
  const std::string_view name = Trim(text);
  if (property.kind == PropertyKind::kText) {
    *field = name;
    return {};
  }
  std::vector<std::string_view> names;
  for (const Choice& choice : ChoicesOf(property.table)) {
    if (choice.name == name) {
      *field = name;
      return {};
    }
    names.push_back(choice.name);
  }
  return Status::InvalidArgument(fmt::format("{} has no \"{}\": it is one of {}{}", property.name,
                                             name.substr(0, 60), JoinNames(names),
                                             DidYouMean(name, names)));
}

std::string FormatField(uint64_t field) { return fmt::format("{}", field); }
std::string FormatField(double field) { return FormatNumber(field); }
std::string FormatField(const std::string& field) { return field; }

Status Invalid(std::string message) { return Status::InvalidArgument(std::move(message)); }

Status CheckRecords(const Workload& w) {
  if (w.insert_start + w.loaded() > w.records) {
    return Invalid(fmt::format("records ({}) must be at least insert_start + insert_count ({})",
                               w.records, w.insert_start + w.loaded()));
  }
  const Proportions proportions = ProportionsOf(w);
  const double all = std::accumulate(proportions.begin(), proportions.end(), 0.0);
  const double weight = all - w.insert_proportion;
  if (all <= 0) {
    return Invalid("no operation has a proportion above 0 (read_proportion, …)");
  }
  if (weight > 0 && w.loaded() == 0) {
    return Invalid("records must be at least 1 when operations are to choose among them");
  }
  constexpr uint64_t kMostPerRecord = 1000;  // else most choices are of records that do not exist
  if (weight > 0 && ExpectedInserts(w) / kMostPerRecord > w.loaded()) {
    return Invalid(fmt::format(
        "records ({}) are too few for a run that inserts about {}: load at least a thousandth",
        w.loaded(), ExpectedInserts(w) / 2));
  }
  return {};
}

Status CheckEveryLength(const Workload& w) {
  if (Status status = CheckLengths(ValueLengths(w), w.fields); !status.ok()) return status;
  if (Status status = CheckLengths(ScanLengths(w)); !status.ok()) return status;
  return CheckLengths(DeleteRangeLengths(w));
}

Status CheckMixgraph(const Workload& w) {
  if ((w.mixgraph_key_dist_a > 0) != (w.mixgraph_key_dist_b > 0)) {
    return Invalid("mixgraph_key_dist_a and mixgraph_key_dist_b must both be 0, or neither");
  }
  double sum = 0;
  for (const double weight : MixgraphChooser::Weights(w.loaded(), MixgraphShapeOf(w))) {
    if (!(weight >= 0)) return Invalid("mixgraph_keyrange_dist gives a range a negative share");
    sum += weight;
  }
  if (sum > 0 && std::isfinite(sum)) return {};
  return Invalid("mixgraph_keyrange_dist gives no range a share above 0, or too large a one");
}

Status CheckChooser(const Workload& w) {
  const bool of_ycsb = w.key_chooser == "ycsb_zipfian" || w.key_chooser == "ycsb_scrambled" ||
                       w.key_chooser == "latest";
  if (of_ycsb && w.zipfian_constant != 0.99) {
    return Invalid(
        fmt::format("key_chooser {} always has zipfian_constant 0.99, as in YCSB; zipfian takes {}",
                    w.key_chooser, FormatNumber(w.zipfian_constant)));
  }
  if (w.key_chooser == "hotspot") {
    const uint64_t hot = HotspotChooser::HotRecords(w.loaded(), w.hotspot_data_fraction);
    if (hot == 0 && w.hotspot_operation_fraction > 0) {
      return Invalid("hotspot_data_fraction is so small that no record is hot");
    }
    if (hot == w.loaded() && w.hotspot_operation_fraction < 1) {
      return Invalid("hotspot_data_fraction is so large that no record is cold");
    }
  }
  return w.key_chooser == "mixgraph" ? CheckMixgraph(w) : Status();
}

// Records that lie beside each other must have keys that do.
Status CheckOrder(const Workload& w) {
  const bool near_sorted = w.load_order == "near_sorted";
  if (!near_sorted && w.delete_range_proportion <= 0) return {};
  const std::string what = near_sorted ? "load_order = near_sorted" : "delete_range_proportion";
  if (w.key_order != "ordered") {
    return Invalid(fmt::format(
        "{} needs key_order = ordered: records beside each other have hashed keys anywhere", what));
  }
  if (KeysSortByRecord(w)) return {};
  return Invalid(
      fmt::format("{} needs zero_padding of as many digits as the largest record "
                  "number has: \"user10\" sorts before \"user9\"",
                  what));
}

Status CheckPhase(const Workload& workload) {
  for (const auto check : {CheckRecords, CheckEveryLength, CheckChooser, CheckOrder}) {
    if (Status status = check(workload); !status.ok()) return status;
  }
  return {};
}

}  // namespace

Status SetProperty(Workload* workload, std::string_view name, std::string_view text) {
  Status status;
  bool found = false;
  std::vector<std::string_view> names;
  Workload::ForEach(*workload, [&](const Property& property, auto& field) {
    names.push_back(property.name);
    if (property.name != name) return;
    found = true;
    status = SetField(property, text, &field);
  });
  if (found) return status;
  return Status::InvalidArgument(fmt::format("a workload has no property \"{}\"{}",
                                             name.substr(0, 60), DidYouMean(name, names)));
}

std::vector<PropertyText> PropertyTexts(const Workload& workload) {
  std::vector<PropertyText> texts;
  Workload::ForEach(workload, [&](const Property& property, const auto& field) {
    texts.push_back({std::string(property.name), FormatField(field)});
  });
  return texts;
}

std::vector<Property> Properties() {
  std::vector<Property> properties;
  const Workload workload;
  Workload::ForEach(workload,
                    [&](const Property& property, const auto&) { properties.push_back(property); });
  return properties;
}

std::string PropertyTextOf(const Workload& workload, std::string_view name) {
  std::string text;
  Workload::ForEach(workload, [&](const Property& property, const auto& field) {
    if (property.name == name) text = FormatField(field);
  });
  return text;
}

std::optional<Property> FindProperty(std::string_view name) {
  std::optional<Property> found;
  const Workload workload;
  Workload::ForEach(workload, [&](const Property& property, const auto&) {
    if (property.name == name) found = property;
  });
  return found;
}

std::vector<Choice> ChoicesOf(std::string_view table) {
  if (table == "key_chooser") {
    std::vector<Choice> choices;
    for (const ChooserRow& row : ChooserTable()) choices.push_back({row.name, row.help});
    return choices;
  }
  if (table == "key_format") {
    return {{"fixed", "key_bytes bytes: a number in hexadecimal, filled up with zeros"},
            {"ycsb", "\"user\" and a decimal number, as YCSB has them"}};
  }
  if (table == "key_order") {
    return {{"hashed", "the number in the key is scrambled: records lie anywhere in the key range"},
            {"ordered", "keys sort as the records were numbered"}};
  }
  if (table == "load_order") {
    return {{"records", "by record number"},
            {"shuffled", "as if at random"},
            {"near_sorted", "nearly by record number: a share K is out of place, by at most L"}};
  }
  if (table == "length_distribution") {
    return {{"constant", "always the longest"},
            {"uniform", "every length alike"},
            {"zipfian", "YCSB's zipfian: the shortest is the most frequent"},
            {"normal", "a bell curve between the shortest and the longest"},
            {"pareto", "generalised Pareto, cut off at the longest"},
            {"histogram", "lengths with weights, from a file"}};
  }
  if (table == "load") {
    return {{"present", "the records, or those that a trace says are there"},
            {"nothing", "an empty store"}};
  }
  return {};
}

Status CheckWorkload(const Workload& workload) {
  if (!workload.trace.empty()) return CheckTraceWorkload(workload);
  const Result<std::vector<Workload>> phases = PhasesOf(workload);
  if (!phases.ok()) return phases.status();
  for (size_t i = 0; i < phases->size(); i++) {
    const Status status = CheckPhase((*phases)[i]);
    if (status.ok()) continue;
    return workload.phases.empty() ? status : status.Annotate(fmt::format("phase {}", i + 1));
  }
  return {};
}

}  // namespace varve::workloads
