// UncoveredSources: the iterators of all sources, newest first, without the entries that range
// tombstones hide from a reader.
//
// Sources are ordered by age, for every key: so a range tombstone hides all that older sources have
// in its range, and an iterator over one of those jumps from one end of the range to the other.
// Within a source sequence numbers decide. An iterator is wrapped only if its source or a newer one
// has range tombstones; nobody else pays for them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "engine/entry.h"
#include "engine/iterator/iterator.h"
#include "engine/range_tombstones.h"

namespace varve {

class UncoveredSources {
 public:
  using Lists = std::vector<const RangeTombstones*>;

  // For a reader at this sequence number.
  explicit UncoveredSources(SequenceNumber at) : at_(at) {}

  // The next older source: its range tombstones, and an iterator over its entries, or nullptr if
  // the reader needs none of them. Each of `tombstones` is a list of lists, whose ranges are
  // disjoint and ascending, and which outlive the iterators. A source may have several of these.
  void Add(std::vector<Lists> tombstones, std::unique_ptr<EntryIterator> entries);

  std::vector<std::unique_ptr<EntryIterator>> Take() { return std::move(iterators_); }

 private:
  const SequenceNumber at_;
  std::shared_ptr<std::vector<Lists>> tombstones_;  // of all sources so far; nullptr: none
  std::vector<std::unique_ptr<EntryIterator>> iterators_;
};

}  // namespace varve
