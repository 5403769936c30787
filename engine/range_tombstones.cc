// Making, searching and storing fragments.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/range_tombstones.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <map>

#include "engine/util/coding.h"

namespace varve {

// A sweep over the places where tombstones begin and end.
RangeTombstones::RangeTombstones(std::span<const RangeTombstone> tombstones) {
  struct Edge {
    std::string_view key;
    SequenceNumber sequence;
    int change;
  };
  std::vector<Edge> edges;
  edges.reserve(2 * tombstones.size());
  for (const RangeTombstone& tombstone : tombstones) {
    assert(tombstone.begin < tombstone.end);
    edges.push_back({tombstone.begin, tombstone.sequence, 1});
    edges.push_back({tombstone.end, tombstone.sequence, -1});
  }
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& a, const Edge& b) { return a.key < b.key; });
  // How many tombstones with this number cover the place.
  std::map<SequenceNumber, int, std::greater<>> active;
  std::vector<SequenceNumber> sequences;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (i > 0 && !active.empty() && edges[i].key != edges[i - 1].key) {
      sequences.clear();
      for (const auto& [sequence, tombstones_with_it] : active) sequences.push_back(sequence);
      Append(edges[i - 1].key, edges[i].key, sequences);
    }
    int& count = active[edges[i].sequence];
    count += edges[i].change;
    if (count == 0) active.erase(edges[i].sequence);
  }
}

std::span<const SequenceNumber> RangeTombstones::sequences(size_t fragment) const {
  const size_t first = fragments_[fragment].first;
  const size_t last =
      fragment + 1 == fragments_.size() ? sequences_.size() : fragments_[fragment + 1].first;
  return std::span(sequences_).subspan(first, last - first);
}

void RangeTombstones::AppendTo(std::vector<RangeTombstone>* tombstones) const {
  for (size_t i = 0; i < size(); ++i) {
    for (const SequenceNumber sequence : sequences(i)) {
      tombstones->push_back({begin(i), end(i), sequence});
    }
  }
}

size_t RangeTombstones::Find(std::string_view key) const {
  const auto at =
      std::partition_point(fragments_.begin(), fragments_.end(),
                           [key](const Fragment& fragment) { return fragment.end <= key; });
  return static_cast<size_t>(at - fragments_.begin());
}

SequenceNumber RangeTombstones::NewestAt(size_t fragment, SequenceNumber at) const {
  const std::span<const SequenceNumber> all = sequences(fragment);
  const auto newest = std::lower_bound(all.begin(), all.end(), at, std::greater<>());
  return newest == all.end() ? 0 : *newest;
}

SequenceNumber RangeTombstones::NewestCovering(std::string_view key, SequenceNumber at) const {
  const size_t fragment = Find(key);
  if (fragment == size() || begin(fragment) > key) return 0;
  return NewestAt(fragment, at);
}

void RangeTombstones::Append(std::string_view begin, std::string_view end,
                             std::span<const SequenceNumber> sequences) {
  assert(begin < end && !sequences.empty());
  if (!fragments_.empty() && fragments_.back().end == begin &&
      std::ranges::equal(this->sequences(size() - 1), sequences)) {
    fragments_.back().end = end;
    return;
  }
  assert(fragments_.empty() || fragments_.back().end <= begin);
  fragments_.push_back({std::string(begin), std::string(end), sequences_.size()});
  sequences_.insert(sequences_.end(), sequences.begin(), sequences.end());
}

uint64_t RangeTombstones::bytes() const {
  uint64_t bytes = sizeof *this + fragments_.capacity() * sizeof(Fragment) +
                   sequences_.capacity() * sizeof(SequenceNumber);
  for (const Fragment& fragment : fragments_) {
    bytes += fragment.begin.capacity() + fragment.end.capacity();
  }
  return bytes;
}

void RangeTombstones::EncodeTo(std::string* to) const {
  for (size_t i = 0; i < size(); ++i) {
    PutLengthPrefixed(to, begin(i));
    PutLengthPrefixed(to, end(i));
    PutVarint(to, sequences(i).size());
    SequenceNumber before = 0;
    for (const SequenceNumber sequence : sequences(i)) {
      PutVarint(to, before == 0 ? sequence : before - sequence);
      before = sequence;
    }
  }
}

namespace {

// Takes the sequence numbers of one fragment off the front of *from.
bool GetSequences(std::string_view* from, std::vector<SequenceNumber>* sequences) {
  uint64_t count;
  // Each takes a byte at least.
  if (!GetVarint(from, &count) || count == 0 || count > from->size()) return false;
  sequences->clear();
  SequenceNumber before = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t number;
    if (!GetVarint(from, &number) || number == 0) return false;
    if (i > 0 && number >= before) return false;
    before = i == 0 ? number : before - number;
    if (before > kSequenceMax) return false;
    sequences->push_back(before);
  }
  return true;
}

}  // namespace

Result<RangeTombstones> RangeTombstones::Decode(std::string_view bytes) {
  RangeTombstones tombstones;
  std::vector<SequenceNumber> sequences;
  while (!bytes.empty()) {
    std::string_view begin;
    std::string_view end;
    if (!GetLengthPrefixed(&bytes, &begin) || !GetLengthPrefixed(&bytes, &end) ||
        end.size() > kKeyBytesMax || begin.size() > kKeyBytesMax ||
        !GetSequences(&bytes, &sequences)) {
      return Status::Corruption("range tombstones are cut off or malformed");
    }
    const bool follows = tombstones.empty() || tombstones.fragments_.back().end <= begin;
    if (begin >= end || !follows) return Status::Corruption("range tombstones are out of order");
    tombstones.Append(begin, end, sequences);
  }
  return tombstones;
}

}  // namespace varve
