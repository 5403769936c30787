// Conformance of the planner for every strategy: whatever tree it is given, its plans lead to a
// tree in shape, in finite time, without ever turning the age order of a key around, and however
// many jobs run at once and in whatever order they end. I5, I6.
//
// The tables here hold real keys with versions, so that age order is not argued but read.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "engine/compaction/job.h"
#include "engine/parts.h"
#include "engine/strategy_of.h"
#include "engine/tree/tree_text.h"
#include "tests/engine/compaction/tree_simulation.h"
#include "tests/sanitizers.h"

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

// "leveled" and "size_ratio=4 movement=random" as a strategy that is called after both.
NamedStrategy Named(const std::string& compaction, const std::string& settings) {
  Options options;
  options.memtable_bytes = kMemtableBytes;
  options.table_bytes = 4 * kEntryBytes;
  std::string name = compaction;
  options.compaction = compaction;
  std::istringstream words(settings);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    const Status status = SetOption(&options, word.substr(0, equals), word.substr(equals + 1));
    EXPECT_TRUE(status.ok()) << word << ": " << status.ToString();
    name += "_" + word;
  }
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  const Result<Strategy> strategy = StrategyOf(options);
  EXPECT_TRUE(strategy.ok()) << name << ": " << strategy.status().ToString();
  return {name, strategy.ok() ? *strategy : Strategy()};
}

// Every named strategy, and every value of every primitive.
std::vector<NamedStrategy> Strategies() {
  std::vector<NamedStrategy> strategies;
  for (const CompactionPart& part : CompactionParts()) {
    const std::string name(part.name);
    for (const char* ratio : {"2", "3", "10"}) {
      strategies.push_back(Named(name, std::string("size_ratio=") + ratio));
    }
    const bool runs = strategies.back().strategy.kind == Strategy::Kind::kRuns;
    strategies.push_back(Named(name, "level0_runs=1 size_ratio=4"));
    if (runs) continue;
    strategies.push_back(Named(name, "trivial_moves=false size_ratio=3"));
    strategies.push_back(Named(name, "merge_mode=preemptive granularity=level size_ratio=3"));
    strategies.push_back(Named(name, "tombstone_age_max=40 size_ratio=3"));
  }
  for (const char* level1 : {"80", "320"}) {
    for (const MovementPart& movement : MovementParts()) {
      strategies.push_back(Named("leveled", fmt::format("size_ratio=3 level1_bytes={} movement={}",
                                                        level1, movement.name)));
    }
    for (const char* granularity : {"level", "run", "file", "files", "aligned"}) {
      for (const char* layout : {"leveled", "lazy_leveled", "tiered"}) {
        strategies.push_back(
            Named(layout,
                  fmt::format("size_ratio=3 level1_bytes={} granularity={}", level1, granularity)));
      }
    }
  }
  for (const char* settings : {"runs_upper=2 runs_last=2 size_ratio=6 level1_bytes=320",
                               "runs_upper=2 runs_last=2 size_ratio=6 level1_bytes=8000",
                               "runs_upper=1 runs_last=3 size_ratio=6 level1_bytes=320",
                               "runs_upper=3 runs_last=1 size_ratio=4 merge_mode=preemptive"}) {
    strategies.push_back(Named("fluid", settings));
  }
  strategies.push_back(Named("ucs", "layout=T4,T2,L3"));
  strategies.push_back(Named("ucs", "layout=L3,T3"));
  strategies.push_back(Named("leveled", "size_ratios=2,5,3"));
  strategies.push_back(Named("leveled", "level_sizes=dynamic size_ratio=3 level1_bytes=160"));
  strategies.push_back(Named("leveled", "merge_mode=preemptive granularity=run size_ratio=3"));
  strategies.push_back(Named("leveled", "space_amplification_max=0.3 size_ratio=3"));
  strategies.push_back(Named("leveled", "tombstone_density_max=0.2 size_ratio=3"));
  strategies.push_back(Named("leveled", "file_age_max=100 size_ratio=3"));
  strategies.push_back(Named("tiered", "tombstone_density_max=0.2 size_ratio=3"));
  strategies.push_back(Named("universal", "tombstone_age_max=40"));
  strategies.push_back(Named("time_window", "window_length=50"));
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
      for (const auto& entry : part) Note(entry.second, &table);
      table.file_bytes = part.size() * kEntryBytes;
      table.value_bytes = all_.size();
      all_.push_back(std::move(part));
      tables.push_back(std::move(table));
    }
    return tables;
  }

  static void Note(const Version& version, TableInfo* table) {
    const bool first = table->sequence_max == 0;
    table->sequence_min = first ? version.number : std::min(table->sequence_min, version.number);
    table->sequence_max = std::max(table->sequence_max, version.number);
    if (!version.deleted) return;
    ++table->tombstones;
    const SequenceNumber oldest = table->oldest_tombstone;
    table->oldest_tombstone = oldest == 0 ? version.number : std::min(oldest, version.number);
  }

  std::vector<TableInfo> MergeOf(const CompactionPlan& plan, const Tree& tree) {
    Contents merged;
    for (const CompactionPlan::Input& input : plan.inputs) {
      for (const TablePtr& table : input.tables) {
        for (const auto& [key, version] : ContentsOf(*table)) {
          const auto [at, is_first] = merged.emplace(key, version);
          if (is_first) continue;
          EXPECT_GT(at->second.number, version.number) << plan.ToString();
        }
      }
    }
    OlderData older(tree, plan);
    std::erase_if(merged, [&](const auto& entry) {
      return entry.second.deleted && !older.MayHold(SimulatedKey(entry.first));
    });
    return Cut(merged);
  }

  std::mt19937_64 random_;
  uint64_t version_ = 0;
  std::vector<Contents> all_;
  std::map<uint64_t, Version> expected_;
};

