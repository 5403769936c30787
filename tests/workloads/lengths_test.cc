// Tests of lengths against their distributions, computed another way, and of histogram files.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/lengths.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/workloads/statistics.h"
#include "workloads/workload_file.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kDraws = 500'000;

LengthShape Shape(std::string_view distribution, uint64_t min, uint64_t max) {
  return {.stem = "x",
          .max_name = "x_max",
          .histogram_name = "x_histogram",
          .distribution = distribution,
          .min = min,
          .max = max,
          .histogram = kNoHistogram};
}

// How often each length of [shape.min, shape.max] is drawn.
std::vector<uint64_t> Count(const LengthShape& shape) {
  EXPECT_TRUE(CheckLengths(shape).ok()) << CheckLengths(shape).ToString();
  const Lengths lengths(shape);
  std::vector<uint64_t> counts(shape.max - shape.min + 1);
  for (uint64_t i = 0; i < kDraws; i++) {
    Random random(17, i);
    counts.at(lengths.Draw(&random) - shape.min)++;
  }
  return counts;
}

// The probability of each length whose distribution function, continued to all numbers, is
// proportional to cdf between the two ends: bin i is that of [low + i, low + i + 1).
template <class Cdf>
std::vector<double> Cut(const LengthShape& shape, double low, Cdf&& cdf) {
  std::vector<double> probabilities;
  const double whole = cdf(low + static_cast<double>(shape.max - shape.min + 1)) - cdf(low);
  for (uint64_t i = 0; i <= shape.max - shape.min; i++) {
    const double at = low + static_cast<double>(i);
    probabilities.push_back((cdf(at + 1) - cdf(at)) / whole);
  }
  return probabilities;
}

TEST(Lengths, NormalIsABellCurveThatIsCutOff) {
  struct Case {
    uint64_t min, max;
    double mean, deviation;
  };
  for (const Case& c : {Case{1, 200, 100, 20}, {0, 50, 10.3, 20}, {5, 9, 9, 4}, {0, 1, 0.2, 1}}) {
    LengthShape shape = Shape("normal", c.min, c.max);
    shape.mean = c.mean;
    shape.deviation = c.deviation;
    const auto cdf = [&](double x) {
      return std::erfc((c.mean - x) / c.deviation / std::sqrt(2)) / 2;
    };
    const auto expected = Cut(shape, static_cast<double>(c.min) - 0.5, cdf);
    EXPECT_LT(ChiSquareDeviation(Count(shape), expected), 4) << c.mean;
  }
}

TEST(Lengths, NormalWithoutDeviationIsItsMean) {
  LengthShape shape = Shape("normal", 1, 10);
  shape.mean = 3;
  EXPECT_EQ(Count(shape)[2], kDraws);
  shape = Shape("normal", 7, 7);
  shape.mean = 7;
  EXPECT_EQ(Count(shape)[0], kDraws);
}

TEST(Lengths, ParetoIsCutOffWithoutBendingTheRest) {
  struct Case {
    uint64_t min, max;
    double scale, shape;
  };
  // The published ones of mixgraph, values and scans; no tail at all; and few lengths.
  for (const Case& c : {Case{1, 1024, 25.45, 0.2615},
                        {1, 10000, 14.236, 2.517},
                        {10, 500, 40, 0},
                        {0, 3, 1000, 10},
                        {3, 60, 0.001, 0.5},
                        {8, 8, 5, 1}}) {
    LengthShape shape = Shape("pareto", c.min, c.max);
    shape.scale = c.scale;
    shape.shape = c.shape;
    const auto cdf = [&](double x) {
      return c.shape == 0 ? 1 - std::exp(-x / c.scale)
                          : 1 - std::pow(1 + c.shape * x / c.scale, -1 / c.shape);
    };
    const std::vector<uint64_t> counts = Count(shape);
    if (c.min == c.max) continue;
    const std::vector<double> expected = Cut(shape, 0, cdf);
    if (expected[0] < 0.999) {
      EXPECT_LT(ChiSquareDeviation(counts, expected), 4) << c.scale;
    }
    EXPECT_LT(LargestDifference(counts, expected), 0.003) << c.scale;
  }
}

TEST(Lengths, ParetoOfMixgraphHasTheKnownMean) {
  // sigma / (1 - k) = 34.46 before the ceiling, which adds about a half.
  LengthShape shape = Shape("pareto", 1, 1 << 20);
  shape.scale = 25.45;
  shape.shape = 0.2615;
  const Lengths lengths(shape);
  double sum = 0;
  for (uint64_t i = 0; i < kDraws; i++) {
    Random random(3, i);
    sum += static_cast<double>(lengths.Draw(&random));
  }
  EXPECT_NEAR(sum / kDraws, 34.96, 0.3);
}

TEST(Lengths, AHistogramIsDrawnByItsWeights) {
  LengthShape shape = Shape("histogram", 0, 40);
  shape.histogram = "3:1,10-19:4, 0 0.5, 40 2.5,3\t2,7:0";
  std::vector<double> expected(41);
  expected[3] = 0.3;
  expected[0] = 0.05;
  expected[40] = 0.25;
  for (size_t i = 10; i < 20; i++) expected[i] = 0.04;
  EXPECT_LT(ChiSquareDeviation(Count(shape), expected), 4);
  shape.histogram = "40:1";
  EXPECT_EQ(Count(shape)[40], kDraws);
}

