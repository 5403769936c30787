// Data blocks: entries in order, with prefix compression and restart points.
//
//   entry    := shared:varint unshared:varint value_bytes:varint tag:varint suffix value
//   contents := entry+ restart:fixed32+ restart_count:fixed32
//
// A key is the first `shared` bytes of the key before it, and the suffix. At a restart point shared
// is 0. The tag is sequence << 3 | kind, so that sequence 0 costs one byte.
//
// Every step checks its bounds: contents of any bytes are safe to read. TableBuilder writes blocks,
// TableReader searches them, TableIterator walks them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"
#include "engine/util/coding.h"

namespace varve {

inline constexpr int kPackedKindBits = 3;
// More entries than this never depend on one restart point, so that a step back has a bound.
inline constexpr uint64_t kRestartIntervalMax = 1024;

inline constexpr uint64_t PackTag(Tag tag) {
  return SequenceOf(tag) << kPackedKindBits | static_cast<uint64_t>(KindOf(tag));
}

// Appends the entries of one block to a buffer.
class BlockBuilder {
 public:
  // An interval out of [1, kRestartIntervalMax] is taken as the nearest in it.
  explicit BlockBuilder(uint64_t restart_interval);

  // Appends an entry to the block that began at `start` of *out. `shared`: bytes that its key has
  // in common with the key of the entry before.
  void Add(const Entry& entry, size_t shared, size_t start, std::string* out);

  // Appends the restart points and makes ready for the next block.
  void Finish(std::string* out);

  bool empty() const { return restarts_.empty(); }
  // What Finish will append.
  size_t tail_bytes() const { return (restarts_.size() + 1) * sizeof(uint32_t); }

 private:
  const uint64_t restart_interval_;
  uint64_t since_restart_ = 0;
  std::vector<uint32_t> restarts_;
};

// An entry as it is stored.
struct StoredEntry {
  size_t shared = 0;
  std::string_view suffix;
  Tag tag = 0;
  std::string_view value;
};

// A block's contents, with the places of its entries and restart points. A value.
class BlockView {
 public:
  BlockView() = default;

  // Returns false if the contents are damaged.
  bool Reset(std::string_view contents);

  const char* begin() const { return begin_; }
  const char* end() const { return end_; }  // of the entries
  uint32_t restart_count() const { return restart_count_; }
  // The entry that restart point `index` names; end() or beyond on damage.
  const char* restart(uint32_t index) const;

 private:
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  uint32_t restart_count_ = 0;
};

enum class BlockState : uint8_t { kEntry, kEnd, kDamaged };

// Where a search ended.
struct BlockSearch {
  BlockState state = BlockState::kEnd;
  // The entry found, if there is one. Its key is the first `shared` bytes of the key that was
  // searched for, and the suffix.
  StoredEntry entry;
  const char* start = nullptr;
  const char* next = nullptr;
  bool key_equal = false;  // the entry found has the key that was searched for
  bool key_seen = false;   // so has an entry before it (a version newer than asked for)
};

// Finds the first entry at or after (key, tag).
BlockSearch SearchBlock(const BlockView& block, std::string_view key, Tag tag);

// Is a block as BlockBuilder makes it, so that searches find all that a walk shows: restart points
// at entries, every key shares with the one before all that it can. Reads all of it.
bool IsWellFormedBlock(std::string_view contents);

// A cursor over one block. Forward steps copy the suffix of a key, backward steps decode one
// restart interval at a time.
class BlockCursor {
 public:
  // The contents must stay where they are until the next Reset. False if they are damaged.
  bool Reset(std::string_view contents);

  BlockState SeekToFirst();
  BlockState SeekToLast();
  BlockState Seek(std::string_view key, Tag tag);
  // REQUIRES: the last step returned kEntry.
  BlockState Next();
  BlockState Prev();

  // REQUIRES: the last step returned kEntry. The key lives until the next step, the value as long
  // as the contents.
  const Entry& entry() const { return entry_; }

 private:
  struct SavedEntry {
    const char* start;
    const char* next;
    size_t key_begin;  // in saved_keys_
    size_t key_bytes;
    Tag tag;
    std::string_view value;
  };

  // Makes `stored`, whose shared bytes are in key_ already, the current entry.
  BlockState Show(const StoredEntry& stored);
  // Decodes the entries from the restart point before `limit` up to `limit`.
  bool SaveInterval(const char* limit);
  void ReserveKey(size_t bytes);

  BlockView block_;
  const char* start_ = nullptr;  // of the current entry
  const char* next_ = nullptr;   // its end
  std::string key_;              // memory for the current key; its size is only capacity
  Entry entry_;
  std::vector<SavedEntry> saved_;  // entries before the current one, for steps back
  std::string saved_keys_;
};

}  // namespace varve
