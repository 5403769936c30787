// The settings of a modelled device as results write them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/device_settings.h"

#include <fmt/format.h>

namespace varve::harness {
namespace {

constexpr double kNsPerMicrosecond = 1e3;
constexpr std::string_view kWrite = "device_write_bytes_per_second";
constexpr std::string_view kRead = "device_read_bytes_per_second";
constexpr std::string_view kLatency = "device_latency_us";

}  // namespace

DeviceModel DeviceOf(const TrialSettings& trial) {
  DeviceModel model;
  model.write_bytes_per_second = trial.device_write_bytes_per_second;
  model.read_bytes_per_second = trial.device_read_bytes_per_second;
  model.latency_ns = static_cast<uint64_t>(trial.device_latency_us * kNsPerMicrosecond);
  return model;
}

std::vector<SettingText> DeviceSettings(const DeviceModel& model) {
  std::vector<SettingText> settings;
  const auto add = [&settings](std::string_view name, uint64_t value, std::string text) {
    if (value != 0) settings.push_back({std::string(name), std::move(text)});
  };
  add(kWrite, model.write_bytes_per_second, FormatBytes(model.write_bytes_per_second));
  add(kRead, model.read_bytes_per_second, FormatBytes(model.read_bytes_per_second));
  const double latency_us = static_cast<double>(model.latency_ns) / kNsPerMicrosecond;
  add(kLatency, model.latency_ns, fmt::format("{}", latency_us));
  return settings;
}

std::string DeviceCaveat(const std::vector<SettingText>& settings) {
  std::vector<std::string> what;
  for (const SettingText& setting : settings) {
    if (setting.name == kWrite) what.push_back(fmt::format("writes at {}/s", setting.text));
    if (setting.name == kRead) what.push_back(fmt::format("reads at {}/s", setting.text));
    if (setting.name == kLatency) what.push_back(fmt::format("{} µs a request", setting.text));
  }
  if (what.empty()) return "";
  return fmt::format("the device was modelled: {}", fmt::join(what, ", "));
}

}  // namespace varve::harness
