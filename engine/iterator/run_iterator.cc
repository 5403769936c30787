// The tables of a run, one after the other.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/iterator/merging_iterator.h"

namespace varve {
namespace {

// Invariant: at most one table is open, tables_[index_]; while valid, the current entry is its.
class RunIterator final : public EntryIterator {
 public:
  RunIterator(std::vector<TablePtr> tables, OpenTableIterator open)
      : tables_(std::move(tables)), open_(std::move(open)), index_(tables_.size()) {}

  void SeekToFirst() override {
    if (!Open(0)) return;
    child_->SeekToFirst();
    ArriveForward();
  }

  void SeekToLast() override {
    // For an empty run this is no index either.
    if (!Open(tables_.size() - 1)) return;
    child_->SeekToLast();
    ArriveBackward();
  }

  void Seek(std::string_view key, Tag tag) override {
    const auto table =
        std::partition_point(tables_.begin(), tables_.end(),
                             [key](const TablePtr& info) { return info->largest < key; });
    if (!Open(static_cast<size_t>(table - tables_.begin()))) return;
    child_->Seek(key, tag);
    ArriveForward();
  }

  void Next() override {
    assert(valid_);
    child_->Next();
    ArriveForward();
  }

  void Prev() override {
    assert(valid_);
    child_->Prev();
    ArriveBackward();
  }

  Status status() const override { return status_; }

 private:
  // Makes child_ an iterator over tables_[index]. If there is no such table, or it cannot be
  // opened, returns false and is not valid.
  bool Open(size_t index) {
    valid_ = false;
    status_ = {};
    if (index >= tables_.size()) return false;
    if (index == index_) return true;
    child_ = nullptr;
    index_ = tables_.size();
    Result<std::unique_ptr<EntryIterator>> opened = open_(index);
    if (!opened.ok()) {
      status_ = opened.status();
      return false;
    }
    child_ = std::move(*opened);
    index_ = index;
    return true;
  }

  void ArriveForward() {
    while (!child_->Valid()) {
      if (!ChildEnded() || !Open(index_ + 1)) return;
      child_->SeekToFirst();
    }
    Show();
  }

  void ArriveBackward() {
    while (!child_->Valid()) {
      // Before table 0 the index wraps round to no table.
      if (!ChildEnded() || !Open(index_ - 1)) return;
      child_->SeekToLast();
    }
    Show();
  }

  // The child is not valid: true if it is at its end, false if it has failed.
  bool ChildEnded() {
    valid_ = false;
    status_ = child_->status();
    return status_.ok();
  }

  void Show() {
    entry_ = child_->entry();
    valid_ = true;
  }

  const std::vector<TablePtr> tables_;
  const OpenTableIterator open_;
  size_t index_;  // of the open table; tables_.size() if there is none
  std::unique_ptr<EntryIterator> child_;
  Status status_;
};

}  // namespace

std::unique_ptr<EntryIterator> NewRunIterator(std::vector<TablePtr> tables,
                                              OpenTableIterator open) {
  return std::make_unique<RunIterator>(std::move(tables), std::move(open));
}

}  // namespace varve
