// Tests of the translation of YCSB's properties.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/ycsb_properties.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

namespace varve::workloads {
namespace {

// The run of one file, or a failed test.
YcsbRun RunOf(const std::string& text, const std::vector<PropertyText>& overrides = {}) {
  Result<YcsbRun> run = ParseYcsb({{"f", text}}, overrides);
  EXPECT_TRUE(run.ok()) << run.status().ToString();
  return run.ok() ? *run : YcsbRun();
}

Workload Translated(const std::string& text, const std::vector<PropertyText>& overrides = {}) {
  return RunOf(text, overrides).workload;
}

// The error of a text.
std::string ErrorOf(const std::string& text, const std::vector<PropertyText>& overrides = {}) {
  const Result<YcsbRun> run = ParseYcsb({{"f", text}}, overrides);
  return run.ok() ? "no error" : std::string(run.status().message());
}

// "name=text" of every setting of the trial.
std::vector<std::string> TrialOf(const std::string& text) {
  std::vector<std::string> settings;
  for (const YcsbTrialSetting& setting : RunOf(text).trial) {
    settings.push_back(setting.name + "=" + setting.text);
  }
  return settings;
}

using Texts = std::vector<std::string>;

TEST(YcsbProperties, DefaultsAreThoseOfYcsb) {
  const Workload w = Translated("");
  EXPECT_EQ(w.records, 2147483647u);
  EXPECT_EQ(w.operations, 0u);
  EXPECT_EQ(w.key_format, "ycsb");
  EXPECT_EQ(w.key_order, "hashed");
  EXPECT_EQ(w.zero_padding, 1u);
  EXPECT_EQ(w.fields, 10u);
  EXPECT_EQ(w.value_bytes, 1000u);
  EXPECT_EQ(w.value_distribution, "constant");
  EXPECT_EQ(w.read_proportion, 0.95);
  EXPECT_EQ(w.update_proportion, 0.05);
  EXPECT_EQ(w.insert_proportion + w.scan_proportion + w.read_modify_write_proportion, 0);
  EXPECT_EQ(w.key_chooser, "uniform");
  EXPECT_EQ(w.scan_length_min, 1u);
  EXPECT_EQ(w.scan_length_max, 1000u);
  EXPECT_EQ(w.hotspot_data_fraction, 0.2);
  EXPECT_EQ(w.hotspot_operation_fraction, 0.8);
  EXPECT_EQ(w.exponential_percentile, 95);
  EXPECT_EQ(w.exponential_fraction, 0.8571428571);
  EXPECT_TRUE(CheckWorkload(w).ok());
}

TEST(YcsbProperties, EverythingIsTranslated) {
  const Workload w = Translated(R"(
recordcount=5000
operationcount=700
insertstart=100
insertcount=200
insertorder=ordered
zeropadding=12
fieldcount=4
fieldlength=50
minfieldlength=5
fieldlengthdistribution=zipfian
readproportion=0.1
updateproportion=0.2
insertproportion=0.3
scanproportion=0.15
readmodifywriteproportion=0.25
requestdistribution=zipfian
minscanlength=3
maxscanlength=30
scanlengthdistribution=zipfian
hotspotdatafraction=0.4
hotspotopnfraction=0.5
exponential.percentile=90
exponential.frac=0.25
)");
  EXPECT_EQ(w.records, 5000u);
  EXPECT_EQ(w.operations, 700u);
  EXPECT_EQ(w.insert_start, 100u);
  EXPECT_EQ(w.loaded(), 200u);
  EXPECT_EQ(w.key_order, "ordered");
  EXPECT_EQ(w.zero_padding, 12u);
  EXPECT_EQ(w.fields, 4u);
  EXPECT_EQ(w.value_bytes, 200u);
  EXPECT_EQ(w.value_bytes_min, 20u);
  EXPECT_EQ(w.value_distribution, "zipfian");
  EXPECT_EQ(w.read_proportion, 0.1);
  EXPECT_EQ(w.update_proportion, 0.2);
  EXPECT_EQ(w.insert_proportion, 0.3);
  EXPECT_EQ(w.scan_proportion, 0.15);
  EXPECT_EQ(w.read_modify_write_proportion, 0.25);
  EXPECT_EQ(w.key_chooser, "ycsb_scrambled");
  EXPECT_EQ(w.scan_length_min, 3u);
  EXPECT_EQ(w.scan_length_max, 30u);
  EXPECT_EQ(w.scan_length_distribution, "zipfian");
  EXPECT_EQ(w.hotspot_data_fraction, 0.4);
  EXPECT_EQ(w.hotspot_operation_fraction, 0.5);
  EXPECT_EQ(w.exponential_percentile, 90);
  EXPECT_EQ(w.exponential_fraction, 0.25);
  EXPECT_TRUE(CheckWorkload(w).ok()) << CheckWorkload(w).ToString();
}

TEST(YcsbProperties, RequestDistributionsHaveTheirChoosers) {
  for (const char* name : {"uniform", "latest", "hotspot", "sequential", "exponential"}) {
    EXPECT_EQ(Translated(std::string("requestdistribution=") + name).key_chooser, name);
  }
}

TEST(YcsbProperties, OverridesWinAndTheLastOfTwoLinesDoes) {
  EXPECT_EQ(Translated("recordcount=5\nrecordcount=6").records, 6u);
  EXPECT_EQ(Translated("recordcount=5", {{"recordcount", "7"}}).records, 7u);
}

TEST(YcsbProperties, FilesAreLayeredInTheirOrder) {
  const auto run = ParseYcsb({{"a", "recordcount=5\noperationcount=6\n"}, {"b", "recordcount=7"}},
                             {{"operationcount", "8"}});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->workload.records, 7u);
  EXPECT_EQ(run->workload.operations, 8u);
  const auto wrong = ParseYcsb({{"a", "recordcount=5"}, {"b", "\nrecordcount=x"}}, {});
  EXPECT_TRUE(std::string(wrong.status().message()).starts_with("b:2: recordcount"));
}

TEST(YcsbProperties, WhatMakesNoDifferenceIsAcceptedAndNamed) {
  const YcsbRun run = RunOf(
      "table=t\nfieldnameprefix=f\nreadallfieldsbyname=true\nwriteallfields=TRUE\nlabel=x\n"
      "status=true\nstatus.interval=3\ncore_workload_insertion_retry_interval=9\n"
      "readallfields=false\nhistogram.buckets=7");
  ASSERT_EQ(run.notes.size(), 10u);
  EXPECT_EQ(run.notes[0], "f:1: table: no part of a key; a store has one table");
  EXPECT_TRUE(RunOf("table=usertable\nworkload=com.yahoo.ycsb.workloads.CoreWorkload\n"
                    "readallfields=True\nwriteallfields=false\nmeasurement.trackjvm=FALSE")
                  .notes.empty());
}

TEST(YcsbProperties, TheTrialGetsWhatIsOfTheTrial) {
  EXPECT_EQ(TrialOf(""), Texts());
  EXPECT_EQ(TrialOf("threadcount=4\ntarget=0\nmaxexecutiontime=0\ndataintegrity=false"),
            Texts({"clients=4"}));
  EXPECT_EQ(TrialOf("target=1500"), Texts({"arrivals=constant", "rate_ops_per_second=1500"}));
  EXPECT_EQ(TrialOf("maxexecutiontime=60\noperationcount=9"),
            Texts({"seconds=60", "operations=9"}));
  EXPECT_EQ(TrialOf("dataintegrity=true"), Texts({"verify=true"}));
  EXPECT_TRUE(RunOf("dataintegrity=true").report.data_integrity);
  EXPECT_EQ(RunOf("\nthreadcount=4").trial[0].origin, "f:2: threadcount");
}

TEST(YcsbProperties, TheReportGetsWhatIsOfTheReport) {
  const YcsbReport usual =
      RunOf("hdrhistogram.percentiles=50,95,99\nmeasurement.interval=op").report;
  EXPECT_FALSE(usual.asked);
  EXPECT_EQ(usual.exporter, "TextMeasurementsExporter");
  EXPECT_EQ(usual.percentiles, (std::vector<double>{50, 95, 99}));
  const YcsbReport report = RunOf(R"(
exporter=com.yahoo.ycsb.measurements.exporter.JSONMeasurementsExporter
exportfile=/tmp/x
measurement.interval=both
hdrhistogram.percentiles=50, 99.9,100
measurement.histogram.verbose=true
)")
                                .report;
  EXPECT_TRUE(report.asked);
  EXPECT_EQ(report.exporter, "JSONMeasurementsExporter");
  EXPECT_EQ(report.file, "/tmp/x");
  EXPECT_EQ(report.interval, "both");
  EXPECT_EQ(report.percentiles, (std::vector<double>{50, 99.9, 100}));
  EXPECT_TRUE(report.buckets);
}

TEST(YcsbProperties, ALoadIsARunOfInserts) {
  const std::string text = "recordcount=1000\ndotransactions=false\nreadmodifywriteproportion=1\n";
  const Workload all = Translated(text);
  EXPECT_EQ(all.records, 0u);
  EXPECT_EQ(all.loaded(), 0u);
  EXPECT_EQ(all.operations, 1000u);
  EXPECT_EQ(all.insert_proportion, 1);
  EXPECT_EQ(all.read_proportion + all.update_proportion + all.scan_proportion +
                all.read_modify_write_proportion,
            0);
  EXPECT_TRUE(CheckWorkload(all).ok()) << CheckWorkload(all).ToString();
  const Workload part = Translated(text + "insertstart=100\ninsertcount=50");
  EXPECT_EQ(part.records, 100u);
  EXPECT_EQ(part.loaded(), 0u);
  EXPECT_EQ(part.operations, 50u);
  EXPECT_TRUE(CheckWorkload(part).ok()) << CheckWorkload(part).ToString();
}

TEST(YcsbProperties, AWorkloadAloneRefusesWhatItCannotHold) {
  const std::string path = testing::TempDir() + "/ycsb_properties_test";
  const auto error_of = [&path](const std::string& text) {
    std::ofstream(path) << text;
    const Result<Workload> workload = LoadYcsbWorkload(path);
    std::filesystem::remove(path);
    if (workload.ok()) return workload->name;
    return std::string(workload.status().message()).substr(path.size());
  };
  EXPECT_EQ(error_of("threadcount=1\nexporter=site.ycsb.measurements.exporter."
                     "TextMeasurementsExporter\ntable=x"),
            "ycsb_properties_test");
  EXPECT_EQ(error_of("\nthreadcount=2"),
            ":2: threadcount: only `varve bench -P` honours it; anything else that runs a workload "
            "sets trial.clients");
  EXPECT_EQ(error_of("exportfile=x"),
            ":1: exportfile: only `varve bench -P` honours it, which can print what YCSB prints");
}

TEST(YcsbProperties, EveryErrorNamesPlaceAndRemedy) {
  const std::pair<const char*, const char*> kErrors[] = {
      {"recordcount=1\nreadpropotion=1",
       "f:2: YCSB has no property \"readpropotion\"; did you mean \"readproportion\"?"},
      {"rocksdb.dir=/x", "f:1: YCSB has no property \"rocksdb.dir\""},
      {"\nrequestdistribution=zipfan\noperationcount=1",
       "f:2: requestdistribution: \"zipfan\" is none of uniform, zipfian, latest, hotspot, "
       "sequential or exponential; did you mean \"zipfian\"?"},
      {"requestdistribution=zipfian",
       "f:1: requestdistribution: zipfian requires operationcount, as in YCSB"},
      {"recordcount=1e6", "f:1: recordcount: records: \"1e6\" is not a whole number"},
      {"recordcount=-1", "f:1: recordcount: records: \"-1\" is not a whole number"},
      {"readproportion=lots", "f:1: readproportion: read_proportion: \"lots\" is not a number"},
      {"hotspotdatafraction=2",
       "f:1: hotspotdatafraction: hotspot_data_fraction must be between 0 and 1, not 2"},
      {"insertorder=hash",
       "f:1: insertorder: \"hash\" is none of hashed or ordered (YCSB takes anything but hashed "
       "for "
       "ordered); did you mean \"hashed\"?"},
      {"insertcount=0", "f:1: insertcount: 0, a load of nothing, is not implemented"},
      {"fieldlengthdistribution=histogram",
       "YCSB's default: fieldlengthhistogram: there is no file hist.txt"},
      {"fieldlengthdistribution=histogram\nfieldlengthhistogram=none",
       "f:2: fieldlengthhistogram: there is no file none"},
      {"fieldlengthdistribution=unifrom",
       "f:1: fieldlengthdistribution: \"unifrom\" is none of constant, uniform, zipfian or "
       "histogram; did you mean \"uniform\"?"},
      {"fieldlength=99999999999999999",
       "f:1: fieldlength: value_bytes must be between 0 and 1073741824, not 10995116277760"},
      {"scanlengthdistribution=constant",
       "f:1: scanlengthdistribution: \"constant\" is none of uniform or zipfian"},
      {"dataintegrity=true\nfieldlengthdistribution=uniform",
       "f:1: dataintegrity: needs fieldlengthdistribution=constant, as in YCSB"},
      {"readallfields=yes", "f:1: readallfields: \"yes\" is neither true nor false"},
      {"target=fast", "f:1: target: \"fast\" is not a whole number"},
      {"measurementtype=timeseries",
       "f:1: measurementtype: not implemented: only hdrhistogram is (results have a series in "
       "time, "
       "samples.csv)"},
      {"measurement.interval=all",
       "f:1: measurement.interval: \"all\" is none of op, intended or both"},
      {"exporter=TextMeasurementExporter",
       "f:1: exporter: \"TextMeasurementExporter\" is none of TextMeasurementsExporter, "
       "JSONMeasurementsExporter or JSONArrayMeasurementsExporter; did you mean "
       "\"TextMeasurementsExporter\"?"},
      {"hdrhistogram.percentiles=50,,99", "f:1: hdrhistogram.percentiles: \"\" is not a number"},
      {"hdrhistogram.percentiles=50,101",
       "f:1: hdrhistogram.percentiles: 101 is not above 0 and at most 100"},
      {"core_workload_insertion_retry_limit=3",
       "f:1: core_workload_insertion_retry_limit: not implemented: an error of the store ends the "
       "trial"},
      {"workload=site.ycsb.workloads.TimeSeriesWorkload",
       "f:1: workload: not implemented: only CoreWorkload is"},
      {"x=\\u1", "f:1: \\u must be followed by 4 hexadecimal digits of a character"},
  };
  for (const auto& [text, message] : kErrors) EXPECT_EQ(ErrorOf(text), message) << text;
  EXPECT_EQ(ErrorOf("", {{"recordcuont", "1"}}),
            "-p: YCSB has no property \"recordcuont\"; did you mean \"recordcount\"?");
}

TEST(YcsbProperties, AHistogramOfFieldLengthsIsReadBesideThePropertyFile) {
  const std::string directory = testing::TempDir() + "/ycsb_properties_test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/sizes.txt") << "BlockSize\t10\n0\t3\n1\t4\n2\t5\n";
  const Result<YcsbRun> run = ParseYcsb(
      {{directory + "/w",
        "fieldcount=4\nfieldlengthdistribution=histogram\nfieldlengthhistogram=sizes.txt\n"
        "recordcount=5"}},
      {});
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  const Workload* w = &run->workload;
  EXPECT_EQ(w->value_distribution, "histogram");
  EXPECT_EQ(w->value_histogram, "10:4,20:4,20:4");
  EXPECT_EQ(w->value_bytes, 80u);
  EXPECT_EQ(w->fields, 4u);
  EXPECT_TRUE(CheckWorkload(*w).ok()) << CheckWorkload(*w).ToString();
}

