// Conformance of the planner for every strategy: whatever tree it is given, its plans lead to a
// tree in shape, in finite time, without ever turning the age order of a key around, and however
// many jobs run at once and in whatever order they end. I5, I6.
//
// The tables here hold real keys with versions, so that age order is not argued but read.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/compaction/strategies.h"
#include "engine/tree/tree_text.h"
#include "tests/engine/compaction/tree_simulation.h"

namespace varve {
namespace {

struct NamedStrategy {
  std::string name;
  Strategy strategy;
};

void PrintTo(const NamedStrategy& named, std::ostream* os) { *os << named.name; }

constexpr uint64_t kEntryBytes = 10;
constexpr uint64_t kMemtableBytes = 80;
constexpr uint64_t kKeys = 64;

std::vector<NamedStrategy> Strategies() {
  std::vector<NamedStrategy> strategies;
  for (const uint64_t ratio : {2U, 3U, 4U, 10U}) {
    Options options;
    options.size_ratio = ratio;
    options.memtable_bytes = kMemtableBytes;
    const std::string t = "T" + std::to_string(ratio);
    for (const uint64_t level0_runs : {1U, 4U}) {
      options.level0_runs = level0_runs;
      const std::string name = "leveled" + t + "L" + std::to_string(level0_runs);
      options.granularity = "file";
      options.movement = "least_overlap";
      strategies.push_back({name + "LeastOverlap", LeveledStrategy(options)});
      options.movement = "round_robin";
      strategies.push_back({name + "RoundRobin", LeveledStrategy(options)});
      options.granularity = "level";
      strategies.push_back({name + "ByLevel", LeveledStrategy(options)});
    }
    options.granularity = "auto";
    strategies.push_back({"tiered" + t, TieredStrategy(options)});
    strategies.push_back({"lazy" + t, LazyLeveledStrategy(options)});
    options.granularity = "file";
    strategies.push_back({"lazy" + t + "ByFile", LazyLeveledStrategy(options)});
    options.trivial_moves = false;
    strategies.push_back({"lazy" + t + "NoMoves", LazyLeveledStrategy(options)});
    strategies.push_back({"leveled" + t + "NoMoves", LeveledStrategy(options)});
  }
  // Layouts that no name has yet.
  Strategy fluid;
  fluid.size_ratio = 6;
  fluid.runs_max_level0 = 2;
  fluid.runs_max_upper = 2;
  fluid.runs_max_last = 2;
  fluid.level1_bytes = 4 * kMemtableBytes;
  strategies.push_back({"fluidK2Z2", fluid});
  fluid.level1_bytes = 100 * kMemtableBytes;
  strategies.push_back({"fluidInPlace", fluid});
  fluid.level1_bytes = 4 * kMemtableBytes;
  fluid.runs_max_upper = 1;
  fluid.runs_max_last = 3;
  strategies.push_back({"fluidK1Z3", fluid});
  fluid.level1_bytes = 0;
  fluid.runs_max_level0 = 0;
  fluid.runs_max_upper = 0;
  fluid.runs_max_last = 0;
  fluid.size_ratio = 0;
  strategies.push_back({"allZero", fluid});
  return strategies;
}

struct Version {
  uint64_t number = 0;
  bool deleted = false;
};
using Contents = std::map<uint64_t, Version>;  // by key

// The tables of a history: what is in them, and what reading them must give.
class KeyedTables {
 public:
  explicit KeyedTables(uint64_t seed) : random_(seed) {}

  std::vector<TableInfo> NewFlush() {
    Contents contents;
    const uint64_t start = random_() % kKeys;
    // Now and then a stretch of neighbours, which makes tables that overlap nothing.
    const bool stretch = random_() % 3 == 0;
    for (uint64_t i = 0; i < 1 + random_() % 8; ++i) {
      const uint64_t key = (stretch ? start + i : random_()) % kKeys;
      contents[key] = {++version_, random_() % 4 == 0};
      expected_[key] = contents[key];
    }
    return Cut(contents);
  }

  SimulatedMerge Merge() {
    return [this](const CompactionPlan& plan, const Tree& tree) { return MergeOf(plan, tree); };
  }

