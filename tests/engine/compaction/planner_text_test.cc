// Text-driven tests of the planner: trees drawn in text, and the plans expected.
//
//   strategy NAME setting=value …   the strategy for what follows; answers with its data
//   plan                            a tree, and lines for the rest of PlannerInput: the next plan.
//                                   "pending L1 [a,f]" or "pending L1 [a,f] new run" for what
//                                   running jobs will write, "leaving 3 2" for the run 3 of which
//                                   they take 2 tables downward, "now 900" (sequence number),
//                                   "snapshot 500", "reads 7 120" (table, count), "seconds 60",
//                                   "time 500 30" (sequence number, seconds)
//   flush bytes=1M smallest=a …     the same: the plan of the flush of a memtable
//   settle                          a tree: all plans until none is due, and the tree then
//   measure                         a tree: bytes pending, and how many bytes levels may hold
//   full                            a tree: the plan of a full compaction
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/parts.h"
#include "engine/strategy_of.h"
#include "engine/tree/tree_text.h"
#include "tests/engine/compaction/tree_simulation.h"
#include "tests/text_test.h"

namespace varve {
namespace {

// "4M" as TreeFromText reads it.
uint64_t BytesFromText(const std::string& text) {
  const Result<ParsedTree> tree = TreeFromText("L0 run 1: 1:[a,a] " + text);
  EXPECT_TRUE(tree.ok()) << text;
  return tree.ok() ? tree->tree.bytes() : 0;
}

template <class Row, class Function>
std::string NameOf(std::span<const Row> rows, Function function) {
  for (const Row& row : rows) {
    if (row.make == function) return std::string(row.name);
  }
  return "?";
}

std::string LevelsToText(const Strategy& strategy) {
  constexpr std::string_view kGranularities[] = {"level", "run", "file", "files", "aligned"};
  std::string text = "levels";
  for (const LevelShape& shape : strategy.levels) {
    text += fmt::format(" T{}K{}", shape.size_ratio, shape.runs_max);
  }
  if (strategy.runs_max_last != 0) text += fmt::format(", last K{}", strategy.runs_max_last);
  text += fmt::format(", level1={}", BytesToText(strategy.level1_bytes));
  if (strategy.level_sizes == LevelSizes::kDynamic) text += ", dynamic";
  if (strategy.ratio_scale != 1) text += fmt::format(", scale {}", strategy.ratio_scale);
  text += fmt::format(", by {}", kGranularities[static_cast<size_t>(strategy.granularity)]);
  if (strategy.granularity == Granularity::kFiles) text += fmt::format(" {}", strategy.files);
  for (const Movement movement : strategy.movements)
    text += " " + NameOf(MovementParts(), movement);
  text += ", on";
  for (const Trigger trigger : strategy.triggers) text += " " + NameOf(TriggerParts(), trigger);
  if (strategy.merge_mode == MergeMode::kPreemptive) text += ", preemptive";
  if (strategy.flush_merges) text += ", flush merges";
  if (strategy.grandparent_bytes_max != 0) {
    text += fmt::format(", grandparents {}", BytesToText(strategy.grandparent_bytes_max));
  }
  return text + (strategy.trivial_moves ? "" : ", no trivial moves");
}

std::string StrategyToText(const Strategy& strategy) {
  std::string text = LevelsToText(strategy);
  if (strategy.kind == Strategy::Kind::kRuns) {
    text =
        fmt::format("{} rules over runs, trigger {}", strategy.rules.size(), strategy.runs_trigger);
    if (strategy.window != 0) text += fmt::format(", window {}", strategy.window);
    if (strategy.bytes_max != 0) text += fmt::format(", bytes {}", BytesToText(strategy.bytes_max));
  }
  const TriggerLimits& limits = strategy.limits;
  if (limits.space_amplification > 0) text += fmt::format(", space {}", limits.space_amplification);
  if (limits.tombstone_density > 0) text += fmt::format(", density {}", limits.tombstone_density);
  if (limits.tombstone_age != 0) text += fmt::format(", tombstones {}", limits.tombstone_age);
  if (limits.file_age != 0) text += fmt::format(", files {}", limits.file_age);
  return text;
}

std::string PlanToText(const std::optional<CompactionPlan>& plan) {
  if (!plan.has_value()) return "nothing\n";
  std::string text = plan->ToString() + "\n";
  if (plan->moves_cursor) text += "cursor " + plan->cursor + "\n";
  return text;
}

// One table that holds all.
std::vector<TableInfo> MergeToOne(const CompactionPlan& plan, const Tree&) {
  TableInfo merged = *plan.inputs.front().tables.front();
  for (const CompactionPlan::Input& input : plan.inputs) {
    merged.smallest = std::min(merged.smallest, input.tables.front()->smallest);
    merged.largest = std::max(merged.largest, input.tables.back()->largest);
  }
  merged.file_bytes = plan.input_bytes();
  merged.tombstones = 0;
  return {merged};
}

// "count of table 7" as "reads 7 count".
class TextReads final : public AccessCounts {
 public:
  uint64_t Reads(uint64_t number) const override {
    const auto at = reads.find(number);
    return at == reads.end() ? 0 : at->second;
  }
  std::map<uint64_t, uint64_t> reads;
};

// What a command is given: a tree, what is busy, and the rest of PlannerInput.
struct Scene {
  Tree tree;
  BusyTables busy;
  TextReads reads;
  SequenceTimes times;
  SequenceNumber now = 0;
  SequenceNumber oldest_snapshot = kSequenceMax;
  uint64_t now_seconds = 0;

