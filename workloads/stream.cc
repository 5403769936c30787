// Load and run streams. See stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/stream.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

#include "workloads/acknowledged_counter.h"
#include "workloads/choosers/choosers.h"
#include "workloads/choosers/ycsb_zipfian.h"
#include "workloads/keys.h"
#include "workloads/permutation.h"
#include "workloads/random.h"
#include "workloads/values.h"

namespace varve::workloads {
namespace {

using Proportions = std::array<double, kOperationKinds>;

// In the order of OperationKind, which is also that of YCSB's own choice.
Proportions ProportionsOf(const Workload& w) {
  return {w.read_proportion,
          w.update_proportion,
          w.insert_proportion,
          w.scan_proportion,
          w.read_modify_write_proportion,
          w.read_absent_proportion,
          w.delete_proportion};
}

// A run of nothing but inserts numbers its records by their index: no client waits for another.
bool InsertsOnly(const Workload& workload) {
  const Proportions proportions = ProportionsOf(workload);
  return std::count_if(proportions.begin(), proportions.end(), [](double p) { return p > 0; }) ==
             1 &&
         workload.insert_proportion > 0;
}

// Which kind operation i is of: one draw, cut into the proportions.
class KindChooser {
 public:
  explicit KindChooser(const Workload& workload) {
    const Proportions proportions = ProportionsOf(workload);
    double total = 0, below = 0;
    for (const double p : proportions) total += p;
    for (size_t i = 0; i < kOperationKinds; i++) {
      if (proportions[i] <= 0) continue;
      below += proportions[i];
      const double end = below / total * 0x1p64;
      cuts_[kinds_] = end >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(end);
      kind_[kinds_++] = static_cast<OperationKind>(i);
    }
  }

  OperationKind Choose(uint64_t bits) const {
    size_t i = 0;
    while (i + 1 < kinds_ && bits >= cuts_[i]) i++;
    return kind_[i];
  }
  // Whether there is nothing to choose.
  bool single() const { return kinds_ == 1; }

 private:
  size_t kinds_ = 0;  // that have a proportion above 0
  std::array<uint64_t, kOperationKinds> cuts_ = {};
  std::array<OperationKind, kOperationKinds> kind_ = {};
};

class ScanLengths {
 public:
  explicit ScanLengths(const Workload& w)
      : zipfian_(w.scan_length_distribution == "zipfian"),
        min_(w.scan_length_distribution == "constant" ? w.scan_length_max : w.scan_length_min),
        lengths_(w.scan_length_max - min_ + 1),
        sampler_(lengths_) {}

  uint32_t Choose(Random random) const {
    const uint64_t more = zipfian_ ? sampler_.Rank(&random) : random.Below(lengths_);
    return static_cast<uint32_t>(min_ + more);
  }

 private:
  const bool zipfian_;
  const uint64_t min_;
  const uint64_t lengths_;
  const YcsbZipfSampler sampler_;
};

// A sum of hashes of operations.
class StreamHash {
 public:
  explicit StreamHash(const Workload& workload) {
    for (const PropertyText& property : PropertyTexts(workload)) {
      if (!MakesBytes(property.name)) continue;
      for (const char c : property.name + "=" + property.text + ";") {
        shape_ = Mix(shape_ ^ static_cast<unsigned char>(c));
      }
    }
  }

  void Add(const Operation& op) {
    if (op.kind != OperationKind::kInsert) {
      sum_ += Mix(Combine(op.kind, op.record, op.version) + op.scan_length * kScanLengthFactor);
      return;
    }
    // Which insert takes which record depends on the order of clients: each has its own hash.
    sum_ += Mix(Combine(op.kind, op.record, 0)) + Mix(Combine(op.kind, 0, ~op.version));
  }
  uint64_t sum() const { return sum_; }

 private:
  static constexpr uint64_t kScanLengthFactor = 0xd6e8feb86659fd93;

  // Whether the property has a part in what the bytes of keys and values are.
  static bool MakesBytes(std::string_view name) {
    return name.starts_with("key_") || name.starts_with("value_") || name == "zero_padding" ||
           name == "fields";
  }
  uint64_t Combine(OperationKind kind, uint64_t record, uint64_t version) const {
    return shape_ + static_cast<uint64_t>(kind) * 0x9e3779b97f4a7c15 + record * 0xc13fa9a902a6328f +
           version * 0x91e10da5c79e7b1d;
  }

  uint64_t shape_ = 0;
  uint64_t sum_ = 0;
};

class LoadStream final : public OperationStream {
 public:
  LoadStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
      : first_(workload.insert_start),
        end_(workload.loaded()),
        step_(static_cast<uint64_t>(options.clients)),
        shuffled_(workload.load_order == "shuffled"),
        order_(std::max<uint64_t>(end_, 1)),
        state_(state),
        next_(static_cast<uint64_t>(options.client)),
        hash_(workload) {}

  bool Next(Operation* op) override {
    if (next_ >= end_) return false;
    op->kind = OperationKind::kInsert;
    op->scan_length = 0;
    op->index = next_;
    op->record = first_ + (shuffled_ ? order_.At(next_) : next_);
    op->version = kLoadVersion;
    op->key = state_->keys().Key(op->record, &key_buffer_);
    op->value = state_->values().Make(op->record, op->version, &value_buffer_);
    hash_.Add(*op);
    next_ += step_;
    return true;
  }
  uint64_t hash() const override { return hash_.sum(); }

