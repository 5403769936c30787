// ArtKey: a place in entry order as a string of symbols, bytes, whose order is that of entries, and
// of which none is the beginning of another: what a radix tree needs of its keys.
//
//   symbols := group … group tag          tag := the 8 bytes of ~tag, the highest first
//   group   := 8 bytes of the key, with zeros where it has ended, and how many of them are its:
//              0 to 8, or 9 if more groups follow
//
// An empty key has one group. So keys may hold any bytes and be prefixes of each other: "a" and
// "a\0" first differ in that last symbol, 1 and 2. (A known trick: MyRocks and TiDB keep strings
// so.) Symbols are computed when they are asked for, and nothing is copied.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/entry.h"
#include "engine/util/prefix.h"

namespace varve {

class ArtKey {
 public:
  // The key's bytes must outlive this.
  ArtKey(std::string_view key, Tag tag)
      : key_(key),
        tag_(tag),
        key_symbols_(std::max<size_t>((key.size() + kGroupBytes - 1) / kGroupBytes, 1) *
                     kGroupSymbols) {}

  // REQUIRES: i < size().
  uint8_t operator[](size_t i) const {
    if (i >= key_symbols_) return static_cast<uint8_t>(~tag_ >> (56 - 8 * (i - key_symbols_)));
    const size_t in_group = i % kGroupSymbols;
    const size_t byte = i / kGroupSymbols * kGroupBytes + in_group;
    if (in_group < kGroupBytes) return byte < key_.size() ? static_cast<uint8_t>(key_[byte]) : 0;
    const size_t rest = key_.size() + kGroupBytes - byte;
    return static_cast<uint8_t>(std::min(rest, kGroupBytes + 1));
  }

  std::string_view key() const { return key_; }
  Tag tag() const { return tag_; }

  // Those of the key, before those of the tag.
  size_t key_symbols() const { return key_symbols_; }
  size_t size() const { return key_symbols_ + sizeof(Tag); }

  // The first symbol in which two places differ; size() if they are the same place.
  size_t FirstDifference(const ArtKey& other) const {
    const size_t common = CommonPrefixBytes(key_, other.key_);
    if (common == key_.size() && common == other.key_.size()) {
      return key_symbols_ + static_cast<size_t>(std::countl_zero(tag_ ^ other.tag_)) / 8;
    }
    size_t i = common / kGroupBytes * kGroupSymbols + common % kGroupBytes;
    // One key may end here: then the last symbol of the group before tells them apart.
    if (i != 0 && common % kGroupBytes == 0) --i;
    while ((*this)[i] == other[i]) ++i;
    return i;
  }

 private:
  static constexpr size_t kGroupBytes = 8;
  static constexpr size_t kGroupSymbols = kGroupBytes + 1;

  std::string_view key_;
  Tag tag_;
  size_t key_symbols_;
};

}  // namespace varve
