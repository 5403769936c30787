// The simulator with expected sizes against numbers that do not come from it: reference models of
// run-level merging, and the analysis of LevelDB by Lim, Andersen and Kaminsky (FAST '16).
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/compaction/simulator/expected_model.h"
#include "engine/compaction/simulator/simulation_record.h"
#include "engine/compaction/simulator/tree_simulator.h"
#include "engine/strategy_of.h"
#include "engine/tree/tree_text.h"

namespace varve {
namespace {

constexpr uint64_t kBufferEntries = 1024;
constexpr uint64_t kFlushes = 976;

// A history of entries of one byte: a memtable of 1024 bytes holds 1024.
OperationMix Mix(uint64_t keys, uint64_t first_writes) {
  OperationMix mix;
  mix.keys = keys;
  mix.first_writes = first_writes;
  mix.key_bytes = 1;
  mix.value_bytes = 0;
  return mix;
}

class History {
 public:
  History(const Strategy& strategy, const OperationMix& mix, const Options& options)
      : mix_(mix),
        model_(mix, PlainCosts(options, mix), options.table_bytes),
        record_(&model_, 1),
        simulator_(NewStrategyPlanner(strategy), &model_) {
    simulator_.set_on_job([this](const SimulatedJob& job, const Tree&) { record_.AddJob(job); });
  }

  // One run with so many of the keys in `level`, before anything happens.
  void StartWith(int level, uint64_t entries) {
    auto table = std::make_shared<ExpectedTable>();
    table->number = 1;
    table->high = mix_.keys;
    table->smallest = NumberKey(0);
    table->largest = NumberKey(mix_.keys - 1);
    table->file_bytes = table->entries = entries;
    table->contents.random_puts = static_cast<double>(entries);
    Tree tree;
    tree.levels.resize(static_cast<size_t>(level) + 1);
    tree.levels.back().runs.push_back({2, {table}});
    simulator_.Start(std::move(tree));
  }

  void Flush(uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) {
      ASSERT_TRUE(simulator_.Flush().ok());
      const Status settled = simulator_.Settle();
      ASSERT_TRUE(settled.ok()) << settled.ToString();
      record_.AddSettled(simulator_.tree());
    }
  }

  const SimulationRecord& record() const { return record_; }
  const ExpectedModel& model() const { return model_; }
  const Tree& tree() const { return simulator_.tree(); }

