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

// The workload, or a failed test.
Workload Translated(const std::string& text, const std::vector<PropertyText>& overrides = {}) {
  Result<Workload> workload = ParseYcsb(text, "f", overrides);
  EXPECT_TRUE(workload.ok()) << workload.status().ToString();
  return workload.ok() ? *workload : Workload();
}

// The error of a text.
std::string ErrorOf(const std::string& text, const std::vector<PropertyText>& overrides = {}) {
  const Result<Workload> workload = ParseYcsb(text, "f", overrides);
  return workload.ok() ? "no error" : std::string(workload.status().message());
}

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

TEST(YcsbProperties, WhatMakesNoDifferenceIsAccepted) {
  Translated(
      "table=t\nfieldnameprefix=f\nreadallfieldsbyname=true\nwriteallfields=true\nlabel=x\n"
      "status=true\nstatus.interval=3\ncore_workload_insertion_retry_interval=9\n"
      "workload=com.yahoo.ycsb.workloads.CoreWorkload\nreadallfields=true\nthreadcount=1");
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
       "f:1: insertorder: key_order has no \"hash\": it is one of hashed or ordered; did you mean "
       "\"hashed\"?"},
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
      {"readallfields=false",
       "f:1: readallfields: not implemented: a read returns the whole value"},
      {"target=100", "f:1: target: not implemented yet"},
      {"threadcount=4", "f:1: threadcount: a setting of the trial here: clients"},
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
  const Result<Workload> w = ParseYcsb(
      "fieldcount=4\nfieldlengthdistribution=histogram\nfieldlengthhistogram=sizes.txt\n"
      "recordcount=5",
      directory + "/w", {});
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(w.ok()) << w.status().ToString();
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
                                                    "readallfieldsbyname",
                                                    "writeallfields",
                                                    "core_workload_insertion_retry_interval",
                                                    "status",
                                                    "status.interval",
                                                    "label"};
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
      text += std::string(properties[random() % 25].name) + "=" + kValues[random() % 12] + "\n";
    }
    const Result<Workload> workload = ParseYcsb(text, "f", {});
    if (workload.ok()) (void)CheckWorkload(*workload).ok();
  }
}

}  // namespace
}  // namespace varve::workloads
