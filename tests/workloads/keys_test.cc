// Tests of key formats: YCSB's bytes, and what absent keys promise.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <unordered_set>
#include <vector>

#include "workloads/operation.h"

namespace varve::workloads {
namespace {

Workload Ycsb(std::string order = "hashed", uint64_t zero_padding = 1) {
  Workload workload;
  workload.key_format = "ycsb";
  workload.key_order = std::move(order);
  workload.zero_padding = zero_padding;
  return workload;
}

Workload Fixed(std::string order, uint64_t key_bytes) {
  Workload workload;
  workload.key_order = std::move(order);
  workload.key_bytes = key_bytes;
  return workload;
}

std::string KeyOf(const Workload& workload, uint64_t record) {
  std::string buffer;
  return std::string(KeySpace(workload).Key(record, &buffer));
}

TEST(Keys, HashedYcsbKeysAreThoseOfJava) {
  const std::pair<uint64_t, const char*> kVectors[] = {
      {0, "user6284781860667377211"},          {1, "user8517097267634966620"},
      {2, "user1820151046732198393"},          {3, "user4052466453699787802"},
      {10, "user2408371864701034737"},         {255, "user8064062821143829734"},
      {256, "user2056600594528442646"},        {999, "user2071219101098386137"},
      {1000, "user5952875239596136740"},       {999999, "user2744965632448235251"},
      {2147483648, "user5860980763039959109"}, {9999999999, "user3605131173811637474"},
  };
  for (const auto& [record, key] : kVectors) EXPECT_EQ(KeyOf(Ycsb(), record), key);
}

TEST(Keys, YcsbHashOfNumbersAboveFortyBitsIsPlainFnv) {
  for (const uint64_t number : {uint64_t{1} << 40, (uint64_t{1} << 62) + 12345, ~uint64_t{0}}) {
    uint64_t hash = 0xcbf29ce484222325;
    for (int i = 0; i < 8; i++) hash = (hash ^ ((number >> (8 * i)) & 0xff)) * 1099511628211;
    const auto absolute = static_cast<int64_t>(hash) < 0 ? 0 - hash : hash;
    EXPECT_EQ(YcsbHash(number), absolute);
  }
}

TEST(Keys, OrderedYcsbKeysAreTheNumber) {
  EXPECT_EQ(KeyOf(Ycsb("ordered"), 0), "user0");
  EXPECT_EQ(KeyOf(Ycsb("ordered"), 1234567890123), "user1234567890123");
}

TEST(Keys, ZeroPaddingFillsUpToItsDigits) {
  EXPECT_EQ(KeyOf(Ycsb("ordered", 8), 5), "user00000005");
  EXPECT_EQ(KeyOf(Ycsb("ordered", 2), 123), "user123");
  EXPECT_EQ(KeyOf(Ycsb("hashed", 24), 1), "user000008517097267634966620");
}

TEST(Keys, APaddedBufferIsCleanWhenUsedAgain) {
  const KeySpace keys(Ycsb("ordered", 8));
  std::string buffer;
  EXPECT_EQ(keys.Key(12345678, &buffer), "user12345678");
  EXPECT_EQ(keys.Key(5, &buffer), "user00000005");
}

TEST(Keys, FixedKeysAreSixteenHexadecimalDigits) {
  EXPECT_EQ(KeyOf(Fixed("ordered", 16), 0), "0000000000000000");
  EXPECT_EQ(KeyOf(Fixed("ordered", 16), 0x5d6f7b0a), "00000000badef614");
  EXPECT_EQ(KeyOf(Fixed("ordered", 20), 5), "000000000000000a0000");
  EXPECT_EQ(KeyOf(Fixed("ordered", 8), 0x1122), std::string("\0\0\0\0\0\0\x22\x44", 8));
  EXPECT_EQ(KeyOf(Fixed("ordered", 10), 1), std::string("\0\0\0\0\0\0\0\x02\x30\x30", 10));
}

TEST(Keys, HashedFixedKeysArePinned) {
  EXPECT_EQ(KeyOf(Fixed("hashed", 16), 0), "f2ee2134306ff565");
  EXPECT_EQ(KeyOf(Fixed("hashed", 16), 1), "6eaeff0d3a61d851");
}

TEST(Keys, AllLengthsAreExact) {
  for (const char* order : {"ordered", "hashed"}) {
    for (const uint64_t bytes : {8u, 9u, 15u, 16u, 17u, 100u, 65536u}) {
      EXPECT_EQ(KeyOf(Fixed(order, bytes), 77).size(), bytes);
    }
  }
}

TEST(Keys, NoTwoRecordsShareAKey) {
  for (const uint64_t bytes : {8u, 16u}) {
    const KeySpace keys(Fixed("hashed", bytes));
    std::unordered_set<std::string> seen;
    std::string buffer;
    for (uint64_t record = 0; record < 50000; record++) {
      ASSERT_TRUE(seen.emplace(keys.Key(record, &buffer)).second) << record;
    }
  }
}

TEST(Keys, OrderedFixedKeysSortAsTheirRecords) {
  for (const uint64_t bytes : {8u, 16u, 24u}) {
    const KeySpace keys(Fixed("ordered", bytes));
    std::string buffer, previous;
    for (uint64_t record = 0; record < 100000; record += 7) {
      const std::string key(keys.Key(record, &buffer));
      ASSERT_LT(previous, key);
      previous = key;
    }
  }
}

TEST(Keys, HashedFixedKeysSpreadOverTheWholeRange) {
  const KeySpace keys(Fixed("hashed", 16));
  std::string buffer;
  std::set<char> first;
  for (uint64_t record = 0; record < 200; record++) first.insert(keys.Key(record, &buffer)[0]);
  EXPECT_EQ(first.size(), 16u);
}

// Every kind of key space, small and large.
std::vector<Workload> KeySpaces() {
  std::vector<Workload> spaces;
  for (const char* order : {"hashed", "ordered"}) {
    spaces.push_back(Ycsb(order));
    spaces.push_back(Ycsb(order, 24));
    for (const uint64_t bytes : {8u, 12u, 16u, 40u}) spaces.push_back(Fixed(order, bytes));
  }
  std::vector<Workload> sized;
  for (Workload& space : spaces) {
    for (const uint64_t records : {20u, 1000u, 1001u, 4000u}) {
      space.records = records;
      sized.push_back(space);
    }
  }
  return sized;
}

TEST(Keys, AbsentKeysAreNeverPresentAndInsideTheRange) {
  for (const Workload& workload : KeySpaces()) {
    const KeySpace keys(workload);
    std::string buffer;
    std::set<std::string> present;
    for (uint64_t record = 0; record < workload.records; record++) {
      present.emplace(keys.Key(record, &buffer));
    }
    std::set<std::string> absent;
    for (uint64_t record = 0; record < workload.records; record++) {
      const std::string key(keys.AbsentKey(record, &buffer));
      ASSERT_EQ(present.count(key), 0u) << key;
      ASSERT_LT(*present.begin(), key);
      ASSERT_LT(key, *present.rbegin());
      ASSERT_LE(key.size(), keys.bytes_max());
      absent.insert(key);
    }
    EXPECT_GE(absent.size(), workload.records * 99 / 100 - 1)
        << workload.key_format << " " << workload.key_order << " " << workload.records;
  }
}

TEST(Keys, AbsentKeysStayAbsentWhenTheRunInserts) {
  Workload workload = Fixed("ordered", 16);
  workload.records = 100;
  const KeySpace keys(workload);
  std::string buffer;
  std::set<std::string> later;
  for (uint64_t record = 0; record < 10000; record++) later.emplace(keys.Key(record, &buffer));
  for (uint64_t record = 0; record < 10000; record++) {
    ASSERT_EQ(later.count(std::string(keys.AbsentKey(record, &buffer))), 0u);
  }
}

TEST(Keys, AKeySpaceOfOneRecordStillHasAbsentKeys) {
  for (Workload workload : {Ycsb(), Ycsb("ordered"), Fixed("hashed", 16), Fixed("ordered", 16)}) {
    workload.records = 1;
    const KeySpace keys(workload);
    std::string buffer;
    const std::string key(keys.Key(0, &buffer));
    EXPECT_NE(keys.AbsentKey(0, &buffer), key);
  }
}

TEST(Keys, ALoadThatStartsLaterHasItsAbsentKeysThere) {
  Workload workload = Fixed("ordered", 16);
  workload.records = 1000;
  workload.insert_start = 500;
  workload.insert_count = 100;
  const KeySpace keys(workload);
  std::string buffer;
  const std::string low(keys.Key(500, &buffer)), high(keys.Key(599, &buffer));
  for (uint64_t record = 500; record < 600; record++) {
    const std::string key(keys.AbsentKey(record, &buffer));
    EXPECT_LT(low, key);
    EXPECT_LT(key, high);
  }
}

}  // namespace
}  // namespace varve::workloads
