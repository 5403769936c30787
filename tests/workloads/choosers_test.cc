// Tests of every key chooser against its distribution, computed another way.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/choosers/choosers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "tests/workloads/statistics.h"
#include "workloads/choosers/ycsb_zipfian.h"
#include "workloads/keys.h"
#include "workloads/permutation.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kDraws = 1'000'000;
constexpr uint64_t kRecords = 1000;
constexpr uint64_t kSeed = 42;

Workload Choosing(std::string chooser, uint64_t records = kRecords) {
  Workload workload;
  workload.records = records;
  workload.operations = kDraws;
  workload.read_proportion = 1;
  workload.key_chooser = std::move(chooser);
  return workload;
}

// How often each of the records [0, bins) is chosen in kDraws operations.
std::vector<uint64_t> Count(const Workload& workload, uint64_t bins) {
  const std::unique_ptr<Chooser> chooser = MakeChooser(workload);
  const uint64_t base = Random::StreamBase(kSeed, RandomStream::kKey);
  std::vector<uint64_t> counts(bins);
  for (uint64_t i = 0; i < kDraws; i++) {
    ChooserInput input{Random(base, i), i, workload.records - 1};
    counts.at(chooser->Next(&input))++;
  }
  return counts;
}

// The probabilities of the ranks of Gray's approximation, from the inverse of its formula: rank r
// is drawn for u between U(r) and U(r + 1), where U(r) = ((r / n)^(1 - theta) - 1 + eta) / eta.
std::vector<double> GrayProbabilities(uint64_t n, uint64_t n_of_eta, double zeta, uint64_t ranks) {
  const double theta = 0.99;
  const double two = 1 + std::pow(0.5, theta);
  const double eta =
      (1 - std::pow(2 / static_cast<double>(n_of_eta), 1 - theta)) / (1 - two / zeta);
  const auto u_of = [&](double r) {
    return std::max((std::pow(r / static_cast<double>(n), 1 - theta) - 1 + eta) / eta, two / zeta);
  };
  std::vector<double> probabilities(ranks);
  for (uint64_t r = 0; r < ranks; r++) {
    probabilities[r] = u_of(static_cast<double>(r + 1)) - u_of(static_cast<double>(r));
  }
  probabilities[0] += 1 / zeta;
  probabilities[1] += (two - 1) / zeta;
  return probabilities;
}

double SlowZeta(uint64_t n) {
  double sum = 0;
  for (uint64_t i = n; i > 0; i--) sum += std::pow(static_cast<double>(i), -0.99);
  return sum;
}

TEST(Choosers, EveryRowHasATestHereAndMakesAChooser) {
  std::vector<std::string> names;
  for (const ChooserRow& row : ChooserTable()) {
    names.emplace_back(row.name);
    EXPECT_FALSE(row.help.empty());
    EXPECT_NE(row.make(Choosing(names.back())), nullptr);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"uniform", "sequential", "zipfian", "zipfian_scrambled",
                                      "ycsb_zipfian", "ycsb_scrambled", "latest", "hotspot",
                                      "exponential", "normal", "pareto", "mixgraph"}));
}

TEST(Choosers, UniformIsUniform) {
  const std::vector<uint64_t> counts = Count(Choosing("uniform"), kRecords);
  EXPECT_LT(ChiSquareDeviation(counts, std::vector<double>(kRecords, 1.0 / kRecords)), 4);
}

TEST(Choosers, SequentialTakesEachRecordInTurn) {
  const std::vector<uint64_t> counts = Count(Choosing("sequential"), kRecords);
  EXPECT_EQ(counts, std::vector<uint64_t>(kRecords, kDraws / kRecords));
}

TEST(Choosers, ZipfianIsExactForAnyConstant) {
  for (const double theta : {0.0, 0.5, 0.99, 1.0, 1.000001, 1.5, 3.0, 10.0}) {
    Workload workload = Choosing("zipfian");
    workload.zipfian_constant = theta;
    const std::vector<uint64_t> counts = Count(workload, kRecords);
    EXPECT_LT(ChiSquareDeviation(counts, ZipfProbabilities(kRecords, theta)), 4) << theta;
  }
}

