// Reducing an operation log: fewer operations, then simpler ones.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/reducer.h"

#include <array>
#include <utility>

namespace varve::harness {
namespace {

class LogReducer {
 public:
  LogReducer(OperationLog log, const LogFails& fails, ReduceBudget budget)
      : log_(std::move(log)), fails_(fails), budget_(budget) {}

  OperationLog Run() {
    while (budget_.runs > 0) {
      const std::string before = FormatLog(log_);
      ReduceOperations();
      ReduceSettings();
      for (size_t i = 0; i < log_.operations.size(); ++i) SimplifyOperation(i);
      EnlargeOne();
      if (FormatLog(log_) == before) break;
    }
    return std::move(log_);
  }

 private:
  void ReduceOperations() {
    log_.operations = MinimizeByDeltas<LoggedOperation>(
        log_.operations,
        [this](const std::vector<LoggedOperation>& operations) {
          return fails_({log_.settings, operations});
        },
        &budget_);
  }

  void ReduceSettings() {
    log_.settings = MinimizeByDeltas<SettingText>(
        log_.settings,
        [this](const std::vector<SettingText>& settings) {
          return fails_({settings, log_.operations});
        },
        &budget_);
  }

  // Keeps what `simplify` does to operation `index` if the log still fails.
  template <class Simplify>
  void Try(size_t index, Simplify simplify) {
    if (budget_.runs == 0) return;
    OperationLog candidate = log_;
    simplify(&candidate.operations[index]);
    if (FormatOperation(candidate.operations[index]) == FormatOperation(log_.operations[index])) {
      return;
    }
    --budget_.runs;
    if (fails_(candidate)) log_ = std::move(candidate);
  }

  void SimplifyOperation(size_t index) {
    Try(index, [](LoggedOperation* operation) { operation->snapshot = -1; });
    Try(index, [](LoggedOperation* operation) { operation->lower.clear(); });
    Try(index, [](LoggedOperation* operation) { operation->upper.clear(); });
    if (log_.operations[index].kind == LoggedKind::kBatch) ReduceBatch(index);
    if (!log_.operations[index].settings.empty()) ReduceList(index, &LoggedOperation::settings);
    for (size_t i = 0; i < log_.operations[index].changes.size(); ++i) ShortenValue(index, i);
    // A range of one key.
    Try(index, [](LoggedOperation* operation) {
      if (operation->kind != LoggedKind::kDeleteRange) return;
      operation->kind = LoggedKind::kDelete;
      operation->changes[0].end.reset();
    });
  }

  template <class Item>
  void ReduceList(size_t index, std::vector<Item> LoggedOperation::*list) {
    OperationLog candidate = log_;
    log_.operations[index].*list = MinimizeByDeltas<Item>(
        log_.operations[index].*list,
        [&](const std::vector<Item>& items) {
          candidate.operations[index].*list = items;
          return fails_(candidate);
        },
        &budget_);
  }

  void ReduceBatch(size_t index) {
    ReduceList(index, &LoggedOperation::changes);
    // A batch of one change says no more than the change.
    Try(index, [](LoggedOperation* operation) {
      if (operation->changes.size() != 1) return;
      const LoggedChange& change = operation->changes[0];
      operation->kind = change.put ? LoggedKind::kPut : LoggedKind::kDelete;
      if (change.end.has_value()) operation->kind = LoggedKind::kDeleteRange;
    });
  }

  void ShortenValue(size_t index, size_t change) {
    constexpr std::array<uint32_t, 4> kSizes = {1, 100, 1000, 5000};
    for (const uint32_t bytes : kSizes) {
      if (log_.operations[index].changes[change].value.bytes <= bytes) return;
      Try(index,
          [&](LoggedOperation* operation) { operation->changes[change].value.bytes = bytes; });
    }
  }

  // Where many writes are needed only to fill a memtable, one large value does as well.
  void EnlargeOne() {
    constexpr uint32_t kLargeBytes = 40000;
    constexpr size_t kWorthwhile = 6;
    for (size_t i = 0; i < log_.operations.size() && log_.operations.size() > kWorthwhile; ++i) {
      if (log_.operations[i].kind != LoggedKind::kPut) continue;
      const OperationLog before = log_;
      Try(i, [](LoggedOperation* operation) { operation->changes[0].value.bytes = kLargeBytes; });
      if (log_.operations[i].changes[0].value == before.operations[i].changes[0].value) continue;
      ReduceOperations();
      if (log_.operations.size() < before.operations.size()) return;
      log_ = before;
    }
  }

  OperationLog log_;
  const LogFails& fails_;
  ReduceBudget budget_;
};

}  // namespace

OperationLog ReduceLog(OperationLog log, const LogFails& fails, ReduceBudget budget) {
  return LogReducer(std::move(log), fails, budget).Run();
}

}  // namespace varve::harness
