// Workload: every property of a workload, once.
//
// ForEach is the only list of properties: workload files, the command line, help, range checks,
// results and sweeps all come from it. A property is spelt "workload.<name>" outside of here. It is
// the same scheme as that of the engine's options, for the same reasons.
//
// Read by streams, keys, values and choosers; filled by workload_file and ycsb_properties.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::workloads {

class Trace;

// What kind of value a property takes, and how it is written.
enum class PropertyKind : uint8_t {
  kBytes,      // "1 KiB", "100"
  kCount,      // a whole number
  kNumber,     // a number with a fraction
  kChoice,     // one of a table of names
  kText,       // as its help says
  kHistogram,  // lengths with weights, or the file that has them (lengths.h); read when it is set
};

// What is known of a property besides its value.
struct Property {
  std::string_view name;
  PropertyKind kind;
  double min = 0;  // inclusive; for kBytes, kCount, kNumber
  double max = 0;
  std::string_view table;  // for kChoice: the table of ChoicesOf that holds the names
  std::string_view help;
  bool shape = false;  // says what records, keys and values are: the same in all phases
};

struct Workload {
  // Not properties: where it came from.
  std::string name;   // of the file
  std::string title;  // one line
  // Of a phase (phases.h): inserts that all phases together are expected to make.
  std::optional<uint64_t> inserts_expected;
  std::shared_ptr<const Trace> replay;  // the file called `trace`; null if there is none

  // Size
  uint64_t records = 100000;
  uint64_t operations = 100000;
  uint64_t insert_start = 0;
  uint64_t insert_count = 0;

  // Keys
  std::string key_format = "fixed";
  std::string key_order = "hashed";
  uint64_t key_bytes = 16;
  uint64_t zero_padding = 1;
  std::string load_order = "records";
  double sortedness_k = 0.1;
  uint64_t sortedness_l = 1000;

  // Values
  uint64_t value_bytes = 100;
  uint64_t value_bytes_min = 1;
  std::string value_distribution = "constant";
  double value_bytes_mean = 0;
  double value_bytes_deviation = 0;
  double value_bytes_scale = 0;
  double value_bytes_shape = 0;
  std::string value_histogram = "none";
  uint64_t fields = 1;
  double value_compressibility = 0;

  // Operation mix
  double read_proportion = 0;
  double update_proportion = 0;
  double insert_proportion = 0;
  double scan_proportion = 0;
  double read_modify_write_proportion = 0;
  double read_absent_proportion = 0;
  double read_absent_outside_fraction = 0;
  double delete_proportion = 0;
  double scan_reverse_proportion = 0;
  double delete_range_proportion = 0;
  double expire_proportion = 0;

  // Which record
  std::string key_chooser = "uniform";
  double zipfian_constant = 0.99;
  double hotspot_data_fraction = 0.2;
  double hotspot_operation_fraction = 0.8;
  double exponential_percentile = 95;
  double exponential_fraction = 0.8571428571;
  uint64_t drift_every_operations = 0;
  uint64_t drift_records = 1;
  double normal_mean = 0.5;
  double normal_deviation = 0.1;
  double pareto_fraction = 0.2;
  uint64_t mixgraph_keyrange_num = 30;
  double mixgraph_keyrange_dist_a = 14.18;
  double mixgraph_keyrange_dist_b = -2.917;
  double mixgraph_keyrange_dist_c = 0.0164;
  double mixgraph_keyrange_dist_d = -0.08082;
  double mixgraph_key_dist_a = 0.002312;
  double mixgraph_key_dist_b = 0.3467;

  // Scans
  uint64_t scan_length_min = 1;
  uint64_t scan_length_max = 100;
  std::string scan_length_distribution = "uniform";
  double scan_length_mean = 0;
  double scan_length_deviation = 0;
  double scan_length_scale = 0;
  double scan_length_shape = 0;
  std::string scan_length_histogram = "none";

  // Deletes of ranges
  uint64_t delete_range_length_min = 1;
  uint64_t delete_range_length_max = 100;
  std::string delete_range_length_distribution = "uniform";
  double delete_range_length_mean = 0;
  double delete_range_length_deviation = 0;
  double delete_range_length_scale = 0;
  double delete_range_length_shape = 0;
  std::string delete_range_length_histogram = "none";