TEST(Lengths, AnAliasTableKeepsAThousandWeights) {
  std::vector<double> weights;
  double sum = 0;
  for (int i = 0; i < 1000; i++) {
    weights.push_back(i % 7 == 0 ? 0 : std::pow(1.01, i));
    sum += weights.back();
  }
  const AliasTable table(weights);
  std::vector<uint64_t> counts(weights.size());
  for (uint64_t i = 0; i < kDraws; i++) {
    Random random(5, i);
    counts.at(table.Draw(&random))++;
  }
  for (double& weight : weights) weight /= sum;
  for (size_t i = 0; i < weights.size(); i += 7) EXPECT_EQ(counts[i], 0u);
  EXPECT_LT(ChiSquareDeviation(counts, weights), 4);
}

TEST(Lengths, EveryContradictionHasASentence) {
  LengthShape normal = Shape("normal", 10, 20);
  normal.mean = 21;
  EXPECT_EQ(CheckLengths(normal).message(),
            "x_mean (21) must be between x_min (10) and x_max (20)");
  normal.mean = 15;
  normal.deviation = 10.5;
  EXPECT_EQ(CheckLengths(normal).message(),
            "x_deviation (10.5) must not be above x_max - x_min (10)");
  EXPECT_EQ(CheckLengths(Shape("pareto", 1, 2)).message(),
            "x_scale must be above 0 when the distribution is pareto");
  EXPECT_EQ(CheckLengths(Shape("uniform", 3, 2)).message(),
            "x_min (3) must not be above x_max (2)");
  EXPECT_EQ(CheckLengths(Shape("pareto", 1, 2), 2).message(),
            "x_min (1) must be a multiple of fields (2)");
  LengthShape histogram = Shape("histogram", 0, 20);
  EXPECT_EQ(CheckLengths(histogram).message(),
            "x_histogram is needed when the distribution is histogram");
  histogram.histogram = "3:1,11:1";
  EXPECT_EQ(CheckLengths(histogram).message(), "ok");
  EXPECT_EQ(CheckLengths(histogram, 2).message(),
            "x_max (20) must be at least 22, the longest of x_histogram times fields");
  histogram.least = 5;
  EXPECT_EQ(CheckLengths(histogram).message(), "x_histogram has a length of 3; the least is 5");
}

// The canonical text of what a file holds, or the error without the directory.
std::string ReadFile(const std::string& text) {
  const std::string path = testing::TempDir() + "/lengths_test.txt";
  std::ofstream(path) << text;
  const auto bins = ReadHistogramFile(path);
  std::filesystem::remove(path);
  if (bins.ok()) return FormatHistogram(*bins);
  const std::string error(bins.status().message());
  return error.starts_with(path) ? "F" + error.substr(path.size()) : error;
}

TEST(Lengths, AHistogramFileIsReadWithItsComments) {
  EXPECT_EQ(ReadFile("# sizes\n\n16 0.25  # small\n 20-31\t1e2\r\n1_000 3"),
            "16:0.25,20-31:100,1000:3");
  EXPECT_EQ(FormatHistogram(*ReadHistogram("16 0.25, 20-31 100")), "16:0.25,20-31:100");
}

TEST(Lengths, EveryErrorOfAHistogramFileHasFileAndLine) {
  const std::pair<const char*, const char*> kErrors[] = {
      {"1 1\n\n2", "F:3: a bin is a length or FROM-TO, a space or colon, and a weight"},
      {"1 1\nx 1", "F:2: \"x\" is not a whole number"},
      {"-5 1", "F:1: \"\" is not a whole number"},
      {"5-x 1", "F:1: \"x\" is not a whole number"},
      {"5-4 1", "F:1: a bin from 5 to 4 is empty"},
      {"1 -1", "F:1: a weight must be between 0 and 1000000000000000, not -1"},
      {"1 nan", "F:1: \"nan\" is not a number"},
      {"1 2 3", "F:1: \"2 3\" is not a number"},
      {"2000000000 1", "F:1: a length of 2000000000 is above 1073741824"},
      {"1 0\n2 0", "F: a histogram needs a bin with a weight above 0"},
      {"", "F: a histogram needs a bin with a weight above 0"},
      {"BlockSize\t10\n0\t1\n2\t1", "F:3: this line must begin with index 1 and a tab"},
      {"BlockSize\n0\t1", "F:1: \"\" is not a whole number"},
      {"BlockSize\t10\n0\tx", "F:2: \"x\" is not a whole number"},
      {"BlockSize\t10", "F: a histogram needs a bin with a weight above 0"},
      {"BlockSize\t1000000000\n0\t1\n1\t1\n2\t1", "F: a length is above 1073741824"},
  };
  for (const auto& [text, message] : kErrors) EXPECT_EQ(ReadFile(text), message) << text;
  std::string many;
  for (int i = 0; i < 4097; i++) many += "1 1\n";
  EXPECT_EQ(ReadFile(many), "F: a histogram has at most 4096 bins, not 4097");
  EXPECT_EQ(ReadHistogram("no/such.txt").status().message(), "there is no file no/such.txt");
  EXPECT_EQ(ReadHistogram("5:1,6").status().message(),
            "bin 2: a bin is a length or FROM-TO, a space or colon, and a weight");
}

