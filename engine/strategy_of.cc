// Settings over a named strategy, and the combinations of primitives that are refused.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/strategy_of.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/compaction/strategies.h"
#include "engine/parts.h"
#include "engine/setting_text.h"

namespace varve {
namespace {

bool Has(const std::vector<Trigger>& triggers, Trigger trigger) {
  return std::find(triggers.begin(), triggers.end(), trigger) != triggers.end();
}

void SetLimits(const Options& options, TriggerLimits* limits) {
  if (options.space_amplification_max > 0) {
    limits->space_amplification = options.space_amplification_max;
  }
  if (options.tombstone_density_max > 0) {
    limits->tombstone_density = options.tombstone_density_max;
  }
  limits->tombstone_age = options.tombstone_age_max;
  limits->file_age = options.file_age_max;
  limits->ages_in_seconds = options.age_unit == "seconds";
}

// The triggers that the settings name; or those of the strategy, with those before them whose limit
// is set.
void SetTriggers(const Options& options, Strategy* strategy) {
  std::vector<Trigger> triggers;
  if (options.triggers != "auto") {
    for (const std::string_view name : SplitList(options.triggers)) {
      triggers.push_back(FindPart(TriggerParts(), name)->make);
    }
  } else {
    const TriggerLimits& limits = strategy->limits;
    if (limits.tombstone_age != 0) triggers.push_back(TombstoneAge);
    if (limits.file_age != 0) triggers.push_back(FileAge);
    if (options.tombstone_density_max > 0) triggers.push_back(TombstoneDensity);
    if (options.space_amplification_max > 0) triggers.push_back(SpaceAmplification);
    for (const Trigger trigger : strategy->triggers) {
      if (!Has(triggers, trigger)) triggers.push_back(trigger);
    }
  }
  if (!Has(triggers, Saturation)) triggers.push_back(Saturation);
  strategy->triggers = std::move(triggers);
}

void SetPrimitives(const Options& options, Strategy* strategy) {
  if (options.granularity == "level") strategy->granularity = Granularity::kLevel;
  if (options.granularity == "run") strategy->granularity = Granularity::kRun;
  if (options.granularity == "file") strategy->granularity = Granularity::kFile;
  if (options.granularity == "files") strategy->granularity = Granularity::kFiles;
  if (options.granularity == "aligned") strategy->granularity = Granularity::kAligned;
  strategy->files = options.compaction_files;
  if (options.movement != "auto") {
    strategy->movements.clear();
    for (const std::string_view name : SplitList(options.movement)) {
      strategy->movements.push_back(FindPart(MovementParts(), name)->make);
    }
  }
  if (options.merge_mode == "eager") strategy->merge_mode = MergeMode::kEager;
  if (options.merge_mode == "preemptive") strategy->merge_mode = MergeMode::kPreemptive;
  if (options.level_sizes == "static") strategy->level_sizes = LevelSizes::kStatic;
  if (options.level_sizes == "dynamic") strategy->level_sizes = LevelSizes::kDynamic;
  if (options.level1_bytes != 0) strategy->level1_bytes = options.level1_bytes;
  strategy->flush_merges = options.flush_merges;
  strategy->trivial_moves = options.trivial_moves;
}

// What a layout of runs cannot have, because it has no levels.
Status CheckRuns(const Options& options, const Strategy& strategy) {
  const auto refuse = [&](std::string_view setting, std::string_view value) {
    return Status::InvalidArgument(
        fmt::format("{} = {} means nothing with compaction = {}, which has runs but no levels",
                    setting, value, options.compaction));
  };
  if (options.granularity != "auto") return refuse("granularity", options.granularity);
  if (options.movement != "auto") return refuse("movement", options.movement);
  if (options.triggers != "auto") return refuse("triggers", options.triggers);
  if (options.merge_mode != "auto") return refuse("merge_mode", options.merge_mode);
  if (options.level_sizes != "auto") return refuse("level_sizes", options.level_sizes);
  if (options.flush_merges) return refuse("flush_merges", "true");
  const bool merges_tombstones = std::find(strategy.rules.begin(), strategy.rules.end(),
                                           MergeForTombstones) != strategy.rules.end();
  if (options.tombstone_age_max != 0 && !merges_tombstones) {
    return Status::InvalidArgument(
        fmt::format("tombstone_age_max = {} cannot be kept with compaction = {}, which leaves old "
                    "runs alone",
                    options.tombstone_age_max, options.compaction));
  }
  return Status();
}

Status CheckLevels(const Options& options, const Strategy& strategy) {
  bool one_run = strategy.runs_max_last <= 1;
  for (size_t i = 1; i < strategy.levels.size(); ++i) {
    one_run = one_run && strategy.levels[i].runs_max == 1;
  }
  if (strategy.level_sizes == LevelSizes::kDynamic && !one_run) {
    return Status::InvalidArgument(
        fmt::format("level_sizes = dynamic cannot go with compaction = {}: levels of several runs "
                    "are limited by their number, not by bytes",
                    options.compaction));
  }
  const bool whole =
      strategy.granularity == Granularity::kLevel || strategy.granularity == Granularity::kRun;
  if (strategy.merge_mode == MergeMode::kPreemptive && !whole) {
    return Status::InvalidArgument(
        "merge_mode = preemptive needs granularity = level or run: what cascades are whole levels");
  }
  const TriggerLimits& limits = strategy.limits;
  const auto lacks = [](std::string_view trigger, std::string_view limit) {
    return Status::InvalidArgument(
        fmt::format("the trigger {} needs {}, which is 0", trigger, limit));
  };
  const std::vector<Trigger>& triggers = strategy.triggers;
  if (Has(triggers, SpaceAmplification) && limits.space_amplification <= 0) {
    return lacks("space_amplification", "space_amplification_max");
  }
  if (Has(triggers, FileAge) && limits.file_age == 0) return lacks("file_age", "file_age_max");
  if (Has(triggers, TombstoneDensity) && limits.tombstone_density <= 0) {
    return lacks("tombstone_density", "tombstone_density_max");
  }
  if (Has(triggers, TombstoneAge) && limits.tombstone_age == 0) {
    return lacks("tombstone_age", "tombstone_age_max");
  }
  if (!Has(triggers, TombstoneAge) && limits.tombstone_age != 0) {
    return Status::InvalidArgument(
        fmt::format("tombstone_age_max = {} cannot be kept: triggers = {} lacks tombstone_age",
                    limits.tombstone_age, options.triggers));
  }
  return Status();
}

}  // namespace

Result<Strategy> StrategyOf(const Options& options) {
  const auto ratios = ParseSizeRatios(options.size_ratios);
  if (!ratios.ok()) return ratios.status().Annotate("size_ratios");
  const auto layout = ParseUcsLayout(options.layout);
  if (!layout.ok()) return layout.status().Annotate("layout");
  Strategy strategy = FindPart(CompactionParts(), options.compaction)->make(options);
  SetLimits(options, &strategy.limits);
  const bool runs = strategy.kind == Strategy::Kind::kRuns;
  if (!runs) {
    SetTriggers(options, &strategy);
    SetPrimitives(options, &strategy);
  }
  const Status status = runs ? CheckRuns(options, strategy) : CheckLevels(options, strategy);
  if (!status.ok()) return status;
  return strategy;
}

}  // namespace varve
