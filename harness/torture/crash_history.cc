// The oracle of the crash tests.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/crash_history.h"

#include <fmt/format.h>

#include <utility>

namespace varve::harness {
namespace {

std::string ValueText(const CrashContents& contents, const std::string& key) {
  const auto found = contents.find(key);
  return found == contents.end() ? "nothing" : "\"" + found->second.substr(0, 20) + "\"";
}

}  // namespace

void ApplyBatch(const CrashBatch& batch, CrashContents* contents) {
  for (const CrashOperation& operation : batch) {
    if (!operation.end.empty()) {
      contents->erase(contents->lower_bound(operation.key), contents->lower_bound(operation.end));
    } else if (operation.value.has_value()) {
      (*contents)[operation.key] = *operation.value;
    } else {
      contents->erase(operation.key);
    }
  }
}

WriteBatch ToWriteBatch(const CrashBatch& batch) {
  WriteBatch write;
  for (const CrashOperation& operation : batch) {
    if (!operation.end.empty()) {
      write.DeleteRange(operation.key, operation.end);
    } else if (operation.value.has_value()) {
      write.Put(operation.key, *operation.value);
    } else {
      write.Delete(operation.key);
    }
  }
  return write;
}

void CrashHistory::Begin(CrashBatch batch) {
  const SequenceNumber before = writes_.empty() ? base_last_ : writes_.back().last;
  const SequenceNumber last = before + batch.size();
  writes_.push_back({std::move(batch), last});
  ++writes_total_;
}

void CrashHistory::Acknowledge(SequenceNumber last) {
  writes_.back().last = last;
  ApplyBatch(writes_.back().batch, &now_);
  acknowledged_ = writes_.size();
  if (logged_) survive_death_ = acknowledged_;
  if (synced_) survive_power_ = acknowledged_;
}

void CrashHistory::Crash(CrashKind kind) {
  if (kind == CrashKind::kPowerLoss) survive_death_ = survive_power_;
}

std::string CrashHistory::Recover(const CrashContents& found, SequenceNumber last) {
  CrashContents state = base_;
  SequenceNumber state_last = base_last_;
  bool is_prefix = false;
  for (size_t k = 0; !is_prefix; ++k) {
    is_prefix = k >= survive_death_ && state == found;
    if (is_prefix || k == writes_.size()) break;
    ApplyBatch(writes_[k].batch, &state);
    state_last = writes_[k].last;
  }
  if (!is_prefix) return Difference(found);
  if (last < state_last) {
    return fmt::format("the last sequence number is {}, but a write that is there has {}", last,
                       state_last);
  }
  base_ = now_ = found;
  base_last_ = last;
  writes_.clear();
  acknowledged_ = survive_death_ = survive_power_ = 0;
  return "";
}

std::string CrashHistory::Difference(const CrashContents& found) const {
  CrashContents least = base_;
  for (size_t k = 0; k < survive_death_; ++k) ApplyBatch(writes_[k].batch, &least);
  std::string text = fmt::format(
      "the state after recovery is no prefix of {} writes of which {} were acknowledged and {} had "
      "to survive",
      writes_.size(), acknowledged_, survive_death_);
  CrashContents keys = least;
  keys.insert(found.begin(), found.end());
  for (const auto& entry : keys) {
    const std::string expected = ValueText(least, entry.first);
    const std::string actual = ValueText(found, entry.first);
    if (expected == actual) continue;
    return text + fmt::format("; after those {} is {}, found {}", entry.first, expected, actual);
  }
  return text;
}

}  // namespace varve::harness