TEST(Choosers, ZipfianOfAMillionHasTheKnownShares) {
  constexpr uint64_t kMillion = 1'000'000;
  const std::vector<uint64_t> counts = Count(Choosing("zipfian", kMillion), kMillion);
  const auto share = [&](uint64_t first) {
    const uint64_t sum =
        std::accumulate(counts.begin(), counts.begin() + static_cast<long>(first), uint64_t{0});
    return 100 * static_cast<double>(sum) / kDraws;
  };
  EXPECT_NEAR(share(1), 6.50, 0.1);
  EXPECT_NEAR(share(kMillion / 100), 66.4, 0.2);
  EXPECT_NEAR(share(kMillion / 10), 83.0, 0.2);
  EXPECT_LT(LargestDifference(counts, ZipfProbabilities(kMillion, 0.99)), 0.0021);
}

TEST(Choosers, ZipfianOfFewRecordsStaysInside) {
  for (const uint64_t records : {1u, 2u, 3u}) {
    const std::vector<uint64_t> counts = Count(Choosing("zipfian", records), records);
    if (records == 1) continue;
    EXPECT_LT(ChiSquareDeviation(counts, ZipfProbabilities(records, 0.99)), 4) << records;
  }
}

TEST(Choosers, ScrambledZipfianGivesTheSameSharesToScatteredRecords) {
  const std::vector<uint64_t> counts = Count(Choosing("zipfian_scrambled"), kRecords);
  const Permutation order(kRecords);
  std::vector<uint64_t> by_rank(kRecords);
  for (uint64_t rank = 0; rank < kRecords; rank++) by_rank[rank] = counts[order.At(rank)];
  EXPECT_LT(ChiSquareDeviation(by_rank, ZipfProbabilities(kRecords, 0.99)), 4);
  EXPECT_NE(counts, by_rank);
}