  // What changes over time
  std::string phases;

  // What is there before: all records, or none, which then come with their first update
  std::string load = "present";

  // What is replayed instead of all that (trace.h)
  std::string trace;

  // The loaded record numbers are [insert_start, insert_start + loaded()).
  uint64_t loaded() const {
    return insert_count != 0 || records < insert_start ? insert_count : records - insert_start;
  }

  // Calls visit(property, field) for each property, in the order of the help page. Self is Workload
  // or const Workload.
  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// A property (or a YCSB property) as a name and the text that a file or command line would hold.
struct PropertyText {
  std::string name;
  std::string text;
};

// Sets property `name` (without "workload.") from text. The error names the property, what is
// wrong, and the nearest right name.
Status SetProperty(Workload* workload, std::string_view name, std::string_view text);

// All properties with their current values, in the order of ForEach. SetProperty reads them back.
std::vector<PropertyText> PropertyTexts(const Workload& workload);

// The text of one of them; "" if there is none of this name.
std::string PropertyTextOf(const Workload& workload, std::string_view name);

// The table of the help page: every property without its value.
std::vector<Property> Properties();
// The row of one property; nothing if there is none of this name.
std::optional<Property> FindProperty(std::string_view name);

// A name that a kChoice property can take.
struct Choice {
  std::string_view name;
  std::string_view help;
};
// The rows of a table of choices: "key_chooser", "key_format", "key_order", "load_order",
// "length_distribution", "load"; none of a table that is not there.
std::vector<Choice> ChoicesOf(std::string_view table);

// The first reason why this workload cannot be run: no operations in the mix, keys to be chosen of
// no records, lengths that contradict each other. Call it when all overrides have been set.
Status CheckWorkload(const Workload& workload);

template <class Self, class Visitor>
void Workload::ForEach(Self& self, Visitor&& visit) {
  constexpr double kKiB = 1024, kGiB = kKiB * kKiB * kKiB;
  using enum PropertyKind;
  visit(
      Property{"records", kCount, 0, 1e12, "", "records that there are when the run starts", true},
      self.records);
  visit(Property{"operations", kCount, 0, 9e15, "",
                 "of the run, over all clients; 0 leaves the end to the trial", true},
        self.operations);
  visit(Property{"insert_start", kCount, 0, 1e12, "", "first record that this load inserts", true},
        self.insert_start);
  visit(Property{"insert_count", kCount, 0, 1e12, "",
                 "records that this load inserts; 0 means all from insert_start on", true},
        self.insert_count);
  visit(Property{"key_format", kChoice, 0, 0, "key_format", "how a key is written", true},
        self.key_format);
  visit(Property{"key_order", kChoice, 0, 0, "key_order",
                 "whether keys sort as the records were numbered, or as if at random", true},
        self.key_order);
  visit(
      Property{"key_bytes", kBytes, 8, 64 * kKiB, "", "length of a key of the fixed format", true},
      self.key_bytes);
  visit(Property{"zero_padding", kCount, 0, 60000, "",
                 "least number of digits in a key of the ycsb format", true},
        self.zero_padding);
  visit(Property{"load_order", kChoice, 0, 0, "load_order", "in which order records are loaded",
                 true},
        self.load_order);
  visit(Property{"sortedness_k", kNumber, 0, 1, "",
                 "load_order = near_sorted: share of records that is out of place", true},
        self.sortedness_k);
  visit(Property{"sortedness_l", kCount, 1, 1e9, "",
                 "load_order = near_sorted: records by which one is out of place at most", true},
        self.sortedness_l);
  visit(Property{"value_bytes", kBytes, 0, kGiB, "", "length of a value, the longest if it varies",
                 true},
        self.value_bytes);
  visit(Property{"value_bytes_min", kBytes, 0, kGiB, "", "the shortest, if it varies", true},
        self.value_bytes_min);
  visit(Property{"value_distribution", kChoice, 0, 0, "length_distribution",
                 "how the length of a value varies", true},
        self.value_distribution);
  visit(
      Property{"value_bytes_mean", kNumber, 0, kGiB, "", "normal: the mean, before the cut", true},
      self.value_bytes_mean);
  visit(Property{"value_bytes_deviation", kNumber, 0, kGiB, "", "normal: the standard deviation",
                 true},
        self.value_bytes_deviation);
  visit(
      Property{"value_bytes_scale", kNumber, 0, kGiB, "", "pareto: scale (sigma), in bytes", true},
      self.value_bytes_scale);
  visit(Property{"value_bytes_shape", kNumber, 0, 10, "", "pareto: shape (k)", true},
        self.value_bytes_shape);
  visit(Property{"value_histogram", kHistogram, 0, 0, "",
                 "histogram: a file of lengths of a field and their weights", true},
        self.value_histogram);
  visit(Property{"fields", kCount, 1, 1e6, "",
                 "fields that make up a value; each draws its own share of the length", true},
        self.fields);
  visit(Property{"value_compressibility", kNumber, 0, 1, "",
                 "share of a value that a compressor can take away, about", true},
        self.value_compressibility);
  visit(Property{"read_proportion", kNumber, 0, 1e9, "", "weight of reads of existing records"},
        self.read_proportion);
  visit(Property{"update_proportion", kNumber, 0, 1e9, "", "weight of whole-value writes"},
        self.update_proportion);
  visit(Property{"insert_proportion", kNumber, 0, 1e9, "", "weight of inserts of new records"},
        self.insert_proportion);
  visit(Property{"scan_proportion", kNumber, 0, 1e9, "", "weight of ascending scans"},
        self.scan_proportion);
  visit(Property{"read_modify_write_proportion", kNumber, 0, 1e9, "",
                 "weight of a read and a write of the same record, as one operation"},
        self.read_modify_write_proportion);
  visit(Property{"read_absent_proportion", kNumber, 0, 1e9, "",
                 "weight of reads of keys that never exist, inside the key range"},
        self.read_absent_proportion);
  visit(Property{"read_absent_outside_fraction", kNumber, 0, 1, "",
                 "share of them whose key lies above the key range instead"},
        self.read_absent_outside_fraction);
  visit(Property{"delete_proportion", kNumber, 0, 1e9, "", "weight of deletes"},
        self.delete_proportion);
  visit(Property{"scan_reverse_proportion", kNumber, 0, 1e9, "", "weight of descending scans"},
        self.scan_reverse_proportion);
  visit(Property{"delete_range_proportion", kNumber, 0, 1e9, "",
                 "weight of deletes of all keys in a range; for ordered keys"},
        self.delete_range_proportion);
  visit(Property{"expire_proportion", kNumber, 0, 1e9, "",
                 "weight of deletes of the oldest record that has not expired yet"},
        self.expire_proportion);
  visit(Property{"key_chooser", kChoice, 0, 0, "key_chooser", "which record an operation is for"},
        self.key_chooser);
  visit(Property{"zipfian_constant", kNumber, 0, 10, "",
                 "theta of zipfian and zipfian_scrambled; those of YCSB have 0.99"},
        self.zipfian_constant);
  visit(Property{"hotspot_data_fraction", kNumber, 0, 1, "", "share of records that is hot"},
        self.hotspot_data_fraction);
  visit(Property{"hotspot_operation_fraction", kNumber, 0, 1, "",
                 "share of operations that goes to hot records"},
        self.hotspot_operation_fraction);
  visit(Property{"exponential_percentile", kNumber, 0.001, 99.999, "",
                 "percent of operations that go to the newest exponential_fraction"},
        self.exponential_percentile);
  visit(Property{"exponential_fraction", kNumber, 1e-9, 1e3, "",
                 "share of records, counted from the newest"},
        self.exponential_fraction);
  visit(Property{"drift_every_operations", kCount, 0, 9e15, "",
                 "popularity moves on after so many operations; 0: it stays where it is"},
        self.drift_every_operations);
  visit(Property{"drift_records", kCount, 0, 1e12, "", "by so many records"}, self.drift_records);
  visit(Property{"normal_mean", kNumber, 0, 1, "",
                 "normal: where the most popular record is, as a share of the records"},
        self.normal_mean);
  visit(Property{"normal_deviation", kNumber, 0, 1, "",
                 "normal: the standard deviation, as a share of the records"},
        self.normal_deviation);
  visit(Property{"pareto_fraction", kNumber, 1e-6, 0.5, "",
                 "pareto: this share of the records gets the rest of the operations (0.2: 80/20)"},
        self.pareto_fraction);
  visit(Property{"mixgraph_keyrange_num", kCount, 1, 65536, "",
                 "mixgraph: ranges of neighbouring records"},
        self.mixgraph_keyrange_num);
  visit(Property{"mixgraph_keyrange_dist_a", kNumber, -1e9, 1e9, "",
                 "mixgraph: range i has popularity a e^(b i) + c e^(d i)"},
        self.mixgraph_keyrange_dist_a);
  visit(Property{"mixgraph_keyrange_dist_b", kNumber, -1e3, 1e3, "", "the same"},
        self.mixgraph_keyrange_dist_b);
  visit(Property{"mixgraph_keyrange_dist_c", kNumber, -1e9, 1e9, "", "the same"},
        self.mixgraph_keyrange_dist_c);
  visit(Property{"mixgraph_keyrange_dist_d", kNumber, -1e3, 1e3, "", "the same"},
        self.mixgraph_keyrange_dist_d);
  visit(Property{"mixgraph_key_dist_a", kNumber, 0, 1e9, "",
                 "mixgraph: the hottest x records of a range get a x^b; 0 makes all alike"},
        self.mixgraph_key_dist_a);
  visit(Property{"mixgraph_key_dist_b", kNumber, 0, 1e3, "", "the same"}, self.mixgraph_key_dist_b);
  visit(Property{"scan_length_min", kCount, 1, 4e9, "", "entries of the shortest scan"},
        self.scan_length_min);
  visit(Property{"scan_length_max", kCount, 1, 4e9, "", "entries of the longest scan"},
        self.scan_length_max);
  visit(Property{"scan_length_distribution", kChoice, 0, 0, "length_distribution",
                 "how the length of a scan varies"},
        self.scan_length_distribution);
  visit(Property{"scan_length_mean", kNumber, 0, 4e9, "", "normal: the mean, before the cut"},
        self.scan_length_mean);
  visit(Property{"scan_length_deviation", kNumber, 0, 4e9, "", "normal: the standard deviation"},
        self.scan_length_deviation);
  visit(Property{"scan_length_scale", kNumber, 0, 4e9, "", "pareto: scale (sigma), in entries"},
        self.scan_length_scale);
  visit(Property{"scan_length_shape", kNumber, 0, 10, "", "pareto: shape (k)"},
        self.scan_length_shape);
  visit(Property{"scan_length_histogram", kHistogram, 0, 0, "",
                 "histogram: a file of lengths and their weights"},
        self.scan_length_histogram);
  visit(Property{"delete_range_length_min", kCount, 1, 4e9, "", "records of the shortest range"},
        self.delete_range_length_min);
  visit(Property{"delete_range_length_max", kCount, 1, 4e9, "", "records of the longest range"},
        self.delete_range_length_max);
  visit(Property{"delete_range_length_distribution", kChoice, 0, 0, "length_distribution",
                 "how the length of a deleted range varies"},
        self.delete_range_length_distribution);
  visit(
      Property{"delete_range_length_mean", kNumber, 0, 4e9, "", "normal: the mean, before the cut"},
      self.delete_range_length_mean);
  visit(Property{"delete_range_length_deviation", kNumber, 0, 4e9, "",
                 "normal: the standard deviation"},
        self.delete_range_length_deviation);
  visit(Property{"delete_range_length_scale", kNumber, 0, 4e9, "",
                 "pareto: scale (sigma), in records"},
        self.delete_range_length_scale);
  visit(Property{"delete_range_length_shape", kNumber, 0, 10, "", "pareto: shape (k)"},
        self.delete_range_length_shape);
  visit(Property{"delete_range_length_histogram", kHistogram, 0, 0, "",
                 "histogram: a file of lengths and their weights"},
        self.delete_range_length_histogram);
  visit(Property{"phases", kText, 0, 0, "",
                 "what changes over time: \"operations=N name=value …; operations=M …\"", true},
        self.phases);
  visit(
      Property{"load", kChoice, 0, 0, "load",
               "what is there when the run starts; with nothing, records come with updates", true},
      self.load);
  visit(Property{"trace", kText, 0, 0, "", "file of recorded operations to replay", true},
        self.trace);
}

}  // namespace varve::workloads
