// From settings to what table builders are told.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "engine/parts.h"
#include "engine/setting_text.h"

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
      if (plan.output_run != 0 && run.id == plan.output_run) {
        runs.front().entries += left;
      } else {
        runs.push_back({static_cast<int>(level), left});
      }
    }
  }
  return runs;
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
  return BitsPerKeyOf(*FilterBudgetOf(options), RunsAfter(tree, plan, memtable_entries), 0);
}

}  // namespace varve
