// The named strategies of strategies.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/strategies.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "engine/setting_text.h"

namespace varve {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kRatioMax = 1000;

// A whole number from 2 to kRatioMax; 0 if `text` is none.
uint64_t ParseRatio(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool good = error == std::errc() && rest == end && value >= 2 && value <= kRatioMax;
  return good ? value : 0;
}

// T of levels 0, 1, …; the last one repeats.
std::vector<uint64_t> Ratios(const Options& options) {
  const auto ratios = ParseSizeRatios(options.size_ratios);
  if (!ratios.ok() || ratios->empty()) return {options.size_ratio};
  return *ratios;
}

// Levels of `upper` runs (0: T - 1), and `level0` in level 0 (0: as the others).
std::vector<LevelShape> Shapes(const Options& options, uint64_t upper) {
  std::vector<LevelShape> levels;
  for (const uint64_t ratio : Ratios(options)) {
    levels.push_back({ratio, upper == 0 ? ratio - 1 : upper});
  }
  if (levels.size() < 2) levels.resize(2, levels.front());
  return levels;
}

// Leveled, with `level0_runs` runs of level 0 that start its compaction.
Strategy Leveled(const Options& options, uint64_t level0_runs) {
  Strategy strategy;
  strategy.levels = Shapes(options, 1);
  strategy.levels.front().runs_max = level0_runs - 1;
  strategy.level1_bytes = level0_runs * options.memtable_bytes;
  if (!options.size_ratios.empty()) {
    strategy.level1_bytes = strategy.levels.front().size_ratio * options.memtable_bytes;
  }
  return strategy;
}

Strategy SarkarByFile(const Options& options, std::vector<Movement> movements) {
  Strategy strategy = Leveled(options, options.level0_runs);
  strategy.level1_bytes = options.size_ratio * options.memtable_bytes;
  strategy.movements = std::move(movements);
  return strategy;
}

Strategy Runs(const Options& options, std::vector<RunRule> rules) {
  Strategy strategy;
  strategy.kind = Strategy::Kind::kRuns;
  strategy.rules = std::move(rules);
  strategy.runs_trigger = options.level0_runs;
  return strategy;
}

}  // namespace

Result<std::vector<uint64_t>> ParseSizeRatios(std::string_view text) {
  std::vector<uint64_t> ratios;
  if (text.empty()) return ratios;
  for (const std::string_view part : SplitList(text)) {
    ratios.push_back(ParseRatio(part));
    if (ratios.back() != 0) continue;
    return Status::InvalidArgument(
        fmt::format("\"{}\" is no size ratio from 2 to {}; write 10,8,4", part, kRatioMax));
  }
  return ratios;
}

Result<std::vector<LevelShape>> ParseUcsLayout(std::string_view text) {
  std::vector<LevelShape> levels;
  for (const std::string_view part : SplitList(text.empty() ? "T4" : text)) {
    const bool named = !part.empty() && (part.front() == 'T' || part.front() == 'L');
    const uint64_t ratio = part == "N" ? 2 : named ? ParseRatio(part.substr(1)) : 0;
    const bool leveled = !part.empty() && part.front() == 'L';
    levels.push_back({ratio, leveled ? 1 : ratio - 1});
    if (ratio != 0) continue;
    return Status::InvalidArgument(fmt::format(
        "\"{}\" is no level; write T4 (tiered), L10 (leveled) or N, as in T4,T4,L10", part));
  }
  if (levels.size() < 2) levels.resize(2, levels.front());
  return levels;
}

Strategy LeveledStrategy(const Options& options) { return Leveled(options, options.level0_runs); }

Strategy TieredStrategy(const Options& options) {
  Strategy strategy;
  strategy.levels = Shapes(options, 0);
  const LevelShape& first = strategy.levels.front();
  strategy.level1_bytes = first.runs_max * first.size_ratio * options.memtable_bytes;
  strategy.granularity = Granularity::kLevel;
  return strategy;
}

