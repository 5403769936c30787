// Passing over what is hidden, in both directions.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/iterator/uncovered_sources.h"

#include <algorithm>
#include <string_view>

namespace varve {
namespace {

using Lists = UncoveredSources::Lists;

// So many hidden entries of one range are stepped over before a seek jumps over the rest.
constexpr int kStepsBeforeSeek = 8;

// Keys in [begin, end) that the same range tombstones cover.
struct Cover {
  std::string_view begin;
  std::string_view end;
  bool to_end = false;     // no upper bound; `end` is not looked at
  bool by_newer = false;   // a newer source hides all of them
  SequenceNumber own = 0;  // what is older than this is hidden by the source itself

  bool Holds(std::string_view key) const { return key >= begin && (to_end || key < end); }
};

class UncoveredIterator final : public EntryIterator {
 public:
  // tombstones[0, newer) are of newer sources, tombstones[newer, last) of the source itself.
  UncoveredIterator(std::unique_ptr<EntryIterator> entries,
                    std::shared_ptr<const std::vector<Lists>> tombstones, size_t newer, size_t last,
                    SequenceNumber at)
      : entries_(std::move(entries)),
        tombstones_(std::move(tombstones)),
        newer_(newer),
        last_(last),
        at_(at) {}

  void SeekToFirst() override {
    entries_->SeekToFirst();
    PassForward();
  }
  void SeekToLast() override {
    entries_->SeekToLast();
    PassBackward();
  }
  void Seek(std::string_view key, Tag tag) override {
    entries_->Seek(key, tag);
    PassForward();
  }
  void Next() override {
    entries_->Next();
    PassForward();
  }
  void Prev() override {
    entries_->Prev();
    PassBackward();
  }
  Status status() const override { return entries_->status(); }

 private:
  // The current entry is hidden; makes cover_ the range around it.
  bool Hidden() {
    const Entry& entry = entries_->entry();
    if (!known_ || !cover_.Holds(entry.key)) {
      cover_ = CoverOf(entry.key);
      known_ = true;
      steps_ = 0;
    }
    return cover_.by_newer || SequenceOf(entry.tag) < cover_.own;
  }

  // The range may be jumped over, and it pays.
  bool Jumps() { return cover_.by_newer && ++steps_ > kStepsBeforeSeek; }

  void PassForward() {
    while (entries_->Valid() && Hidden()) {
      if (Jumps()) {
        entries_->Seek(cover_.end, kTagFirst);
      } else {
        entries_->Next();
      }
    }
    Show();
  }

  void PassBackward() {
    while (entries_->Valid() && Hidden()) {
      if (Jumps()) {
        entries_->SeekBefore(cover_.begin, kTagFirst);
      } else {
        entries_->Prev();
      }
    }
    Show();
  }

  void Show() {
    valid_ = entries_->Valid();
    if (valid_) entry_ = entries_->entry();
  }

  Cover CoverOf(std::string_view key) const {
    Cover cover;
    cover.to_end = true;
    for (size_t i = 0; i < last_; ++i) {
      const Lists& lists = (*tombstones_)[i];
      const auto list = std::partition_point(
          lists.begin(), lists.end(),
          [key](const RangeTombstones* one) { return one->end(one->size() - 1) <= key; });
      if (list != lists.begin()) {
        const RangeTombstones& before = **std::prev(list);
        cover.begin = std::max(cover.begin, before.end(before.size() - 1));
      }
      if (list == lists.end()) continue;
      const RangeTombstones& tombstones = **list;
      const size_t fragment = tombstones.Find(key);
      const bool covers = tombstones.begin(fragment) <= key;
      const SequenceNumber newest = covers ? tombstones.NewestAt(fragment, at_) : 0;
      if (newest != 0 && i < newer_) {
        return {tombstones.begin(fragment), tombstones.end(fragment), false, true, 0};
      }
      if (fragment > 0) cover.begin = std::max(cover.begin, tombstones.end(fragment - 1));
      if (covers) cover.begin = std::max(cover.begin, tombstones.begin(fragment));
      const std::string_view end = covers ? tombstones.end(fragment) : tombstones.begin(fragment);
      if (cover.to_end || end < cover.end) cover.end = end;
      cover.to_end = false;
      cover.own = std::max(cover.own, newest);
    }
    return cover;
  }

  const std::unique_ptr<EntryIterator> entries_;
  const std::shared_ptr<const std::vector<Lists>> tombstones_;
  const size_t newer_;
  const size_t last_;
  const SequenceNumber at_;
  Cover cover_;
  bool known_ = false;  // cover_ is what CoverOf said
  int steps_ = 0;       // over hidden entries of cover_
};

}  // namespace

void UncoveredSources::Add(std::vector<Lists> tombstones, std::unique_ptr<EntryIterator> entries) {
  const size_t newer = tombstones_ == nullptr ? 0 : tombstones_->size();
  if (!tombstones.empty()) {
    if (tombstones_ == nullptr) tombstones_ = std::make_shared<std::vector<Lists>>();
    std::move(tombstones.begin(), tombstones.end(), std::back_inserter(*tombstones_));
  }
  if (entries == nullptr) return;
  if (tombstones_ != nullptr) {
    entries = std::make_unique<UncoveredIterator>(std::move(entries), tombstones_, newer,
                                                  tombstones_->size(), at_);
  }
  iterators_.push_back(std::move(entries));
}

}  // namespace varve
