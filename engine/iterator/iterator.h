// EntryIterator: an ordered cursor over the entries of a memtable, a table, a run or a merge.
//
// The current entry lives in the base class, so that looking at it costs no virtual call; only
// moving does. An iterator is either at an entry or not valid. After an error it is not valid
// and status() says why; a caller that reaches the end must ask status().
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "engine/entry.h"
#include "engine/status.h"

namespace varve {

// Sort before and after every version of a key.
inline constexpr Tag kTagFirst = ~Tag{0};
inline constexpr Tag kTagLast = 0;

// Not thread safe. The bytes of entry() live until the iterator moves or dies.
class EntryIterator {
 public:
  EntryIterator() = default;
  virtual ~EntryIterator() = default;
  EntryIterator(const EntryIterator&) = delete;
  EntryIterator& operator=(const EntryIterator&) = delete;

  bool Valid() const { return valid_; }
  // REQUIRES: Valid().
  const Entry& entry() const { return entry_; }

  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  // Moves to the first entry at or after (key, tag) in entry order.
  virtual void Seek(std::string_view key, Tag tag) = 0;
  // REQUIRES: Valid().
  virtual void Next() = 0;
  virtual void Prev() = 0;
  virtual Status status() const { return {}; }

  // Moves to the last entry before (key, tag).
  void SeekBefore(std::string_view key, Tag tag) {
    Seek(key, tag);
    if (valid_) {
      Prev();
    } else if (status().ok()) {
      SeekToLast();
    }
    // A memtable may have grown since it was found to hold nothing at or after the place.
    while (valid_ && CompareEntries(entry_.key, entry_.tag, key, tag) >= 0) Prev();
  }

 protected:
  Entry entry_;
  bool valid_ = false;
};

}  // namespace varve
