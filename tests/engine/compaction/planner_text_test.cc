// Text-driven tests of the planner: trees drawn in text, and the plans expected.
//
//   strategy NAME setting=value …   the strategy for what follows; answers with its data
//   plan                            a tree, and lines "pending L1 [a,f]" or "pending L1 [a,f] new
//                                   run" for what running jobs will write: the next plan
//   settle                          a tree: all plans until none is due, and the tree then
//   measure                         a tree: bytes pending, and how many bytes levels may hold
//   full                            a tree: the plan of a full compaction
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "engine/compaction/strategies.h"
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

std::string StrategyToText(const Strategy& strategy) {
  return fmt::format("T={} runs {} {} {} level1={} by {} {}{}", strategy.size_ratio,
                     strategy.runs_max_level0, strategy.runs_max_upper, strategy.runs_max_last,
                     BytesToText(strategy.level1_bytes),
                     strategy.granularity == Granularity::kFile ? "file" : "level",
                     strategy.movement == Movement::kRoundRobin ? "round robin" : "least overlap",
                     strategy.trivial_moves ? "" : ", no trivial moves");
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

class PlannerScript {
 public:
  std::string Run(const TextCommand& command) {
    if (command.name == "strategy") return SetStrategy(command);
    std::string tree_lines;
    BusyTables busy;
    std::istringstream lines(command.input);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("pending ")) {
        busy.outputs.push_back(ParsePending(line));
      } else {
        tree_lines += line + "\n";
      }
    }
    const Result<ParsedTree> parsed = TreeFromText(tree_lines);
    if (!parsed.ok()) return parsed.status().ToString();
    busy.tables = parsed->marked;
    const Tree& tree = parsed->tree;
    if (command.name == "plan") return PlanToText(planner().Plan(tree, busy));
    if (command.name == "full") return PlanToText(PlanFullCompaction(tree));
    if (command.name == "settle") return Settle(tree);
    if (command.name == "measure") return Measure(tree);
    return "unknown command";
  }

 private:
  const CompactionPlanner& planner() const { return *planner_; }

  std::string SetStrategy(const TextCommand& command) {
    Options options;
    for (const auto& [name, value] : command.arguments) {
      if (name == "size_ratio") options.size_ratio = std::stoull(value);
      if (name == "level0_runs") options.level0_runs = std::stoull(value);
      if (name == "level1_bytes") options.level1_bytes = BytesFromText(value);
      if (name == "memtable_bytes") options.memtable_bytes = BytesFromText(value);
      if (name == "granularity") options.granularity = value;
      if (name == "movement") options.movement = value;
      if (name == "trivial_moves") options.trivial_moves = value == "true";
    }
    if (command.arguments.contains("leveled")) strategy_ = LeveledStrategy(options);
    if (command.arguments.contains("tiered")) strategy_ = TieredStrategy(options);
    if (command.arguments.contains("lazy_leveled")) strategy_ = LazyLeveledStrategy(options);
    for (const auto& [name, value] : command.arguments) {
      if (name == "runs_max_level0") strategy_.runs_max_level0 = std::stoull(value);
      if (name == "runs_max_upper") strategy_.runs_max_upper = std::stoull(value);
      if (name == "runs_max_last") strategy_.runs_max_last = std::stoull(value);
    }
    planner_ = NewStrategyPlanner(strategy_);
    return StrategyToText(strategy_);
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

  std::string Measure(const Tree& tree) const {
    std::string text = "pending " + BytesToText(planner().PendingBytes(tree)) + "\n";
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

TEST(PlannerText, Leveled) { RunPlannerText("leveled"); }
TEST(PlannerText, Tiered) { RunPlannerText("tiered"); }
TEST(PlannerText, LazyLeveled) { RunPlannerText("lazy_leveled"); }
TEST(PlannerText, FullCompaction) { RunPlannerText("full"); }
TEST(PlannerText, NothingThatARunningJobHoldsIsTouched) { RunPlannerText("busy"); }

}  // namespace
}  // namespace varve
