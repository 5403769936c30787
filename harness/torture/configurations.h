// Configurations: the settings under which the same operations must give the same answers.
//
// Three kinds: named ones, each of which stresses something on purpose; covering ones, which have
// every legal pair of values of any two settings in some row; and random ones. All are small, so
// that hundreds of operations make several levels.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/options.h"

namespace varve::harness {

struct Configuration {
  std::string name;
  Options options;  // CheckOptions is OK
};

// What named configurations change: a memtable of 16 KiB, tables of 8 KiB, T = 3, inline.
Options SmallTortureOptions();

// Each name is there once.
const std::vector<Configuration>& NamedConfigurations();

// The values that a setting takes in covering and random configurations, as SetOption reads them:
// all of a choice, both of a flag, representative ones of a number.
std::vector<std::string> SettingValues(const Setting& setting);

// "covering_0", …: every pair of SettingValues that CheckOptions lets be is in one of them.
std::vector<Configuration> CoveringConfigurations(uint64_t seed);

Configuration RandomConfiguration(uint64_t seed);

}  // namespace varve::harness
