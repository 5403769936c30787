// An iterator over a vector, and a random walk that holds any iterator against a vector.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/iterator/iterator.h"
#include "tests/engine/table/table_testing.h"

namespace varve::iterator_testing {

using table_testing::OwnedEntry;
using table_testing::Random;

// Hands out bytes that really die when it moves, so that use after a move is found. May fail after
// a number of steps.
class VectorIterator final : public EntryIterator {
 public:
  explicit VectorIterator(std::vector<OwnedEntry> entries, int steps_before_failure = -1)
      : entries_(std::move(entries)), steps_left_(steps_before_failure) {}

  void SeekToFirst() override { MoveTo(0); }
  void SeekToLast() override { MoveTo(entries_.size() - 1); }
  void Seek(std::string_view key, Tag tag) override {
    size_t at = 0;
    while (at < entries_.size() &&
           CompareEntries(entries_[at].key, entries_[at].tag, key, tag) < 0) {
      at++;
    }
    MoveTo(at);
  }
  void Next() override {
    ASSERT_TRUE(valid_);
    MoveTo(at_ + 1);
  }
  void Prev() override {
    ASSERT_TRUE(valid_);
    MoveTo(at_ - 1);
  }
  Status status() const override { return status_; }

 private:
  void MoveTo(size_t at) {
    at_ = at;
    if (steps_left_ == 0) {
      status_ = Status::Corruption("broken child");
      valid_ = false;
      return;
    }
    if (steps_left_ > 0) steps_left_--;
    valid_ = at < entries_.size();
    if (!valid_) return;
    current_ = std::make_unique<OwnedEntry>(entries_[at]);
    entry_ = current_->view();
  }

  const std::vector<OwnedEntry> entries_;
  int steps_left_;
  size_t at_ = 0;
  std::unique_ptr<OwnedEntry> current_;
  Status status_;
};

// A memtable that grows at the worst moment: when a Seek has found nothing and the last entry is
// asked for instead, the entries of `late` have come.
class GrowingIterator final : public EntryIterator {
 public:
  GrowingIterator(const std::vector<OwnedEntry>& entries, std::vector<OwnedEntry> late)
      : entries_(entries.begin(), entries.end()), late_(std::move(late)) {}

  void SeekToFirst() override { MoveTo(entries_.begin()); }
  void SeekToLast() override {
    entries_.insert(late_.begin(), late_.end());
    MoveBefore(entries_.end());
  }
  void Seek(std::string_view key, Tag tag) override {
    MoveTo(entries_.lower_bound(OwnedEntry{std::string(key), tag, ""}));
  }
  void Next() override { MoveTo(std::next(at_)); }
  void Prev() override { MoveBefore(at_); }

 private:
  struct Order {
    bool operator()(const OwnedEntry& a, const OwnedEntry& b) const {
      return CompareEntries(a.key, a.tag, b.key, b.tag) < 0;
    }
  };
  using Entries = std::set<OwnedEntry, Order>;

  void MoveTo(Entries::const_iterator at) {
    at_ = at;
    valid_ = at != entries_.end();
    if (valid_) entry_ = at->view();
  }
  void MoveBefore(Entries::const_iterator at) {
    MoveTo(at == entries_.begin() ? entries_.end() : std::prev(at));
  }

  Entries entries_;
  const std::vector<OwnedEntry> late_;
  Entries::const_iterator at_;
};

// Index of the first entry at or after (key, tag).
inline size_t LowerBound(const std::vector<OwnedEntry>& model, std::string_view key, Tag tag) {
  size_t at = 0;
  while (at < model.size() && CompareEntries(model[at].key, model[at].tag, key, tag) < 0) at++;
  return at;
}

// Steps, seeks and turns at random, comparing with `model` after each move.
inline void WalkAgainstModel(EntryIterator* it, const std::vector<OwnedEntry>& model,
                             Random* random, int steps) {
  size_t at = model.size();  // not valid
  for (int i = 0; i < steps; i++) {
    const uint64_t choice = table_testing::Below(random, 20);
    if (choice == 0) {
      it->SeekToFirst();
      at = 0;
    } else if (choice == 1) {
      it->SeekToLast();
      at = model.size() - 1;
    } else if (choice < 6 || at >= model.size()) {
      std::string key = table_testing::RandomKey(random, 4);
      if (table_testing::Below(random, 2) == 0) {
        key = model[table_testing::Below(random, model.size())].key;
      }
      const Tag tag = MakeTag(table_testing::Below(random, 40), EntryKind::kPut);
      it->Seek(key, tag);
      at = LowerBound(model, key, tag);
    } else if (choice < 13) {
      it->Next();
      at++;
    } else {
      it->Prev();
      at--;
    }
    ASSERT_TRUE(it->status().ok()) << it->status().ToString();
    ASSERT_EQ(it->Valid(), at < model.size()) << "step " << i;
    if (it->Valid()) {
      ASSERT_EQ(table_testing::Own(it->entry()), model[at]) << "step " << i;
    }
  }
}

}  // namespace varve::iterator_testing
