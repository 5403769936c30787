// Real memtables, rules, cuts and builders; no files.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/exact_model.h"

#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/compaction/merge_loop.h"
#include "engine/compaction/simulator/discarding_file.h"
#include "engine/compaction/table_cutter.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/table_options.h"

namespace varve {
namespace {

// An entry without its key, which lies in the table's key bytes; the value is a view.
struct Slot {
  size_t key_offset = 0;
  size_t key_bytes = 0;
  Tag tag = 0;
  std::string_view value;
};

struct ExactTable : TableInfo {
  std::string keys;
  std::vector<Slot> slots;  // in entry order

  Entry EntryAt(size_t index) const {
    const Slot& slot = slots[index];
    return {std::string_view(keys).substr(slot.key_offset, slot.key_bytes), slot.tag, slot.value};
  }
};

const ExactTable& AsExact(const TablePtr& table) { return static_cast<const ExactTable&>(*table); }

// The entries of disjoint tables in key order. Only what a merge asks for: forward, from the start.
class SlotIterator final : public EntryIterator {
 public:
  explicit SlotIterator(const std::vector<TablePtr>& tables) : tables_(&tables) {}

  void SeekToFirst() override {
    table_ = slot_ = 0;
    Show();
  }
  void Next() override {
    if (++slot_ == AsExact((*tables_)[table_]).slots.size()) {
      slot_ = 0;
      ++table_;
    }
    Show();
  }
  void SeekToLast() override { valid_ = false; }
  void Seek(std::string_view /*key*/, Tag /*tag*/) override { valid_ = false; }
  void Prev() override { valid_ = false; }

 private:
  void Show() {
    valid_ = table_ < tables_->size();
    if (valid_) entry_ = AsExact((*tables_)[table_]).EntryAt(slot_);
  }

  const std::vector<TablePtr>* tables_;
  size_t table_ = 0;
  size_t slot_ = 0;
};

// A memtable's entries with the values that were given to it, and not its own copies, which die
// with it. Forward only, as above.
class StableIterator final : public EntryIterator {
 public:
  // `values[i]` is that of sequence number `first` + i.
  StableIterator(std::unique_ptr<EntryIterator> copies, SequenceNumber first,
                 const std::vector<std::string_view>& values)
      : copies_(std::move(copies)), first_(first), values_(values) {}

  void SeekToFirst() override {
    copies_->SeekToFirst();
    Show();
  }
  void Next() override {
    copies_->Next();
    Show();
  }
  void SeekToLast() override { valid_ = false; }
  void Seek(std::string_view /*key*/, Tag /*tag*/) override { valid_ = false; }
  void Prev() override { valid_ = false; }
  Status status() const override { return copies_->status(); }

 private:
  void Show() {
    valid_ = copies_->Valid();
    if (!valid_) return;
    entry_ = copies_->entry();
    entry_.value = values_[SequenceOf(entry_.tag) - first_];
  }

  const std::unique_ptr<EntryIterator> copies_;
  const SequenceNumber first_;
  const std::vector<std::string_view>& values_;
};

// In how many of `runs` a table's key range holds `key`.
size_t RunsHolding(const std::vector<const Run*>& runs, std::string_view key) {
  size_t holding = 0;
  for (const Run* run : runs) {
    const auto [first, last] = run->Overlapping(key, key);
    if (first != last) ++holding;
  }
  return holding;
}

}  // namespace

// The keys that a reader would see, with the bytes of each.
class ExactModel::LiveKeys {
 public:
  // Returns how the sum of bytes changes.
  double Put(std::string_view key, uint64_t bytes) {
    const auto [at, added] = bytes_.try_emplace(std::string(key), bytes);
    const uint64_t before = added ? 0 : std::exchange(at->second, bytes);
    return static_cast<double>(bytes) - static_cast<double>(before);
  }
  double Delete(std::string_view key) {
    const auto at = bytes_.find(std::string(key));
    if (at == bytes_.end()) return 0;
    const auto before = static_cast<double>(at->second);
    bytes_.erase(at);
    return -before;
  }

 private:
  std::unordered_map<std::string, uint64_t> bytes_;
};

// Builds tables as the engine's merges do, and keeps what is in them.
class ExactModel::Writer {
 public:
  Writer(const ExactModel& model, const std::vector<std::string>& cuts, double filter_bits_per_key,
         const NewNumber& new_number)
      : model_(model),
        filter_bits_per_key_(filter_bits_per_key),
        new_number_(new_number),
        cutter_(model.table_bytes_, cuts) {}

  Status Add(const Entry& entry) {
    const uint64_t file_bytes = builder_ == nullptr ? 0 : builder_->file_bytes();
    if (cutter_.CutBefore(entry.key, file_bytes) && entry.key != builder_->last_key()) {
      if (Status s = FinishTable(); !s.ok()) return s;
    }
    if (builder_ == nullptr) StartTable();
    table_->slots.push_back({table_->keys.size(), entry.key.size(), entry.tag, entry.value});
    table_->keys.append(entry.key);
    return builder_->Add(entry);
  }

  // What is simulated has no range tombstones.
  Status AddRange(std::string_view, std::string_view, std::span<const SequenceNumber>) {
    return Status::NotSupported("the simulator knows no range tombstones");
  }

