// Keeping of slots and judging of reads. See oracle.h for the bounds.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "workloads/keys.h"
#include "workloads/values.h"

namespace varve::harness {
namespace {

using workloads::Operation;
using workloads::OperationKind;
using workloads::ValueSource;
using workloads::Writes;

constexpr uint64_t kUncertain = 1;
constexpr uint64_t kOverlap = 2;
constexpr uint64_t kPresent = 4;
constexpr uint64_t kPendingOne = 8;
constexpr uint64_t kPendingMask = uint64_t{0x7ff} << 3;
constexpr int kVersionShift = 14;

uint64_t VersionOf(uint64_t slot) { return slot >> kVersionShift; }
bool IsPresent(uint64_t slot) { return (slot & kPresent) != 0; }
bool IsQuiet(uint64_t slot) { return (slot & (kPendingMask | kUncertain)) == 0; }

bool Gets(OperationKind kind) {
  return kind == OperationKind::kRead || kind == OperationKind::kReadModifyWrite ||
         kind == OperationKind::kReadAbsent;
}

// One writer: two plain moves.
void Add(std::atomic<uint64_t>* tally, uint64_t difference) {
  tally->store(tally->load(std::memory_order_relaxed) + difference, std::memory_order_relaxed);
}

// A write of the record begins.
uint64_t WithBegin(uint64_t slot) {
  const bool others = (slot & kPendingMask) != 0;
  return (others ? slot | kOverlap : slot & ~kOverlap) + kPendingOne;
}

// A write of the record has returned.
uint64_t WithEnd(uint64_t slot, uint64_t version, bool present) {
  const uint64_t pending = (slot & kPendingMask) - kPendingOne;
  const uint64_t overlap = slot & kOverlap;
  uint64_t ended = version << kVersionShift | pending | (present ? kPresent : 0);
  if (overlap != 0) ended |= kUncertain;
  if (pending != 0) ended |= overlap;
  return ended;
}

// The slot as it is without the caller's own pending write.
uint64_t WithoutOwn(uint64_t slot, uint64_t before) {
  const uint64_t other = slot - kPendingOne;
  return (other & ~kOverlap) == (before & ~kOverlap) ? before : other;
}

}  // namespace

std::string Printable(std::string_view bytes) {
  constexpr size_t kShown = 64;
  std::string text;
  for (const char c : bytes.substr(0, kShown)) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '\\';
    text += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return bytes.size() > kShown ? text + fmt::format("… ({} bytes)", bytes.size()) : text;
}

Oracle::Oracle(const workloads::WorkloadState* state, uint64_t records_max, bool check)
    : state_(state),
      check_(check),
      skips_updates_(!check && state->values().constant_size() && !state->deletes()),
      chunks_((records_max >> kChunkBits) + 1) {
  SetClients(1);
}

void Oracle::SetClients(int clients) {
  exclusive_ = clients == 1;
  while (tallies_.size() < static_cast<size_t>(clients)) {
    tallies_.push_back(std::make_unique<ClientTally>());
  }
}

bool Oracle::Skips(const Operation& operation) const {
  switch (operation.kind) {
    case OperationKind::kScan:
    case OperationKind::kScanReverse:
      return true;
    case OperationKind::kRead:
    case OperationKind::kReadAbsent:
      return !check_;
    case OperationKind::kUpdate:
    case OperationKind::kReadModifyWrite:
      return skips_updates_;
    case OperationKind::kInsert:
    case OperationKind::kDelete:
    case OperationKind::kDeleteRange:
      return false;
  }
  return false;
}

Oracle::Slot* Oracle::Find(uint64_t record) const {
  const uint64_t chunk = record >> kChunkBits;
  if (chunk >= chunks_.size()) return nullptr;
  Slot* slots = chunks_[chunk].load(std::memory_order_acquire);
  return slots == nullptr ? nullptr : slots + (record & (kChunkSlots - 1));
}

Oracle::Slot* Oracle::FindOrMake(uint64_t record) {
  Slot* slot = Find(record);
  if (slot != nullptr) return slot;
  assert(record >> kChunkBits < chunks_.size());
  MakeChunk(record >> kChunkBits);
  return Find(record);
}

void Oracle::MakeChunk(uint64_t chunk) {
  const std::lock_guard lock(mutex_);
  if (chunks_[chunk].load(std::memory_order_relaxed) != nullptr) return;
  owned_.push_back(std::make_unique<Slot[]>(kChunkSlots));
  chunks_[chunk].store(owned_.back().get(), std::memory_order_release);
}

uint64_t Oracle::Begin(const Operation& operation) {
  if (operation.kind == OperationKind::kReadAbsent || Skips(operation)) return 0;
  if (operation.kind == OperationKind::kDeleteRange) {
    for (uint64_t i = 0; i < operation.scan_length; ++i) BeginWrite(operation.record + i);
    return 0;
  }
  if (Writes(operation.kind)) return BeginWrite(operation.record);
  Slot* slot = Find(operation.record);
  if (slot == nullptr) return 0;
  if (!exclusive_) return slot->load(std::memory_order_acquire);
  __builtin_prefetch(slot, 1);
  return 0;
}

// The slot before; 0 with one client, where nobody asks.
uint64_t Oracle::BeginWrite(uint64_t record) {
  Slot* slot = FindOrMake(record);
  if (exclusive_) {
    __builtin_prefetch(slot, 1);
    return 0;
  }
  uint64_t before = slot->load(std::memory_order_relaxed);
  while (!slot->compare_exchange_weak(before, WithBegin(before), std::memory_order_acq_rel)) {
  }
  return before;
}

void Oracle::End(int client, const Operation& operation, uint64_t before, bool found,
                 std::string_view value) {
  if (Skips(operation)) return;
  ClientTally* tally = tallies_[static_cast<size_t>(client)].get();
  const bool writes = Writes(operation.kind);
  if (check_ && Gets(operation.kind)) {
    const bool absent = operation.kind == OperationKind::kReadAbsent;
    const Slot* slot = absent ? nullptr : Find(operation.record);
    uint64_t after = slot == nullptr ? 0 : slot->load(std::memory_order_acquire);
    if (exclusive_) {
      before = after;
    } else if (writes) {
      after = WithoutOwn(after, before);
    }
    CheckRead(tally, operation, before, after, found, value);
  }
  if (!writes) return;
  const bool range = operation.kind == OperationKind::kDeleteRange;
  const uint64_t end = operation.record + (range ? operation.scan_length : 1);
  for (uint64_t record = operation.record; record < end; ++record) {
    EndWrite(tally, operation, record);
  }
}

// Of a range all keys are as long as its first (KeysSortByRecord).
void Oracle::EndWrite(ClientTally* tally, const Operation& operation, uint64_t record) {
  Slot* slot = FindOrMake(record);
  const bool present = workloads::PutsValue(operation.kind);
  uint64_t old = slot->load(std::memory_order_relaxed);
  if (exclusive_) {
    slot->store(operation.version << kVersionShift | (present ? kPresent : 0),
                std::memory_order_relaxed);
  } else {
    while (!slot->compare_exchange_weak(old, WithEnd(old, operation.version, present),
                                        std::memory_order_acq_rel)) {
    }
  }
  const uint64_t key_bytes = operation.key.size();
  uint64_t difference = present ? key_bytes + operation.value.size() : 0;
  if (IsPresent(old)) {
    difference -= key_bytes + state_->values().Size(record, VersionOf(old));
  }
  Add(&tally->live_bytes, difference);
  Add(&tally->live_records, uint64_t{present} - uint64_t{IsPresent(old)});
  if (record >= tally->records_end.load(std::memory_order_relaxed)) {
    tally->records_end.store(record + 1, std::memory_order_relaxed);
  }
}

bool Oracle::Matches(uint64_t slot, uint64_t record, bool found, std::string_view value) const {
  if (found != IsPresent(slot)) return false;
  if (!found) return true;
  const auto name = ValueSource::Identify(value);
  if (!name.has_value()) return state_->values().Verify(value, record, VersionOf(slot));
  return name->record == record && name->version == VersionOf(slot);
}

void Oracle::CheckRead(ClientTally* tally, const Operation& operation, uint64_t before,
                       uint64_t after, bool found, std::string_view value) {
  const uint64_t record = operation.record;
  if (Matches(after, record, found, value) ||
      (before != after && Matches(before, record, found, value))) {
    Add(&tally->checked, 1);
    return;
  }
  const auto name = ValueSource::Identify(value);
  const bool possible = !found || !name.has_value() || name->record == record;
  const bool exact = before == after && IsQuiet(before);
  if (!exact && possible) {
    Add(&tally->unchecked, 1);
    return;
  }
  Add(&tally->checked, 1);
  std::string got = "nothing";
  if (found) got = fmt::format("{} bytes \"{}\"", value.size(), Printable(value));
  if (found && name.has_value() && name->record == record) {
    got = fmt::format("version {}", name->version);
  }
  ReportWrong(operation.key, Describe(after, record), got);
}

std::string Oracle::Describe(uint64_t slot, uint64_t record) const {
  if (!IsPresent(slot)) return "nothing";
  return fmt::format("version {} of record {} ({} bytes)", VersionOf(slot), record,
                     state_->values().Size(record, VersionOf(slot)));
}

void Oracle::ReportWrong(std::string_view key, std::string_view expected, std::string_view got) {
  const std::lock_guard lock(mutex_);
  if (wrong_.fetch_add(1) > 0) return;
  first_wrong_ = fmt::format("key \"{}\": expected {}, got {}", Printable(key), expected, got);
}

void Oracle::Tally(int client, uint64_t checked, uint64_t unchecked) {
  ClientTally* tally = tallies_[static_cast<size_t>(client)].get();
  Add(&tally->checked, checked);
  Add(&tally->unchecked, unchecked);
}

uint64_t Oracle::Sum(Slot ClientTally::*field) const {
  uint64_t sum = 0;
  for (const auto& tally : tallies_) sum += ((*tally).*field).load(std::memory_order_relaxed);
  return sum;
}

uint64_t Oracle::live_bytes() const { return Sum(&ClientTally::live_bytes); }
uint64_t Oracle::live_records() const { return Sum(&ClientTally::live_records); }
uint64_t Oracle::checked() const { return Sum(&ClientTally::checked); }
uint64_t Oracle::unchecked() const { return Sum(&ClientTally::unchecked); }

uint64_t Oracle::records_end() const {
  uint64_t end = 0;
  for (const auto& tally : tallies_) {
    end = std::max(end, tally->records_end.load(std::memory_order_relaxed));
  }
  return end;
}

std::string Oracle::first_wrong_answer() const {
  const std::lock_guard lock(mutex_);
  return first_wrong_;
}

uint64_t Oracle::bytes() const {
  const std::lock_guard lock(mutex_);
  return owned_.size() * kChunkSlots * sizeof(Slot) + chunks_.size() * sizeof(chunks_[0]);
}

Oracle::Expected Oracle::Expect(uint64_t record) const {
  const Slot* found = Find(record);
  const uint64_t slot = found == nullptr ? 0 : found->load(std::memory_order_acquire);
  return {IsPresent(slot), IsQuiet(slot), VersionOf(slot)};
}

}  // namespace varve::harness
