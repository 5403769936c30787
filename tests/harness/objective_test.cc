// Objectives: how they are written, what is refused, where they are looked up.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using testing::HasSubstr;

TEST(Objective, HasAPercentileALimitAndPerhapsAnOperation) {
  struct Case {
    const char* text;
    const char* operation;
    const char* percentile;
    double limit_ns;
    const char* spelt;
  };
  for (const Case& one :
       std::vector<Case>{{"p99 <= 5 ms", "all", "p99", 5e6, "p99 <= 5 ms"},
                         {"p99<=5ms", "all", "p99", 5e6, "p99 <= 5 ms"},
                         {"  read   p99.9 < 80 us ", "read", "p999", 8e4, "read p999 <= 80 µs"},
                         {"read_modify_write max <= 1.5s", "read_modify_write", "max", 1.5e9,
                          "read_modify_write max <= 1.5 s"},
                         {"all mean <= 2e3 ns", "all", "mean", 2e3, "mean <= 2 µs"},
                         {"p50 <= 70 µs", "all", "p50", 7e4, "p50 <= 70 µs"}}) {
    const auto objective = ParseObjective(one.text);
    ASSERT_TRUE(objective.ok()) << objective.status().ToString();
    EXPECT_EQ(objective->operation, one.operation);
    EXPECT_EQ(objective->percentile, one.percentile);
    EXPECT_DOUBLE_EQ(objective->limit_ns, one.limit_ns);
    EXPECT_EQ(objective->text, one.spelt);
  }
}

TEST(Objective, WhatIsNoneIsRefusedWithAReason) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "has no <="},
      {"p99 5 ms", "has no <="},
      {"p99 >= 5 ms", "has no <="},
      {"<= 5 ms", "come a percentile"},
      {"update read p99 <= 5 ms", "come a percentile"},
      {"p98 <= 5 ms", "unknown percentile \"p98\", did you mean"},
      {"raed p99 <= 5 ms", "unknown operation \"raed\", did you mean \"read\"?"},
      {"p99 <= 5", "ends with none of ns, us, ms, s"},
      {"p99 <= 5 min", "ends with none of ns, us, ms, s"},
      {"p99 <= ms", "objective \"p99 <= ms\""},
      {"p99 <= 5.5.5 ms", "objective"},
      {"p99 <= -5 ms", "objective"},
      {"p99 <= 0 ms", "must be more than 0"},
      {"p99 <= 5 ms, p50 <= 1 ms", "objective"},
  };
  for (const auto& [text, says] : cases) {
    const auto objective = ParseObjective(text);
    EXPECT_FALSE(objective.ok()) << text;
    EXPECT_THAT(objective.status().ToString(), HasSubstr(says)) << text;
  }
}

TEST(Objective, IsAboutResponses) {
  const auto result = nlohmann::json::parse(R"({
    "latency": {"all": {"p99_ns": 1}},
    "response": {"all": {"p99_ns": 70}, "read": {"max_ns": 90}}})");
  EXPECT_EQ(MeasuredNs(*ParseObjective("p99 <= 1 s"), result), 70);
  EXPECT_EQ(MeasuredNs(*ParseObjective("read max <= 1 s"), result), 90);
  EXPECT_EQ(MeasuredNs(*ParseObjective("update p99 <= 1 s"), result), std::nullopt);
  EXPECT_EQ(MeasuredNs(*ParseObjective("p99 <= 1 s"), nlohmann::json::array()), std::nullopt);
}

}  // namespace
}  // namespace varve::harness
