// Record: how a memtable keeps an entry in its arena; and Target: what a search looks for.
//
//   record := tag u64 | key length u32 | value length u32 | key bytes | value bytes
//
// A record is written before a reader can reach it and never changes afterwards, so that readers
// need no lock for it. The parts put their node in front of the record, in the same allocation,
// and keep the key's prefix in the node: nearly all comparisons are of two integers, and one that
// needs the whole key finds it on the same or on the next cache line. Used by every memtable.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "engine/entry.h"
#include "engine/util/prefix.h"

namespace varve {

class Record {
 public:
  // Bytes that Write needs for `entry`.
  static size_t BytesFor(const Entry& entry) {
    return sizeof(Record) + entry.key.size() + entry.value.size();
  }

  // Copies `entry` to BytesFor(entry) bytes at `to`, which are aligned as a Record is.
  static const Record* Write(char* to, const Entry& entry) {
    Record* record = new (to) Record(entry);
    char* bytes = to + sizeof(Record);
    if (!entry.key.empty()) std::memcpy(bytes, entry.key.data(), entry.key.size());
    bytes += entry.key.size();
    if (!entry.value.empty()) std::memcpy(bytes, entry.value.data(), entry.value.size());
    return record;
  }

  Tag tag() const { return tag_; }
  std::string_view key() const { return {bytes(), key_bytes_}; }
  // The views live as long as the arena.
  Entry entry() const { return {key(), tag_, {bytes() + key_bytes_, value_bytes_}}; }

 private:
  explicit Record(const Entry& entry)
      : tag_(entry.tag),
        key_bytes_(static_cast<uint32_t>(entry.key.size())),
        value_bytes_(static_cast<uint32_t>(entry.value.size())) {}

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  const Tag tag_;
  const uint32_t key_bytes_;
  const uint32_t value_bytes_;
};

// A position in entry order. The key is not copied.
struct Target {
  Target(std::string_view key_bytes, Tag key_tag)
      : prefix(KeyPrefix(key_bytes)), key(key_bytes), tag(key_tag) {}

  uint64_t prefix;
  std::string_view key;
  Tag tag;
};

// < 0, 0, > 0 as the record comes before, at, or after the target. `prefix` is the record's.
inline int CompareRecord(uint64_t prefix, const Record& record, const Target& target) {
  if (prefix != target.prefix) return prefix < target.prefix ? -1 : 1;
  return CompareEntries(record.key(), record.tag(), target.key, target.tag);
}

}  // namespace varve
