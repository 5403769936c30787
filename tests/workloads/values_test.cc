// Tests of values: same bytes every time, nothing wrong passes, and they compress as asked.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/values.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <zlib.h>

#include <set>
#include <vector>

#include "tests/workloads/statistics.h"

namespace varve::workloads {
namespace {

Workload Sized(uint64_t value_bytes) {
  Workload workload;
  workload.value_bytes = value_bytes;
  return workload;
}

Workload WithReads(Workload workload) {
  workload.read_proportion = 1;
  return workload;
}

std::string ValueOf(const ValueSource& values, uint64_t record, uint64_t version) {
  std::string buffer;
  return std::string(values.Make(record, version, &buffer));
}

constexpr uint64_t kSizes[] = {0,  1,   7,    8,     15,    16,    17,    63,    64,
                               65, 100, 1000, 32767, 32768, 32784, 32785, 100000};

TEST(Values, AreAFunctionOfRecordAndVersion) {
  for (const uint64_t size : kSizes) {
    const ValueSource one(Sized(size)), other(Sized(size));
    EXPECT_EQ(ValueOf(one, 5, 7), ValueOf(other, 5, 7));
    EXPECT_EQ(ValueOf(one, 5, 7).size(), size);
    EXPECT_TRUE(one.Verify(ValueOf(other, 5, 7), 5, 7));
  }
}

TEST(Values, AreTheSameInAUsedBuffer) {
  const ValueSource values(Sized(1000));
  std::string buffer;
  for (uint64_t i = 0; i < 100; i++) {
    const std::string_view value = values.Make(i, i + 1, &buffer);
    ASSERT_EQ(value, ValueOf(values, i, i + 1));
  }
}

TEST(Values, ArePinned) {
  const std::string value = ValueOf(ValueSource(Sized(100)), 1, 2);
  uint64_t sum = 0;
  for (const char c : value) sum = sum * 31 + static_cast<unsigned char>(c);
  EXPECT_EQ(sum, 12377764978267750883u);
}

TEST(Values, AnotherRecordOrVersionDoesNotPass) {
  for (const uint64_t size : kSizes) {
    if (size < 8) continue;
    const ValueSource values(Sized(size));
    const std::string value = ValueOf(values, 5, 7);
    EXPECT_FALSE(values.Verify(value, 4, 7)) << size;
    EXPECT_EQ(values.Verify(value, 5, 6), size == 8) << size;  // the version is behind byte 8
    EXPECT_EQ(values.Verify(value, 5, 8), size == 8) << size;
  }
}

TEST(Values, EveryBitCounts) {
  for (const uint64_t size : {1u, 16u, 17u, 100u, 1000u}) {
    const ValueSource values(Sized(size));
    std::string value = ValueOf(values, 123, 456);
    for (size_t bit = 0; bit < 8 * size; bit++) {
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_FALSE(values.Verify(value, 123, 456)) << size << " " << bit;
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ (1 << (bit % 8)));
    }
    ASSERT_TRUE(values.Verify(value, 123, 456));
  }
}

TEST(Values, AnotherLengthDoesNotPass) {
  const ValueSource values(Sized(1000));
  const std::string value = ValueOf(values, 1, 1);
  EXPECT_FALSE(values.Verify(std::string_view(value).substr(0, 999), 1, 1));
  EXPECT_FALSE(values.Verify(value + "x", 1, 1));
  EXPECT_FALSE(values.Verify("", 1, 1));
}

TEST(Values, TellTheirRecordAndVersion) {
  const ValueSource values(Sized(100));
  for (const uint64_t number : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40, ~uint64_t{0}}) {
    const auto name = ValueSource::Identify(ValueOf(values, number, number / 3));
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->record, number);
    EXPECT_EQ(name->version, number / 3);
  }
  EXPECT_FALSE(ValueSource::Identify("too short").has_value());
}

TEST(Values, OfDifferentVersionsDifferEverywhere) {
  const ValueSource values(Sized(1000));
  const std::string one = ValueOf(values, 1, 1), other = ValueOf(values, 1, 2);
  int same = 0;
  for (size_t i = 0; i < one.size(); i++) same += one[i] == other[i] ? 1 : 0;
  EXPECT_LT(same, 40);  // of 1000; 4 are expected by chance
}

TEST(Values, VaryingLengthsVerifyAndFollowTheirDistribution) {
  constexpr uint64_t kMin = 20, kMax = 60, kDraws = 200000;
  for (const char* distribution : {"uniform", "zipfian"}) {
    Workload workload = Sized(kMax);
    workload.value_bytes_min = kMin;
    workload.value_distribution = distribution;
    const ValueSource values(workload);
    std::vector<uint64_t> counts(kMax - kMin + 1);
    for (uint64_t i = 0; i < kDraws; i++) {
      const size_t size = values.Size(i, i % 3);
      ASSERT_GE(size, kMin);
      ASSERT_LE(size, kMax);
      counts[size - kMin]++;
    }
    if (workload.value_distribution == "uniform") {
      const std::vector<double> alike(counts.size(), 1.0 / static_cast<double>(counts.size()));
      EXPECT_LT(ChiSquareDeviation(counts, alike), 4);
    } else {
      const double shortest = static_cast<double>(counts[0]) / kDraws;
      EXPECT_NEAR(shortest, ZipfProbabilities(counts.size(), 0.99)[0], 0.005);
    }
    EXPECT_TRUE(values.Verify(ValueOf(values, 8, 9), 8, 9));
    EXPECT_FALSE(values.Verify(ValueOf(values, 8, 9), 8, 10));
  }
}

