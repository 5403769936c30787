// Trials that sustain makes, and their judgement.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/sustain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/json_number.h"
#include "harness/progress.h"

namespace varve::harness {
namespace {

using nlohmann::json;

constexpr double kUsualSeconds = 60;
constexpr double kWarmupShare = 1.0 / 6;  // as 20 of 120 minutes
constexpr double kUsualSamples = 30;
constexpr double kSamplesMin = 12;
constexpr double kAchievedMin = 0.99;

// What sustain decides. By prefix.
constexpr std::array<std::string_view, 11> kDecided = {
    "trial.arrivals",      "trial.rate_ops_per_second",
    "trial.burst_",        "trial.valley_seconds",
    "trial.steps",         "trial.sine_",
    "trial.operations",    "trial.repetitions",
    "trial.think_seconds", "trial.interval_width",
    "trial.stall_",
};

bool IsGiven(const std::vector<SettingText>& given, std::string_view name) {
  return std::any_of(given.begin(), given.end(),
                     [&](const SettingText& setting) { return setting.name == name; });
}

Status CheckGiven(const std::vector<SettingText>& given) {
  for (const SettingText& setting : given) {
    for (const std::string_view decided : kDecided) {
      if (!setting.name.starts_with(decided)) continue;
      return Status::InvalidArgument(
          fmt::format("{} cannot be set: sustain decides when operations begin and how many there "
                      "are (trial.arrival_gaps and --seconds can be set)",
                      setting.name));
    }
  }
  return Status();
}

bool FlagAt(const json& object, std::string_view section, std::string_view name) {
  const auto found = object.find(section);
  if (found == object.end() || !found->is_object()) return false;
  const auto flag = found->find(name);
  return flag != found->end() && flag->is_boolean() && flag->get<bool>();
}

void AddUnsustained(const json& result, std::vector<std::string>* reasons) {
  const auto sustained = result.find("sustained");
  if (sustained == result.end() || !sustained->is_boolean()) {
    reasons->push_back("too few samples had operations to see a trend in");
    return;
  }
  const double total = NumberAt(result, {"operations", "total"}).value_or(0);
  const double unserved = NumberAt(result, {"operations", "unserved"}).value_or(0);
  const double achieved = total + unserved > 0 ? total / (total + unserved) : 0;
  if (achieved < kAchievedMin) {
    reasons->push_back(fmt::format("only {:.1f} % of the rate was served", 100 * achieved));
  }
  if (FlagAt(result, "trend", "response_grows")) {
    reasons->push_back(fmt::format(
        "responses grew from {} to {}",
        NanosecondsText(NumberAt(result, {"trend", "response_first_third_ns"}).value_or(0)),
        NanosecondsText(NumberAt(result, {"trend", "response_last_third_ns"}).value_or(0))));
  }
  if (FlagAt(result, "trend", "pending_compaction_bytes_grow")) {
    reasons->push_back("the debt of compactions grew");
  }
  if (!sustained->get<bool>() && reasons->empty()) {
    reasons->push_back(fmt::format("{} operations that were due were left", unserved));
  }
}

}  // namespace

Status PrepareSustain(const std::vector<SettingText>& given, TrialSpec* spec) {
  if (Status status = CheckGiven(given); !status.ok()) return status;
  TrialSettings& trial = spec->trial;
  if (!IsGiven(given, "trial.seconds")) trial.seconds = kUsualSeconds;
  if (!IsGiven(given, "trial.warmup_seconds")) {
    trial.warmup_seconds = kWarmupShare * trial.seconds;
  }
  if (!IsGiven(given, "trial.sample_seconds")) {
    trial.sample_seconds = std::clamp(trial.seconds / kUsualSamples, 0.01, 1.0);
  }
  if (trial.seconds >= kSamplesMin * trial.sample_seconds) return Status();
  return Status::InvalidArgument(
      fmt::format("{} s are too short for {} samples of trial.sample_seconds = {}, which a trend "
                  "needs",
                  trial.seconds, kSamplesMin, trial.sample_seconds));
}

TrialSpec MaximumTrial(const TrialSpec& base, bool* fair) {
  TrialSpec spec = base;
  spec.trial.arrivals = "closed";
  spec.trial.arrival_gaps = TrialSettings().arrival_gaps;
  *fair = TrialSettingText(base, "engine.scheduler") == "greedy";
  if (!*fair) return spec;
  for (SettingText& setting : spec.engine) {
    if (setting.name == "scheduler") setting.text = "fair";
  }
  return spec;
}

TrialSpec OpenLoopTrial(const TrialSpec& base, double rate_ops_per_second, uint64_t seed) {
  TrialSpec spec = base;
  spec.trial.arrivals = "constant";
  spec.trial.rate_ops_per_second = rate_ops_per_second;
  spec.trial.seed = seed;
  spec.seed = seed;
  return spec;
}

std::vector<std::string> Shortcomings(const json& result,
                                      const std::vector<Objective>& objectives) {
  std::vector<std::string> reasons;
  AddUnsustained(result, &reasons);
  for (const Objective& objective : objectives) {
    const std::optional<double> measured = MeasuredNs(objective, result);
    if (!measured) {
      reasons.push_back(fmt::format("no {} was timed", objective.operation));
    } else if (*measured > objective.limit_ns) {
      reasons.push_back(fmt::format("{}: it was {}", objective.text, NanosecondsText(*measured)));
    }
  }
  const auto verified = result.find("verified");
  if (verified != result.end() && *verified == false) {
    reasons.push_back("the store gave wrong answers");
  }
  return reasons;
}

}  // namespace varve::harness
