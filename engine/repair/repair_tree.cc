// Stacking and merging tables.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair_tree.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/iterator/merging_iterator.h"

namespace varve {
namespace {

constexpr IoCause kWriteCause{IoKind::kFlush};

// Passes over an entry that is the same as the one before: of a table and of what a compaction made
// of it, both may be there. Forward only.
class DistinctIterator final : public EntryIterator {
 public:
  explicit DistinctIterator(std::unique_ptr<EntryIterator> input) : input_(std::move(input)) {}

  void SeekToFirst() override {
    input_->SeekToFirst();
    Arrive();
  }
  void Next() override {
    key_.assign(entry_.key);
    const Tag tag = entry_.tag;
    do {
      input_->Next();
    } while (input_->Valid() && input_->entry().tag == tag && input_->entry().key == key_);
    Arrive();
  }
  void SeekToLast() override { valid_ = false; }
  void Seek(std::string_view /*key*/, Tag /*tag*/) override { valid_ = false; }
  void Prev() override { valid_ = false; }
  Status status() const override { return input_->status(); }

 private:
  void Arrive() {
    valid_ = input_->Valid();
    if (valid_) entry_ = input_->entry();
  }

  const std::unique_ptr<EntryIterator> input_;
  std::string key_;
};

bool OverlapInKeys(const TableInfo& a, const TableInfo& b) {
  return a.Overlaps(b.smallest, b.largest);
}

bool OverlapInSequence(const TableInfo& a, const TableInfo& b) {
  return a.sequence_min <= b.sequence_max && b.sequence_min <= a.sequence_max;
}

Result<std::vector<TablePtr>> MergeAll(const TableFactory& factory, const NewNumber& new_number,
                                       const std::vector<TablePtr>& tables) {
  // Declared before the iterators that read from them.
  std::vector<OpenTablePtr> open;
  std::vector<std::unique_ptr<EntryIterator>> inputs;
  std::vector<RangeTombstone> ranges;
  for (const TablePtr& table : tables) {
    Result<OpenTablePtr> opened = factory.Open(*table, IoKind::kOpen);
    if (!opened.ok()) return opened.status();
    open.push_back(std::move(*opened));
    inputs.push_back(
        open.back()->reader().NewIterator({.kind = IoKind::kCompaction, .fill_cache = false}));
    const RangeTombstones* of_table = open.back()->reader().range_tombstones();
    if (of_table != nullptr) of_table->AppendTo(&ranges);
  }
  return WriteTables(factory, new_number, NewMergingIterator(std::move(inputs)),
                     RangeTombstones(ranges));
}

}  // namespace

Result<std::vector<TablePtr>> WriteTables(const TableFactory& factory, const NewNumber& new_number,
                                          std::unique_ptr<EntryIterator> input,
                                          const RangeTombstones& tombstones) {
  DistinctIterator distinct(std::move(input));
  OlderData older = OlderData::Everything();
  MergeRequest request;
  request.input = &distinct;
  if (!tombstones.empty()) request.tombstones = &tombstones;
  request.older = &older;
  request.cause = kWriteCause;
  request.new_number = new_number;
  Result<MergeOutput> output = RunMerge(factory, request);
  if (!output.ok()) return output.status();
  return std::move(output->tables);
}

bool CanBeStacked(const std::vector<TablePtr>& tables) {
  for (size_t i = 0; i < tables.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (OverlapInKeys(*tables[i], *tables[j]) && OverlapInSequence(*tables[i], *tables[j])) {
        return false;
      }
    }
  }
  return true;
}

std::vector<Run> StackTables(std::vector<TablePtr> tables, const NewNumber& new_number) {
  std::sort(tables.begin(), tables.end(),
            [](const TablePtr& a, const TablePtr& b) { return a->sequence_max > b->sequence_max; });
  std::vector<Run> runs;
  for (const TablePtr& table : tables) {
    // Below every run that holds something newer of its keys.
    size_t place = 0;
    for (size_t i = runs.size(); i > 0 && place == 0; --i) {
      const std::vector<TablePtr>& others = runs[i - 1].tables;
      const bool below = std::any_of(others.begin(), others.end(), [&table](const TablePtr& other) {
        return OverlapInKeys(*table, *other);
      });
      if (below) place = i;
    }
    if (place == runs.size()) runs.emplace_back();
    runs[place].tables.push_back(table);
  }
  for (Run& run : runs) {
    std::sort(run.tables.begin(), run.tables.end(),
              [](const TablePtr& a, const TablePtr& b) { return a->smallest < b->smallest; });
  }
  // An older run has a smaller id.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) run->id = new_number();
  return runs;
}

Result<Tree> TreeOfTables(const TableFactory& factory, const NewNumber& new_number,
                          const std::vector<TablePtr>& tables) {
  Tree tree;
  tree.levels.resize(1);
  if (CanBeStacked(tables)) {
    tree.levels[0].runs = StackTables(tables, new_number);
    return tree;
  }
  Result<std::vector<TablePtr>> merged = MergeAll(factory, new_number, tables);
  if (!merged.ok()) return merged.status();
  tree.levels[0].runs = StackTables(*merged, new_number);
  return tree;
}

}  // namespace varve
