// What one call of the planner costs, for every strategy, in trees of 10,000 tables in which a
// level is saturated: the time that writers and jobs wait for the database's lock. "levels" has one
// run a level, "runs" ten. Which strategies find something to do is in the counter "planned".
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/compaction/layout.h"
#include "engine/parts.h"
#include "engine/strategy_of.h"
#include "engine/tree/manifest.h"

namespace varve {
namespace {

constexpr uint64_t kTableBytes = 64 << 20;
constexpr size_t kTables = 10000;

std::vector<std::string> RandomKeys(size_t count, std::mt19937_64* random) {
  std::vector<std::string> keys(count);
  for (std::string& key : keys) {
    const uint64_t high = (*random)();
    key = fmt::format("user{:020}", high);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

void AddRun(int level, uint64_t run, size_t tables, uint64_t* number, std::mt19937_64* random,
            TreeEdit* edit) {
  const std::vector<std::string> keys = RandomKeys(2 * tables, random);
  for (size_t i = 0; i < tables; ++i) {
    auto table = std::make_shared<TableInfo>();
    table->number = ++*number;
    table->file_bytes = kTableBytes + (*random)() % 4096;
    table->entries = kTableBytes / 128;
    table->tombstones = (*random)() % 1000;
    table->sequence_min = 1 + (*random)() % 1000;
    table->sequence_max = table->sequence_min + 1000;
    table->oldest_tombstone = table->sequence_min;
    table->smallest = keys[2 * i];
    table->largest = keys[2 * i + 1];
    edit->added_tables.push_back({level, run, std::move(table)});
  }
}

// Levels 3 to 6 of 9, 90, 901 and 9,000 tables, level 5 a table over its capacity; in layouts of
// runs, the same as runs by age.
Tree FullTree() {
  std::mt19937_64 random(1);
  TreeEdit edit;
  uint64_t number = 0;
  AddRun(3, 1, 9, &number, &random, &edit);
  AddRun(4, 2, 90, &number, &random, &edit);
  AddRun(5, 3, 901, &number, &random, &edit);
  AddRun(6, 4, kTables - 1000, &number, &random, &edit);
  return *ApplyEdit(Tree(), edit);
}

// Levels 3, 4 and 5 of 9, 10 and 9 runs of 10, 100 and 990 tables: level 4 is full for T = 10.
Tree TreeOfRuns() {
  std::mt19937_64 random(2);
  TreeEdit edit;
  uint64_t number = 0;
  uint64_t run = 0;
  for (int i = 0; i < 9; ++i) AddRun(5, ++run, 990, &number, &random, &edit);
  for (int i = 0; i < 10; ++i) AddRun(4, ++run, 100, &number, &random, &edit);
  for (int i = 0; i < 9; ++i) AddRun(3, ++run, 10, &number, &random, &edit);
  return *ApplyEdit(Tree(), edit);
}

Options BenchOptions(std::string_view compaction) {
  Options options;
  options.compaction = compaction;
  options.level1_bytes = 9 * (kTableBytes + 4096) / 100;
  options.tombstone_age_max = 1'000'000'000;
  if (!CheckOptions(options).ok()) options.tombstone_age_max = 0;
  return options;
}

void Planner(benchmark::State& state, const std::string& compaction, const Tree& tree) {
  const auto planner = NewStrategyPlanner(*StrategyOf(BenchOptions(compaction)));
  const BusyTables nothing;
  size_t planned = 0;
  for (auto _ : state) {
    const auto plan = planner->Plan({tree, nothing, 5000});
    planned += plan.has_value() ? 1 : 0;
    benchmark::DoNotOptimize(plan);
  }
  state.counters["planned"] =
      static_cast<double>(planned) / static_cast<double>(state.iterations());
}

const bool kRegistered = [] {
  for (const CompactionPart& part : CompactionParts()) {
    const std::string name(part.name);
    benchmark::RegisterBenchmark(
        ("Planner/levels/" + name).c_str(),
        [name](benchmark::State& state) { Planner(state, name, FullTree()); });
    benchmark::RegisterBenchmark(("Planner/runs/" + name).c_str(), [name](benchmark::State& state) {
      Planner(state, name, TreeOfRuns());
    });
  }
  return true;
}();

}  // namespace
}  // namespace varve
