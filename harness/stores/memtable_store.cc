// MemTableStore: one bare memtable behind the interface of a store: what the parts of
// engine.memtable cost by themselves, without log, tables and background work.
//
// It grows without bound: nothing is flushed, and memtable_bytes and memtable_entries_max are no
// more than the hints that they are to a part. Writers go one after the other, as memtables demand;
// readers take no lock, but those of long scans. A batch becomes visible as a whole.
//
// Invariant: an entry with a sequence number of at most visible_ is in the memtable.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/iterator/visible_iterator.h"
#include "engine/memtable/memtable.h"
#include "engine/parts.h"
#include "harness/stores/engine_store.h"
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

// Scans of so many entries and more go on where the one before ended.
constexpr uint64_t kLongScan = 1024;

// A scan that stopped at the last of its entries, and may be gone on with.
struct Cursor {
  SequenceNumber at = 0;  // what it sees
  std::unique_ptr<Iterator> iterator;
};

class MemTableStore final : public Store {
 public:
  MemTableStore(std::unique_ptr<MemTable> table, std::vector<SettingText> settings)
      : table_(std::move(table)), settings_(std::move(settings)) {}

  Status Put(std::string_view key, std::string_view value) override {
    return Write({{{key, value}}}, EntryKind::kPut);
  }
  Status Delete(std::string_view key) override { return Write({{{key, ""}}}, EntryKind::kDelete); }
  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    return Write(entries, EntryKind::kPut);
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    Entry found;
    if (!table_->Get(key, visible_.load(std::memory_order_acquire), &found)) return false;
    if (KindOf(found.tag) == EntryKind::kDelete) return false;
    value->assign(found.value);
    return true;
  }

  // A part that is sorted late makes a sorted copy of everything for each scan, as the engine's
  // iterators let it. Only who reads everything in pieces does not pay for that again and again.
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    Cursor cursor = count < kLongScan ? CursorAt(start) : LongCursorAt(start);
    const Result<uint64_t> visited = VisitEntries(*cursor.iterator, count, visit);
    if (visited.ok() && count >= kLongScan && cursor.iterator->Valid()) {
      const std::lock_guard lock(long_scan_mutex_);
      long_scan_ = std::move(cursor);
    }
    return visited;
  }

  Status DeleteRange(std::string_view, std::string_view) override {
    return Status::NotSupported("a bare memtable has no deletes of ranges");
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    Cursor cursor = NewCursor();
    cursor.iterator->SeekForPrev(start);
    return VisitEntriesBackwards(*cursor.iterator, count, visit);
  }

  Status Settle() override { return {}; }
  Status Sync() override { return {}; }

  StoreState State() const override {
    StoreState state;
    state.has_memtable = true;
    state.memtable_entries = table_->entries();  // first: of these the bytes hold all
    state.memtable_use = table_->use();
    return state;
  }

  std::vector<SettingText> SettingsUsed() const override { return settings_; }
  std::vector<std::string> Caveats() const override { return {}; }

 private:
  using Pairs = std::span<const std::pair<std::string_view, std::string_view>>;

  static Status Check(std::string_view key, std::string_view value) {
    if (key.size() <= kKeyBytesMax && value.size() <= kValueBytesMax) return {};
    return Status::InvalidArgument(
        fmt::format("a key of {} and a value of {} bytes; they may have {} and {} at most",
                    key.size(), value.size(), kKeyBytesMax, kValueBytesMax));
  }

  Status Write(Pairs entries, EntryKind kind) {
    for (const auto& [key, value] : entries) {
      if (Status status = Check(key, value); !status.ok()) return status;
    }
    const std::lock_guard lock(write_mutex_);
    SequenceNumber sequence = visible_.load(std::memory_order_relaxed);
    for (const auto& [key, value] : entries) table_->Add({key, MakeTag(++sequence, kind), value});
    visible_.store(sequence, std::memory_order_release);
    return {};
  }

  Cursor NewCursor() const {
    Cursor cursor;
    cursor.at = visible_.load(std::memory_order_acquire);
    VisibleIteratorOptions options;
    options.at = cursor.at;
    cursor.iterator = NewVisibleIterator(table_->NewIterator(), std::move(options));
    return cursor;
  }

  Cursor CursorAt(std::string_view start) const {
    Cursor cursor = NewCursor();
    cursor.iterator->Seek(start);
    return cursor;
  }

  // That of the long scan before, if nothing was written since and `start` is the least key behind
  // its last one.
  Cursor LongCursorAt(std::string_view start) {
    Cursor cursor;
    {
      const std::lock_guard lock(long_scan_mutex_);
      cursor = std::exchange(long_scan_, {});
    }
    const bool goes_on = cursor.iterator != nullptr && start.ends_with('\0') &&
                         start.substr(0, start.size() - 1) == cursor.iterator->key() &&
                         cursor.at == visible_.load(std::memory_order_acquire);
    if (!goes_on) return CursorAt(start);
    cursor.iterator->Next();
    return cursor;
  }

  const std::unique_ptr<MemTable> table_;
  const std::vector<SettingText> settings_;
  std::mutex write_mutex_;
  std::atomic<SequenceNumber> visible_{0};  // written under write_mutex_
  std::mutex long_scan_mutex_;
  Cursor long_scan_;  // guarded by long_scan_mutex_; its iterator is valid or null
};

// Those of the memtable, of all settings of the engine.
std::vector<SettingText> SettingsHeeded(const Options& options) {
  std::vector<SettingText> heeded = {{"durability", "none"}};
  for (SettingText& setting : OptionTexts(options)) {
    if (setting.name == "memtable" || setting.name.starts_with("memtable_")) {
      heeded.push_back(std::move(setting));
    }
  }
  return heeded;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenMemTableStore(const StoreOptions& options) {
  const Result<Options> engine = EngineOptionsOf(options.settings);
  if (!engine.ok()) return engine.status();
  const MemTablePart* part = FindPart(MemTableParts(), engine->memtable);
  if (part == nullptr) {
    return Status::InvalidArgument(fmt::format("there is no memtable \"{}\"", engine->memtable));
  }
  return std::unique_ptr<Store>(std::make_unique<MemTableStore>(
      part->make(MemTableOptionsOf(*engine)), SettingsHeeded(*engine)));
}

}  // namespace varve::harness