 private:
  const uint64_t first_;
  const uint64_t end_;
  const uint64_t step_;
  const bool shuffled_;
  const Permutation order_;
  WorkloadState* const state_;
  uint64_t next_;
  StreamHash hash_;
  std::string key_buffer_, value_buffer_;
};

class RunStream final : public OperationStream {
 public:
  RunStream(const Workload& workload, const StreamOptions& options, WorkloadState* state)
      : kind_base_(Random::StreamBase(options.seed, RandomStream::kKind)),
        key_base_(Random::StreamBase(options.seed, RandomStream::kKey)),
        scan_length_base_(Random::StreamBase(options.seed, RandomStream::kScanLength)),
        end_(options.operations > ~options.first ? ~uint64_t{0}
                                                 : options.first + options.operations),
        step_(static_cast<uint64_t>(options.clients)),
        inserts_only_(InsertsOnly(workload)),
        ahead_(workload.insert_proportion <= 0),
        inserts_from_(workload.records),
        kinds_(workload),
        scan_lengths_(workload),
        chooser_(inserts_only_ ? nullptr : MakeChooser(workload)),
        state_(state),
        next_(options.first + static_cast<uint64_t>(options.client)),
        hash_(workload) {}

  bool Next(Operation* op) override {
    if (next_ >= end_) return false;
    op->index = next_;
    op->kind = kinds_.Choose(kinds_.single() ? 0 : Random(kind_base_, next_).Next());
    op->scan_length = 0;
    op->version = 0;
    op->value = {};
    Fill(op);
    hash_.Add(*op);
    next_ += step_;
    return true;
  }
  uint64_t hash() const override { return hash_.sum(); }

 private:
  void Fill(Operation* op) {
    if (op->kind == OperationKind::kInsert) {
      op->record = inserts_only_ ? inserts_from_ + op->index : state_->TakeRecord();
    } else {
      op->record = NextRecord();
    }
    if (op->kind == OperationKind::kReadAbsent) {
      op->key = state_->keys().AbsentKey(op->record, &key_buffer_);
      op->record |= kAbsentRecord;
      return;
    }
    op->key = state_->keys().Key(op->record, &key_buffer_);
    if (op->kind == OperationKind::kScan) {
      op->scan_length = scan_lengths_.Choose(Random(scan_length_base_, op->index));
    } else if (op->kind != OperationKind::kRead) {
      op->version = op->index + 1;
      if (PutsValue(op->kind)) {
        op->value = state_->values().Make(op->record, op->version, &value_buffer_);
      }
    }
  }

  uint64_t ChooseRecord(uint64_t index) {
    ChooserInput input{Random(key_base_, index), index, state_->records() - 1};
    for (;;) {
      const uint64_t record = chooser_->Next(&input);
      if (record <= input.newest) return record;
    }
  }

  // The record of operation next_. Where no insert can come between, those of the next few
  // operations are chosen at once: the processor then works on several at a time.
  uint64_t NextRecord() {
    if (!ahead_) return ChooseRecord(next_);
    if (chosen_ == records_.size()) {
      uint64_t index = next_;
      for (uint64_t& record : records_) {
        record = ChooseRecord(index);
        index += step_;
      }
      chosen_ = 0;
    }
    return records_[chosen_++];
  }

  const uint64_t kind_base_;
  const uint64_t key_base_;
  const uint64_t scan_length_base_;
  const uint64_t end_;
  const uint64_t step_;
  const bool inserts_only_;
  const bool ahead_;  // records are chosen before their time
  const uint64_t inserts_from_;
  const KindChooser kinds_;
  const ScanLengths scan_lengths_;
  const std::unique_ptr<Chooser> chooser_;
  WorkloadState* const state_;
  uint64_t next_;
  std::array<uint64_t, 16> records_ = {};
  size_t chosen_ = records_.size();  // those of records_ that are used up
  StreamHash hash_;
  std::string key_buffer_, value_buffer_;
};

}  // namespace

WorkloadState::WorkloadState(const Workload& workload)
    : keys_(std::make_unique<KeySpace>(workload)),
      values_(std::make_unique<ValueSource>(workload)),
      loaded_records_(workload.records),
      deletes_(workload.delete_proportion > 0) {
  if (workload.insert_proportion > 0 && !InsertsOnly(workload)) {
    inserts_ = std::make_unique<AcknowledgedCounter>(workload.records);
  }
}

WorkloadState::~WorkloadState() = default;

Status WorkloadState::Acknowledge(uint64_t record) {
  return inserts_ == nullptr ? Status() : inserts_->Acknowledge(record);
}

uint64_t WorkloadState::records() const {
  return inserts_ == nullptr ? loaded_records_ : inserts_->limit();
}

uint64_t WorkloadState::TakeRecord() {
  assert(inserts_ != nullptr);
  return inserts_->Take();
}

std::unique_ptr<OperationStream> NewLoadStream(const Workload& workload,
                                               const StreamOptions& options, WorkloadState* state) {
  assert(options.clients > 0 && options.client >= 0 && options.client < options.clients);
  return std::make_unique<LoadStream>(workload, options, state);
}

std::unique_ptr<OperationStream> NewRunStream(const Workload& workload,
                                              const StreamOptions& options, WorkloadState* state) {
  assert(options.clients > 0 && options.client >= 0 && options.client < options.clients);
  return std::make_unique<RunStream>(workload, options, state);
}

}  // namespace varve::workloads
