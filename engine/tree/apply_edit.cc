// ApplyEdit: the tree after an edit, or why the edit does not fit.
//
// One pass over the tables finds what is removed; additions are checked against their neighbours
// in the run only. So an edit costs a copy of the tree and a few steps per table of it, and a tree
// that satisfied the invariants still does.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/apply_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace varve {
namespace {

Status Misfit(std::string message) {
  return Status::Corruption("manifest edit does not fit the tree: " + std::move(message));
}

std::vector<uint64_t> Sorted(std::vector<uint64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

bool Holds(const std::vector<uint64_t>& sorted, uint64_t number) {
  return !sorted.empty() && number >= sorted.front() && number <= sorted.back() &&
         std::binary_search(sorted.begin(), sorted.end(), number);
}

// Calls visit(run) for every run.
template <class Visit>
void ForEachRun(Tree* tree, Visit visit) {
  for (Level& level : tree->levels) {
    for (Run& run : level.runs) visit(run);
  }
}

Status RemoveTables(const std::vector<uint64_t>& numbers, Tree* tree) {
  if (numbers.empty()) return {};
  const std::vector<uint64_t> sorted = Sorted(numbers);
  size_t removed = 0;
  ForEachRun(tree, [&](Run& run) {
    const size_t erased = std::erase_if(
        run.tables, [&](const TablePtr& table) { return Holds(sorted, table->number); });
    if (erased > 0) run.cached_summary.reset();
    removed += erased;
  });
  if (removed != numbers.size()) {
    return Misfit(
        fmt::format("it removes {} tables, of which {} are there", numbers.size(), removed));
  }
  return {};
}

// No table that is added is in the tree already.
Status CheckNumbers(const std::vector<TreeEdit::AddedTable>& added, Tree* tree) {
  if (added.empty()) return {};
  std::vector<uint64_t> numbers;
  for (const TreeEdit::AddedTable& table : added) numbers.push_back(table.table->number);
  numbers = Sorted(std::move(numbers));
  const auto twice = std::adjacent_find(numbers.begin(), numbers.end());
  if (twice != numbers.end()) return Misfit(fmt::format("it adds table {} twice", *twice));
  uint64_t present = 0;
  ForEachRun(tree, [&](Run& run) {
    for (const TablePtr& table : run.tables) {
      if (Holds(numbers, table->number)) present = table->number;
    }
  });
  if (present != 0) return Misfit(fmt::format("it adds table {}, which is there", present));
  return {};
}

// The run that an added table joins; made if it is not there; nullptr if it is in another level,
// which it may only leave as a whole.
Run* FindOrMakeRun(int level_index, uint64_t id, Tree* tree) {
  const auto index = static_cast<size_t>(level_index);
  if (tree->levels.size() <= index) tree->levels.resize(index + 1);
  for (size_t i = 0; i < tree->levels.size(); ++i) {
    for (Run& run : tree->levels[i].runs) {
      if (run.id != id) continue;
      if (i == index) return &run;
      if (!run.tables.empty()) return nullptr;
    }
  }
  std::vector<Run>& runs = tree->levels[index].runs;
  return &*runs.insert(runs.begin(), Run{id, {}, nullptr});
}

Status AddTable(const TreeEdit::AddedTable& added, Run* run) {
  std::vector<TablePtr>& tables = run->tables;
  const TableInfo& table = *added.table;
  // Edits list the tables of a run in key order: nearly always it goes to the end.
  auto at = tables.end();
  if (!tables.empty() && tables.back()->largest >= table.smallest) {
    at = std::partition_point(tables.begin(), tables.end(), [&](const TablePtr& other) {
      return other->largest < table.smallest;
    });
  }
  if (at != tables.end() && (*at)->smallest <= table.largest) {
    return Misfit(
        fmt::format("tables {} and {} of run {} overlap", (*at)->number, table.number, run->id));
  }
  tables.insert(at, added.table);
  run->cached_summary.reset();
  return {};
}

Status AddTables(const std::vector<TreeEdit::AddedTable>& added, Tree* tree) {
  Run* run = nullptr;
  int level = -1;
  for (const TreeEdit::AddedTable& table : added) {
    const bool is_place = table.level >= 0 && table.level < kLevelsMax && table.run != 0;
    if (!is_place || table.table->number == 0) {
      return Misfit(fmt::format("table {} goes to run {} of level {}", table.table->number,
                                table.run, table.level));
    }
    if (table.table->smallest > table.table->largest) {
      return Misfit(fmt::format("the key range of table {} is empty", table.table->number));
    }
    if (run == nullptr || run->id != table.run || level != table.level) {
      run = FindOrMakeRun(table.level, table.run, tree);
      level = table.level;
    }
    if (run == nullptr) {
      return Misfit(fmt::format("run {} of table {} is not in level {}", table.run,
                                table.table->number, table.level));
    }
    const Status status = AddTable(table, run);
    if (!status.ok()) return status;
  }
  return {};
}

// Runs without tables go, and those that are left are indexed.
void FinishRuns(Tree* tree) {
  for (Level& level : tree->levels) {
    std::erase_if(level.runs, [](const Run& run) { return run.tables.empty(); });
    for (Run& run : level.runs) run.cached_summary = run.summary();
  }
}

Status MoveCursors(const std::vector<TreeEdit::MovedCursor>& cursors, Tree* tree) {
  for (const TreeEdit::MovedCursor& moved : cursors) {
    if (moved.level < 0 || moved.level >= kLevelsMax) {
      return Misfit(fmt::format("it moves the cursor of level {}", moved.level));
    }
    const auto index = static_cast<size_t>(moved.level);
    if (tree->levels.size() <= index) tree->levels.resize(index + 1);
    tree->levels[index].cursor = moved.cursor;
  }
  return {};
}

}  // namespace

Status ApplyEditTo(const TreeEdit& edit, Tree* tree) {
  Status status = RemoveTables(edit.removed_tables, tree);
  if (status.ok()) status = CheckNumbers(edit.added_tables, tree);
  // Runs that became empty are still there, so that what replaces all of a run keeps its place.
  if (status.ok()) status = AddTables(edit.added_tables, tree);
  if (status.ok()) status = MoveCursors(edit.cursors, tree);
  FinishRuns(tree);
  return status;
}

Result<Tree> ApplyEdit(const Tree& tree, const TreeEdit& edit) {
  Tree changed = tree;
  const Status status = ApplyEditTo(edit, &changed);
  if (!status.ok()) return status;
  return changed;
}

}  // namespace varve
