// Memtables as readers see them; hazard pointers over the current read state.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/read_state.h"

#include <algorithm>
#include <set>

namespace varve {

bool LoggedMemTable::HideCovered(std::string_view key, SequenceNumber at, bool there,
                                 Entry* found) const {
  const SequenceNumber newest = ranges.NewestCovering(key, at);
  if (newest == 0 || (there && SequenceOf(found->tag) >= newest)) return there;
  *found = {key, MakeTag(newest, EntryKind::kDelete), {}};
  return true;
}

void LoggedMemTable::AddTo(UncoveredSources* sources) const {
  std::vector<UncoveredSources::Lists> lists;
  if (const MemTableRanges::Groups* groups = ranges.groups(); groups != nullptr) {
    for (const MemTableRanges::Group& group : *groups) lists.push_back({group.tombstones.get()});
  }
  sources->Add(std::move(lists), table->NewIterator());
}

std::pair<std::string, std::string> LoggedMemTable::KeyRange() const {
  std::vector<RangeTombstone> all;
  ranges.AppendTo(&all);
  const RangeTombstones fragments(all);
  std::pair<std::string, std::string> range;
  if (!fragments.empty()) {
    range.first = fragments.begin(0);
    range.second = LastKeyBefore(fragments.end(fragments.size() - 1));
  }
  if (table->entries() == 0) return range;
  const std::unique_ptr<EntryIterator> entries = table->NewIterator();
  entries->SeekToFirst();
  const std::string_view first = entries->entry().key;
  if (fragments.empty() || first < range.first) range.first = first;
  entries->SeekToLast();
  const std::string_view last = entries->entry().key;
  if (fragments.empty() || last > range.second) range.second = last;
  return range;
}

ReadStateCell::Pin::Pin(ReadStateCell& cell) : hazard_(&cell.hazards_.Local().state) {
  // The announcement and the second look are sequentially consistent, as are Publish's store and
  // its look at the announcements: either Publish sees this pin, or this sees the new state.
  state_ = cell.current_.load(std::memory_order_acquire);
  while (true) {
    hazard_->store(state_, std::memory_order_seq_cst);
    const ReadState* now = cell.current_.load(std::memory_order_seq_cst);
    if (now == state_) return;
    state_ = now;
  }
}

void ReadStateCell::Publish(ReadStatePtr state) {
  std::vector<ReadStatePtr> released;  // destroyed after the lock is given back
  {
    MutexLock lock(mutex_);
    current_.store(state.get(), std::memory_order_seq_cst);
    if (owner_ != nullptr) retired_.push_back(std::move(owner_));
    owner_ = std::move(state);
    std::set<const ReadState*> pinned;
    hazards_.ForEach([&pinned](const Hazard& hazard) {
      pinned.insert(hazard.state.load(std::memory_order_seq_cst));
    });
    const auto unpinned = std::stable_partition(
        retired_.begin(), retired_.end(),
        [&pinned](const ReadStatePtr& p) { return pinned.contains(p.get()); });
    released.assign(std::make_move_iterator(unpinned), std::make_move_iterator(retired_.end()));
    retired_.erase(unpinned, retired_.end());
  }
}

ReadStatePtr ReadStateCell::Share() const {
  MutexLock lock(mutex_);
  return owner_;
}

}  // namespace varve
