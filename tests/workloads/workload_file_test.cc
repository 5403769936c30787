// Tests of workload files: those that are shipped, and wrong ones.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/workload_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "tests/paths.h"
#include "workloads/ycsb_properties.h"

namespace varve::workloads {
namespace {

const std::string kShipped = SourcePath("workloads");

std::string ErrorOf(const std::string& text) {
  const Result<Workload> workload = ParseWorkload(text, "dir/w.toml");
  return workload.ok() ? "no error" : std::string(workload.status().message());
}

Workload Shipped(const std::string& name) {
  const Result<Workload> workload = FindWorkload(name, {kShipped});
  EXPECT_TRUE(workload.ok()) << workload.status().ToString();
  return workload.ok() ? *workload : Workload();
}

TEST(WorkloadFile, EveryShippedFileLoadsAndHasATitle) {
  std::vector<std::string> names;
  for (const WorkloadEntry& entry : ListWorkloads(kShipped)) {
    const Workload workload = Shipped(entry.name);
    EXPECT_EQ(workload.name, entry.name);
    EXPECT_EQ(workload.title, entry.title);
    EXPECT_NE(workload.title, workload.name);
    EXPECT_TRUE(CheckWorkload(workload).ok()) << CheckWorkload(workload).ToString();
    names.push_back(entry.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"anatomy_fill",
                                             "anatomy_mixed",
                                             "anatomy_queries",
                                             "day_and_night",
                                             "delete_heavy",
                                             "delete_ranges",
                                             "fill_near_sorted",
                                             "fill_random",
                                             "fill_reading",
                                             "fill_repeating",
                                             "fill_sequential",
                                             "memcached_etc",
                                             "mixgraph",
                                             "mixgraph_all_dist",
                                             "mixgraph_all_random",
                                             "mixgraph_prefix_random",
                                             "moving_hot_spot",
                                             "overwrite",
                                             "overwrite_zipfian",
                                             "read_absent",
                                             "read_outside",
                                             "read_random",
                                             "scan_heavy",
                                             "scan_reverse",
                                             "scan_short",
                                             "sizes_app",
                                             "sizes_etc",
                                             "sizes_sys",
                                             "sizes_udb",
                                             "sizes_up2x",
                                             "sizes_usr",
                                             "sizes_var",
                                             "sizes_zippydb",
                                             "time_to_live",
                                             "twitter_11",
                                             "twitter_12",
                                             "twitter_15",
                                             "twitter_17",
                                             "twitter_18",
                                             "twitter_24",
                                             "twitter_29",
                                             "twitter_31",
                                             "ycsb_a",
                                             "ycsb_b",
                                             "ycsb_c",
                                             "ycsb_d",
                                             "ycsb_e",
                                             "ycsb_f"}));
}

TEST(WorkloadFile, EveryShippedPropertyFileLoads) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(kShipped + "/ycsb")) {
    const Result<Workload> workload = LoadWorkload(file.path().string());
    ASSERT_TRUE(workload.ok()) << workload.status().ToString();
    EXPECT_EQ(workload->records, 1000u);
    EXPECT_EQ(workload->operations, 1000u);
    EXPECT_TRUE(CheckWorkload(*workload).ok());
    files++;
  }
  EXPECT_EQ(files, 6);
}

TEST(WorkloadFile, TheYcsbMixesAreThoseOfYcsb) {
  struct Mix {
    const char* name;
    double read, update, insert, scan, read_modify_write;
    const char* chooser;
  };
  const Mix kMixes[] = {
      {"ycsb_a", 0.5, 0.5, 0, 0, 0, "ycsb_scrambled"},
      {"ycsb_b", 0.95, 0.05, 0, 0, 0, "ycsb_scrambled"},
      {"ycsb_c", 1, 0, 0, 0, 0, "ycsb_scrambled"},
      {"ycsb_d", 0.95, 0, 0.05, 0, 0, "latest"},
      {"ycsb_e", 0, 0, 0.05, 0.95, 0, "ycsb_scrambled"},
      {"ycsb_f", 0.5, 0, 0, 0, 0.5, "ycsb_scrambled"},
  };
  for (const Mix& mix : kMixes) {
    const Workload w = Shipped(mix.name);
    EXPECT_EQ(w.read_proportion, mix.read) << mix.name;
    EXPECT_EQ(w.update_proportion, mix.update) << mix.name;
    EXPECT_EQ(w.insert_proportion, mix.insert) << mix.name;
    EXPECT_EQ(w.scan_proportion, mix.scan) << mix.name;
    EXPECT_EQ(w.read_modify_write_proportion, mix.read_modify_write) << mix.name;
    EXPECT_EQ(w.key_chooser, mix.chooser) << mix.name;
    EXPECT_EQ(w.key_format, "ycsb");
    EXPECT_EQ(w.key_order, "hashed");
    EXPECT_EQ(w.value_bytes, 1000u);
    EXPECT_EQ(w.fields, 10u);
  }
  EXPECT_EQ(Shipped("ycsb_e").scan_length_min, 1u);
  EXPECT_EQ(Shipped("ycsb_e").scan_length_max, 100u);
  EXPECT_EQ(Shipped("ycsb_e").scan_length_distribution, "uniform");
}