TEST(Choosers, ZetaIsTheSumOfItsTerms) {
  for (const uint64_t n : {1u, 2u, 999u, 1000u, 1001u, 100000u}) {
    EXPECT_NEAR(Zeta(n, 0.99), SlowZeta(n), 1e-11 * SlowZeta(n)) << n;
  }
  EXPECT_EQ(Zeta(2, 0.99), 1.5034777750283594);                      // as the sampler has it
  EXPECT_NEAR(Zeta(10'000'000'000, 0.99), 26.46902820178302, 1e-9);  // the constant in YCSB
}

TEST(Choosers, YcsbZipfianIsGraysApproximation) {
  const std::vector<uint64_t> counts = Count(Choosing("ycsb_zipfian"), kRecords);
  const std::vector<double> expected =
      GrayProbabilities(kRecords, kRecords, SlowZeta(kRecords), kRecords);
  EXPECT_LT(ChiSquareDeviation(counts, expected), 4);
}

TEST(Choosers, YcsbRanksAreThoseOfItsFormula) {
  constexpr uint64_t kItems = 10'000'000'001;
  constexpr double kZeta = 26.46902820178302, kTheta = 0.99;
  const YcsbZipfSampler sampler(kItems, kZeta);
  const double two = 1 + std::pow(0.5, kTheta);
  const double eta = (1 - std::pow(2.0 / kItems, 1 - kTheta)) / (1 - two / kZeta);
  for (uint64_t i = 0; i < 100000; i++) {
    Random random(kSeed, i), same(kSeed, i);
    const double u = same.Unit();
    double expected = std::floor(kItems * std::pow(eta * u - eta + 1, 1 / (1 - kTheta)));
    if (u * kZeta < two) expected = u * kZeta < 1 ? 0 : 1;
    ASSERT_NEAR(static_cast<double>(sampler.Rank(&random)), expected, 1 + 1e-11 * expected);
  }
}

TEST(Choosers, YcsbZipfianOfAMillionIsAsFarFromZipfAsKnown) {
  constexpr uint64_t kMillion = 1'000'000;
  const std::vector<uint64_t> counts = Count(Choosing("ycsb_zipfian", kMillion), kMillion);
  EXPECT_NEAR(static_cast<double>(counts[0]) / kDraws, 0.0650, 0.001);
  EXPECT_NEAR(LargestDifference(counts, ZipfProbabilities(kMillion, 0.99)), 0.011, 0.002);
}

TEST(Choosers, YcsbScrambledHashesTheRanksOfTenBillion) {
  // The first million ranks one by one; the others, of which none matters, spread evenly.
  constexpr uint64_t kRanks = 1'000'000, kItems = 10'000'000'001;
  const uint64_t bins = kRecords + 1;
  const std::vector<double> of_rank = GrayProbabilities(kItems, kItems, 26.46902820178302, kRanks);
  const double rest = 1 - std::accumulate(of_rank.begin(), of_rank.end(), 0.0);
  std::vector<double> expected(bins, rest / static_cast<double>(bins));
  for (uint64_t rank = 0; rank < kRanks; rank++) expected[YcsbHash(rank) % bins] += of_rank[rank];
  const std::vector<uint64_t> counts = Count(Choosing("ycsb_scrambled"), bins);
  EXPECT_LT(ChiSquareDeviation(counts, expected), 4);
}

TEST(Choosers, YcsbScrambledGivesItsTopRecordTheSameShareAtAnySize) {
  for (const uint64_t records : {1000u, 1000000u}) {
    const std::vector<uint64_t> counts = Count(Choosing("ycsb_scrambled", records), records + 1);
    const uint64_t top = YcsbHash(0) % (records + 1);
    EXPECT_EQ(std::max_element(counts.begin(), counts.end()) - counts.begin(),
              static_cast<long>(top));
    const double by_chance = 0.96 / static_cast<double>(records + 1);
    EXPECT_NEAR(static_cast<double>(counts[top]) / kDraws, 0.0378 + by_chance, 0.001) << records;
  }
}

TEST(Choosers, YcsbScrambledMakesRoomForTheInsertsOfTheRun) {
  Workload workload = Choosing("ycsb_scrambled");
  workload.operations = 1000;
  workload.insert_proportion = 0.05;
  EXPECT_EQ(ExpectedInserts(workload), 100u);
  const std::vector<uint64_t> counts = Count(workload, kRecords + 101);
  EXPECT_GT(std::accumulate(counts.begin() + kRecords + 1, counts.end(), uint64_t{0}), 1000u);
}

TEST(Choosers, ExpectedInsertsDoNotOverflow) {
  Workload workload = Choosing("ycsb_scrambled");
  workload.operations = 9'000'000'000'000'000;
  workload.insert_proportion = 1e9;
  EXPECT_EQ(ExpectedInserts(workload), 2147483647u);
}

TEST(Choosers, LatestIsZipfianOverAge) {
  const std::vector<uint64_t> counts = Count(Choosing("latest"), kRecords);
  std::vector<uint64_t> by_age(counts.rbegin(), counts.rend());
  const uint64_t items = kRecords - 1;  // as YCSB: the number of the newest record
  std::vector<double> expected = GrayProbabilities(items, items, SlowZeta(items), items);
  expected.push_back(0);  // record 0
  EXPECT_LT(ChiSquareDeviation(by_age, expected), 4);
}

TEST(Choosers, LatestFollowsInsertsWithTheOldEta) {
  for (const uint64_t newest : {kRecords + 500, kRecords * 20}) {  // term by term, and afresh
    const std::unique_ptr<Chooser> chooser = MakeChooser(Choosing("latest"));
    const uint64_t base = Random::StreamBase(kSeed, RandomStream::kKey);
    std::vector<uint64_t> by_age(newest + 1);
    for (uint64_t i = 0; i < kDraws; i++) {
      ChooserInput input{Random(base, i), i, newest};
      by_age.at(newest - chooser->Next(&input))++;
    }
    std::vector<double> expected =
        GrayProbabilities(newest, kRecords - 1, SlowZeta(newest), newest);
    expected.push_back(0);
    EXPECT_LT(ChiSquareDeviation(by_age, expected), 4) << newest;
  }
}

TEST(Choosers, LatestOfFewRecordsStaysInside) {
  for (const uint64_t records : {1u, 2u, 3u}) Count(Choosing("latest", records), records);
}

TEST(Choosers, LatestMayGrowFromASingleRecord) {
  const std::unique_ptr<Chooser> chooser = MakeChooser(Choosing("latest", 1));
  for (uint64_t newest = 0; newest < 50; newest++) {
    for (uint64_t i = 0; i < 1000; i++) {
      ChooserInput input{Random(kSeed, i), i, newest};
      ASSERT_LE(chooser->Next(&input), newest);
    }
  }
}

TEST(Choosers, HotspotHasItsTwoSets) {
  Workload workload = Choosing("hotspot");
  workload.hotspot_data_fraction = 0.1;
  workload.hotspot_operation_fraction = 0.7;
  std::vector<double> expected(kRecords, 0.3 / 900);
  std::fill_n(expected.begin(), 100, 0.7 / 100);
  EXPECT_LT(ChiSquareDeviation(Count(workload, kRecords), expected), 4);
}

TEST(Choosers, ExponentialFallsWithAge) {
  const std::vector<uint64_t> counts = Count(Choosing("exponential"), kRecords);
  std::vector<uint64_t> by_age(counts.rbegin(), counts.rend());
  const double mean = -static_cast<double>(kRecords) * 0.8571428571 / std::log(0.05);
  std::vector<double> expected(kRecords);
  for (size_t age = 0; age < kRecords; age++) {
    expected[age] = std::exp(-static_cast<double>(age) / mean) * (1 - std::exp(-1 / mean)) /
                    (1 - std::exp(-static_cast<double>(kRecords) / mean));
  }
  EXPECT_LT(ChiSquareDeviation(by_age, expected), 4);
}

// The probability of each of n records whose distribution function over [0, 1] is cdf.
template <class Cdf>
std::vector<double> ByShare(uint64_t n, Cdf&& cdf) {
  std::vector<double> probabilities;
  const double records = static_cast<double>(n), whole = cdf(1.0) - cdf(0.0);
  for (uint64_t i = 0; i < n; i++) {
    const double at = static_cast<double>(i);
    probabilities.push_back((cdf((at + 1) / records) - cdf(at / records)) / whole);
  }
  return probabilities;
}

TEST(Choosers, NormalIsABellCurveOverTheRecords) {
  for (const auto& [mean, deviation] : {std::pair(0.5, 0.1), {0.0, 1.0}, {0.9, 0.3}, {1.0, 0.02}}) {
    Workload workload = Choosing("normal");
    workload.normal_mean = mean;
    workload.normal_deviation = deviation;
    const auto expected = ByShare(kRecords, [m = mean, d = deviation](double x) {
      return std::erfc((m - x) / d / std::sqrt(2)) / 2;
    });
    EXPECT_LT(ChiSquareDeviation(Count(workload, kRecords), expected), 4) << mean;
  }
}

TEST(Choosers, NormalWithoutDeviationIsOneRecord) {
  Workload workload = Choosing("normal");
  workload.normal_deviation = 0;
  workload.normal_mean = 1;
  EXPECT_EQ(Count(workload, kRecords).back(), kDraws);
}

TEST(Choosers, ParetoIsEightyTwentyAtEveryScale) {
  Workload workload = Choosing("pareto");
  for (const double h : {0.2, 0.05, 0.5, 1e-6}) {
    workload.pareto_fraction = h;
    const std::vector<uint64_t> counts = Count(workload, kRecords);
    const double s = std::log(1 - h) / std::log(h);
    const auto expected = ByShare(kRecords, [s](double x) { return std::pow(x, s); });
    if (h > 0.001) {
      EXPECT_LT(ChiSquareDeviation(counts, expected), 4) << h;
    }
    EXPECT_LT(LargestDifference(counts, expected), 0.003) << h;
  }
  workload.pareto_fraction = 0.2;
  const std::vector<uint64_t> counts = Count(workload, kRecords);
  const auto share = [&](long first) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.begin() + first, 0ull)) /
           kDraws;
  };
  EXPECT_NEAR(share(200), 0.8, 0.003);
  EXPECT_NEAR(share(40), 0.64, 0.003);
  EXPECT_NEAR(share(8), 0.512, 0.003);
}

