// Making of the operations of a run. See run_stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/run_stream.h"

#include <algorithm>

#include "workloads/choosers/choosers.h"
#include "workloads/keys.h"
#include "workloads/values.h"

namespace varve::workloads {
namespace {

std::optional<NearSorted> NearSortedOf(const Workload& w) {
  if (w.load_order != "near_sorted") return std::nullopt;
  return NearSorted(w.sortedness_k, w.sortedness_l, ~uint64_t{0});
}

// Whether any operation is for a record that has to be chosen.
bool Chooses(const Workload& workload) {
  Proportions proportions = ProportionsOf(workload);
  proportions[static_cast<size_t>(OperationKind::kInsert)] = 0;
  proportions[kExpirePart] = 0;
  return std::any_of(proportions.begin(), proportions.end(), [](double p) { return p > 0; });
}

}  // namespace

RunStream::RunStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
    : kind_base_(Random::StreamBase(options.seed, RandomStream::kKind)),
      key_base_(Random::StreamBase(options.seed, RandomStream::kKey)),
      scan_length_base_(Random::StreamBase(options.seed, RandomStream::kScanLength)),
      end_(options.end()),
      step_(static_cast<uint64_t>(options.clients)),
      by_index_(state->numbers_inserts_by_index()),
      expires_(state->expires()),
      batch_(by_index_ || (workload.insert_proportion <= 0 && !expires_) ? kBatch : 1),
      inserts_from_(workload.records),
      first_(workload.insert_start),
      loaded_(workload.loaded()),
      drift_every_(workload.drift_every_operations),
      drift_records_(workload.drift_records),
      outside_cut_(DrawsBelow(workload.read_absent_outside_fraction)),
      near_sorted_(NearSortedOf(workload)),
      mix_(workload),
      scan_lengths_(ScanLengths(workload)),
      delete_range_lengths_(DeleteRangeLengths(workload)),
      chooser_(Chooses(workload) ? MakeChooser(workload) : nullptr),
      state_(state),
      next_(options.first + static_cast<uint64_t>(options.client)),
      used_(batch_),
      hash_(workload) {}

void RunStream::Restart(uint64_t next, uint64_t end) {
  next_ = next;
  end_ = end;
  used_ = batch_;
}

bool RunStream::Next(Operation* op) {
  if (next_ >= end_) return false;
  if (used_ == batch_) Prepare();
  const Prepared& prepared = prepared_[used_++];
  op->index = next_;
  op->kind = prepared.kind;
  op->record = prepared.record;
  op->key = prepared.key;
  op->version = Writes(op->kind) ? next_ + 1 : 0;
  op->scan_length = 0;
  op->value = {};
  if (PutsValue(op->kind)) {
    op->value = state_->values().Make(op->record, op->version, &value_buffer_);
  } else if (Scans(op->kind)) {
    Random random(scan_length_base_, op->index);
    op->scan_length = static_cast<uint32_t>(scan_lengths_.Draw(&random));
  } else if (op->kind == OperationKind::kDeleteRange) {
    FillDeleteRange(op);
  }
  hash_.Add(*op);
  next_ += step_;
  return true;
}

// The next few operations in one go: the processor then works on several at a time, as it cannot
// where each is followed by a call of the store and two reads of the clock.
void RunStream::Prepare() {
  newest_ = state_->records() - 1;
  uint64_t index = next_;
  for (size_t i = 0; i < batch_; i++, index += step_) Choose(index, &prepared_[i]);
  index = next_;
  for (size_t i = 0; i < batch_; i++, index += step_) MakeKey(index, i);
  used_ = 0;
}

void RunStream::Choose(uint64_t index, Prepared* prepared) {
  const size_t part = mix_.Choose(mix_.single() ? 0 : Random(kind_base_, index).Next());
  prepared->kind = part == kExpirePart ? OperationKind::kDelete : static_cast<OperationKind>(part);
  prepared->record = RecordOf(part, index);
}

void RunStream::MakeKey(uint64_t index, size_t i) {
  const KeySpace& keys = state_->keys();
  Prepared& prepared = prepared_[i];
  if (prepared.kind != OperationKind::kReadAbsent) {
    prepared.key = keys.Key(prepared.record, &key_buffers_[i]);
    return;
  }
  // A draw of its own: the first ones of this stream are the kind's.
  const bool outside = outside_cut_ != 0 && Random(~kind_base_, index).Next() < outside_cut_;
  prepared.key = outside ? keys.OutsideKey(prepared.record, &outside_key_buffers_[i])
                         : keys.AbsentKey(prepared.record, &key_buffers_[i]);
  prepared.record |= kAbsentRecord;
}

// Never beyond the newest record: what is being inserted by others is not in the range.
void RunStream::FillDeleteRange(Operation* op) {
  Random random(scan_length_base_, op->index);
  const uint64_t end =
      std::min(op->record + delete_range_lengths_.Draw(&random), state_->records());
  op->scan_length = static_cast<uint32_t>(std::max(end, op->record + 1) - op->record);
  op->end_key = state_->keys().Key(op->record + op->scan_length, &end_key_buffer_);
}

uint64_t RunStream::RecordOf(size_t part, uint64_t index) {
  if (part == kExpirePart) return state_->TakeExpired();
  if (part != static_cast<size_t>(OperationKind::kInsert)) return ChooseRecord(index);
  if (!by_index_) return state_->TakeRecord();
  return inserts_from_ + (near_sorted_ ? near_sorted_->At(index) : index);
}

uint64_t RunStream::ChooseRecord(uint64_t index) {
  ChooserInput input{Random(key_base_, index), index, newest_};
  for (;;) {
    uint64_t record = chooser_->Next(&input);
    if (record > input.newest) continue;
    if (drift_every_ != 0) record = Drifted(record, index);
    if (!expires_) return record;
    // What has expired is not chosen: what is there takes its place.
    const uint64_t oldest = std::min(state_->oldest(), input.newest);
    return record >= oldest ? record : oldest + (record - first_) % (input.newest - oldest + 1);
  }
}

// Popularity moves over the loaded records, and comes back at their end to the first.
uint64_t RunStream::Drifted(uint64_t record, uint64_t index) const {
  const uint64_t place = record - first_;
  if (place >= loaded_) return record;
  __extension__ using Wide = unsigned __int128;
  const auto moved = static_cast<Wide>(index / drift_every_) * drift_records_ + place;
  return first_ + static_cast<uint64_t>(moved % loaded_);
}

}  // namespace varve::workloads