  // What is wrong with reads of `tree`, or "".
  std::string CheckReads(const Tree& tree) const {
    for (const auto& [key, version] : expected_) {
      const std::vector<Version> found = Versions(tree, key);
      for (size_t i = 1; i < found.size(); ++i) {
        if (found[i - 1].number <= found[i].number) {
          return "versions of key " + SimulatedKey(key) + " are out of order";
        }
      }
      const bool absent = found.empty() || found[0].deleted;
      if (absent != version.deleted) return "key " + SimulatedKey(key) + " is wrongly there";
      if (!absent && found[0].number != version.number) {
        return "key " + SimulatedKey(key) + " has an old version";
      }
    }
    return "";
  }

 private:
  // TableInfo::value_bytes says where the contents are.
  const Contents& ContentsOf(const TableInfo& table) const { return all_[table.value_bytes]; }

  std::vector<Version> Versions(const Tree& tree, uint64_t key) const {
    std::vector<Version> found;
    const std::string text = SimulatedKey(key);
    for (const Level& level : tree.levels) {
      for (const Run& run : level.runs) {
        const auto [first, last] = run.Overlapping(text, text);
        if (first == last) continue;
        const Contents& contents = ContentsOf(*run.tables[first]);
        if (contents.contains(key)) found.push_back(contents.at(key));
      }
    }
    return found;
  }

  std::vector<TableInfo> Cut(const Contents& contents) {
    std::vector<TableInfo> tables;
    auto at = contents.begin();
    while (at != contents.end()) {
      Contents part;
      for (size_t i = 0; i < 4 && at != contents.end(); ++i) part.insert(*at++);
      TableInfo table;
      table.smallest = SimulatedKey(part.begin()->first);
      table.largest = SimulatedKey(part.rbegin()->first);
      table.entries = part.size();
      for (const auto& entry : part) table.tombstones += entry.second.deleted ? 1 : 0;
      table.file_bytes = part.size() * kEntryBytes;
      table.value_bytes = all_.size();
      all_.push_back(std::move(part));
      tables.push_back(std::move(table));
    }
    return tables;
  }

  std::vector<TableInfo> MergeOf(const CompactionPlan& plan, const Tree& tree) {
    Contents merged;
    std::set<uint64_t> inputs;
    for (const CompactionPlan::Input& input : plan.inputs) {
      for (const TablePtr& table : input.tables) {
        inputs.insert(table->number);
        for (const auto& [key, version] : ContentsOf(*table)) {
          const auto [at, is_first] = merged.emplace(key, version);
          if (is_first) continue;
          EXPECT_GT(at->second.number, version.number) << plan.ToString();
        }
      }
    }
    std::erase_if(merged, [&](const auto& entry) {
      return entry.second.deleted && !OthersOverlap(tree, inputs, SimulatedKey(entry.first));
    });
    return Cut(merged);
  }

  static bool OthersOverlap(const Tree& tree, const std::set<uint64_t>& inputs,
                            const std::string& key) {
    for (const Level& level : tree.levels) {
      for (const Run& run : level.runs) {
        const auto [first, last] = run.Overlapping(key, key);
        if (first != last && !inputs.contains(run.tables[first]->number)) return true;
      }
    }
    return false;
  }