// The probability of each record, from the definition: each range in its place, and in it every
// position of the power law, one by one.
std::vector<double> MixgraphProbabilities(const Workload& w) {
  const uint64_t ranges = std::min(w.mixgraph_keyrange_num, w.records);
  std::vector<double> of_range(ranges), probabilities;
  const Permutation order(ranges);
  double sum = 0;
  for (uint64_t i = 0; i < ranges; i++) {
    const double x = static_cast<double>(i + 1);
    of_range[order.At(i)] = w.mixgraph_keyrange_dist_a * std::exp(w.mixgraph_keyrange_dist_b * x) +
                            w.mixgraph_keyrange_dist_c * std::exp(w.mixgraph_keyrange_dist_d * x);
    sum += of_range[order.At(i)];
  }
  const auto law = [&](double x) {
    return std::min(1.0, w.mixgraph_key_dist_a * std::pow(x, w.mixgraph_key_dist_b));
  };
  for (uint64_t range = 0; range < ranges; range++) {
    const uint64_t size = w.records / ranges + (range < w.records % ranges ? 1 : 0);
    std::vector<double> inside(size, w.mixgraph_key_dist_a > 0 ? 0 : 1 / static_cast<double>(size));
    const Permutation positions(size);
    for (double x = 0, at = 0; w.mixgraph_key_dist_a > 0 && at < 1; x++) {
      inside[positions.At(static_cast<uint64_t>(x) % size)] += law(x + 1) - at;
      at = law(x + 1);
    }
    for (const double p : inside) probabilities.push_back(p * of_range[range] / sum);
  }
  return probabilities;
}

