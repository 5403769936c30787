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
    "flush",      "level saturation", "run count",         "manual",
    "space",      "file age",         "tombstone density", "tombstone age",
    "read count", "similar sizes",    "time window",       "expired"};

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

std::pair<std::string_view, std::string_view> CompactionPlan::KeyRange() const {
  std::string_view low = flush ? flush->smallest : inputs.front().tables.front()->smallest;
  std::string_view high = flush ? flush->largest : inputs.front().tables.back()->largest;
  for (const Input& input : inputs) {
    low = std::min<std::string_view>(low, input.tables.front()->smallest);
    high = std::max<std::string_view>(high, input.tables.back()->largest);
  }
  return {low, high};
}

std::string CompactionPlan::ToString() const {
  std::string text = flush ? "memtable" : "";
  for (const Input& input : inputs) {
    if (!text.empty()) text += " + ";
    text += fmt::format("L{} {}", input.level, TablesToText(input.tables));
  }
  if (drop) return text + fmt::format(" -> nothing ({})", CompactionReasonName(reason));
  text += fmt::format(" -> L{} ", output_level);
  text += output_run == 0 ? std::string("new run") : fmt::format("run {}", output_run);
  if (!cuts.empty()) text += fmt::format(" cut before {}", fmt::join(cuts, ","));
  text +=
      fmt::format(" ({}{})", CompactionReasonName(reason), trivial_move ? ", trivial move" : "");
  return text;
}

}  // namespace varve