Strategy LazyLeveledStrategy(const Options& options) {
  Strategy strategy = TieredStrategy(options);
  strategy.runs_max_last = 1;
  return strategy;
}

Strategy OneLeveledStrategy(const Options& options) {
  return Leveled(options, Ratios(options).front());
}

Strategy FluidStrategy(const Options& options) {
  Strategy strategy = TieredStrategy(options);
  strategy.levels = Shapes(options, options.runs_upper);
  strategy.runs_max_last = options.runs_last;
  return strategy;
}

Strategy UcsStrategy(const Options& options) {
  Strategy strategy = TieredStrategy(options);
  const auto levels = ParseUcsLayout(options.layout);
  if (levels.ok()) strategy.levels = *levels;
  const LevelShape& first = strategy.levels.front();
  strategy.level1_bytes = first.runs_max * first.size_ratio * options.memtable_bytes;
  return strategy;
}

Strategy GarneringStrategy(const Options& options) {
  Strategy strategy = LeveledStrategy(options);
  strategy.ratio_scale = options.ratio_scale;
  return strategy;
}

Strategy FifoStrategy(const Options& options) {
  Strategy strategy = Runs(options, {DropOldest});
  strategy.bytes_max = options.fifo_bytes_max;
  return strategy;
}

Strategy TimeWindowStrategy(const Options& options) {
  Strategy strategy = Runs(options, {DropOldest, MergeWindow});
  strategy.window = options.window_length;
  return strategy;
}

Strategy UniversalStrategy(const Options& options) {
  Strategy strategy =
      Runs(options, {MergeForTombstones, MergeForSpace, MergeSimilar, MergeForCount});
  strategy.similar_percent = options.similar_percent;
  strategy.limits.space_amplification = 2;
  return strategy;
}

Strategy RocksDbLeveledStrategy(const Options& options) {
  Strategy strategy = Leveled(options, options.level0_runs);
  strategy.level1_bytes = 256 * kMiB;
  strategy.level_sizes = LevelSizes::kDynamic;
  return strategy;
}

Strategy LevelDbLeveledStrategy(const Options& options) {
  Strategy strategy = Leveled(options, options.level0_runs);
  strategy.level1_bytes = 10 * kMiB;
  strategy.movements = {RoundRobin};
  strategy.triggers = {Saturation, ReadCount};
  strategy.grandparent_bytes_max = 10 * options.table_bytes;
  return strategy;
}

Strategy SarkarFullStrategy(const Options& options) {
  Strategy strategy = SarkarByFile(options, {LeastOverlap});
  strategy.granularity = Granularity::kLevel;
  return strategy;
}

Strategy SarkarLo1Strategy(const Options& options) { return SarkarByFile(options, {LeastOverlap}); }

Strategy SarkarLo2Strategy(const Options& options) {
  return SarkarByFile(options, {LeastOverlapGrandparent, LeastOverlap});
}

Strategy SarkarRrStrategy(const Options& options) { return SarkarByFile(options, {RoundRobin}); }

Strategy SarkarColdStrategy(const Options& options) {
  return SarkarByFile(options, {ColdestFirst, LeastOverlap});
}

Strategy SarkarOldStrategy(const Options& options) { return SarkarByFile(options, {OldestFirst}); }

Strategy SarkarTsdStrategy(const Options& options) {
  Strategy strategy = SarkarByFile(options, {MostTombstones, LeastOverlap});
  strategy.triggers = {TombstoneDensity, Saturation};
  strategy.limits.tombstone_density = 0.25;
  return strategy;
}

Strategy SarkarTsaStrategy(const Options& options) {
  return SarkarByFile(options, {ExpiredTombstones, LeastOverlap});
}

Strategy SarkarTierStrategy(const Options& options) {
  Strategy strategy = TieredStrategy(options);
  strategy.triggers = {Saturation, SpaceAmplification};
  strategy.limits.space_amplification = static_cast<double>(options.size_ratio);
  return strategy;
}

Strategy Sarkar1LvlStrategy(const Options& options) { return OneLeveledStrategy(options); }

}  // namespace varve