uint64_t RunsMax(const Strategy& strategy, int level, int last) {
  const size_t index = std::min(static_cast<size_t>(level), strategy.levels.size() - 1);
  const uint64_t runs_max = strategy.levels[index].runs_max;
  return level == last && strategy.runs_max_last != 0 ? strategy.runs_max_last : runs_max;
}

// What a settled tree may be, said a second time and independently of the planner: for static
// levels of one ratio.
std::string CheckLimits(const Tree& tree, const Strategy& strategy) {
  if (strategy.kind == Strategy::Kind::kRuns) return "";
  const bool is_static = strategy.level_sizes == LevelSizes::kStatic && strategy.ratio_scale == 1;
  const int last = is_static ? std::max(1, tree.deepest()) : std::max(6, tree.deepest());
  double capacity = static_cast<double>(strategy.level1_bytes);
  for (int i = 0; i <= tree.deepest(); ++i) {
    const Level& level = tree.levels[static_cast<size_t>(i)];
    const uint64_t runs_max = RunsMax(strategy, i, last);
    if (level.runs.size() > runs_max) return "too many runs in level " + std::to_string(i);
    const bool by_bytes = is_static && i > 0 && runs_max == 1 && i < kLevelsMax - 1;
    if (by_bytes && static_cast<double>(level.bytes()) > capacity) {
      return "too many bytes in level " + std::to_string(i);
    }
    const size_t index = std::min(static_cast<size_t>(i), strategy.levels.size() - 1);
    if (i > 0) capacity *= static_cast<double>(strategy.levels[index].size_ratio);
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
  EXPECT_EQ(simulation.PendingBytes(), 0U);
}

TEST_P(PlannerConformance, AnyOrderOfJobsKeepsAgeOrderAndEndsInShape) {
  const Strategy& strategy = GetParam().strategy;
  for (uint64_t seed = 1; seed <= ScaledCycles(4); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    KeyedTables tables(seed);
    TreeSimulation simulation(strategy, tables.Merge());
    LiveThrough(&simulation, &tables, &random);
    if (HasFatalFailure()) return;
    if (simulation.PendingBytes() > 0) {
      EXPECT_TRUE(simulation.Due());
    }
    ASSERT_TRUE(simulation.Settle(2000)) << simulation.wrong() << TreeToText(simulation.tree());
    ExpectSettled(simulation, strategy);
    EXPECT_EQ(tables.CheckReads(simulation.tree()), "");
  }
}

TEST_P(PlannerConformance, ATreeOfAnyOtherStrategyIsBroughtInShape) {
  const std::set<std::string> others = {
      "leveled_size_ratio_3_level1_bytes_80_movement_round_robin", "tiered_size_ratio_10",
      "rocksdb_leveled_size_ratio_3", "universal_size_ratio_2",
      "fluid_runs_upper_1_runs_last_3_size_ratio_6_level1_bytes_320"};
  size_t tried = 0;
  for (const NamedStrategy& other : Strategies()) {
    if (!others.contains(other.name)) continue;
    ++tried;
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
  EXPECT_EQ(tried, others.size());
}

TEST_P(PlannerConformance, EqualTreesGiveEqualPlans) {
  KeyedTables tables(3);
  TreeSimulation simulation(GetParam().strategy, tables.Merge());
  const auto other = NewStrategyPlanner(GetParam().strategy);
  for (int i = 0; i < 100; ++i) {
    simulation.Flush(tables.NewFlush());
    const BusyTables nothing;
    PlannerInput input{simulation.tree(), nothing};
    input.now = simulation.now();
    const auto plan = other->Plan(input);
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
