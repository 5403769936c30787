// Entry: one version of one key, the unit that memtables, tables and iterators hold.
//
// Order everywhere in the engine: by key bytes ascending (memcmp, shorter first), then by tag
// descending, so that the newest version of a key comes first. There is one comparator.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace varve {

// Position of a write in the total order of all writes of a database. 0 is before every write.
using SequenceNumber = uint64_t;
inline constexpr SequenceNumber kSequenceMax = (uint64_t{1} << 56) - 1;

// Stored on disk: values never change. A kDeleteRange is of all keys from its key up to, and
// without, the key that is its value (engine/range_tombstones.h). It is never among the entries of
// a memtable or a table, which have a place of their own for it.
enum class EntryKind : uint8_t { kDelete = 0, kPut = 1, kDeleteRange = 2 };

// sequence << 8 | kind.
using Tag = uint64_t;
inline constexpr Tag MakeTag(SequenceNumber sequence, EntryKind kind) {
  return sequence << 8 | static_cast<Tag>(kind);
}
inline constexpr SequenceNumber SequenceOf(Tag tag) { return tag >> 8; }
inline constexpr EntryKind KindOf(Tag tag) { return static_cast<EntryKind>(tag & 0xff); }

// The tag that sorts before every version of a key that a reader at `sequence` may see.
inline constexpr Tag SeekTag(SequenceNumber sequence) { return sequence << 8 | 0xff; }

inline constexpr uint64_t kKeyBytesMax = 64 * 1024;
inline constexpr uint64_t kValueBytesMax = uint64_t{1} << 30;

// Views: whoever hands out an Entry says how long its bytes live.
struct Entry {
  std::string_view key;
  Tag tag = 0;
  std::string_view value;
};

// < 0, 0, > 0 as (a_key, a_tag) comes before, at, or after (b_key, b_tag).
inline int CompareEntries(std::string_view a_key, Tag a_tag, std::string_view b_key, Tag b_tag) {
  const int order = a_key.compare(b_key);
  if (order != 0) return order;
  return a_tag > b_tag ? -1 : (a_tag < b_tag ? 1 : 0);
}

}  // namespace varve
