// Tests of values: same bytes every time, nothing wrong passes, and they compress as asked.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/values.h"

#include <gtest/gtest.h>
#include <lz4.h>

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

// Bytes after compression with LZ4 in blocks of 4 KiB, as a share of the bytes before.
double CompressedShare(uint64_t value_bytes, double compressibility) {
  constexpr size_t kBlock = 4096;
  Workload workload = Sized(value_bytes);
  workload.value_compressibility = compressibility;
  const ValueSource values(workload);
  std::string all, buffer;
  for (uint64_t record = 0; all.size() < 100 * kBlock; record++) {
    all += values.Make(record, record * 7, &buffer);
  }
  std::string out(static_cast<size_t>(LZ4_compressBound(kBlock)), '\0');
  double compressed = 0, blocks = 0;
  for (size_t at = 0; at + kBlock <= all.size(); at += kBlock, blocks++) {
    compressed +=
        LZ4_compress_default(all.data() + at, out.data(), kBlock, static_cast<int>(out.size()));
  }
  return compressed / (blocks * kBlock);
}

TEST(Values, CompressAboutAsAsked) {
  for (const uint64_t size : {100u, 1000u, 10000u}) {
    for (const double compressibility : {0.0, 0.25, 0.5, 0.75}) {
      EXPECT_NEAR(CompressedShare(size, compressibility), 1 - compressibility, 0.1)
          << size << " bytes, " << compressibility;
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
