// Sums over jobs and trees.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/simulation_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace varve {
namespace {

uint64_t BytesOf(const std::vector<TablePtr>& tables) {
  uint64_t sum = 0;
  for (const TablePtr& table : tables) sum += table->file_bytes;
  return sum;
}

std::string PlanToText(const CompactionPlan& plan, size_t outputs, uint64_t bytes) {
  std::string text;
  for (const CompactionPlan::Input& input : plan.inputs) {
    text +=
        fmt::format("{}L{} {} tables", text.empty() ? "" : " + ", input.level, input.tables.size());
  }
  return text + fmt::format(" -> L{} {} tables, {} bytes ({})", plan.output_level, outputs, bytes,
                            CompactionReasonName(plan.reason));
}

template <class Count>
uint64_t Sum(const Count& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

}  // namespace

void SimulationRecord::AddJob(const SimulatedJob& job) {
  const uint64_t written = BytesOf(*job.outputs);
  uint64_t read = 0;
  const bool moves = job.plan != nullptr && job.plan->trivial_move;
  if (!moves && model_->live_bytes() > 0) {
    const auto both = static_cast<double>(tree_bytes_ + written);
    space_max_transient_ = std::max(space_max_transient_, both / model_->live_bytes());
  }
  if (job.plan != nullptr) {
    for (const CompactionPlan::Input& input : job.plan->inputs) {
      const uint64_t bytes = BytesOf(input.tables);
      level_bytes_[static_cast<size_t>(input.level)] -= bytes;
      read += bytes;
    }
  }
  level_bytes_[static_cast<size_t>(job.output_level)] += written;
  tree_bytes_ += written - read;
  if (job.plan == nullptr) {
    ++flushes_;
    flush_bytes_ += written;
    return;
  }
  LevelTotals& totals = levels_[static_cast<size_t>(job.output_level)];
  ++(moves ? totals.moves : totals.jobs)[static_cast<size_t>(job.plan->reason)];
  if (moves) return;
  totals.bytes_read += read;
  totals.bytes_written += written;
  if (read + written > largest_.bytes) {
    largest_ = {read + written, model_->operations(),
                PlanToText(*job.plan, job.outputs->size(), written)};
  }
}

void SimulationRecord::AddSettled(const Tree& tree) {
  const uint64_t runs = tree.runs();
  ++settled_;
  runs_sum_ += runs;
  runs_max_ = std::max(runs_max_, runs);
  const double live = model_->live_bytes();
  const double space = live > 0 ? static_cast<double>(tree_bytes_) / live : 0;
  space_.push_back(space);
  space_max_ = std::max(space_max_, space);
  if (model_->operations() >= sampled_operations_ + sample_operations_) AddRows(tree);
}

void SimulationRecord::AddLast(const Tree& tree) {
  if (rows_.empty() || rows_.back().operations != model_->operations()) AddRows(tree);
}

void SimulationRecord::AddRows(const Tree& tree) {
  sampled_operations_ = model_->operations();
  for (size_t i = 0; i < tree.levels.size(); ++i) {
    const Level& level = tree.levels[i];
    if (level.runs.empty()) continue;
    rows_.push_back({sampled_operations_, static_cast<int>(i), level.runs.size(), level.tables(),
                     level_bytes_[i]});
  }
}

double SimulationRecord::PerUserByte(double bytes) const {
  return model_->user_bytes() > 0 ? bytes / model_->user_bytes() : 0;
}

double SimulationRecord::level_amplification(int level) const {
  return PerUserByte(static_cast<double>(levels_[static_cast<size_t>(level)].bytes_written));
}

double SimulationRecord::compaction_amplification() const {
  double sum = 0;
  for (int level = 0; level < kLevelsMax; ++level) sum += level_amplification(level);
  return sum;
}

double SimulationRecord::space_mean() const {
  const auto half = space_.begin() + std::ssize(space_) / 2;
  if (half == space_.end()) return 0;
  return std::accumulate(half, space_.end(), 0.0) / static_cast<double>(space_.end() - half);
}

double SimulationRecord::runs_mean() const {
  return settled_ == 0 ? 0 : static_cast<double>(runs_sum_) / static_cast<double>(settled_);
}

uint64_t SimulationRecord::jobs() const {
  uint64_t sum = 0;
  for (const LevelTotals& level : levels_) sum += Sum(level.jobs);
  return sum;
}

uint64_t SimulationRecord::moves() const {
  uint64_t sum = 0;
  for (const LevelTotals& level : levels_) sum += Sum(level.moves);
  return sum;
}

}  // namespace varve
