// MapMemTable: std::map behind a lock: the reference that the other memtables are tested against.
//
// It is the plainest thing that is right, and shares no code with the others beyond the order of
// entries. Unlike them it has readers that wait: while the writer adds, and the writer for them.
//
// Invariant: entries are never removed, so that map iterators stay valid and bytes stay put. All
// memory, the map's nodes included, comes from one arena and is charged.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <utility>

#include "engine/memtable/arena_memtable.h"
#include "engine/util/arena.h"

namespace varve {

class MapMemTable final : public ArenaMemTable {
 public:
  explicit MapMemTable(const MemTableOptions& options) : ArenaMemTable(options, sizeof *this) {}

  void Add(const Entry& entry) override {
    const std::unique_lock lock(mutex_);
    map_.emplace(Position{Copy(entry.key), entry.tag}, Copy(entry.value));
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const override {
    const std::shared_lock lock(mutex_);
    const auto it = map_.lower_bound(Position{key, SeekTag(at)});
    if (it == map_.end() || it->first.key != key) return false;
    *found = EntryAt(it);
    return true;
  }

  std::unique_ptr<EntryIterator> NewIterator() const override {
    return std::make_unique<Iterator>(*this);
  }

 private:
  struct Position {
    std::string_view key;
    Tag tag;
    bool operator<(const Position& other) const {
      return CompareEntries(key, tag, other.key, other.tag) < 0;
    }
  };

  // What the map needs of an allocator, over an arena.
  template <class T>
  class ArenaAllocator {
   public:
    using value_type = T;
    explicit ArenaAllocator(Arena* arena) : arena_(arena) {}
    template <class Other>
    ArenaAllocator(const ArenaAllocator<Other>& other)  // NOLINT: implicit by the standard
        : arena_(other.arena()) {}

    T* allocate(size_t count) {
      return reinterpret_cast<T*>(arena_->Allocate(count * sizeof(T), alignof(T)));
    }
    void deallocate(T* /*pointer*/, size_t /*count*/) {}  // the arena frees all at once
    Arena* arena() const { return arena_; }
    template <class Other>
    bool operator==(const ArenaAllocator<Other>& other) const {
      return arena_ == other.arena();
    }

   private:
    Arena* arena_;
  };

  using Map = std::map<Position, std::string_view, std::less<>,
                       ArenaAllocator<std::pair<const Position, std::string_view>>>;

  class Iterator final : public EntryIterator {
   public:
    explicit Iterator(const MapMemTable& table) : table_(table), it_(table.map_.end()) {}

    void SeekToFirst() override {
      const std::shared_lock lock(table_.mutex_);
      MoveTo(table_.map_.begin());
    }
    void SeekToLast() override {
      const std::shared_lock lock(table_.mutex_);
      MoveBeforeOf(table_.map_.end());
    }
    void Seek(std::string_view key, Tag tag) override {
      const std::shared_lock lock(table_.mutex_);
      MoveTo(table_.map_.lower_bound(Position{key, tag}));
    }
    void Next() override {
      const std::shared_lock lock(table_.mutex_);
      MoveTo(std::next(it_));
    }
    void Prev() override {
      const std::shared_lock lock(table_.mutex_);
      MoveBeforeOf(it_);
    }

   private:
    void MoveTo(Map::const_iterator it) {
      it_ = it;
      valid_ = it != table_.map_.end();
      if (valid_) entry_ = EntryAt(it);
    }
    void MoveBeforeOf(Map::const_iterator it) {
      MoveTo(it == table_.map_.begin() ? table_.map_.end() : std::prev(it));
    }

    const MapMemTable& table_;
    Map::const_iterator it_;
  };

  static Entry EntryAt(Map::const_iterator it) {
    return {it->first.key, it->first.tag, it->second};
  }

  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* copy = arena().Allocate(bytes.size(), 1);
    std::memcpy(copy, bytes.data(), bytes.size());
    return {copy, bytes.size()};
  }

  mutable std::shared_mutex mutex_;
  Map map_{Map::allocator_type(&arena())};
};

}  // namespace varve