TEST(Choosers, MixgraphHasHotRangesAndAPowerLawInEach) {
  for (const uint64_t records : {1000u, 1u, 2u, 29u, 31u}) {
    for (const auto& [a, b] : {std::pair(0.05, 0.4), {0.3, 0.9}, {2.0, 0.5}, {0.0, 0.0}}) {
      for (const uint64_t ranges : {30u, 1u, 7u}) {
        Workload w = Choosing("mixgraph", records);
        w.mixgraph_keyrange_num = ranges;
        w.mixgraph_key_dist_a = a;
        w.mixgraph_key_dist_b = b;
        ASSERT_TRUE(CheckWorkload(w).ok()) << CheckWorkload(w).ToString();
        const std::vector<double> expected = MixgraphProbabilities(w);
        const std::vector<uint64_t> counts = Count(w, records);
        if (a < 1 && records > 2) {
          EXPECT_LT(ChiSquareDeviation(counts, expected), 4) << a << " " << ranges;
        }
        EXPECT_LT(LargestDifference(counts, expected), 0.003)
            << records << " " << a << " " << ranges;
      }
    }
  }
}

TEST(Choosers, MixgraphAsPublishedHasTheKnownShares) {
  // The hottest of 30 ranges gets f(1) / (f(1) + … + f(30)) = 77.4 % of the operations.
  constexpr uint64_t kMany = 300'000;
  const std::vector<uint64_t> counts = Count(Choosing("mixgraph", kMany), kMany);
  const long begin = static_cast<long>(Permutation(30).At(0) * 10'000);
  const auto hottest = counts.begin() + begin;
  const double in_hottest =
      static_cast<double>(std::accumulate(hottest, hottest + 10'000, uint64_t{0})) / kDraws;
  double sum = 0;
  const auto f = [](double x) {
    return 14.18 * std::exp(-2.917 * x) + 0.0164 * std::exp(-0.08082 * x);
  };
  for (int i = 1; i <= 30; i++) sum += f(i);
  EXPECT_NEAR(in_hottest, f(1) / sum, 0.002);
  // And in it, the hottest position gets 0.0023, and its share of the positions that begin again.
  const double top = static_cast<double>(*std::max_element(hottest, hottest + 10'000)) / kDraws;
  EXPECT_NEAR(top / in_hottest, 0.002312, 0.0005);
}

TEST(Choosers, ExtremeMixgraphsStayInside) {
  for (const double b : {1e-3, 1e3}) {
    for (const double a : {1e-9, 1e9}) {
      Workload w = Choosing("mixgraph", 100);
      w.mixgraph_key_dist_a = a;
      w.mixgraph_key_dist_b = b;
      Count(w, 100);
    }
  }
}

TEST(Choosers, ALoadThatStartsLaterIsChosenFrom) {
  for (const char* name : {"uniform", "sequential", "zipfian", "zipfian_scrambled", "ycsb_zipfian",
                           "hotspot", "normal", "pareto", "mixgraph"}) {
    Workload workload = Choosing(name);
    workload.insert_start = 300;
    workload.insert_count = 200;
    const std::vector<uint64_t> counts = Count(workload, kRecords);
    const auto sum = [&](long from, long to) {
      return std::accumulate(counts.begin() + from, counts.begin() + to, uint64_t{0});
    };
    EXPECT_EQ(sum(300, 500), kDraws) << name;
  }
}

}  // namespace
}  // namespace varve::workloads
