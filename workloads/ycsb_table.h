// The table of YCSB's properties: the only place where each is named with its default.
//
// To add a property: a row in ycsb_table.cc and, if it is kByHand, kTrial or kReport, its function
// in ycsb_properties.cc.
//
// Source: CoreWorkload, Client, DBWrapper and the measurements of
// https://github.com/brianfrankcooper/YCSB.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace varve::workloads {

enum class YcsbTreatment : uint8_t {
  kTranslated,  // detail: the property of Workload that it sets, as it is written
  kByHand,      // by a function of its own
  kTrial,       // by hand; detail: the setting of the trial that it sets
  kReport,      // by hand; detail: what it changes in the text that is printed
  kAccepted,    // detail: why it makes no difference
  kOnlyDefault  // detail: what to do instead of setting it
};

struct YcsbRow {
  std::string_view name;
  std::string_view fallback;  // YCSB's default
  YcsbTreatment treatment;
  std::string_view detail;
};

std::span<const YcsbRow> YcsbRows();

}  // namespace varve::workloads