// Of one field: a pure function of record and version that follows the lengths' distribution.
TEST(Values, EveryDistributionHoldsForValues) {
  Workload workload = Sized(500);
  workload.value_bytes_mean = 200;
  workload.value_bytes_deviation = 50;
  workload.value_bytes_scale = 25.45;
  workload.value_bytes_shape = 0.2615;
  workload.value_histogram = "0:1,64-127:2,500:1";
  const std::pair<const char*, double> kMeans[] = {
      {"normal", 200}, {"pareto", 34.7}, {"histogram", 0.5 * 95.5 + 0.25 * 500}};
  for (const auto& [distribution, mean] : kMeans) {
    workload.value_distribution = distribution;
    ASSERT_TRUE(CheckWorkload(WithReads(workload)).ok());
    const ValueSource values(workload), again(workload);
    EXPECT_FALSE(values.constant_size());
    double sum = 0;
    for (uint64_t i = 0; i < 100000; i++) {
      const size_t size = values.Size(i / 3, i % 3);
      ASSERT_EQ(size, again.Size(i / 3, i % 3));
      ASSERT_LE(size, 500u);
      sum += static_cast<double>(size);
    }
    EXPECT_NEAR(sum / 100000, mean, 0.015 * mean) << distribution;
    for (uint64_t record = 0; record < 100; record++) {
      const std::string value = ValueOf(values, record, 4);
      ASSERT_EQ(value.size(), values.Size(record, 4));
      ASSERT_TRUE(values.Verify(value, record, 4));
    }
  }
}

TEST(Values, EveryFieldDrawsItsOwnLength) {
  Workload workload = Sized(1000);
  workload.fields = 10;
  workload.value_bytes_min = 10;
  workload.value_distribution = "uniform";
  const ValueSource values(workload);
  double sum = 0;
  std::set<size_t> sizes;
  for (uint64_t record = 0; record < 10000; record++) {
    const size_t size = values.Size(record, 0);
    sum += static_cast<double>(size);
    sizes.insert(size);
  }
  EXPECT_NEAR(sum / 10000, 505, 3);  // ten times the mean of 1 … 100
  EXPECT_GT(*sizes.begin(), 100u);   // that all ten are short is as good as impossible
}

using Compress = size_t (*)(const char* from, size_t size, std::string* to);

size_t WithLz4(const char* from, size_t size, std::string* to) {
  return static_cast<size_t>(
      LZ4_compress_default(from, to->data(), static_cast<int>(size), static_cast<int>(to->size())));
}
size_t WithDeflate(const char* from, size_t size, std::string* to) {
  uLongf length = to->size();
  EXPECT_EQ(compress2(reinterpret_cast<Bytef*>(to->data()), &length,
                      reinterpret_cast<const Bytef*>(from), size, Z_DEFAULT_COMPRESSION),
            Z_OK);
  return length;
}

// Bytes after compression in blocks of 4 KiB, as a share of the bytes before.
double CompressedShare(const Workload& workload, Compress compress) {
  constexpr size_t kBlock = 4096;
  const ValueSource values(workload);
  std::string all, buffer;
  for (uint64_t record = 0; all.size() < 100 * kBlock; record++) {
    all += values.Make(record, record * 7, &buffer);
  }
  std::string out(2 * kBlock, '\0');
  double compressed = 0, blocks = 0;
  for (size_t at = 0; at + kBlock <= all.size(); at += kBlock, blocks++) {
    compressed += static_cast<double>(compress(all.data() + at, kBlock, &out));
  }
  return compressed / (blocks * kBlock);
}

// Small values, large ones, and every distribution of lengths, of which the means are about 100
// (but that of zipfian is 480).
std::vector<Workload> ValuesToCompress() {
  std::vector<Workload> all;
  for (const uint64_t size : {100u, 1000u, 10000u}) all.push_back(Sized(size));
  Workload varying = Sized(10000);
  varying.value_bytes_min = 50;
  varying.value_bytes_mean = 100;
  varying.value_bytes_deviation = 30;
  varying.value_bytes_scale = 40;
  varying.value_bytes_shape = 0.2;
  varying.value_histogram = "64:1,96-160:3";
  for (const char* distribution : {"uniform", "zipfian", "normal", "pareto", "histogram"}) {
    varying.value_distribution = distribution;
    all.push_back(varying);
  }
  return all;
}

TEST(Values, CompressAboutAsAsked) {
  for (Workload workload : ValuesToCompress()) {
    for (const double compressibility : {0.0, 0.25, 0.5, 0.75}) {
      workload.value_compressibility = compressibility;
      for (const Compress compress : {WithLz4, WithDeflate}) {
        EXPECT_NEAR(CompressedShare(workload, compress), 1 - compressibility, 0.1)
            << workload.value_distribution << ", " << workload.value_bytes << " bytes, "
            << compressibility << (compress == WithLz4 ? " LZ4" : " deflate");
      }
    }
  }
}

TEST(Values, AnIncompressibleValueStaysSoInLargeBlocks) {
  const ValueSource values(Sized(1000));
  std::string all, buffer;
  for (uint64_t record = 0; record < 1000; record++) all += values.Make(record, 1, &buffer);
  std::string out(static_cast<size_t>(LZ4_compressBound(static_cast<int>(all.size()))), '\0');
  const int compressed = LZ4_compress_default(all.data(), out.data(), static_cast<int>(all.size()),
                                              static_cast<int>(out.size()));
  EXPECT_GE(static_cast<size_t>(compressed), all.size());
}

}  // namespace
}  // namespace varve::workloads