 private:
  const OperationMix mix_;
  ExpectedModel model_;
  SimulationRecord record_;
  TreeSimulator simulator_;
};

// As the reference models merge: a level is one table, and a move counts as a write.
Options ModelOptions(uint64_t size_ratio) {
  Options options;
  options.size_ratio = size_ratio;
  options.level0_runs = 1;
  options.memtable_bytes = kBufferEntries;
  options.table_bytes = uint64_t{1} << 60;
  options.granularity = "level";
  options.trivial_moves = false;
  return options;
}

// Printed by a reference simulator of run-level merging with unique keys: 976 flushes, each merged
// eagerly.
struct Growth {
  uint64_t size_ratio;
  double leveled, tiered, lazy_leveled;
  int lazy_last_level;
};
constexpr Growth kGrowth[] = {{4, 11.41, 4.77, 5.56, 4}, {10, 15.46, 2.92, 6.60, 2}};

Strategy StrategyNamed(const std::string& compaction, Options options) {
  options.compaction = compaction;
  return *StrategyOf(options);
}

OperationMix AllDifferent() { return Mix(kFlushes * kBufferEntries, kFlushes * kBufferEntries); }

TEST(WriteAmplification, LeveledByLevelIsThatOfTheModel) {
  for (const Growth& reference : kGrowth) {
    Options options = ModelOptions(reference.size_ratio);
    // The model pushes a level that is exactly full.
    options.level1_bytes = reference.size_ratio * kBufferEntries - 1;
    History history(StrategyNamed("leveled", options), AllDifferent(), options);
    history.Flush(kFlushes);
    // The model merges the memtable itself into level 1; here it is written to level 0 before.
    EXPECT_NEAR(history.record().compaction_amplification(), reference.leveled, 0.01);
    EXPECT_NEAR(history.record().flush_amplification(), 1, 1e-9);
  }
}

TEST(WriteAmplification, TieredIsThatOfTheModel) {
  for (const Growth& reference : kGrowth) {
    const Options options = ModelOptions(reference.size_ratio);
    History history(StrategyNamed("tiered", options), AllDifferent(), options);
    history.Flush(kFlushes);
    EXPECT_NEAR(history.record().write_amplification(), reference.tiered, 0.01);
  }
}

TEST(WriteAmplification, LazyLeveledIsThatOfTheModel) {
  for (const Growth& reference : kGrowth) {
    Options options = ModelOptions(reference.size_ratio);
    options.level1_bytes = reference.size_ratio * reference.size_ratio * kBufferEntries;
    History history(StrategyNamed("lazy_leveled", options), AllDifferent(), options);
    // The model is told where the last level is: an entry there says the same.
    history.StartWith(reference.lazy_last_level, 1);
    history.Flush(kFlushes);
    EXPECT_NEAR(history.record().write_amplification(), reference.lazy_leveled, 0.01);
  }
}

TEST(WriteAmplification, ALazyLeveledTreeThatGrowsByItselfIsNear) {
  // Before it has its depth, its last level is a shallower one, and merges more often.
  for (const Growth& reference : kGrowth) {
    Options options = ModelOptions(reference.size_ratio);
    options.trivial_moves = true;
    History history(StrategyNamed("lazy_leveled", options), AllDifferent(), options);
    history.Flush(kFlushes);
    EXPECT_NEAR(history.record().write_amplification(), reference.lazy_leveled,
                0.25 * reference.lazy_leveled);
  }
}

// Printed by the same kind of model: all N keys in level L, then 3 N uniform updates, eagerly
// merged; N is F T^(L - 1) (T - 1).
struct Steady {
  uint64_t size_ratio;
  int levels;
  double leveled, lazy_leveled;
};
constexpr Steady kSteady[] = {
    {4, 3, 7.30, 4.95}, {4, 4, 9.78, 5.95}, {6, 3, 11.13, 6.98}, {10, 3, 19.18, 10.99}};
constexpr uint64_t kSteadyBufferEntries = 1000;

TEST(WriteAmplification, UniformUpdatesOfAFullTreeCostWhatTheModelSays) {
  for (const Steady& reference : kSteady) {
    SCOPED_TRACE(reference.size_ratio * 10 + static_cast<uint64_t>(reference.levels));
    Options options = ModelOptions(reference.size_ratio);
    options.memtable_bytes = kSteadyBufferEntries;
    uint64_t keys = kSteadyBufferEntries * (reference.size_ratio - 1);
    for (int i = 1; i < reference.levels; ++i) keys *= reference.size_ratio;
    const uint64_t flushes = 3 * keys / kSteadyBufferEntries;

    options.level1_bytes = reference.size_ratio * kSteadyBufferEntries * 9999 / 10000;
    History leveled(StrategyNamed("leveled", options), Mix(keys, 0), options);
    leveled.StartWith(reference.levels, keys);
    leveled.Flush(flushes);
    EXPECT_NEAR(leveled.record().compaction_amplification(), reference.leveled, 0.01);

    // Here a tree of L levels is levels 0 to L - 1.
    options.level1_bytes = 4 * keys;
    History lazy(StrategyNamed("lazy_leveled", options), Mix(keys, 0), options);
    lazy.StartWith(reference.levels - 1, keys);
    lazy.Flush(flushes);
    EXPECT_NEAR(lazy.record().write_amplification(), reference.lazy_leveled, 0.01);
  }
}

TEST(WriteAmplification, OverwritesStopTheGrowth) {
  Options options = ModelOptions(4);
  options.table_bytes = 8 * kBufferEntries;
  const uint64_t keys = 64 * kBufferEntries;
  History history(StrategyNamed("lazy_leveled", options), Mix(keys, 0), options);
  history.Flush(2000);
  const auto& last = history.tree().levels[static_cast<size_t>(history.tree().deepest())];
  EXPECT_GT(last.bytes(), keys * 9 / 10);
  EXPECT_LE(last.bytes(), keys * 101 / 100);
  EXPECT_NEAR(history.model().live_bytes(), static_cast<double>(keys), 1);
}

TEST(WriteAmplification, AnInteriorLevelByFileCostsAboutSixAtRatioTen) {
  // Lim et al.: 0.6 T, and not the T + 1 of worst-case analysis.
  for (const std::string movement : {"round_robin", "least_overlap"}) {
    Options options;
    options.memtable_bytes = kBufferEntries;
    options.table_bytes = kBufferEntries;
    options.movement = movement;
    History history(StrategyNamed("leveled", options),
                    Mix(600 * kBufferEntries, 600 * kBufferEntries), options);
    history.Flush(600);
    ASSERT_GE(history.tree().deepest(), 3);
    EXPECT_GT(history.record().level_amplification(2), 4.5) << movement;
    EXPECT_LT(history.record().level_amplification(2), 7) << movement;
  }
}

// The formula of Lim et al. for LevelDB with items of 1 KiB: log 4 MiB, 4 files in level 0, level 1
// of 10 MiB, T = 10; all keys loaded once, then ten uniform updates of each.
struct LevelDb {
  uint64_t keys;
  double write_amplification;  // the log and the flush are 1 each
};
constexpr LevelDb kLevelDb[] = {{100'000, 6.87}, {1'000'000, 13.01}};

TEST(WriteAmplification, LevelDbIsNearTheFormulaOfLimAndOthers) {
  for (const LevelDb& reference : kLevelDb) {
    OperationMix mix = Mix(reference.keys, reference.keys);
    mix.value_bytes = 1023;
    Options options;
    options.memtable_bytes = 4 << 20;
    options.level0_runs = 4;
    options.level1_bytes = 10 << 20;
    options.table_bytes = 2 << 20;
    options.movement = "round_robin";
    History history(StrategyNamed("leveled", options), mix, options);
    history.Flush(11 * reference.keys / history.model().memtable_entries());
    EXPECT_NEAR(1 + history.record().write_amplification(), reference.write_amplification,
                0.1 * reference.write_amplification)
        << reference.keys;
  }
}

}  // namespace
}  // namespace varve
