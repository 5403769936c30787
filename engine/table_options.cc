// From settings to what table builders are told.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "engine/compaction/layout.h"
#include "engine/parts.h"
#include "engine/setting_text.h"
#include "engine/strategy_of.h"

namespace varve {
namespace {

Result<std::vector<double>> ParseBitsByLevel(std::string_view text) {
  std::vector<double> bits;
  if (text.empty()) return bits;
  for (const std::string_view part : SplitList(text)) {
    double& number = bits.emplace_back();
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    const bool whole = error == std::errc() && end == part.data() + part.size();
    if (whole && number >= 0 && number <= kFilterBitsMax) continue;
    return Status::InvalidArgument(fmt::format(
        "\"{}\" is no number of bits from 0 to {}; write 14,12,9.5", part, kFilterBitsMax));
  }
  return bits;
}

FilterAllocation AllocationOf(std::string_view name) {
  if (name == "monkey") return FilterAllocation::kMonkey;
  if (name == "levels") return FilterAllocation::kByLevel;
  if (name == "not_last") return FilterAllocation::kNotLast;
  return FilterAllocation::kUniform;
}

// The tree's runs as they will be after the job, the one that it writes first.
std::vector<RunSize> RunsAfter(const Tree& tree, const CompactionPlan& plan,
                               uint64_t memtable_entries) {
  std::vector<RunSize> runs = {{plan.output_level, memtable_entries}};
  for (size_t level = 0; level < tree.levels.size(); ++level) {
    for (const Run& run : tree.levels[level].runs) {
      uint64_t moved = 0;
      for (const CompactionPlan::Input& input : plan.inputs) {
        if (input.run != run.id) continue;
        for (const TablePtr& table : input.tables) moved += table->entries;
      }
      const uint64_t left = run.entries() - moved;
      runs.front().entries += moved;
      if (left == 0) continue;
      if (plan.output_run != 0 && run.id == plan.output_run) {
        runs.front().entries += left;
      } else {
        runs.push_back({static_cast<int>(level), left});
      }
    }
  }
  return runs;
}

// Entries for each byte of the tables of `tree`; 0 if it is empty.
double EntriesPerByte(const Tree& tree) {
  uint64_t entries = 0;
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) entries += run.entries();
  }
  return entries == 0 ? 0 : static_cast<double>(entries) / static_cast<double>(tree.bytes());
}

// Makes the level hold at least `count` runs, of `entries` each where they are not there yet; of a
// level of one run, that one is grown.
void FillLevel(int level, uint64_t count, double entries, std::vector<RunSize>* runs) {
  constexpr double kEntriesMax = 1e15;
  const auto wanted = static_cast<uint64_t>(std::min(entries, kEntriesMax));
  uint64_t here = 0;
  for (RunSize& run : *runs) {
    if (run.level != level) continue;
    ++here;
    if (count == 1) run.entries = std::max(run.entries, wanted);
  }
  for (; here < count; ++here) runs->push_back({level, wanted});
}

// Gives the levels at and above that of runs[0], which is being made, the sizes that they have when
// they are full: those above a run fill while it stays as it is, and must find their share of the
// memory then. Flush by flush: a level of several runs holds what arrives, and passes all of it on
// with one more; one of a single run holds what fits its capacity. Strategies without levels
// promise no sizes, and nothing is changed.
void FillLevels(const Options& options, const Tree& tree, uint64_t memtable_entries,
                std::vector<RunSize>* runs) {
  const Strategy strategy = *StrategyOf(options);
  if (strategy.kind != Strategy::Kind::kLevels) return;
  const Layout layout(strategy, tree);
  const double entries_per_byte = EntriesPerByte(tree);
  auto arriving = static_cast<double>(memtable_entries);
  if (arriving == 0) arriving = static_cast<double>(options.memtable_entries_max);
  if (arriving == 0) arriving = entries_per_byte * static_cast<double>(options.memtable_bytes);

  const RunSize made = runs->front();
  const bool last = std::none_of(runs->begin(), runs->end(),
                                 [&](const RunSize& run) { return run.level > made.level; });
  for (int level = 0; level <= made.level && arriving > 0; ++level) {
    const uint64_t runs_max = layout.RunsMax(level);
    if (!layout.LimitedByBytes(level)) {
      const double entries = level == made.level ? static_cast<double>(made.entries) : arriving;
      FillLevel(level, runs_max, entries, runs);
      arriving *= static_cast<double>(runs_max + 1);
      continue;
    }
    // The last level holds what there is.
    if ((level == made.level && last) || layout.Capacity(level) == 0) continue;
    const double room = entries_per_byte * static_cast<double>(layout.Capacity(level));
    const double full = layout.MovesWhole(level) ? std::floor(room / arriving) * arriving : room;
    FillLevel(level, 1, full, runs);
    arriving += full;
  }
}

}  // namespace

TableBuilderOptions TableOptionsOf(const Options& options, const FilterPolicy* filter) {
  TableBuilderOptions table;
  table.block_bytes = options.block_bytes;
  table.restart_interval = options.restart_interval;
  table.compression = FindPart(CompressionParts(), options.compression)->make();
  table.filter = filter;
  table.filter_bits_per_key = options.filter_bits_per_key;
  table.filter_prefix_bytes = options.filter_prefix_bytes;
  return table;
}

Result<FilterBudget> FilterBudgetOf(const Options& options) {
  FilterBudget budget;
  budget.allocation = AllocationOf(options.filter_allocation);
  budget.bits_per_key = options.filter_bits_per_key;
  auto by_level = ParseBitsByLevel(options.filter_bits_by_level);
  if (!by_level.ok()) return by_level.status().Annotate("filter_bits_by_level");
  budget.bits_by_level = std::move(*by_level);
  const std::unique_ptr<FilterPolicy> filter = FindPart(FilterParts(), options.filter)->make();
  if (filter == nullptr) return budget;
  const bool varies = budget.allocation == FilterAllocation::kMonkey ||
                      budget.allocation == FilterAllocation::kByLevel;
  if (varies && filter->fixed_bits_per_key() > 0) {
    return Status::InvalidArgument(fmt::format(
        "filter_allocation = {} cannot go with filter = {}, which takes {} bits per key whatever "
        "it is given",
        options.filter_allocation, options.filter, filter->fixed_bits_per_key()));
  }
  constexpr double kUsualBits = 10;
  budget.decay = -std::log(filter->ExpectedFalsePositiveRate(kUsualBits)) / kUsualBits;
  return budget;
}

double FilterBitsPerKey(const Options& options, const Tree& tree, const CompactionPlan& plan,
                        uint64_t memtable_entries) {
  if (options.filter_allocation == "uniform") return options.filter_bits_per_key;
  std::vector<RunSize> runs = RunsAfter(tree, plan, memtable_entries);
  if (options.filter_allocation == "monkey") FillLevels(options, tree, memtable_entries, &runs);
  return BitsPerKeyOf(*FilterBudgetOf(options), runs, 0);
}

}  // namespace varve
