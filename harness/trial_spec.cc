// A trial's settings: set from text, written as JSON, read back, named by their hash.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/setting_text.h"
#include "engine/strategy_of.h"
#include "engine/util/hash.h"
#include "harness/pacing.h"
#include "harness/store.h"
#include "harness/stores/terms.h"
#include "workloads/trace.h"
#include "workloads/workload_file.h"

namespace varve::harness {
namespace {

using nlohmann::json;

constexpr std::string_view kTrial = "trial.";
constexpr std::string_view kEngine = "engine.";
constexpr std::string_view kWorkload = "workload.";

// Not part of what a trial does, but of how many there are and which of them this one is.
bool CountsTrials(std::string_view name) { return name == "repetitions" || name == "seed"; }

Status UnknownSetting(std::string_view name) {
  std::vector<std::string> names = TrialSettingNames();
  for (std::string& own : OwnSettingNames()) names.push_back(std::move(own));
  return Status::InvalidArgument(UnknownName("setting", name, names));
}

std::string TextOf(const std::vector<SettingText>& settings, std::string_view name) {
  for (const SettingText& setting : settings) {
    if (setting.name == name) return setting.text;
  }
  return "";
}

void Replace(std::vector<SettingText>* settings, std::string_view name, std::string text) {
  for (SettingText& setting : *settings) {
    if (setting.name == name) {
      setting.text = std::move(text);
      return;
    }
  }
  settings->push_back({std::string(name), std::move(text)});
}

Status SetEngine(TrialSpec* spec, std::string_view full_name, std::string_view text) {
  const std::string_view name = full_name.substr(kEngine.size());
  Options scratch;
  const Result<bool> found = SetByName(&scratch, name, text);
  if (!found.ok()) return found.status().Annotate(full_name);
  if (!*found) return UnknownSetting(full_name);
  Replace(&spec->engine, name, TextOf(OptionTexts(scratch), name));
  return Status();
}

Status SetWorkload(TrialSpec* spec, std::string_view full_name, std::string_view text) {
  const std::string_view name = full_name.substr(kWorkload.size());
  workloads::Workload scratch;
  if (!workloads::FindProperty(name).has_value()) return UnknownSetting(full_name);
  const Status set = workloads::SetProperty(&scratch, name, text);
  if (!set.ok()) return set;
  Replace(&spec->workload, name, workloads::PropertyTextOf(scratch, name));
  return Status();
}

// The store of another library whose own setting `full_name` is, or null.
const StoreKind* OwnerOf(std::string_view full_name) {
  const StoreKind* kind = FindStoreKind(full_name.substr(0, full_name.find('.')));
  return kind == nullptr || kind->package.empty() ? nullptr : kind;
}

Status SetOwn(TrialSpec* spec, const StoreKind& kind, std::string_view full_name,
              std::string_view text) {
  const std::string name(full_name.substr(kind.name.size() + 1));
  Status status = CheckOwnSetting(kind, {name, std::string(text)});
  if (status.ok()) Replace(&spec->own, full_name, std::string(text));
  return status;
}

Result<std::string> TextOfJson(std::string_view name, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return std::string(value.get<bool>() ? "true" : "false");
  if (value.is_number_unsigned()) return fmt::format("{}", value.get<uint64_t>());
  if (value.is_number_integer()) return fmt::format("{}", value.get<int64_t>());
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return Status::InvalidArgument(fmt::format("{} is neither text, number nor flag", name));
}

template <class Field>
json JsonOf(const Setting& setting, const std::string& text, Field field) {
  if (!ParseSetting(setting, text, &field).ok()) return text;
  return field;
}

template <class Struct>
json JsonOfSetting(std::string_view name, const std::string& text) {
  json value = text;
  const Struct defaults;
  Struct::ForEach(defaults, [&](const Setting& setting, const auto& field) {
    if (setting.name == name) value = JsonOf(setting, text, field);
  });
  return value;
}

json JsonOfProperty(std::string_view name, const std::string& text) {
  workloads::Workload workload;
  if (!workloads::SetProperty(&workload, name, text).ok()) return text;
  json value = text;
  workloads::Workload::ForEach(workload, [&](const auto& property, const auto& field) {
    if (property.name == name) value = field;
  });
  return value;
}

Status ReadGroup(const json& from, std::string_view group, TrialSpec* spec) {
  const std::string key(group.substr(0, group.size() - 1));
  if (!from.contains(key) || !from[key].is_object()) {
    return Status::InvalidArgument(fmt::format("\"{}\" is missing", key));
  }
  for (const auto& [name, value] : from[key].items()) {
    if (group == kWorkload && name == "name") continue;
    const std::string full_name = fmt::format("{}{}", group, name);
    const Result<std::string> text = TextOfJson(full_name, value);
    if (!text.ok()) return text.status();
    const Status set = SetTrialSetting(spec, full_name, *text);
    if (!set.ok()) return set;
  }
  return Status();
}

// Names in full.
Status ReadOwn(const json& from, TrialSpec* spec) {
  if (!from.contains("own")) return Status();
  for (const auto& [name, value] : from["own"].items()) {
    const Result<std::string> text = TextOfJson(name, value);
    if (!text.ok()) return text.status();
    if (Status set = SetTrialSetting(spec, name, *text); !set.ok()) return set;
  }
  return Status();
}

Status ReadPoint(const json& from, TrialSpec* spec) {
  if (!from.contains("point")) return Status();
  for (const auto& [name, value] : from["point"].items()) {
    const Result<std::string> text = TextOfJson(name, value);
    if (!text.ok()) return text.status();
    // Through a scratch spec, for the canonical spelling.
    TrialSpec scratch;
    const Status set = SetTrialSetting(&scratch, name, *text);
    if (!set.ok()) return set;
    spec->point.push_back({name, TrialSettingText(scratch, name)});
  }
  return Status();
}

Status CheckDevice(const TrialSpec& spec) {
  const TrialSettings& trial = spec.trial;
  const bool modelled = trial.device_write_bytes_per_second != 0 ||
                        trial.device_read_bytes_per_second != 0 || trial.device_latency_us != 0;
  if (!modelled || FindStoreKind(trial.store)->models_device) return Status();
  return Status::InvalidArgument(fmt::format(
      "store {} cannot be put on a modelled device: leave trial.device_… at 0", trial.store));
}

Status CheckStore(const TrialSpec& spec) {
  if (Status status = CheckStoreKind(spec.trial.store); !status.ok()) return status;
  const StoreKind& kind = *FindStoreKind(spec.trial.store);
  if (kind.library == nullptr) return Status();
  const std::vector<SettingText> own = OwnSettingsOf(spec, kind.name);
  const Status status = kind.library->check(own).Annotate(kind.name);
  if (!status.ok() || !spec.trial.verify || kind.library->drops_data == nullptr) return status;
  if (!kind.library->drops_data(own)) return status;
  return Status::InvalidArgument(
      fmt::format("{}: with these settings it drops the oldest data, which would be reported as "
                  "lost: set trial.verify = false",
                  kind.name));
}

// A trial without terms cannot have one.
Status CheckProfile(const TrialSpec& spec) {
  const std::string& profile = spec.trial.profile;
  if (profile != "equal" && profile != "default") {
    return Status::InvalidArgument(UnknownName("profile", profile, {"equal", "default"}))
        .Annotate("trial.profile");
  }
  const TrialSpec usual;
  for (const std::string& name : TermNames()) {
    if (profile == "equal" || TrialSettingText(spec, name) == TrialSettingText(usual, name)) {
      continue;
    }
    return Status::InvalidArgument(
        fmt::format("{} is given to every store alike, which trial.profile = default does not: "
                    "leave out one of them",
                    name));
  }
  return Status();
}

// What must end, and what can stall.
Status CheckTimes(const TrialSettings& trial) {
  if (trial.interval_width > 0 && trial.arrivals != "closed") {
    return Status::InvalidArgument(fmt::format(
        "trial.interval_width is that of the throughput, which trial.arrivals = {} sets by itself: "
        "leave it at 0",
        trial.arrivals));
  }
  if (trial.stall_at_seconds > 0 && trial.stall_seconds <= 0) {
    return Status::InvalidArgument(
        "trial.stall_at_seconds means nothing without trial.stall_seconds");
  }
  if (trial.stall_seconds > 0 && trial.seconds > 0 &&
      trial.stall_at_seconds + trial.stall_seconds > trial.seconds) {
    return Status::InvalidArgument(fmt::format(
        "a stall from trial.stall_at_seconds = {} on, of trial.stall_seconds = {}, is not over "
        "after trial.seconds = {}",
        trial.stall_at_seconds, trial.stall_seconds, trial.seconds));
  }
  return Status();
}

}  // namespace

std::vector<std::string> TrialSettingNames() {
  std::vector<std::string> names;
  const TrialSettings trial;
  TrialSettings::ForEach(trial, [&](const Setting& setting, const auto&) {
    names.push_back(fmt::format("{}{}", kTrial, setting.name));
  });
  for (const Setting& setting : OptionSettings()) {
    names.push_back(fmt::format("{}{}", kEngine, setting.name));
  }
  for (const workloads::Property& property : workloads::Properties()) {
    names.push_back(fmt::format("{}{}", kWorkload, property.name));
  }
  return names;
}

std::vector<std::string> OwnSettingNames() {
  std::vector<std::string> names;
  for (const StoreKind& kind : StoreKinds()) {
    if (kind.library == nullptr) continue;
    for (const OwnSetting& own : kind.library->own_settings()) {
      names.push_back(fmt::format("{}.{}", kind.name, own.name));
    }
  }
  return names;
}

Status SetTrialSetting(TrialSpec* spec, std::string_view name, std::string_view text) {
  if (name.starts_with(kEngine)) return SetEngine(spec, name, text);
  if (name.starts_with(kTrial)) {
    const Result<bool> found = SetByName(&spec->trial, name.substr(kTrial.size()), text);
    if (!found.ok()) return found.status().Annotate(name);
    return *found ? Status() : UnknownSetting(name);
  }
  if (name.starts_with(kWorkload)) return SetWorkload(spec, name, text);
  const StoreKind* owner = name.find('.') == name.npos ? nullptr : OwnerOf(name);
  return owner == nullptr ? UnknownSetting(name) : SetOwn(spec, *owner, name, text);
}

std::vector<SettingText> OwnSettingsOf(const TrialSpec& spec, std::string_view store) {
  const std::string prefix = fmt::format("{}.", store);
  std::vector<SettingText> own;
  for (const SettingText& setting : spec.own) {
    if (setting.name.starts_with(prefix)) {
      own.push_back({setting.name.substr(prefix.size()), setting.text});
    }
  }
  return own;
}

std::string TrialSettingText(const TrialSpec& spec, std::string_view name) {
  if (name.starts_with(kEngine)) return TextOf(spec.engine, name.substr(kEngine.size()));
  if (name.starts_with(kWorkload)) return TextOf(spec.workload, name.substr(kWorkload.size()));
  if (!name.starts_with(kTrial)) return TextOf(spec.own, name);
  std::string text;
  TrialSettings::ForEach(spec.trial, [&](const Setting& setting, const auto& field) {
    if (name == fmt::format("{}{}", kTrial, setting.name)) text = FormatSetting(setting, field);
  });
  return text;
}

json TrialSettingJson(std::string_view name, const std::string& text) {
  if (name.starts_with(kEngine)) {
    return JsonOfSetting<Options>(name.substr(kEngine.size()), text);
  }
  if (name.starts_with(kTrial)) {
    return JsonOfSetting<TrialSettings>(name.substr(kTrial.size()), text);
  }
  if (name.starts_with(kWorkload)) return JsonOfProperty(name.substr(kWorkload.size()), text);
  return text;
}

json TrialSpec::ToJson() const {
  json trial_json = json::object();
  TrialSettings::ForEach(trial, [&](const Setting& setting, const auto& field) {
    if (!CountsTrials(setting.name)) trial_json[std::string(setting.name)] = field;
  });
  json engine_json = json::object();
  for (const SettingText& setting : engine) {
    engine_json[setting.name] = JsonOfSetting<Options>(setting.name, setting.text);
  }
  json workload_json = {{"name", trial.workload}};
  for (const SettingText& setting : workload) {
    workload_json[setting.name] = JsonOfProperty(setting.name, setting.text);
  }
  json point_json = json::object();
  for (const SettingText& setting : point) {
    point_json[setting.name] = TrialSettingJson(setting.name, setting.text);
  }
  json all = {
      {"schema", 1},           {"experiment", experiment}, {"title", title}, {"variant", variant},
      {"point", point_json},   {"repetition", repetition}, {"seed", seed},   {"trial", trial_json},
      {"engine", engine_json}, {"workload", workload_json}};
  for (const SettingText& setting : own) all["own"][setting.name] = setting.text;
  return all;
}

Result<TrialSpec> TrialSpec::FromJson(const json& from) {
  if (!from.is_object() || from.value("schema", json()) != json(1)) {
    return Status::InvalidArgument("not a trial of schema 1");
  }
  TrialSpec spec;
  for (const std::string_view group : {kTrial, kEngine, kWorkload}) {
    const Status read = ReadGroup(from, group, &spec);
    if (!read.ok()) return read;
  }
  Status read = ReadOwn(from, &spec);
  if (read.ok()) read = ReadPoint(from, &spec);
  if (!read.ok()) return read;
  const auto string_at = [&](const char* key) {
    return from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : "";
  };
  const auto count_at = [&](const char* key) {
    return from.contains(key) && from[key].is_number_unsigned() ? from[key].get<uint64_t>() : 1;
  };
  spec.experiment = string_at("experiment");
  spec.title = string_at("title");
  spec.variant = string_at("variant");
  spec.repetition = count_at("repetition");
  spec.seed = count_at("seed");
  spec.trial.seed = spec.seed;
  return spec;
}

std::string TrialSpec::Id() const { return fmt::format("{:016x}", HashKey(ToJson().dump())); }

Result<workloads::Workload> TrialWorkload(const TrialSpec& spec,
                                          const std::string& workloads_directory) {
  const bool spelt_out = spec.workload.size() == workloads::Properties().size();
  Result<workloads::Workload> found =
      spelt_out ? workloads::Workload()
                : workloads::FindWorkload(spec.trial.workload, {workloads_directory});
  if (!found.ok()) return found;
  workloads::Workload workload = std::move(found).value();
  for (const SettingText& setting : spec.workload) {
    const Status set = workloads::SetProperty(&workload, setting.name, setting.text);
    if (!set.ok()) return set;
  }
  if (spelt_out && !workload.trace.empty()) {
    Result<std::shared_ptr<const workloads::Trace>> trace = workloads::Trace::Open(workload.trace);
    if (!trace.ok()) return trace.status();
    workload.replay = std::move(*trace);
  }
  if (spec.trial.records != 0) workload.records = spec.trial.records;
  if (spec.trial.operations != 0) workload.operations = spec.trial.operations;
  const Status status = workloads::CheckWorkload(workload);
  if (!status.ok()) return status.Annotate(fmt::format("workload {}", spec.trial.workload));
  return workload;
}

Status CheckTrial(const TrialSpec& spec, const std::string& workloads_directory) {
  if (Status s = CheckStore(spec); !s.ok()) return s;
  if (Status s = CheckProfile(spec); !s.ok()) return s;
  if (Status s = CheckArrivals(spec.trial); !s.ok()) return s;
  if (Status s = CheckTimes(spec.trial); !s.ok()) return s;
  if (Status s = CheckDevice(spec); !s.ok()) return s;
  Options options;
  for (const SettingText& setting : spec.engine) {
    const Status set = SetOption(&options, setting.name, setting.text);
    if (!set.ok()) return set.Annotate("engine");
  }
  const Status status = CheckOptions(options);
  if (!status.ok()) return status.Annotate("engine");
  if (spec.trial.verify && StrategyOf(options)->drops_data()) {
    return Status::InvalidArgument(
        fmt::format("compaction {} drops the oldest data (fifo_bytes_max or file_age_max is set), "
                    "which would be reported as lost: set trial.verify = false",
                    options.compaction));
  }
  const auto workload = TrialWorkload(spec, workloads_directory);
  if (!workload.ok()) return workload.status();
  const Status timed = CheckTraceArrivals(spec.trial, workload->replay.get());
  if (!timed.ok()) return timed;
  if (workload->replay != nullptr && spec.trial.warmup_seconds > 0) {
    return Status::InvalidArgument(
        "trial.warmup_seconds means nothing with a trace, which has one beginning: leave it at 0");
  }
  if (workload->operations == 0 && spec.trial.seconds <= 0) {
    return Status::InvalidArgument(fmt::format(
        "workload {} has no end: set trial.operations or trial.seconds", spec.trial.workload));
  }
  return Status();
}

}  // namespace varve::harness
