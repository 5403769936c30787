// Rows of the table, and their listing.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/ycsb_table.h"

#include <fmt/format.h>

#include "workloads/ycsb_properties.h"

namespace varve::workloads {
namespace {

constexpr std::string_view kErrorsEnd = "not implemented: an error of the store ends the trial";
constexpr std::string_view kOneSection =
    "not implemented: reads of absent keys are in READ-FAILED, other errors end the trial";
constexpr std::string_view kOtherType = "only another measurementtype uses it";

using enum YcsbTreatment;
constexpr YcsbRow kRows[] = {
    {"workload", "site.ycsb.workloads.CoreWorkload", kByHand, "CoreWorkload only"},
    {"recordcount", "0", kByHand, "records; 0 means 2147483647"},
    {"operationcount", "0", kByHand, "operations; required by requestdistribution=zipfian"},
    {"insertstart", "0", kTranslated, "insert_start"},
    {"insertcount", "", kByHand, "insert_count; recordcount - insertstart if not given"},
    {"insertorder", "hashed", kByHand, "key_order"},
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
    {"dotransactions", "true", kByHand, "false: a run that inserts the records, and no load"},

    {"table", "usertable", kAccepted, "no part of a key; a store has one table"},
    {"fieldnameprefix", "field", kAccepted, "names of fields are not stored"},
    {"readallfields", "true", kAccepted,
     "a store returns the whole value, as below YCSB's binding of RocksDB"},
    {"readallfieldsbyname", "false", kAccepted, "a store returns the whole value"},
    {"writeallfields", "false", kAccepted, "a write is of the whole value"},
    {"core_workload_insertion_retry_limit", "0", kOnlyDefault, kErrorsEnd},
    {"core_workload_insertion_retry_interval", "3", kAccepted, "nothing is tried again"},
    {"core_workload_insertion_keep_going_on_error", "false", kOnlyDefault, kErrorsEnd},

    {"threadcount", "1", kTrial, "clients"},
    {"target", "0", kTrial, "rate_ops_per_second, with arrivals = constant"},
    {"maxexecutiontime", "0", kTrial, "seconds, besides operations: what ends first"},
    {"dataintegrity", "false", kTrial, "verify, by values with a scheme of our own"},
    {"db", "", kOnlyDefault, "not implemented: a setting of the trial here (store)"},
    {"spin.sleep", "false", kOnlyDefault,
     "not implemented: a client sleeps, and is awake for the last microseconds"},
    {"status", "", kAccepted, "progress is always shown"},
    {"status.interval", "10", kAccepted, "progress is always shown, once a second"},
    {"label", "", kAccepted, "only part of YCSB's line of progress"},

    {"exporter", "site.ycsb.measurements.exporter.TextMeasurementsExporter", kReport, "the format"},
    {"exportfile", "", kReport, "the file that it is written to"},
    {"measurement.interval", "op", kReport, "latency, response or both"},
    {"hdrhistogram.percentiles", "50,95,99", kReport, "the percentiles"},
    {"measurement.histogram.verbose", "false", kReport, "true: every bucket, too"},
    {"measurementtype", "hdrhistogram", kOnlyDefault,
     "not implemented: only hdrhistogram is (results have a series in time, samples.csv)"},
    {"measurement.trackjvm", "false", kOnlyDefault, "not implemented: there is no JVM"},
    {"hdrhistogram.fileoutput", "false", kOnlyDefault,
     "not implemented: results have the histograms of all operations in one file, latency.hlog"},
    {"hdrhistogram.output.path", "", kAccepted, "only hdrhistogram.fileoutput uses it"},
    {"measurement.raw.output_file", "", kAccepted, kOtherType},
    {"measurement.raw.no_summary", "false", kAccepted, kOtherType},
    {"histogram.buckets", "1000", kAccepted, kOtherType},
    {"timeseries.granularity", "1000", kAccepted, kOtherType},
    {"reportlatencyforeacherror", "false", kOnlyDefault, kOneSection},
    {"latencytrackederrors", "", kOnlyDefault, kOneSection},
};

std::string TreatmentOf(const YcsbRow& row) {
  switch (row.treatment) {
    case kTranslated:
      return fmt::format("workload.{}", row.detail);
    case kTrial:
      return fmt::format("trial.{}", row.detail);
    case kReport:
      return fmt::format("of --format ycsb: {}", row.detail);
    case kAccepted:
      return fmt::format("makes no difference: {}", row.detail);
    case kByHand:
    case kOnlyDefault:
      break;
  }
  return std::string(row.detail);
}

}  // namespace

std::span<const YcsbRow> YcsbRows() { return kRows; }

std::vector<YcsbPropertyHelp> YcsbProperties() {
  std::vector<YcsbPropertyHelp> help;
  for (const YcsbRow& row : kRows) help.push_back({row.name, row.fallback, TreatmentOf(row)});
  return help;
}

}  // namespace varve::workloads
