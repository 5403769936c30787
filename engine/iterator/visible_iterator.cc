// Hiding old versions, later versions and tombstones, in both directions.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/visible_iterator.h"

#include <cassert>
#include <utility>

namespace varve {
namespace {

// So many hidden versions of one key are stepped over before a seek jumps over the rest.
constexpr int kStepsBeforeSeek = 16;

// Where entries_ is, while valid:
//   forward    at the current entry
//   backward   before all versions of the current key; key_ and value_ are copies, because the
//              newest visible version is only known once it has been passed
class VisibleIterator final : public Iterator {
 public:
  VisibleIterator(std::unique_ptr<EntryIterator> entries, VisibleIteratorOptions options)
      : options_(std::move(options)), entries_(std::move(entries)) {}

  bool Valid() const override { return valid_; }
  std::string_view key() const override {
    assert(valid_);
    return forward_ ? entries_->entry().key : std::string_view(key_);
  }
  std::string_view value() const override {
    assert(valid_);
    return forward_ ? entries_->entry().value : std::string_view(value_);
  }
  Status status() const override { return entries_->status(); }

  void SeekToFirst() override {
    if (options_.lower_bound.empty()) {
      entries_->SeekToFirst();
    } else {
      entries_->Seek(options_.lower_bound, kTagFirst);
    }
    FindForward();
  }

  void Seek(std::string_view key) override {
    // A copy, because `key` may be a part of the current entry.
    key_ = key < options_.lower_bound ? std::string_view(options_.lower_bound) : key;
    entries_->Seek(key_, kTagFirst);
    FindForward();
  }

  void SeekToLast() override {
    if (options_.upper_bound.empty()) {
      entries_->SeekToLast();
    } else {
      SeekBefore(options_.upper_bound);
    }
    FindBackward();
  }

  void SeekForPrev(std::string_view key) override {
    if (!options_.upper_bound.empty() && key >= options_.upper_bound) {
      SeekToLast();
      return;
    }
    key_ = key;
    key_.push_back('\0');  // the least key after `key`
    SeekBefore(key_);
    FindBackward();
  }

  void Next() override {
    assert(valid_);
    if (forward_) {
      key_.assign(entries_->entry().key);
      entries_->Next();
    } else {
      entries_->Seek(key_, kTagLast);
    }
    SkipVersions();
    FindForward();
  }

  void Prev() override {
    assert(valid_);
    if (forward_) {
      key_.assign(entries_->entry().key);
      for (int steps = 0; AtVersionOfKey(); steps++) {
        if (steps < kStepsBeforeSeek) {
          entries_->Prev();
        } else {
          SeekBefore(key_);
        }
      }
    }
    FindBackward();
  }

 private:
  bool AtVersionOfKey() const { return entries_->Valid() && entries_->entry().key == key_; }
  bool Visible(const Entry& entry) const { return SequenceOf(entry.tag) <= options_.at; }

  // To the last entry before all versions of `key`.
  void SeekBefore(std::string_view key) { entries_->SeekBefore(key, kTagFirst); }

  // Steps over the older versions of key_.
  void SkipVersions() {
    for (int steps = 1; AtVersionOfKey(); steps++) {
      if (steps == kStepsBeforeSeek) {
        entries_->Seek(key_, kTagLast);
      } else {
        entries_->Next();
      }
    }
  }

  bool PastUpperBound(const Entry& entry) const {
    return !options_.upper_bound.empty() && entry.key >= options_.upper_bound;
  }

  // Steps over versions that are too new. Returns false if no entry is left within the bounds.
  bool SkipInvisible() {
    for (int steps = 1; entries_->Valid(); steps++) {
      const Entry& entry = entries_->entry();
      if (PastUpperBound(entry)) return false;
      if (Visible(entry)) return true;
      if (steps % kStepsBeforeSeek == 0) {
        key_.assign(entry.key);
        entries_->Seek(key_, SeekTag(options_.at));
      } else {
        entries_->Next();
      }
    }
    return false;
  }

  // From an entry that is the newest of its key to the first live one at or after it.
  void FindForward() {
    forward_ = true;
    valid_ = false;
    while (SkipInvisible()) {
      const Entry& entry = entries_->entry();
      if (KindOf(entry.tag) != EntryKind::kDelete) {
        Arrive();
        return;
      }
      key_.assign(entry.key);
      entries_->Next();
      SkipVersions();
    }
  }

  // From an entry that is the oldest of its key to the last live one at or before it.
  void FindBackward() {
    forward_ = false;
    valid_ = false;
    while (entries_->Valid()) {
      if (entries_->entry().key < options_.lower_bound) return;
      key_.assign(entries_->entry().key);
      const bool live = PassVersions();
      // After an error the newest version may not have been seen.
      if (live && (entries_->Valid() || entries_->status().ok())) {
        Arrive();
        return;
      }
    }
  }

  // Goes back over all versions of key_, copying the newest visible value. Returns true if there
  // is one and it is not a tombstone.
  bool PassVersions() {
    bool live = false;
    for (int steps = 0; AtVersionOfKey(); steps++) {
      if (!Visible(entries_->entry())) {
        // All that are left are newer still.
        if (steps >= kStepsBeforeSeek) {
          SeekBefore(key_);
        } else {
          entries_->Prev();
        }
        continue;
      }
      if (steps == kStepsBeforeSeek) {
        entries_->Seek(key_, SeekTag(options_.at));
        if (!AtVersionOfKey()) return false;
      }
      live = KindOf(entries_->entry().tag) != EntryKind::kDelete;
      if (live) value_.assign(entries_->entry().value);
      entries_->Prev();
    }
    return live;
  }

  void Arrive() {
    valid_ = true;
    if (options_.counters == nullptr) return;
    options_.counters->iterator_entries.Add();
    options_.counters->user_bytes_read.Add(key().size() + value().size());
  }

  const VisibleIteratorOptions options_;
  const std::unique_ptr<EntryIterator> entries_;  // dies before options_.pinned
  bool valid_ = false;
  bool forward_ = true;
  std::string key_;  // forward: only a place to work in
  std::string value_;
};

}  // namespace

std::unique_ptr<Iterator> NewVisibleIterator(std::unique_ptr<EntryIterator> entries,
                                             VisibleIteratorOptions options) {
  return std::make_unique<VisibleIterator>(std::move(entries), std::move(options));
}

}  // namespace varve
