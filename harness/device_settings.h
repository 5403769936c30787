// What results say of a modelled device.
//
// Called by stores that can be put on one, by the phases of a trial and by result.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/io/device_file_system.h"
#include "engine/options.h"
#include "harness/trial_spec.h"

namespace varve::harness {

// The device that a trial asks for.
DeviceModel DeviceOf(const TrialSettings& trial);

// The settings of `model` that differ from the real device, by the names of TrialSettings. Empty:
// it is the real device.
std::vector<SettingText> DeviceSettings(const DeviceModel& model);

// The caveat that belongs on every figure: "the device was modelled: …"; "" if `settings` holds
// none of a device.
std::string DeviceCaveat(const std::vector<SettingText>& settings);

}  // namespace varve::harness
