// kill -9 of real processes on a real file system, more than 50 times. I1, I2.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/kill_torture.h"

#include <gtest/gtest.h>

#include "tests/engine/db_test_util.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

constexpr uint64_t kKills = ScaledCycles(66);

TEST(KillTorture, NothingAcknowledgedIsLost) {
  TemporaryDirectory directory;
  TortureOptions options;
  options.seed = 1;
  options.cycles = kKills;
  options.directory = directory.path();
  const TortureReport report = RunKillTorture(options);
  EXPECT_EQ(report.failure, "") << "kill " << report.failed_cycle;
  EXPECT_EQ(report.cycles, kKills);
  for (const auto& [name, count] : report.counts) {
    if (name == "writes") {
      EXPECT_GT(count, kKills) << "processes that had something to lose";
    }
  }
}

}  // namespace
}  // namespace varve::harness
