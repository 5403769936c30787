// A modelled device: which stores take it, and that the result tells of it.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/device_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/store.h"
#include "tests/engine/db_test_util.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TrialSpec SlowDevice(const std::string& store) {
  TrialSpec spec;
  spec.trial.store = store;
  spec.trial.device_write_bytes_per_second = 1 << 20;
  spec.trial.device_latency_us = 0.5;
  return spec;
}

TEST(DeviceSettings, TheRealDeviceHasNone) {
  EXPECT_THAT(DeviceSettings(DeviceOf(TrialSettings())), IsEmpty());
  EXPECT_EQ(DeviceCaveat({{"durability", "process"}}), "");
}

TEST(DeviceSettings, OnlyStoresThatHeedAModelledDeviceMayHaveOne) {
  const Status refused = CheckTrial(SlowDevice("null"), SourcePath("workloads"));
  EXPECT_THAT(refused.ToString(), HasSubstr("store null cannot be put on a modelled device"));
  const Status taken = CheckTrial(SlowDevice("varve"), SourcePath("workloads"));
  EXPECT_TRUE(taken.ok()) << taken.ToString();
}

TEST(DeviceSettings, AStoreSaysWhichDeviceItWasPutOn) {
  TemporaryDirectory directory;
  StoreOptions options;
  options.directory = directory.path();
  options.device = DeviceOf(SlowDevice("varve").trial);
  const auto store = FindStoreKind("varve")->Open(options);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(DeviceCaveat((*store)->SettingsUsed()),
            "the device was modelled: writes at 1 MiB/s, 0.5 µs a request");
}

}  // namespace
}  // namespace varve::harness
