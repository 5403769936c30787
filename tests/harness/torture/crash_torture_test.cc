// Random crashes: a few thousand cycles of `varve torture crash`.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/crash_torture.h"

#include <gtest/gtest.h>

#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

constexpr uint64_t kCycles = ScaledCycles(10000);

uint64_t CountOf(const TortureReport& report, std::string_view name) {
  for (const auto& [known, count] : report.counts) {
    if (known == name) return count;
  }
  return 0;
}

// I1, I2, I3, I4, I11.
TEST(CrashTorture, NothingThatHadToSurviveIsMissing) {
  TortureOptions options;
  options.seed = 20261122;
  options.cycles = kCycles;
  const TortureReport report = RunCrashTorture(options);
  EXPECT_EQ(report.failure, "") << "cycle " << report.failed_cycle;
  EXPECT_EQ(report.cycles, kCycles);
  EXPECT_GE(CountOf(report, "crashes"), 2 * kCycles);
  EXPECT_GE(CountOf(report, "power losses"), kCycles / 2);
  EXPECT_GE(CountOf(report, "process deaths"), kCycles / 2);
  EXPECT_GE(CountOf(report, "writes"), 20 * kCycles);
  EXPECT_GE(CountOf(report, "manifest switches"), kCycles / 50);
}

// I10: a cycle is a function of seed and number.
TEST(CrashTorture, TheSameCyclesMakeTheSameCounts) {
  TortureOptions options;
  options.seed = 5;
  options.first_cycle = 40;
  options.cycles = 20;
  EXPECT_EQ(RunCrashTorture(options).counts, RunCrashTorture(options).counts);
  TortureOptions other = options;
  other.seed = 6;
  EXPECT_NE(RunCrashTorture(options).counts, RunCrashTorture(other).counts);
}

}  // namespace
}  // namespace varve::harness