// The share of each length as the Java original draws it: number by number below the sum.
std::map<uint64_t, double> AsYcsbDraws(uint64_t block_size, const std::vector<int>& counts) {
  int area = 0;
  for (const int count : counts) area += count;
  std::map<uint64_t, double> shares;
  for (int draw = 0; draw < area; draw++) {
    int number = draw;
    size_t i = 0;
    while (i + 1 < counts.size() && (number -= counts[i]) > 0) i++;
    shares[(i + 1 < counts.size() ? i + 1 : i) * block_size] += 1;
  }
  return shares;
}

TEST(Lengths, AHistogramOfYcsbHasItsQuirks) {
  EXPECT_EQ(ReadFile("BlockSize\t100\n0\t5\n1\t3\n2\t2\n"), "100:6,200:3,200:1");
  for (const std::vector<int>& counts : std::vector<std::vector<int>>{
           {5, 3, 2}, {0, 0, 7}, {4}, {1, 0}, {0, 9, 0, 0}, {2, 2, 2, 2, 1}}) {
    std::string text = "BlockSize\t8\n";
    for (size_t i = 0; i < counts.size(); i++) {
      text += std::to_string(i) + "\t" + std::to_string(counts[i]) + "\n";
    }
    std::map<uint64_t, double> shares;
    const auto bins = ReadHistogram(ReadFile(text));
    ASSERT_TRUE(bins.ok()) << text << bins.status().ToString();
    for (const LengthBin& bin : *bins) shares[bin.from] += bin.weight;
    EXPECT_EQ(shares, AsYcsbDraws(8, counts)) << text;
  }
}

TEST(Lengths, AHistogramIsFoundBesideItsWorkloadFile) {
  const std::string directory = testing::TempDir() + "/2_lengths";  // begins as a bin does
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/sizes.txt") << "64 1\n128 bad\n";
  const std::string text =
      "value_bytes = 128\nvalue_distribution = \"histogram\"\nread_proportion = 1\n"
      "value_histogram = \"sizes.txt\"\n";
  const std::string path = directory + "/w.toml";
  EXPECT_EQ(ParseWorkload(text, path).status().message(),
            path + ":4: value_histogram: " + directory + "/sizes.txt:2: \"bad\" is not a number");
  std::ofstream(directory + "/sizes.txt") << "64 1\n128 3\n";
  const Result<Workload> workload = ParseWorkload(text, path);
  ASSERT_TRUE(workload.ok()) << workload.status().ToString();
  EXPECT_EQ(workload->value_histogram, "64:1,128:3");
  EXPECT_TRUE(CheckWorkload(*workload).ok()) << CheckWorkload(*workload).ToString();
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(testing::TempDir());
  const Result<Workload> relative = ParseWorkload(text, "2_lengths/w.toml");
  std::filesystem::current_path(here);
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(relative.ok()) << relative.status().ToString();
  EXPECT_EQ(relative->value_histogram, "64:1,128:3");
}

TEST(Lengths, AHistogramMayBelongToAPhase) {
  const std::string path = testing::TempDir() + "/phase_lengths.txt";
  std::ofstream(path) << "5 1\n7-9 1\n";
  const Result<Workload> workload = ParseWorkload(
      "[[phase]]\noperations = 10\nscan_proportion = 1\nscan_length_distribution = "
      "\"histogram\"\nscan_length_histogram = \"phase_lengths.txt\"\n",
      testing::TempDir() + "/w.toml");
  std::filesystem::remove(path);
  ASSERT_TRUE(workload.ok()) << workload.status().ToString();
  EXPECT_NE(workload->phases.find("scan_length_histogram=5:1,7-9:1"), std::string::npos);
  EXPECT_TRUE(CheckWorkload(*workload).ok()) << CheckWorkload(*workload).ToString();
}

TEST(Lengths, OddHistogramsNeverCrash) {
  std::mt19937 random(11);
  const char* kPieces[] = {"1",  "0", "-",  " ",    "\t", "\n",          ",",   "#",
                           "1e", "9", ".5", "\xff", "_",  "BlockSize\t", "0\t", "99999999999"};
  for (int i = 0; i < 3000; i++) {
    std::string text;
    for (size_t n = random() % 12; n > 0; n--) text += kPieces[random() % 16];
    LengthShape shape = Shape("histogram", 0, 1 << 20);
    const std::string read = ReadFile(text);
    shape.histogram = read;
    if (read.starts_with("F") || !CheckLengths(shape).ok()) continue;
    Random draws(1, 1);
    EXPECT_LE(Lengths(shape).Draw(&draws), shape.max);
  }
}

}  // namespace
}  // namespace varve::workloads
