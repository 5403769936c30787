// What a run can do beyond YCSB: ranges, expiry, drift, keys above the range, order of inserts.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/run_stream.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "workloads/keys.h"

namespace varve::workloads {
namespace {

Workload Ordered(uint64_t records) {
  Workload workload;
  workload.records = records;
  workload.key_order = "ordered";
  return workload;
}

// All operations of one client, without their views.
std::vector<Operation> Operations(const Workload& workload, uint64_t count) {
  EXPECT_TRUE(CheckWorkload(workload).ok()) << CheckWorkload(workload).ToString();
  WorkloadState state(workload);
  const auto stream = NewRunStream(workload, {.seed = 3, .operations = count}, &state);
  std::vector<Operation> operations;
  Operation op;
  while (stream->Next(&op)) {
    operations.push_back(op);
    if (op.kind == OperationKind::kInsert) {
      EXPECT_TRUE(state.Acknowledge(op.record).ok());
    }
  }
  return operations;
}

TEST(RunStream, ARangeEndsWithTheKeyThatStays) {
  for (const char* format : {"fixed", "ycsb"}) {
    Workload workload = Ordered(1000);
    workload.key_format = format;
    workload.zero_padding = 12;
    workload.delete_range_proportion = 1;
    workload.delete_range_length_min = 3;
    workload.delete_range_length_max = 9;
    WorkloadState state(workload);
    const auto stream = NewRunStream(workload, {.seed = 1, .operations = 5000}, &state);
    Operation op;
    std::string buffer;
    std::map<uint32_t, int> lengths;
    while (stream->Next(&op)) {
      ASSERT_EQ(op.kind, OperationKind::kDeleteRange);
      ASSERT_EQ(op.version, op.index + 1);
      ASSERT_LE(op.record + op.scan_length, 1000u);
      ASSERT_EQ(op.key, state.keys().Key(op.record, &buffer));
      ASSERT_EQ(op.end_key, state.keys().Key(op.record + op.scan_length, &buffer));
      ASSERT_LT(op.key, op.end_key);
      if (op.record < 900) lengths[op.scan_length]++;
    }
    ASSERT_EQ(lengths.size(), 7u);
    EXPECT_EQ(lengths.begin()->first, 3u);
    EXPECT_EQ(lengths.rbegin()->first, 9u);
  }
}

TEST(RunStream, ScansBackwardsHaveLengthsToo) {
  Workload workload = Ordered(100);
  workload.scan_reverse_proportion = 1;
  workload.scan_length_min = 2;
  workload.scan_length_max = 4;
  std::set<uint32_t> lengths;
  for (const Operation& op : Operations(workload, 200)) {
    ASSERT_EQ(op.kind, OperationKind::kScanReverse);
    ASSERT_EQ(op.version, 0u);
    lengths.insert(op.scan_length);
  }
  EXPECT_EQ(lengths, (std::set<uint32_t>{2, 3, 4}));
}

TEST(RunStream, RecordsExpireInTheOrderOfTheirAgeAndAreNotChosenFromThenOn) {
  Workload workload = Ordered(100);
  workload.operations = 4000;
  workload.insert_proportion = 0.25;
  workload.expire_proportion = 0.25;
  workload.read_proportion = 0.5;
  workload.key_chooser = "zipfian";
  uint64_t oldest = 0, newest = 99, reads_of_new = 0;
  for (const Operation& op : Operations(workload, 4000)) {
    if (op.kind == OperationKind::kInsert) {
      ASSERT_EQ(op.record, ++newest);
    } else if (op.kind == OperationKind::kDelete) {
      ASSERT_EQ(op.record, oldest++);
    } else {
      ASSERT_GE(op.record, oldest);
      ASSERT_LE(op.record, newest);
      reads_of_new += op.record >= 100 ? 1 : 0;
    }
  }
  EXPECT_NEAR(static_cast<double>(oldest), 1000, 100);
  EXPECT_GT(reads_of_new, 1000u);
}

TEST(RunStream, WhenAllHaveExpiredTheNewestIsDeletedAgain) {
  Workload workload = Ordered(3);
  workload.expire_proportion = 1;
  const std::vector<Operation> operations = Operations(workload, 6);
  std::vector<uint64_t> records;
  for (const Operation& op : operations) records.push_back(op.record);
  EXPECT_EQ(records, (std::vector<uint64_t>{0, 1, 2, 2, 2, 2}));
}

TEST(RunStream, PopularityDrifts) {
  Workload workload = Ordered(1000);
  workload.read_proportion = 1;
  workload.key_chooser = "hotspot";
  workload.hotspot_data_fraction = 0.01;
  workload.hotspot_operation_fraction = 1;
  workload.drift_every_operations = 100;
  workload.drift_records = 300;
  for (const Operation& op : Operations(workload, 5000)) {
    const uint64_t hot = op.index / 100 * 300 % 1000;
    ASSERT_LT((op.record + 1000 - hot) % 1000, 10u) << op.index;
  }
}

TEST(RunStream, AbsentKeysLieAboveTheRangeWhereTheyAreToldTo) {
  for (const uint64_t key_bytes : {8u, 12u, 16u, 24u}) {
    for (const char* format : {"fixed", "ycsb"}) {
      Workload workload;
      workload.records = 500;
      workload.key_format = format;
      workload.key_bytes = key_bytes;
      workload.read_absent_proportion = 1;
      workload.read_absent_outside_fraction = 0.25;
      WorkloadState state(workload);
      std::string buffer, largest;
      for (uint64_t i = 0; i < 100000; i++) {
        largest = std::max(largest, std::string(state.keys().Key(i, &buffer)));
      }
      const auto stream = NewRunStream(workload, {.seed = 3, .operations = 4000}, &state);
      Operation op;
      int above = 0;
      while (stream->Next(&op)) above += op.key > largest ? 1 : 0;
      EXPECT_NEAR(above, 1000, 100) << format << " " << key_bytes;
    }
  }
}

TEST(RunStream, KeysAboveTheRangeAreDistinct) {
  for (const uint64_t key_bytes : {8u, 16u}) {
    for (const char* format : {"fixed", "ycsb"}) {
      Workload workload;
      workload.key_format = format;
      workload.key_bytes = key_bytes;
      const KeySpace keys(workload);
      std::set<std::string> distinct;
      std::string buffer;
      for (uint64_t i = 0; i < 1000; i++) distinct.emplace(keys.OutsideKey(i, &buffer));
      EXPECT_EQ(distinct.size(), 1000u);
    }
  }
}

TEST(RunStream, NothingButInsertsCanBeNearlySorted) {
  Workload workload = Ordered(50);
  workload.load_order = "near_sorted";
  workload.sortedness_k = 0.2;
  workload.sortedness_l = 20;
  workload.insert_proportion = 1;
  std::set<uint64_t> records;
  int out_of_place = 0;
  for (const Operation& op : Operations(workload, 2100)) {
    const uint64_t place = 50 + op.index;
    ASSERT_LE(op.record > place ? op.record - place : place - op.record, 20u);
    out_of_place += op.record == place ? 0 : 1;
    records.insert(op.record);
  }
  EXPECT_EQ(records.size(), 2100u);
  EXPECT_NEAR(out_of_place, 420, 100);
}

TEST(RunStream, ALoadCanBeNearlySorted) {
  Workload workload = Ordered(2000);
  workload.load_order = "near_sorted";
  workload.sortedness_k = 0.2;
  workload.sortedness_l = 20;
  workload.read_proportion = 1;
  WorkloadState state(workload);
  std::set<uint64_t> records;
  int out_of_place = 0;
  for (int client = 0; client < 3; client++) {
    const auto stream = NewLoadStream(workload, {.client = client, .clients = 3}, &state);
    Operation op;
    while (stream->Next(&op)) {
      out_of_place += op.record == op.index ? 0 : 1;
      records.insert(op.record);
    }
  }
  EXPECT_EQ(records.size(), 2000u);
  EXPECT_NEAR(out_of_place, 400, 100);
}

}  // namespace
}  // namespace varve::workloads
