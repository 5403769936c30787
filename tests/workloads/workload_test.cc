// Tests of properties by name, and of the checks of a whole workload.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/workload.h"

#include <gtest/gtest.h>

#include <set>

#include "workloads/text.h"

namespace varve::workloads {
namespace {

std::string SetError(std::string_view name, std::string_view text) {
  Workload workload;
  return std::string(SetProperty(&workload, name, text).message());
}

TEST(Workload, PropertiesReadBackWhatTheyPrint) {
  Workload one;
  one.records = 123;
  one.value_bytes = 1 << 20;
  one.key_chooser = "hotspot";
  one.zipfian_constant = 1.0 / 3;
  Workload other;
  for (const PropertyText& property : PropertyTexts(one)) {
    EXPECT_TRUE(SetProperty(&other, property.name, property.text).ok()) << property.name;
  }
  EXPECT_EQ(other.zipfian_constant, one.zipfian_constant);
  EXPECT_EQ(other.key_chooser, "hotspot");
  EXPECT_EQ(other.value_bytes, one.value_bytes);
  EXPECT_EQ(other.records, 123u);
}

TEST(Workload, EveryPropertyHasHelpAndADefaultInItsRange) {
  std::set<std::string_view> names;
  for (const Property& property : Properties()) {
    EXPECT_FALSE(property.help.empty()) << property.name;
    EXPECT_TRUE(names.insert(property.name).second) << property.name;
    if (property.kind != PropertyKind::kChoice) continue;
    EXPECT_GE(ChoicesOf(property.table).size(), 2u);
    for (const Choice& choice : ChoicesOf(property.table)) EXPECT_FALSE(choice.help.empty());
  }
  Workload workload;
  for (const PropertyText& property : PropertyTexts(workload)) {
    EXPECT_TRUE(SetProperty(&workload, property.name, property.text).ok()) << property.name;
  }
}

TEST(Workload, BytesTakeUnits) {
  Workload workload;
  EXPECT_TRUE(SetProperty(&workload, "value_bytes", "1.5 KiB").ok());
  EXPECT_EQ(workload.value_bytes, 1536u);
  EXPECT_TRUE(SetProperty(&workload, "value_bytes", "2kB").ok());
  EXPECT_EQ(workload.value_bytes, 2000u);
  EXPECT_TRUE(SetProperty(&workload, "records", " 1_000_000 ").ok());
  EXPECT_EQ(workload.records, 1000000u);
}

TEST(Workload, AWrongValueIsRefusedAndChangesNothing) {
  EXPECT_EQ(SetError("recrods", "1"),
            "a workload has no property \"recrods\"; did you mean \"records\"?");
  EXPECT_EQ(SetError("qqqqqqq", "1"), "a workload has no property \"qqqqqqq\"");
  EXPECT_EQ(SetError("key_chooser", "zipfain"),
            "key_chooser has no \"zipfain\": it is one of uniform, sequential, zipfian, "
            "zipfian_scrambled, ycsb_zipfian, ycsb_scrambled, latest, hotspot, exponential, "
            "normal, pareto or mixgraph; did you mean \"zipfian\"?");
  EXPECT_EQ(SetError("key_bytes", "7"), "key_bytes must be between 8 and 65536, not 7");
  EXPECT_EQ(SetError("key_bytes", "65537"), "key_bytes must be between 8 and 65536, not 65537");
  EXPECT_EQ(SetError("key_bytes", "64 KiB"), "ok");
  EXPECT_EQ(SetError("value_bytes", "ten"),
            "value_bytes: \"ten\" is not a number of bytes (write 4096, \"64 KiB\" or \"1.5 MB\")");
  EXPECT_EQ(SetError("value_compressibility", "1.5"),
            "value_compressibility must be between 0 and 1, not 1.5");
  EXPECT_EQ(SetError("records", "1.5"), "records: \"1.5\" is not a whole number");
  EXPECT_EQ(SetError("records", ""), "records: \"\" is not a whole number");
  EXPECT_EQ(SetError("read_proportion", "nan"), "read_proportion: \"nan\" is not a number");
  EXPECT_EQ(SetError("records", std::string("1\n\x01") + std::string(100, '2')),
            "records: \"1??" + std::string(57, '2') + "…\" is not a whole number");
}

Workload Good() {
  Workload workload;
  workload.read_proportion = 1;
  return workload;
}

TEST(Workload, ContradictionsAreRefusedWithTheReason) {
  struct Case {
    std::vector<PropertyText> properties;
    std::string message;
  };
  const Case kCases[] = {
      {{{"read_proportion", "0"}}, "no operation has a proportion above 0 (read_proportion, …)"},
      {{{"records", "0"}}, "records must be at least 1 when operations are to choose among them"},
      {{{"insert_start", "99999"}, {"insert_count", "2"}},
       "records (100000) must be at least insert_start + insert_count (100001)"},
      {{{"insert_start", "100001"}},
       "records (100000) must be at least insert_start + insert_count (100001)"},
      {{{"records", "10"}, {"insert_proportion", "1"}},
       "records (10) are too few for a run that inserts about 100000: load at least a thousandth"},
      {{{"fields", "3"}}, "value_bytes (100) must be a multiple of fields (3)"},
      {{{"value_distribution", "uniform"}, {"value_bytes_min", "101"}},
       "value_bytes_min (101) must not be above value_bytes (100)"},
      {{{"value_distribution", "uniform"}, {"fields", "2"}},
       "value_bytes_min (1) must be a multiple of fields (2)"},
      {{{"key_chooser", "latest"}, {"zipfian_constant", "1.2"}},
       "key_chooser latest always has zipfian_constant 0.99, as in YCSB; zipfian takes 1.2"},
      {{{"key_chooser", "hotspot"}, {"hotspot_data_fraction", "0"}},
       "hotspot_data_fraction is so small that no record is hot"},
      {{{"key_chooser", "hotspot"}, {"hotspot_data_fraction", "1"}},
       "hotspot_data_fraction is so large that no record is cold"},
      {{{"scan_length_min", "9"}, {"scan_length_max", "8"}},
       "scan_length_min (9) must not be above scan_length_max (8)"},
  };
  EXPECT_TRUE(CheckWorkload(Good()).ok());
  for (const Case& test : kCases) {
    Workload workload = Good();
    for (const PropertyText& p : test.properties) {
      ASSERT_TRUE(SetProperty(&workload, p.name, p.text).ok()) << p.name;
    }
    EXPECT_EQ(CheckWorkload(workload).message(), test.message);
  }
}

TEST(Workload, ARunOfNothingButInsertsNeedsNoRecords) {
  Workload workload;
  workload.records = 0;
  workload.insert_proportion = 1;
  EXPECT_TRUE(CheckWorkload(workload).ok());
}

TEST(Text, DistantNamesAreNotSuggested) {
  EXPECT_EQ(DidYouMean("records", {"records_", "fields"}), "; did you mean \"records_\"?");
  EXPECT_EQ(DidYouMean("xyz", {"records", "fields"}), "");
  EXPECT_EQ(DidYouMean("", {"records"}), "");
  EXPECT_EQ(DidYouMean("RECORDS", {"records"}), "; did you mean \"records\"?");
  EXPECT_EQ(DidYouMean(std::string(100000, 'x'), {"records"}), "");
}

}  // namespace
}  // namespace varve::workloads
