// Adding to the groups, and looking into them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/memtable/memtable_ranges.h"

#include <algorithm>
#include <utility>

namespace varve {
namespace {

// Two groups of as many sequence numbers may have four times as many when they are one.
constexpr uint64_t kSequencesToMerge = 32 << 10;

std::shared_ptr<const RangeTombstones> Merge(const RangeTombstones& a, const RangeTombstones& b) {
  std::vector<RangeTombstone> all;
  a.AppendTo(&all);
  b.AppendTo(&all);
  return std::make_shared<const RangeTombstones>(all);
}

}  // namespace

void MemTableRanges::Add(const Entry& entry) {
  const Groups* before = groups();
  Groups groups = before == nullptr ? Groups() : *before;
  const RangeTombstone one = RangeTombstone::Of(entry);
  Group group{std::make_shared<const RangeTombstones>(std::span(&one, 1)), 1};
  uint64_t bytes = group.tombstones->bytes();
  while (!groups.empty() && groups.back().added <= group.added &&
         std::max(groups.back().tombstones->count(), group.tombstones->count()) <
             kSequencesToMerge) {
    group.tombstones = Merge(*groups.back().tombstones, *group.tombstones);
    group.added += groups.back().added;
    bytes += group.tombstones->bytes();
    groups.pop_back();
  }
  groups.push_back(std::move(group));
  bytes += sizeof(Groups) + groups.capacity() * sizeof(Group);
  kept_.push_back(std::make_unique<const Groups>(std::move(groups)));
  bytes_.store(this->bytes() + bytes, std::memory_order_release);
  count_.store(count() + 1, std::memory_order_release);
  groups_.store(kept_.back().get(), std::memory_order_release);
}

SequenceNumber MemTableRanges::NewestCovering(std::string_view key, SequenceNumber at) const {
  const Groups* all = groups();
  if (all == nullptr) return 0;
  SequenceNumber newest = 0;
  for (const Group& group : *all) {
    newest = std::max(newest, group.tombstones->NewestCovering(key, at));
  }
  return newest;
}

void MemTableRanges::AppendTo(std::vector<RangeTombstone>* tombstones) const {
  const Groups* all = groups();
  if (all == nullptr) return;
  for (const Group& group : *all) group.tombstones->AppendTo(tombstones);
}

}  // namespace varve
