// SkipListMemTable: one skip list; one writer, readers that never wait.
//
// With a fraction p of the nodes of a level in the next one, a search makes (1/p - 1) · log_{1/p} n
// steps, each a cache miss: 19 for p = 1/2 and 28 for p = 1/4 at n = 400 000, for which reason p is
// 1/2 here; at two links of 16 bytes a node. Heights come from a generator with a fixed seed, so
// that the same adds give the same structure, to the bit. How readers and the writer get along, and
// the sources: skip_list.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "engine/memtable/arena_memtable.h"
#include "engine/memtable/skip_list.h"

namespace varve {

class SkipListMemTable final : public ArenaMemTable {
 public:
  explicit SkipListMemTable(const MemTableOptions& options)
      : ArenaMemTable(options, sizeof *this), list_(&arena(), SkipList::Shape()) {}

  void Add(const Entry& entry) override {
    list_.Add(entry, &arena(), &writer_);
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const Record* record = list_.FindAtOrAfter({key, SeekTag(at)});
    if (record == nullptr || record->key() != key) return false;
    *found = record->entry();
    return true;
  }

  std::unique_ptr<EntryIterator> NewIterator() const override {
    return std::make_unique<SkipList::Iterator>(list_);
  }

 private:
  SkipList list_;
  SkipList::Writer writer_;
};

}  // namespace varve