  std::mt19937_64 random_;
  uint64_t version_ = 0;
  std::vector<Contents> all_;
  std::map<uint64_t, Version> expected_;
};

// What a settled tree may be, said a second time and independently of the planner.
std::string CheckLimits(const Tree& tree, const Strategy& strategy) {
  const int last = std::max(1, tree.deepest());
  double capacity = static_cast<double>(std::max<uint64_t>(1, strategy.level1_bytes));
  for (int i = 0; i <= tree.deepest(); ++i) {
    const Level& level = tree.levels[static_cast<size_t>(i)];
    uint64_t runs_max = i < last ? strategy.runs_max_upper : strategy.runs_max_last;
    runs_max = std::max<uint64_t>(1, runs_max);
    if (i == 0) runs_max = strategy.runs_max_level0;
    if (level.runs.size() > runs_max) return "too many runs in level " + std::to_string(i);
    const bool by_bytes = i > 0 && runs_max == 1 && i < kLevelsMax - 1;
    if (by_bytes && static_cast<double>(level.bytes()) > capacity) {
      return "too many bytes in level " + std::to_string(i);
    }
    if (i > 0) capacity *= static_cast<double>(std::max<uint64_t>(2, strategy.size_ratio));
  }
  return "";
}

class PlannerConformance : public testing::TestWithParam<NamedStrategy> {};

// Flushes, beginnings and ends of up to four jobs, in random order.
void LiveThrough(TreeSimulation* simulation, KeyedTables* tables, std::mt19937_64* random) {
  for (int step = 0; step < 300 && simulation->wrong().empty(); ++step) {
    const uint64_t dice = (*random)() % 10;
    if (dice < 4) {
      simulation->Flush(tables->NewFlush());
    } else if (dice < 8 && simulation->running() < 4) {
      simulation->Begin();
    } else if (simulation->running() > 0) {
      simulation->Finish((*random)() % simulation->running());
    }
    const std::string wrong = tables->CheckReads(simulation->tree());
    ASSERT_EQ(wrong, "") << "step " << step << "\n" << TreeToText(simulation->tree());
  }
  while (simulation->running() > 0) simulation->Finish((*random)() % simulation->running());
  ASSERT_EQ(simulation->wrong(), "");
}

void ExpectSettled(const TreeSimulation& simulation, const Strategy& strategy) {
  ASSERT_EQ(simulation.wrong(), "");
  EXPECT_EQ(CheckLimits(simulation.tree(), strategy), "") << TreeToText(simulation.tree());
  EXPECT_EQ(simulation.planner().PendingBytes(simulation.tree()), 0U);
}

TEST_P(PlannerConformance, AnyOrderOfJobsKeepsAgeOrderAndEndsInShape) {
  const Strategy& strategy = GetParam().strategy;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    KeyedTables tables(seed);
    TreeSimulation simulation(strategy, tables.Merge());
    LiveThrough(&simulation, &tables, &random);
    if (HasFatalFailure()) return;
    if (simulation.planner().PendingBytes(simulation.tree()) > 0) {
      EXPECT_TRUE(simulation.planner().Plan(simulation.tree(), {}).has_value());
    }
    ASSERT_TRUE(simulation.Settle(2000)) << simulation.wrong() << TreeToText(simulation.tree());
    ExpectSettled(simulation, strategy);
    EXPECT_EQ(tables.CheckReads(simulation.tree()), "");
  }
}

TEST_P(PlannerConformance, ATreeOfAnyOtherStrategyIsBroughtInShape) {
  const std::set<std::string> others = {"leveledT4L4RoundRobin", "tieredT10", "lazyT3",
                                        "fluidK1Z3"};
  for (const NamedStrategy& other : Strategies()) {
    if (!others.contains(other.name)) continue;
    SCOPED_TRACE("from " + other.name);
    std::mt19937_64 random(7);
    KeyedTables tables(7);
    TreeSimulation before(other.strategy, tables.Merge());
    LiveThrough(&before, &tables, &random);
    TreeSimulation after(GetParam().strategy, tables.Merge());
    after.Start(before.tree());
    ASSERT_TRUE(after.Settle(2000)) << after.wrong() << TreeToText(after.tree());
    ExpectSettled(after, GetParam().strategy);
    EXPECT_EQ(tables.CheckReads(after.tree()), "");
  }
}

TEST_P(PlannerConformance, EqualTreesGiveEqualPlans) {
  KeyedTables tables(3);
  TreeSimulation simulation(GetParam().strategy, tables.Merge());
  const auto other = NewStrategyPlanner(GetParam().strategy);
  for (int i = 0; i < 100; ++i) {
    simulation.Flush(tables.NewFlush());
    const auto plan = other->Plan(simulation.tree(), {});
    const bool due = simulation.Begin();
    ASSERT_EQ(due, plan.has_value());
    if (!due) continue;
    EXPECT_EQ(plan->ToString(), simulation.last_plan().ToString());
    simulation.Finish(0);
  }
}

std::string NameOf(const testing::TestParamInfo<NamedStrategy>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(Every, PlannerConformance, testing::ValuesIn(Strategies()), NameOf);

}  // namespace
}  // namespace varve
