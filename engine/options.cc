// Setting, listing and checking options. CheckOptions is the one function that refuses
// combinations.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/options.h"

#include <fmt/format.h>

#include "engine/parts.h"
#include "engine/setting_text.h"
#include "engine/strategy_of.h"
#include "engine/table_options.h"

namespace varve {
namespace {

Status CheckValues(const Options& options) {
  Status first;
  Options::ForEach(options, [&](const Setting& setting, const auto& field) {
    if (!first.ok()) return;
    auto copy = field;
    first = ParseSetting(setting, FormatSetting(setting, field), &copy).Annotate(setting.name);
  });
  return first;
}

Status CheckStalls(const Options& options) {
  if (options.level0_slowdown_runs > options.level0_stop_runs) {
    return Status::InvalidArgument(
        fmt::format("level0_slowdown_runs = {} must not exceed level0_stop_runs = {}: writes slow "
                    "down before they stop",
                    options.level0_slowdown_runs, options.level0_stop_runs));
  }
  if (options.pending_slowdown_bytes > options.pending_stop_bytes) {
    return Status::InvalidArgument(fmt::format(
        "pending_slowdown_bytes = {} must not exceed pending_stop_bytes = {}: writes "
        "slow down before they stop",
        FormatBytes(options.pending_slowdown_bytes), FormatBytes(options.pending_stop_bytes)));
  }
  const Result<Strategy> strategy = StrategyOf(options);
  if (!strategy.ok()) return strategy.status();
  if (strategy->limits_level0() && options.level0_stop_runs < strategy->level0_trigger()) {
    return Status::InvalidArgument(
        fmt::format("level0_stop_runs = {} would stop writes for ever: with compaction = {} level "
                    "0 is compacted at {} runs, so it must be at least that",
                    options.level0_stop_runs, options.compaction, strategy->level0_trigger()));
  }
  return Status();
}

// Buckets are charged before anything is in them.
Status CheckBuckets(const Options& options) {
  constexpr uint64_t kBucketBytes = 8;
  const uint64_t taken = options.memtable_buckets * kBucketBytes;
  if (!options.memtable.starts_with("hash_") || taken <= options.memtable_bytes / 2) return {};
  return Status::InvalidArgument(
      fmt::format("memtable_buckets = {} take {} bytes, more than half of memtable_bytes = {}",
                  options.memtable_buckets, taken, FormatBytes(options.memtable_bytes)));
}

}  // namespace

Status SetOption(Options* options, std::string_view name, std::string_view text) {
  const Result<bool> found = SetByName(options, name, text);
  if (!found.ok()) return found.status().Annotate(name);
  if (*found) return Status();
  std::vector<std::string> names;
  for (const Setting& setting : OptionSettings()) names.emplace_back(setting.name);
  return Status::InvalidArgument(UnknownName("setting", name, names));
}

std::vector<SettingText> OptionTexts(const Options& options) {
  std::vector<SettingText> texts;
  Options::ForEach(options, [&](const Setting& setting, const auto& field) {
    texts.push_back({std::string(setting.name), FormatSetting(setting, field)});
  });
  return texts;
}

std::vector<Setting> OptionSettings() {
  std::vector<Setting> settings;
  const Options options;
  Options::ForEach(options,
                   [&](const Setting& setting, const auto&) { settings.push_back(setting); });
  return settings;
}

Status CheckOptions(const Options& options) {
  const Status status = CheckValues(options);
  return status.ok() ? CheckCombinations(options) : status;
}

Status CheckCombinations(const Options& options) {
  if (!options.create_if_missing && options.error_if_exists) {
    return Status::InvalidArgument(
        "create_if_missing = false with error_if_exists = true can never open a database");
  }
  if (Status s = FilterBudgetOf(options).status(); !s.ok()) return s;
  if (Status s = CheckBuckets(options); !s.ok()) return s;
  return CheckStalls(options);
}

}  // namespace varve
