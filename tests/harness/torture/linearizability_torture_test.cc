// Recorded histories of the engine are linearizable, and those of a broken one are not.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/linearizability_torture.h"

#include <gtest/gtest.h>

#include "engine/io/memory_file_system.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

uint64_t CountOf(const TortureReport& report, std::string_view name) {
  for (const auto& [known, count] : report.counts) {
    if (known == name) return count;
  }
  return 0;
}

// I7: a reader sees all of a batch or nothing of it; and each read sees what was acknowledged.
TEST(LinearizabilityTorture, RecordedHistoriesCanBeExplained) {
  TortureOptions options;
  options.seed = 20260702;
  options.cycles = ScaledCycles(60);
  const TortureReport report = RunLinearizabilityTorture(options);
  EXPECT_EQ(report.failure, "") << "cycle " << report.failed_cycle;
  EXPECT_EQ(report.cycles, options.cycles);
  EXPECT_GT(CountOf(report, "overlapping pairs"), 10 * options.cycles) << "threads did meet";
}

}  // namespace
}  // namespace varve::harness