  PlannerInput input() const {
    return {tree, busy, now, oldest_snapshot, now_seconds, &times, &reads};
  }
};

class PlannerScript {
 public:
  std::string Run(const TextCommand& command) {
    if (command.name == "strategy") return SetStrategy(command);
    Scene scene;
    std::string tree_lines;
    std::istringstream lines(command.input);
    for (std::string line; std::getline(lines, line);) {
      if (!ParseSceneLine(line, &scene)) tree_lines += line + "\n";
    }
    Result<ParsedTree> parsed = TreeFromText(tree_lines);
    if (!parsed.ok()) return parsed.status().ToString();
    scene.busy.tables = parsed->marked;
    scene.tree = std::move(parsed->tree);
    if (command.name == "plan") return PlanToText(planner().Plan(scene.input()));
    if (command.name == "flush") return Flush(command, scene);
    if (command.name == "full") return PlanToText(PlanFullCompaction(scene.tree));
    if (command.name == "settle") return Settle(scene.tree);
    if (command.name == "measure") return Measure(scene);
    return "unknown command";
  }

 private:
  const CompactionPlanner& planner() const { return *planner_; }

  std::string SetStrategy(const TextCommand& command) {
    Options options;
    for (const auto& [name, value] : command.arguments) {
      std::string text = value;
      if (!text.empty() && std::string_view("KMG").find(text.back()) != std::string_view::npos) {
        text += "iB";
      }
      if (name == "memtable_bytes") options.memtable_bytes = BytesFromText(value);
      if (name == "table_bytes") options.table_bytes = BytesFromText(value);
      if (name == "memtable_bytes" || name == "table_bytes")
        continue;  // smaller than any database's
      const bool is_strategy = value.empty();
      const Status status =
          SetOption(&options, is_strategy ? "compaction" : name, is_strategy ? name : text);
      if (!status.ok()) return status.ToString();
    }
    const Result<Strategy> strategy = StrategyOf(options);
    if (!strategy.ok()) return strategy.status().ToString();
    strategy_ = *strategy;
    planner_ = NewStrategyPlanner(strategy_);
    return StrategyToText(strategy_);
  }

  // False if the line is one of the tree.
  static bool ParseSceneLine(const std::string& line, Scene* scene) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "pending") {
      scene->busy.outputs.push_back(ParsePending(line));
    } else if (word == "leaving") {
      uint64_t run = 0;
      words >> run;
      words >> scene->busy.leaving[run];
    } else if (word == "now") {
      words >> scene->now;
    } else if (word == "seconds") {
      words >> scene->now_seconds;
    } else if (word == "snapshot") {
      words >> scene->oldest_snapshot;
    } else if (word == "time") {
      SequenceTimes::Sample sample;
      words >> sample.sequence >> sample.seconds;
      scene->times.Add(sample.sequence, sample.seconds);
    } else if (word == "reads") {
      uint64_t number = 0;
      words >> number;
      words >> scene->reads.reads[number];
    } else {
      return false;
    }
    return true;
  }

  std::string Flush(const TextCommand& command, const Scene& scene) const {
    const CompactionPlan::Flush flush{BytesFromText(command.arguments.at("bytes")),
                                      command.arguments.at("smallest"),
                                      command.arguments.at("largest")};
    return PlanToText(planner().PlanFlush(scene.input(), flush));
  }

  // "pending L1 [a,f]" is read as a run of one table.
  static BusyTables::Output ParsePending(const std::string& line) {
    const size_t range = line.find('[');
    const size_t end = line.find(']');
    const std::string level = line.substr(8, range - 9);
    const Result<ParsedTree> parsed =
        TreeFromText(level + " run 1: 1:" + line.substr(range, end + 1 - range) + " 1");
    EXPECT_TRUE(parsed.ok()) << line;
    const TableInfo& table = *parsed->tree.levels.back().runs[0].tables[0];
    return {parsed->tree.deepest(), table.smallest, table.largest, line.ends_with(" new run")};
  }

  std::string Settle(const Tree& tree) const {
    TreeSimulation simulation(strategy_, MergeToOne);
    simulation.Start(tree);
    std::string text;
    while (simulation.wrong().empty() && simulation.Begin()) {
      text += PlanToText(simulation.last_plan());
      simulation.Finish(0);
    }
    EXPECT_EQ(simulation.wrong(), "");
    return text + TreeToText(simulation.tree());
  }

  std::string Measure(const Scene& scene) const {
    const Tree& tree = scene.tree;
    std::string text = "pending " + BytesToText(planner().PendingBytes(scene.input())) + "\n";
    for (int level = 0; level <= tree.deepest(); ++level) {
      const uint64_t bytes_max = planner().LevelBytesMax(tree, level);
      text += fmt::format("L{} {}\n", level, BytesToText(bytes_max));
    }
    return text;
  }

  Strategy strategy_;
  std::unique_ptr<CompactionPlanner> planner_ = NewStrategyPlanner(strategy_);
};

void RunPlannerText(const std::string& name) {
  PlannerScript script;
  RunTextTest("tests/data/compaction/" + name + ".txt",
              [&script](const TextCommand& command) { return script.Run(command); });
}

TEST(PlannerText, FullCompaction) { RunPlannerText("full"); }
TEST(PlannerText, NothingThatARunningJobHoldsIsTouched) { RunPlannerText("busy"); }
TEST(PlannerText, Primitives) { RunPlannerText("primitives"); }
TEST(PlannerText, PreemptiveMerging) { RunPlannerText("preemptive"); }

// Every named strategy has a file.
class StrategyText : public testing::TestWithParam<std::string> {};

TEST_P(StrategyText, PlansAsTheFileSays) { RunPlannerText(GetParam()); }

std::vector<std::string> StrategyNames() {
  std::vector<std::string> names;
  for (const CompactionPart& part : CompactionParts()) names.emplace_back(part.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Every, StrategyText, testing::ValuesIn(StrategyNames()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace varve
