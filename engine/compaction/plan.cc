// CompactionPlan: sums and text.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace varve {
namespace {

constexpr std::array<std::string_view, kCompactionReasonCount> kReasonNames = {
    "flush", "level saturation", "run count", "manual"};

// A plan may hold thousands of tables; a line for people holds a few.
constexpr size_t kTablesShown = 16;

std::string TablesToText(const std::vector<TablePtr>& tables) {
  std::string text;
  const size_t shown = std::min(tables.size(), kTablesShown);
  for (size_t i = 0; i < shown; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ",", tables[i]->number);
  }
  if (shown < tables.size()) text += fmt::format(" and {} more", tables.size() - shown);
  return text;
}

}  // namespace

std::string_view CompactionReasonName(CompactionReason reason) {
  return kReasonNames.at(static_cast<size_t>(reason));
}

uint64_t CompactionPlan::input_bytes() const {
  uint64_t sum = 0;
  for (const Input& input : inputs) {
    for (const TablePtr& table : input.tables) sum += table->file_bytes;
  }
  return sum;
}

std::string CompactionPlan::ToString() const {
  std::string text;
  for (const Input& input : inputs) {
    if (!text.empty()) text += " + ";
    text += fmt::format("L{} {}", input.level, TablesToText(input.tables));
  }
  text += fmt::format(" -> L{} ", output_level);
  text += output_run == 0 ? std::string("new run") : fmt::format("run {}", output_run);
  text +=
      fmt::format(" ({}{})", CompactionReasonName(reason), trivial_move ? ", trivial move" : "");
  return text;
}

}  // namespace varve