  Status Finish() { return builder_ == nullptr ? Status() : FinishTable(); }

  std::vector<TablePtr> Take() { return std::move(tables_); }

 private:
  void StartTable() {
    TableBuilderOptions options = model_.builder_;
    options.identity = 1;  // of no database: its size is that of any
    options.number = new_number_();
    options.filter_bits_per_key = filter_bits_per_key_;
    file_ = std::make_unique<DiscardingFile>();
    builder_ = std::make_unique<TableBuilder>(options, file_.get(), IoCause{IoKind::kCompaction});
    table_ = std::make_shared<ExactTable>();
    table_->number = options.number;
  }

  Status FinishTable() {
    Result<TableInfo> info = builder_->Finish();
    builder_.reset();
    if (!info.ok()) return info.status();
    info->number = table_->number;
    static_cast<TableInfo&>(*table_) = std::move(*info);
    table_->keys.shrink_to_fit();
    table_->slots.shrink_to_fit();
    tables_.push_back(std::move(table_));
    return {};
  }

  const ExactModel& model_;
  const double filter_bits_per_key_;
  const NewNumber& new_number_;
  TableCutter cutter_;
  std::unique_ptr<DiscardingFile> file_;
  std::unique_ptr<TableBuilder> builder_;
  std::shared_ptr<ExactTable> table_;
  std::vector<TablePtr> tables_;
};

ExactModel::ExactModel(const Options& options)
    : options_(options),
      memtable_options_(MemTableOptionsOf(options)),
      part_(FindPart(MemTableParts(), options.memtable)),
      filter_(FindPart(FilterParts(), options.filter)->make()),
      builder_(TableOptionsOf(options, filter_.get())),
      table_bytes_(options.table_bytes),
      memtable_(part_->make(memtable_options_)),
      live_(std::make_unique<LiveKeys>()) {}

ExactModel::~ExactModel() = default;

bool ExactModel::MemTableIsFull() const { return IsFull(*memtable_, memtable_options_); }
bool ExactModel::MemTableIsEmpty() const { return memtable_->entries() == 0; }

void ExactModel::Put(std::string_view key, std::string_view value) {
  memtable_->Add({key, MakeTag(++sequence_, EntryKind::kPut), value});
  values_.push_back(value);
  user_bytes_ += static_cast<double>(key.size() + value.size());
  live_bytes_ += live_->Put(key, key.size() + value.size());
}

void ExactModel::Delete(std::string_view key) {
  memtable_->Add({key, MakeTag(++sequence_, EntryKind::kDelete), {}});
  values_.emplace_back();
  user_bytes_ += static_cast<double>(key.size());
  live_bytes_ += live_->Delete(key);
}

Result<std::vector<TablePtr>> ExactModel::Flush(const Tree& tree, const NewNumber& new_number) {
  memtable_->Seal();
  OlderData older(tree);
  StableIterator input(memtable_->NewIterator(), sequence_ - values_.size() + 1, values_);
  const double bits = FilterBitsPerKey(options_, tree, {}, memtable_->entries());
  Result<std::vector<TablePtr>> tables = Write(&input, &older, {}, bits, new_number);
  memtable_ = part_->make(memtable_options_);
  values_.clear();
  return tables;
}

Result<std::vector<TablePtr>> ExactModel::Merge(const CompactionPlan& plan, const Tree& tree,
                                                const NewNumber& new_number) {
  std::vector<std::unique_ptr<EntryIterator>> inputs;
  for (const CompactionPlan::Input& input : plan.inputs) {
    inputs.push_back(std::make_unique<SlotIterator>(input.tables));
  }
  OlderData older(tree, plan);
  const double bits = FilterBitsPerKey(options_, tree, plan, 0);
  return Write(NewMergingIterator(std::move(inputs)).get(), &older, plan.cuts, bits, new_number);
}

Result<std::vector<TablePtr>> ExactModel::Write(EntryIterator* input, OlderData* older,
                                                const std::vector<std::string>& cuts,
                                                double filter_bits_per_key,
                                                const NewNumber& new_number) const {
  MergeRequest request;
  request.input = input;
  request.older = older;
  MergeOutput counts;
  Writer writer(*this, cuts, filter_bits_per_key, new_number);
  if (Status s = MergeEntries(request, &writer, &counts); !s.ok()) return s;
  return writer.Take();
}

RunsPerGet ExactModel::GetCost(const Tree& tree) const {
  std::vector<const Run*> runs;
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) runs.push_back(&run);
  }
  RunsPerGet cost;
  double live = 0;
  std::unordered_set<std::string_view> seen;
  std::vector<const Run*> newer;
  for (const Run* run : runs) {
    SlotIterator entries(run->tables);
    newer.push_back(run);
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) {
      const Entry& entry = entries.entry();
      if (!seen.insert(entry.key).second) continue;
      cost.absent += static_cast<double>(RunsHolding(runs, entry.key));
      if (KindOf(entry.tag) == EntryKind::kDelete) continue;
      cost.found += static_cast<double>(RunsHolding(newer, entry.key));
      ++live;
    }
  }
  if (!seen.empty()) cost.absent /= static_cast<double>(seen.size());
  if (live > 0) cost.found /= live;
  return cost;
}

}  // namespace varve
