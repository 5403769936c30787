// ReadState: all that a read looks at (memtables and version), and how readers hold on to it.
//
// A get pins the current state with a hazard pointer (Michael, "Hazard pointers: safe memory
// reclamation for lock-free objects", IEEE TPDS 15(6), 2004): it writes only to a cache line of
// its own thread, so readers do not disturb each other. Iterators, which live long, share
// ownership instead.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/iterator/uncovered_sources.h"
#include "engine/memtable/memtable.h"
#include "engine/memtable/memtable_ranges.h"
#include "engine/tree/version.h"
#include "engine/util/mutex.h"
#include "engine/util/thread_slots.h"

namespace varve {

// A memtable with its range tombstones, and the log that it can be rebuilt from. Readers and the
// writer get along as those of a MemTable.
struct LoggedMemTable {
  // Of all kinds. Called by the writer.
  void Add(const Entry& entry) {
    if (KindOf(entry.tag) == EntryKind::kDeleteRange) {
      ranges.Add(entry);
    } else {
      table->Add(entry);
    }
  }

  // As MemTable::Get; for a key that a newer range tombstone covers *found is a delete.
  bool Get(std::string_view key, SequenceNumber at, Entry* found) const {
    const bool there = table->Get(key, at, found);
    if (ranges.groups() == nullptr) [[likely]] {
      return there;
    }
    return HideCovered(key, at, there, found);
  }

  // The next older source of an iterator.
  void AddTo(UncoveredSources* sources) const;

  void Seal() { table->Seal(); }
  uint64_t entries() const { return table->entries() + ranges.count(); }
  uint64_t bytes() const { return table->bytes() + ranges.bytes(); }
  // Is it time to seal, before anything more is added?
  bool IsFull(const MemTableOptions& options) const {
    return varve::IsFull(entries(), bytes(), options);
  }
  // No key, of entries and of ranges, is outside of these two. REQUIRES: entries() > 0; sealed.
  std::pair<std::string, std::string> KeyRange() const;

  std::unique_ptr<MemTable> table;
  MemTableRanges ranges;
  uint64_t wal_number = 0;  // 0: none
  uint64_t wal_bytes = 0;   // once sealed
  // Of the first tombstone in it, 0 if there is none. The writer's, until it is sealed.
  SequenceNumber oldest_tombstone = 0;

 private:
  bool HideCovered(std::string_view key, SequenceNumber at, bool there, Entry* found) const;
};
using MemTablePtr = std::shared_ptr<LoggedMemTable>;

// Immutable, except that the writer adds to `active`.
struct ReadState {
  MemTablePtr active;
  std::vector<MemTablePtr> sealed;  // newest first
  VersionPtr version;
};
using ReadStatePtr = std::shared_ptr<const ReadState>;

// Holds the current state. Thread safe.
class ReadStateCell {
 public:
  // Keeps a state alive. Must not outlive the cell, and a thread may hold one at a time.
  class Pin {
   public:
    explicit Pin(ReadStateCell& cell);
    ~Pin() { hazard_->store(nullptr, std::memory_order_release); }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    const ReadState* operator->() const { return state_; }

   private:
    std::atomic<const ReadState*>* hazard_;
    const ReadState* state_;
  };

  // Makes `state` current, and lets go of former states that nobody pins.
  void Publish(ReadStatePtr state) EXCLUDES_LOCK(mutex_);

  // Shares ownership of the current state.
  ReadStatePtr Share() const EXCLUDES_LOCK(mutex_);

 private:
  struct alignas(64) Hazard {
    std::atomic<const ReadState*> state{nullptr};
  };

  std::atomic<const ReadState*> current_{nullptr};
  PerThread<Hazard> hazards_;

  mutable Mutex mutex_;
  ReadStatePtr owner_ GUARDED_BY(mutex_);  // of current_
  std::vector<ReadStatePtr> retired_ GUARDED_BY(mutex_);
};

}  // namespace varve
