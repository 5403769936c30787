// Expands experiments into trials.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/util/hash.h"

namespace varve::harness {
namespace {

constexpr size_t kTrialsMax = 100'000;

// Every setting that some variant or axis gives a value, each once.
std::vector<std::string> VaryingNames(const Experiment& experiment) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Variant& variant : experiment.variants) {
    for (const SettingText& setting : variant.settings) add(setting.name);
  }
  for (const SweepAxis& axis : experiment.sweep) add(axis.name);
  return names;
}

// Point number `number` of the cross product, the last axis running fastest.
Result<TrialSpec> MakePoint(const Experiment& experiment, size_t number) {
  TrialSpec spec = experiment.base;
  std::vector<SettingText> settings;
  for (auto axis = experiment.sweep.rbegin(); axis != experiment.sweep.rend(); ++axis) {
    settings.push_back({axis->name, axis->values[number % axis->values.size()]});
    number /= axis->values.size();
  }
  if (!experiment.variants.empty()) {
    const Variant& variant = experiment.variants[number];
    spec.variant = variant.name;
    settings.insert(settings.end(), variant.settings.begin(), variant.settings.end());
  }
  for (const SettingText& setting : settings) {
    const Status set = SetTrialSetting(&spec, setting.name, setting.text);
    if (!set.ok()) return set;
  }
  return spec;
}

// Spells out every property of the workload, so that the trial is what the file says now, and
// fills in the coordinates.
Status Complete(const std::vector<std::string>& varying, const std::string& workloads_directory,
                TrialSpec* spec) {
  const Status checked = CheckTrial(*spec, workloads_directory);
  if (!checked.ok()) return checked;
  const auto workload = TrialWorkload(*spec, workloads_directory);
  if (!workload.ok()) return workload.status();
  for (const workloads::PropertyText& property : workloads::PropertyTexts(*workload)) {
    const Status set = SetTrialSetting(spec, "workload." + property.name, property.text);
    if (!set.ok()) return set;
  }
  for (const std::string& name : varying) {
    spec->point.push_back({name, TrialSettingText(*spec, name)});
  }
  return Status();
}

// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Fisher and Yates; not std::shuffle, whose result differs between libraries.
void Shuffle(std::vector<size_t>* items, uint64_t seed) {
  uint64_t state = seed;
  for (size_t i = items->size(); i > 1; --i) {
    std::swap((*items)[i - 1], (*items)[NextRandom(&state) % i]);
  }
}

std::vector<size_t> RunOrder(size_t points, size_t repetitions, uint64_t seed) {
  std::vector<size_t> order;
  for (size_t repetition = 0; repetition < repetitions; ++repetition) {
    std::vector<size_t> round(points);
    std::iota(round.begin(), round.end(), size_t{0});
    Shuffle(&round, Mix64(seed, repetition));
    for (const size_t point : round) order.push_back(point * repetitions + repetition);
  }
  return order;
}

std::string Label(const Experiment& experiment, const TrialSpec& spec) {
  std::vector<std::string> parts;
  if (!spec.variant.empty()) parts.push_back(spec.variant);
  for (const SweepAxis& axis : experiment.sweep) {
    const std::string text = TrialSettingText(spec, axis.name);
    const bool plain = axis.name == "trial.workload" || axis.name == "trial.store";
    const std::string setting = axis.name.substr(axis.name.find('.') + 1);
    parts.push_back(plain ? text : fmt::format("{} {}", setting, text));
  }
  if (parts.empty()) parts = {spec.trial.store, spec.trial.workload};
  return fmt::format("{}", fmt::join(parts, ", "));
}

size_t CountPoints(const Experiment& experiment) {
  size_t points = std::max<size_t>(experiment.variants.size(), 1);
  for (const SweepAxis& axis : experiment.sweep) {
    points = std::min(points * axis.values.size(), kTrialsMax + 1);
  }
  return points;
}

void AddRepetitions(const TrialSpec& spec, size_t point, Plan* plan) {
  for (uint64_t repetition = 1; repetition <= spec.trial.repetitions; ++repetition) {
    TrialSpec trial = spec;
    trial.repetition = repetition;
    trial.seed = spec.trial.seed + repetition - 1;
    plan->trials.push_back(std::move(trial));
    plan->point_of_trial.push_back(point);
  }
}

}  // namespace

std::string Plan::Hash() const {
  std::string ids;
  for (const TrialSpec& trial : trials) ids += trial.Id();
  return fmt::format("{:016x}", HashKey(ids));
}

Result<Plan> MakePlan(const Experiment& experiment, const std::string& workloads_directory) {
  Plan plan;
  plan.points = CountPoints(experiment);
  const size_t repetitions = experiment.base.trial.repetitions;
  if (plan.points > kTrialsMax / repetitions) {
    return Status::InvalidArgument(fmt::format("{}: more than {} trials: the sweep is too large",
                                               experiment.source, kTrialsMax));
  }
  const std::vector<std::string> varying = VaryingNames(experiment);
  for (size_t point = 0; point < plan.points; ++point) {
    Result<TrialSpec> spec = MakePoint(experiment, point);
    if (!spec.ok()) return spec.status().Annotate(experiment.source);
    const Status completed = Complete(varying, workloads_directory, &*spec);
    if (!completed.ok()) {
      if (experiment.source.empty()) return completed;
      const std::string label = spec->variant.empty() ? "" : fmt::format(" ({})", spec->variant);
      return completed.Annotate(experiment.source + label);
    }
    plan.labels.push_back(Label(experiment, *spec));
    AddRepetitions(*spec, point, &plan);
  }
  plan.order = RunOrder(plan.points, repetitions, experiment.base.trial.seed);
  return plan;
}

}  // namespace varve::harness
