// Write amplification of simulated histories against the reference model of run-level eager
// merging with unique keys: the planner makes the trees that the theory speaks of.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/compaction/strategies.h"
#include "engine/tree/tree_text.h"
#include "tests/engine/compaction/tree_simulation.h"

namespace varve {
namespace {

constexpr uint64_t kBufferBytes = 1024;
constexpr int kFlushes = 976;
constexpr uint64_t kKeys = 1'000'000;

TableInfo WholeRange(uint64_t bytes) {
  TableInfo table;
  table.smallest = SimulatedKey(0);
  table.largest = SimulatedKey(kKeys - 1);
  table.file_bytes = bytes;
  return table;
}

Options ModelOptions(uint64_t size_ratio) {
  Options options;
  options.size_ratio = size_ratio;
  options.level0_runs = 1;
  options.memtable_bytes = kBufferBytes;
  options.granularity = "level";
  options.trivial_moves = false;  // the model counts a move as a write
  return options;
}

TreeSimulation RunHistory(const Strategy& strategy, const std::string& tree_at_start) {
  TreeSimulation simulation(strategy, EvenMerge(uint64_t{1} << 60, kKeys, 0));
  simulation.Start(TreeFromText(tree_at_start).value().tree);
  for (int i = 0; i < kFlushes; ++i) {
    simulation.Flush({WholeRange(kBufferBytes)});
    EXPECT_TRUE(simulation.Settle(100)) << simulation.wrong();
  }
  return simulation;
}

// The references are printed by `python3 models/structural_sim.py`: 976 flushes, eager merging.
struct Reference {
  uint64_t size_ratio;
  double leveled, tiered, lazy_leveled;
  int lazy_last_level;
};
constexpr Reference kReferences[] = {{4, 11.41, 4.77, 5.56, 4}, {10, 15.46, 2.92, 6.60, 2}};

TEST(WriteAmplification, LeveledByLevelIsThatOfTheModel) {
  for (const Reference& reference : kReferences) {
    Options options = ModelOptions(reference.size_ratio);
    // The model pushes a level that is exactly full.
    options.level1_bytes = reference.size_ratio * kBufferBytes - 1;
    const TreeSimulation simulation = RunHistory(LeveledStrategy(options), "");
    // The model merges the memtable itself into level 1; here it is written to level 0 before.
    EXPECT_NEAR(simulation.counts().write_amplification() - 1, reference.leveled, 0.01);
  }
}

TEST(WriteAmplification, TieredIsThatOfTheModel) {
  for (const Reference& reference : kReferences) {
    const Strategy strategy = TieredStrategy(ModelOptions(reference.size_ratio));
    const TreeSimulation simulation = RunHistory(strategy, "");
    EXPECT_NEAR(simulation.counts().write_amplification(), reference.tiered, 0.01);
  }
}

TEST(WriteAmplification, LazyLeveledIsThatOfTheModel) {
  for (const Reference& reference : kReferences) {
    Options options = ModelOptions(reference.size_ratio);
    options.level1_bytes = reference.size_ratio * reference.size_ratio * kBufferBytes;
    // The model is told where the last level is: a byte there says the same.
    const std::string last = "L" + std::to_string(reference.lazy_last_level) + " run 1: 1:[" +
                             SimulatedKey(0) + "," + SimulatedKey(0) + "] 1\n";
    const TreeSimulation simulation = RunHistory(LazyLeveledStrategy(options), last);
    EXPECT_NEAR(simulation.counts().write_amplification(), reference.lazy_leveled, 0.01);
    EXPECT_EQ(simulation.tree().deepest(), reference.lazy_last_level);
  }
}

TEST(WriteAmplification, ALazyLeveledTreeThatGrowsByItselfIsNear) {
  // Before it has its depth, its last level is a shallower one, and merges more often.
  for (const Reference& reference : kReferences) {
    Options options = ModelOptions(reference.size_ratio);
    options.trivial_moves = true;
    const TreeSimulation simulation = RunHistory(LazyLeveledStrategy(options), "");
    EXPECT_NEAR(simulation.counts().write_amplification(), reference.lazy_leveled,
                0.25 * reference.lazy_leveled);
  }
}

TEST(WriteAmplification, OverwritesStopTheGrowth) {
  Options options = ModelOptions(4);
  const uint64_t live_bytes = 64 * kBufferBytes;
  TreeSimulation simulation(LazyLeveledStrategy(options),
                            EvenMerge(8 * kBufferBytes, kKeys, live_bytes));
  for (int i = 0; i < 2000; ++i) {
    simulation.Flush({WholeRange(kBufferBytes)});
    ASSERT_TRUE(simulation.Settle(100)) << simulation.wrong();
  }
  const auto& last = simulation.tree().levels[static_cast<size_t>(simulation.tree().deepest())];
  EXPECT_GT(last.bytes(), live_bytes * 9 / 10);
  EXPECT_LE(last.bytes(), live_bytes * 11 / 10);
}

TEST(WriteAmplification, AnInteriorLevelByFileCostsAboutSixAtRatioTen) {
  // Lim et al. (FAST 2016): 0.6 T, and not the T + 1 of worst-case analysis.
  for (const std::string movement : {"round_robin", "least_overlap"}) {
    Options options;
    options.memtable_bytes = kBufferBytes;
    options.movement = movement;
    TreeSimulation simulation(LeveledStrategy(options), EvenMerge(kBufferBytes, kKeys, 0));
    for (int i = 0; i < 600; ++i) {
      simulation.Flush({WholeRange(kBufferBytes)});
      ASSERT_TRUE(simulation.Settle(1000)) << simulation.wrong();
    }
    ASSERT_GE(simulation.tree().deepest(), 3);
    const double level2 = static_cast<double>(simulation.counts().bytes_written[2]) /
                          static_cast<double>(simulation.counts().bytes_flushed);
    EXPECT_GT(level2, 4.5) << movement;
    EXPECT_LT(level2, 7) << movement;
  }
}

}  // namespace
}  // namespace varve
