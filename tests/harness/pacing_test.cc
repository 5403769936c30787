// Arrivals: their moments, their shares among clients, the settings that are refused.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/pacing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace varve::harness {
namespace {

using testing::HasSubstr;

constexpr double kSecondNs = 1e9;
constexpr double kForEver = std::numeric_limits<double>::infinity();

ArrivalPlan Steps(std::vector<RateStep> steps) {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kSteps;
  plan.steps = std::move(steps);
  return plan;
}

ArrivalPlan Constant(double rate) { return Steps({{rate, kForEver}}); }

// 2 operations a second for 3 seconds, 10 a second for 2.
ArrivalPlan Bursts() { return Steps({{2, 3}, {10, 2}}); }

ArrivalPlan Sine(double mean, double amplitude, double period, double phase) {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kSine;
  plan.sine = {mean, amplitude, period, phase};
  return plan;
}

// The arrivals of all clients before the end, by second.
std::vector<int> BySecond(const ArrivalPlan& plan, int clients, int seconds) {
  std::vector<int> counts(static_cast<size_t>(seconds));
  for (int client = 0; client < clients; ++client) {
    Pacing pacing(plan, client, clients);
    for (double at = pacing.NextArrival(); at < seconds * kSecondNs; at = pacing.NextArrival()) {
      ++counts[static_cast<size_t>(at / kSecondNs)];
    }
  }
  return counts;
}

struct Moments {
  double mean = 0;
  double variance = 0;
};
Moments MomentsOf(const std::vector<int>& counts) {
  const auto size = static_cast<double>(counts.size());
  Moments moments;
  for (const int count : counts) moments.mean += count / size;
  for (const int count : counts) {
    moments.variance += (count - moments.mean) * (count - moments.mean) / (size - 1);
  }
  return moments;
}

TEST(Pacing, ConstantArrivalsAreEquallyFarApart) {
  Pacing pacing(Constant(4), 0, 1);
  for (int i = 0; i < 10; ++i) EXPECT_DOUBLE_EQ(pacing.NextArrival(), i * 0.25 * kSecondNs);
}

TEST(Pacing, BurstsComeAfterValleysAgainAndAgain) {
  EXPECT_EQ(BySecond(Bursts(), 1, 15),
            (std::vector<int>{2, 2, 2, 10, 10, 2, 2, 2, 10, 10, 2, 2, 2, 10, 10}));
}

TEST(Pacing, AValleyMayBeSilent) {
  const ArrivalPlan plan = Steps({{0, 3}, {10, 2}});
  Pacing pacing(plan, 0, 1);
  EXPECT_DOUBLE_EQ(pacing.NextArrival(), 3 * kSecondNs);
  for (int i = 1; i < 20; ++i) pacing.NextArrival();
  EXPECT_DOUBLE_EQ(pacing.NextArrival(), 8 * kSecondNs);
}

TEST(Pacing, StepsComeAgainUnlessTheLastStays) {
  EXPECT_EQ(BySecond(Steps({{3, 1}, {0, 1}, {5, 1}}), 2, 7),
            (std::vector<int>{3, 0, 5, 3, 0, 5, 3}));
  EXPECT_EQ(BySecond(Steps({{3, 1}, {0, 1}, {5, kForEver}}), 2, 7),
            (std::vector<int>{3, 0, 5, 5, 5, 5, 5}));
}

TEST(Pacing, ClientsTakeTurnsAtTheArrivalsOfOne) {
  Pacing alone(Bursts(), 0, 1);
  std::vector<Pacing> shares;
  for (int client = 0; client < 3; ++client) shares.emplace_back(Bursts(), client, 3);
  for (size_t i = 0; i < 99; ++i) {
    EXPECT_DOUBLE_EQ(shares[i % 3].NextArrival(), alone.NextArrival());
  }
}

// The integral of the rate from 0 to t, written down once more.
double SineArrivals(const RateSine& sine, double t) {
  const double omega = 2 * std::numbers::pi / sine.period_seconds;
  return sine.mean_ops_per_second * t -
         sine.amplitude_ops_per_second / omega *
             (std::cos(omega * t + sine.phase_radians) - std::cos(sine.phase_radians));
}

TEST(Pacing, ASineHasTheArrivalsOfItsIntegralInEverySecond) {
  // The amplitude may be the mean: then the rate is 0 for a moment of each period.
  for (const ArrivalPlan& plan :
       {Sine(1000, 600, 10, 0), Sine(1000, 1000, 7.5, 2), Sine(500, 0, 3, 1)}) {
    const std::vector<int> counts = BySecond(plan, 3, 25);
    for (int second = 0; second < 25; ++second) {
      const double expected = SineArrivals(plan.sine, second + 1) - SineArrivals(plan.sine, second);
      EXPECT_NEAR(counts[static_cast<size_t>(second)], expected, 1.001) << second;
    }
  }
}

// A sin(B x + C) + D with A = 1000, B = 0.000073, D = 4500 (Cao et al., FAST 2020): a day.
TEST(Pacing, TheRateOfMixgraphCanBeAskedFor) {
  TrialSpec spec;
  for (const SettingText& setting :
       std::vector<SettingText>{{"arrivals", "sine"},
                                {"rate_ops_per_second", "4500"},
                                {"sine_amplitude_ops_per_second", "1000"},
                                {"sine_period_seconds", "86071"}}) {
    ASSERT_TRUE(SetTrialSetting(&spec, "trial." + setting.name, setting.text).ok());
  }
  ASSERT_TRUE(CheckArrivals(spec.trial).ok());
  const RateCurve curve(ArrivalPlanOf(spec.trial, 1));
  for (const double number : {1.0, 4500.0, 1e7, 1.9e8, 3.8e8, 3.9e8, 1e10}) {
    const double t = curve.SecondsUntil(number);
    const double expected = 4500 * t - 1000 / 0.000073 * (std::cos(0.000073 * t) - 1);
    EXPECT_NEAR(expected / number, 1, 1e-5);
  }
}

TEST(RateCurve, IsTheInverseOfTheIntegralToANanosecond) {
  const ArrivalPlan plan = Sine(1000, 990, 60, 3);
  const RateCurve curve(plan);
  double before = 0;
  for (double number = 0; number < 150'000; number += 7.25) {
    const double t = curve.SecondsUntil(number);
    // 1 ns at the highest rate.
    ASSERT_NEAR(SineArrivals(plan.sine, t), number, 2e-6) << number;
    ASSERT_GE(t, before);
    before = t;
  }
}

TEST(Pacing, PoissonArrivalsHaveTheMeanAndTheVarianceOfTheRateForAnyClients) {
  for (const int clients : {1, 2, 8}) {
    ArrivalPlan plan = Constant(20);
    plan.poisson = true;
    plan.seed = 5;
    const Moments moments = MomentsOf(BySecond(plan, clients, 20'000));
    // Both are 20. Standard errors: of the mean sqrt(20 / n), of the variance 20 sqrt(2.05 / n).
    EXPECT_NEAR(moments.mean, 20, 4 * std::sqrt(20.0 / 20'000)) << clients;
    EXPECT_NEAR(moments.variance, 20, 4 * 20 * std::sqrt(2.05 / 20'000)) << clients;
  }
}

// Kolmogorov and Smirnov's distance between the gaps of all arrivals and the exponential law.
TEST(Pacing, GapsOfAllClientsTogetherAreExponential) {
  for (const int clients : {1, 4}) {
    ArrivalPlan plan = Constant(1);
    plan.poisson = true;
    std::vector<double> arrivals = {0};
    for (int client = 0; client < clients; ++client) {
      Pacing pacing(plan, client, clients);
      for (double at = pacing.NextArrival(); at < 20'000 * kSecondNs; at = pacing.NextArrival()) {
        arrivals.push_back(at / kSecondNs);
      }
    }
    std::sort(arrivals.begin(), arrivals.end());
    std::vector<double> gaps;
    for (size_t i = 1; i < arrivals.size(); ++i) gaps.push_back(arrivals[i] - arrivals[i - 1]);
    std::sort(gaps.begin(), gaps.end());
    double distance = 0;
    for (size_t i = 0; i < gaps.size(); ++i) {
      const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(gaps.size());
      distance = std::max(distance, std::abs(share - (1 - std::exp(-gaps[i]))));
    }
    // Exceeded once in 10,000.
    EXPECT_LT(distance, 2.23 / std::sqrt(static_cast<double>(gaps.size()))) << clients;
  }
}

TEST(Pacing, PoissonArrivalsFollowARateThatChanges) {
  ArrivalPlan plan = Steps({{10, 1}, {90, 1}});
  plan.poisson = true;
  const std::vector<int> counts = BySecond(plan, 3, 20'000);
  std::vector<int> low, high;
  for (size_t second = 0; second < counts.size(); ++second) {
    (second % 2 == 0 ? low : high).push_back(counts[second]);
  }
  EXPECT_NEAR(MomentsOf(low).mean, 10, 4 * std::sqrt(10.0 / 10'000));
  EXPECT_NEAR(MomentsOf(low).variance, 10, 0.6);
  EXPECT_NEAR(MomentsOf(high).mean, 90, 4 * std::sqrt(90.0 / 10'000));
  EXPECT_NEAR(MomentsOf(high).variance, 90, 5.2);
}

TEST(Pacing, PoissonArrivalsAreThoseOfSeedAndClient) {
  ArrivalPlan plan = Constant(1000);
  plan.poisson = true;
  const auto first_ten = [&plan](uint64_t seed, int client) {
    plan.seed = seed;
    Pacing pacing(plan, client, 2);
    std::vector<double> times(10);
    for (double& time : times) time = pacing.NextArrival();
    return times;
  };
  EXPECT_EQ(first_ten(1, 0), first_ten(1, 0));
  EXPECT_NE(first_ten(1, 0), first_ten(2, 0));
  EXPECT_NE(first_ten(1, 0), first_ten(1, 1));
}

TEST(RateSteps, AreRatesAndSeconds) {
  const auto steps = ParseRateSteps("1000:10, 0:0.5,4000");
  ASSERT_TRUE(steps.ok()) << steps.status().ToString();
  ASSERT_EQ(steps->size(), 3u);
  EXPECT_DOUBLE_EQ((*steps)[0].ops_per_second, 1000);
  EXPECT_DOUBLE_EQ((*steps)[0].seconds, 10);
  EXPECT_DOUBLE_EQ((*steps)[1].ops_per_second, 0);
  EXPECT_DOUBLE_EQ((*steps)[1].seconds, 0.5);
  EXPECT_DOUBLE_EQ((*steps)[2].ops_per_second, 4000);
  EXPECT_EQ((*steps)[2].seconds, kForEver);
}

TEST(RateSteps, WhatIsNoneIsRefused) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", "rate: "},
      {"10:5,", "rate: "},
      {"x:5", "rate: \"x\""},
      {"-1:5", "rate: "},
      {"10:0", "seconds: "},
      {"10:nan", "seconds: "},
      {"10:5:6", "seconds: "},
      {"10, 20:5", "\"10\" has no seconds (\"10:10\"), and is not the last"},
      {"10:5, 0", "a last step of rate 0 would have no end"},
      {"0:5", "every rate is 0"},
  };
  for (const auto& [text, says] : cases) {
    const auto steps = ParseRateSteps(text);
    EXPECT_FALSE(steps.ok()) << text;
    EXPECT_THAT(steps.status().ToString(), HasSubstr(says)) << text;
  }
  std::string many = "1:1";
  for (int i = 0; i < 10'000; ++i) many += ",1:1";
  EXPECT_THAT(ParseRateSteps(many).status().ToString(), HasSubstr("10001 steps, at most 10000"));
}

TEST(Pacing, SettingsThatCannotGoTogetherAreRefused) {
  struct Case {
    std::vector<SettingText> settings;
    const char* says;  // "": fine
  };
  const std::vector<Case> cases = {
      {{}, ""},
      {{{"think_seconds", "0.1"}}, ""},
      {{{"arrivals", "constant"}, {"rate_ops_per_second", "10"}}, ""},
      {{{"arrivals", "constant"}, {"rate_ops_per_second", "10"}, {"arrival_gaps", "poisson"}}, ""},
      {{{"arrivals", "constnat"}}, "did you mean \"constant\""},
      {{{"arrivals", "poisson"}}, "trial.arrival_gaps = poisson"},
      {{{"arrival_gaps", "posson"}}, "did you mean \"poisson\""},
      {{{"arrival_gaps", "poisson"}},
       "trial.arrival_gaps means nothing with trial.arrivals = closed"},
      {{{"arrivals", "constant"}}, "needs trial.rate_ops_per_second"},
      {{{"arrivals", "constant"}, {"rate_ops_per_second", "10"}, {"think_seconds", "1"}},
       "trial.think_seconds means nothing with trial.arrivals = constant: leave it out, or set "
       "trial.arrivals = closed"},
      {{{"rate_ops_per_second", "10"}},
       "trial.rate_ops_per_second means nothing with trial.arrivals = closed: leave it out, or set "
       "trial.arrivals = constant"},
      {{{"burst_seconds", "10"}}, "trial.burst_seconds means nothing"},
      {{{"sine_phase_radians", "1"}}, "trial.sine_phase_radians means nothing"},
      {{{"steps", "1:1"}}, "trial.steps means nothing with trial.arrivals = closed"},
      {{{"arrivals", "steps"}}, "needs trial.steps"},
      {{{"arrivals", "steps"}, {"steps", "1:x"}}, "trial.steps: seconds: "},
      {{{"arrivals", "steps"}, {"steps", "1:2, 3"}}, ""},
      {{{"arrivals", "sine"}, {"rate_ops_per_second", "10"}}, "trial.sine_period_seconds"},
      {{{"arrivals", "sine"},
        {"rate_ops_per_second", "10"},
        {"sine_period_seconds", "60"},
        {"sine_amplitude_ops_per_second", "11"}},
       "no rate is below 0"},
      {{{"arrivals", "bursts"}, {"burst_rate_ops_per_second", "9"}}, "needs trial.burst_seconds"},
      {{{"arrivals", "bursts"},
        {"rate_ops_per_second", "10"},
        {"burst_rate_ops_per_second", "9"},
        {"burst_seconds", "1"},
        {"valley_seconds", "1"}},
       "must be more than"},
      {{{"arrivals", "bursts"},
        {"burst_rate_ops_per_second", "9"},
        {"burst_seconds", "1"},
        {"valley_seconds", "1"}},
       ""},
  };
  for (const Case& one : cases) {
    TrialSpec spec;
    for (const SettingText& setting : one.settings) {
      ASSERT_TRUE(SetTrialSetting(&spec, "trial." + setting.name, setting.text).ok());
    }
    const Status status = CheckArrivals(spec.trial);
    EXPECT_EQ(status.ok(), *one.says == '\0') << status.ToString();
    EXPECT_THAT(status.ToString(), HasSubstr(one.says));
  }
}

}  // namespace
}  // namespace varve::harness
