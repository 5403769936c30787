// The index of a table: for each data block a separator and a place.
//
//   index := (shared:varint unshared:varint tag:varint block_bytes:varint suffix)*
//
// A separator is a (key, tag) at or after every entry of its block and before every entry of the
// next one. Keys are shortened where that is possible, and prefix-compressed here. Blocks lie one
// after the other from offset 0, so that their lengths are their places. The tag is packed as in
// block.h; it is 0, which is after every version of the key, unless the versions of one key go on
// in the next block.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/status.h"

namespace varve {

// A short key s with a <= s < b. REQUIRES: a < b. The result is a part of `b` or *scratch.
std::string_view ShortSeparator(std::string_view a, std::string_view b, std::string* scratch);

class TableIndexBuilder {
 public:
  // Separators come in order. `block_bytes` with the trailer.
  void Add(std::string_view separator, Tag tag, uint64_t block_bytes);
  const std::string& contents() const { return contents_; }

 private:
  std::string contents_;
  std::string last_;
};

// An index in memory: 8-byte prefixes of the separators, without the bytes that all of them share,
// in a flat array for a binary search; whole separators only decide ties. The search begins in a
// sample of the prefixes, which is small enough to stay in the processor's caches. Immutable.
class TableIndex {
 public:
  // `data_bytes`: what the lengths of all blocks must add up to.
  static Status Decode(std::string_view contents, uint64_t data_bytes, TableIndex* index);

  size_t blocks() const { return prefixes_.size(); }
  // The only block that may hold the first entry at or after (key, tag), unless that is the first
  // one of the next block. blocks() if every entry is before it.
  size_t Find(std::string_view key, Tag tag) const;

  uint64_t offset(size_t block) const { return offsets_[block]; }
  // With the trailer.
  uint64_t block_bytes(size_t block) const { return offsets_[block + 1] - offsets_[block]; }
  // Without the bytes shared by all: shared_prefix() + suffix is the key of the separator.
  std::string_view shared_prefix() const { return shared_; }
  std::string_view separator_suffix(size_t block) const;
  Tag separator_tag(size_t block) const { return tags_.empty() ? 0 : tags_[block]; }

  // Memory used.
  uint64_t bytes() const;

 private:
  // The first block whose prefix is not below `prefix`, or blocks().
  size_t FindPrefix(uint64_t prefix) const;
  int CompareSeparator(size_t block, std::string_view key_suffix, Tag tag) const;

  static constexpr size_t kSectionBlocks = 64;

  std::string shared_;
  std::vector<uint64_t> prefixes_;
  std::vector<uint64_t> samples_;           // the last prefix of each whole section
  std::vector<uint64_t> offsets_;           // blocks() + 1 of them
  std::vector<uint64_t> separator_begins_;  // in separators_; blocks() + 1 of them
  std::string separators_;                  // suffixes, end to end
  std::vector<Tag> tags_;                   // empty if all are 0
};

}  // namespace varve