TEST(YcsbProperties, EveryPropertyIsKnownAndNoneIsIgnored) {
  // A property either changes the workload, or says that it makes no difference, or is refused.
  // (The histogram is read if field lengths follow it, as in YCSB.)
  const std::set<std::string_view> kNoDifference = {"table",
                                                    "fieldlengthhistogram",
                                                    "fieldnameprefix",
                                                    "fieldlengthhistogram",
                                                    "core_workload_insertion_retry_interval",
                                                    "status",
                                                    "status.interval",
                                                    "label",
                                                    "hdrhistogram.output.path",
                                                    "measurement.raw.output_file",
                                                    "histogram.buckets",
                                                    "timeseries.granularity",
                                                    "exportfile"};
  EXPECT_GE(YcsbProperties().size(), 50u);
  for (const YcsbPropertyHelp& property : YcsbProperties()) {
    EXPECT_FALSE(property.treatment.empty());
    const std::string line = std::string(property.name) + "=no such value";
    EXPECT_EQ(ErrorOf(line) == "no error", kNoDifference.count(property.name) == 1) << line;
  }
}

TEST(YcsbProperties, OddInputNeverCrashes) {
  constexpr uint32_t kSeed = 2;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::vector<YcsbPropertyHelp> properties = YcsbProperties();
  const char* kValues[] = {"0", "-1",   "1e300",   "nan", "inf",  "99999999999999999999",
                           "",  "true", "zipfian", "\\",  "0x10", "9000000000000000"};
  for (int i = 0; i < 3000; i++) {
    std::string text;
    for (size_t n = random() % 6; n > 0; n--) {
      text += std::string(properties[random() % properties.size()].name) + "=" +
              kValues[random() % 12] + "\n";
    }
    const Result<YcsbRun> run = ParseYcsb({{"f", text}}, {});
    if (run.ok()) (void)CheckWorkload(run->workload).ok();
  }
}

}  // namespace
}  // namespace varve::workloads