TEST(WorkloadFile, EveryKindOfValueIsRead) {
  const Result<Workload> w = ParseWorkload(
      "title = \"t\"\nrecords = 1_000\noperations = 1e3\nvalue_bytes = \"1 KiB\"\n"
      "read_proportion = 0.5\nupdate_proportion = 1\nkey_chooser = \"zipfian\"\n",
      "dir/some.toml");
  ASSERT_TRUE(w.ok()) << w.status().ToString();
  EXPECT_EQ(w->name, "some");
  EXPECT_EQ(w->title, "t");
  EXPECT_EQ(w->records, 1000u);
  EXPECT_EQ(w->operations, 1000u);
  EXPECT_EQ(w->value_bytes, 1024u);
  EXPECT_EQ(w->read_proportion, 0.5);
  EXPECT_EQ(w->update_proportion, 1);
  EXPECT_EQ(w->key_chooser, "zipfian");
}

TEST(WorkloadFile, EveryErrorHasFileLineAndTheNearestName) {
  const std::pair<const char*, const char*> kErrors[] = {
      {"records = 5\noperatons = 5",
       "dir/w.toml:2: a workload has no property \"operatons\"; did you mean \"operations\"?"},
      {"\n\nkey_chooser = \"ziphian\"",
       "dir/w.toml:3: key_chooser has no \"ziphian\": it is one of uniform, sequential, zipfian, "
       "zipfian_scrambled, ycsb_zipfian, ycsb_scrambled, latest, hotspot, exponential, normal, "
       "pareto or mixgraph; did you mean \"zipfian\"?"},
      {"key_bytes = 7", "dir/w.toml:1: key_bytes must be between 8 and 65536, not 7"},
      {"records = -7", "dir/w.toml:1: records: \"-7\" is not a whole number"},
      {"records = 1.5", "dir/w.toml:1: records: \"1.5\" is not a whole number"},
      {"records = true", "dir/w.toml:1: records: \"true\" is not a whole number"},
      {"records = [1]", "dir/w.toml:1: records must be a number or a text"},
      {"a = 1\n[records]\nb = 2", "dir/w.toml:1: a workload has no property \"a\""},
      {"read_proportion = nan", "dir/w.toml:1: read_proportion: \"nan\" is not a number"},
      {"\nycsb = 3", "dir/w.toml:2: ycsb must be the name of a file"},
      {"\nycsb = \"nothing\"", "dir/w.toml:2: there is no file dir/nothing"},
  };
  for (const auto& [text, message] : kErrors) EXPECT_EQ(ErrorOf(text), message) << text;
  EXPECT_EQ(ErrorOf("records = 5\nrecords = 6").substr(0, 13), "dir/w.toml:2:");
  EXPECT_EQ(ErrorOf("records = ").substr(0, 13), "dir/w.toml:1:");
}

TEST(WorkloadFile, AnUnknownWorkloadSuggestsTheNearest) {
  const Result<Workload> workload = FindWorkload("ycbs_a", {"/no/such/place", kShipped});
  ASSERT_FALSE(workload.ok());
  EXPECT_EQ(workload.status().code(), Status::Code::kNotFound);
  EXPECT_EQ(workload.status().message(), "there is no workload \"ycbs_a\" in /no/such/place or " +
                                             kShipped + "; did you mean \"ycsb_a\"?");
}

TEST(WorkloadFile, AMissingFileADirectoryAndAHugeFileAreRefused) {
  EXPECT_EQ(LoadWorkload("/no/such/file.toml").status().message(),
            "there is no file /no/such/file.toml");
  EXPECT_EQ(LoadWorkload(kShipped).status().message(), kShipped + " is not a file");
  const std::string path = testing::TempDir() + "/huge.toml";
  std::ofstream(path) << std::string((1 << 20) + 1, '#');
  EXPECT_EQ(LoadWorkload(path).status().message(), path + " is too large for a workload file");
  std::filesystem::remove(path);
}

TEST(WorkloadFile, DirectoriesAreSearchedInOrderAndPathsTakenAsTheyAre) {
  const std::string directory = testing::TempDir() + "/workload_file_test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/ycsb_a.toml") << "title = \"mine\"\nread_proportion = 1\n";
  std::ofstream(directory + "/broken.toml") << "title = \n";
  EXPECT_EQ(FindWorkload("ycsb_a", {directory, kShipped})->title, "mine");
  EXPECT_NE(FindWorkload("ycsb_a", {kShipped, directory})->title, "mine");
  EXPECT_EQ(FindWorkload(directory + "/ycsb_a.toml", {kShipped})->title, "mine");
  const std::vector<WorkloadEntry> entries = ListWorkloads(directory);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_NE(entries[0].title.find("broken.toml:1:"), std::string::npos) << entries[0].title;
  EXPECT_EQ(entries[1].title, "mine");
  std::filesystem::remove_all(directory);
}

TEST(WorkloadFile, OddInputNeverCrashes) {
  constexpr uint32_t kSeed = 3;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const char* kPieces[] = {"records", "=", "1",    "\"", "[",   "]",  "{",        "}",
                           "\n",      "#", "ycsb", ".",  "1e9", "\\", "\xff\xfe", "key_chooser"};
  for (int i = 0; i < 5000; i++) {
    std::string text;
    for (size_t n = random() % 12; n > 0; n--) text += kPieces[random() % 16];
    ErrorOf(text);
  }
}

}  // namespace
}  // namespace varve::workloads
