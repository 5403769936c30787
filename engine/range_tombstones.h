// RangeTombstones: deletes of whole key ranges, as readers and merges look at them.
//
// A range tombstone (begin, end, sequence) hides the versions of all keys in [begin, end) that have
// a smaller sequence number. Those of one source (a memtable, a table, the inputs of a merge) are
// kept in fragments: disjoint ranges in key order, each with the sequence numbers, newest first, of
// all range tombstones that cover it. So a search is one binary search, and a fragment can be cut
// at any key. Fragments are the form that RocksDB and Pebble came to as well, after others had been
// too slow or wrong.
//
// Ranges end before their end, but tables tell their last key. LastKeyBefore says which key bounds
// a range from above, and KeyAfter where a range is cut so that both halves have exact bounds.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/status.h"

namespace varve {

// One range tombstone. Views.
struct RangeTombstone {
  std::string_view begin;
  std::string_view end;
  SequenceNumber sequence = 0;

  // Of an entry of kind kDeleteRange.
  static RangeTombstone Of(const Entry& entry) {
    return {entry.key, entry.value, SequenceOf(entry.tag)};
  }
};

// The least key after `key`.
inline std::string KeyAfter(std::string_view key) { return std::string(key) + '\0'; }
// The greatest key before `end` if there is one, else `end`: no key of […, end) is above it. If a
// range ends at or before another, so does what this says of it.
inline std::string_view LastKeyBefore(std::string_view end) {
  if (end.ends_with('\0')) end.remove_suffix(1);
  return end;
}

// Immutable once it is shared; then thread safe.
class RangeTombstones {
 public:
  RangeTombstones() = default;
  // Of tombstones in any order, which may overlap and be there twice.
  explicit RangeTombstones(std::span<const RangeTombstone> tombstones);

  bool empty() const { return fragments_.empty(); }
  size_t size() const { return fragments_.size(); }
  std::string_view begin(size_t fragment) const { return fragments_[fragment].begin; }
  std::string_view end(size_t fragment) const { return fragments_[fragment].end; }
  // Descending.
  std::span<const SequenceNumber> sequences(size_t fragment) const;

  // Over all fragments: how many sequence numbers they have. What a table counts as its entries.
  uint64_t count() const { return sequences_.size(); }
  // All of it as single tombstones, appended to *tombstones. The views live as long as this.
  void AppendTo(std::vector<RangeTombstone>* tombstones) const;

  // The first fragment that ends after `key`: it covers the key, or begins after it. size() if
  // there is none.
  size_t Find(std::string_view key) const;
  // The newest tombstone of the fragment at or before `at`; 0 if there is none.
  SequenceNumber NewestAt(size_t fragment, SequenceNumber at) const;
  // The newest tombstone at or before `at` that covers `key`; 0 if there is none.
  SequenceNumber NewestCovering(std::string_view key, SequenceNumber at) const;

  // Adds a fragment, or lengthens the last one, if it continues that. REQUIRES: begin < end; it
  // begins at or after the end of the last one; `sequences` are descending and not empty.
  void Append(std::string_view begin, std::string_view end,
              std::span<const SequenceNumber> sequences);

  // Memory used, about.
  uint64_t bytes() const;

  //   tombstones := (begin:bytes end:bytes sequences:varint newest:varint difference:varint*)*
  void EncodeTo(std::string* to) const;
  // Any bytes. kCorruption unless they are those of EncodeTo; memory is bounded by their length.
  static Result<RangeTombstones> Decode(std::string_view bytes);

  bool operator==(const RangeTombstones&) const = default;

 private:
  struct Fragment {
    std::string begin;
    std::string end;
    size_t first = 0;  // in sequences_, up to that of the next fragment

    bool operator==(const Fragment&) const = default;
  };

  std::vector<Fragment> fragments_;
  std::vector<SequenceNumber> sequences_;
};

}  // namespace varve
