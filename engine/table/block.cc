// Building, searching and walking data blocks.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/block.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "engine/util/prefix.h"

namespace varve {

BlockBuilder::BlockBuilder(uint64_t restart_interval)
    : restart_interval_(std::clamp<uint64_t>(restart_interval, 1, kRestartIntervalMax)) {}

void BlockBuilder::Add(const Entry& entry, size_t shared, size_t start, std::string* out) {
  if (restarts_.empty() || since_restart_ == restart_interval_) {
    restarts_.push_back(static_cast<uint32_t>(out->size() - start));
    since_restart_ = 0;
    shared = 0;
  }
  since_restart_++;
  const std::string_view suffix = entry.key.substr(shared);
  constexpr size_t kShortSuffixBytes = 64;
  char header[4 * kVarintBytesMax + kShortSuffixBytes];
  char* end = EncodeVarint(header, shared);
  end = EncodeVarint(end, suffix.size());
  end = EncodeVarint(end, entry.value.size());
  end = EncodeVarint(end, PackTag(entry.tag));
  // One append for both, if the suffix is as short as it nearly always is.
  const bool together = suffix.size() <= kShortSuffixBytes;
  if (together) end += suffix.copy(end, kShortSuffixBytes);
  out->append(header, static_cast<size_t>(end - header));
  if (!together) out->append(suffix);
  out->append(entry.value);
}

void BlockBuilder::Finish(std::string* out) {
  for (const uint32_t restart : restarts_) PutFixed32(out, restart);
  PutFixed32(out, static_cast<uint32_t>(restarts_.size()));
  restarts_.clear();
}

namespace {

// Decodes the entry at `from`. Returns its end, or nullptr if it is damaged. Every step of a merge
// and of a search passes here: inlined, the fields stay in registers.
[[gnu::always_inline]] inline const char* DecodeEntry(const char* from, const char* limit,
                                                      StoredEntry* entry) {
  if (limit - from < 4) return nullptr;
  uint64_t shared = static_cast<unsigned char>(from[0]);
  uint64_t unshared = static_cast<unsigned char>(from[1]);
  uint64_t value_bytes = static_cast<unsigned char>(from[2]);
  if ((shared | unshared | value_bytes) < 0x80) {
    from += 3;
  } else {
    from = DecodeVarint(from, limit, &shared);
    if (from != nullptr) from = DecodeVarint(from, limit, &unshared);
    if (from != nullptr) from = DecodeVarint(from, limit, &value_bytes);
    if (from == nullptr) return nullptr;
  }
  uint64_t packed;
  from = DecodeVarint(from, limit, &packed);
  if (from == nullptr) return nullptr;
  const uint64_t kind = packed & ((1 << kPackedKindBits) - 1);
  const SequenceNumber sequence = packed >> kPackedKindBits;
  const auto rest = static_cast<uint64_t>(limit - from);
  if (unshared > rest || value_bytes > rest - unshared || shared > kKeyBytesMax ||
      unshared > kKeyBytesMax || kind > static_cast<uint64_t>(EntryKind::kPut) ||
      sequence > kSequenceMax) {
    return nullptr;
  }
  entry->shared = shared;
  entry->suffix = std::string_view(from, unshared);
  entry->tag = MakeTag(sequence, static_cast<EntryKind>(kind));
  entry->value = std::string_view(from + unshared, value_bytes);
  return from + unshared + value_bytes;
}

}  // namespace

bool BlockView::Reset(std::string_view contents) {
  if (contents.size() < sizeof(uint32_t)) return false;
  const size_t rest = contents.size() - sizeof(uint32_t);
  restart_count_ = DecodeFixed32(contents.data() + rest);
  if (restart_count_ == 0 || restart_count_ > rest / sizeof(uint32_t)) return false;
  begin_ = contents.data();
  end_ = begin_ + rest - restart_count_ * sizeof(uint32_t);
  return DecodeFixed32(end_) == 0;
}

const char* BlockView::restart(uint32_t index) const {
  const uint32_t offset = DecodeFixed32(end_ + index * sizeof(uint32_t));
  return offset < static_cast<size_t>(end_ - begin_) ? begin_ + offset : end_;
}

namespace {

// A block that a get looks into is rarely in the processor's caches. These ask for lines before
// they are needed, so that their misses overlap; without them a search waits for each in turn.
constexpr size_t kLineBytes = 64;
constexpr uint32_t kRestartsPrefetchedMax = 8;
constexpr std::ptrdiff_t kPrefetchedBytesMax = 2048;

void PrefetchRestarts(const BlockView& block) {
  if (block.restart_count() > kRestartsPrefetchedMax) return;
  for (uint32_t i = 1; i < block.restart_count(); i++) __builtin_prefetch(block.restart(i));
}

void PrefetchEntries(const char* from, const char* to) {
  to = from + std::min(to - from, kPrefetchedBytesMax);
  for (; from < to; from += kLineBytes) __builtin_prefetch(from);
}

// The key at a restart point is whole: compares it with (key, tag) as CompareEntries does.
bool CompareRestart(const BlockView& block, uint32_t index, std::string_view key, Tag tag,
                    int* order) {
  StoredEntry entry;
  if (DecodeEntry(block.restart(index), block.end(), &entry) == nullptr) return false;
  if (entry.shared != 0) return false;
  *order = CompareEntries(entry.suffix, entry.tag, key, tag);
  return true;
}

// The last restart point before (key, tag), or the first one. False on damage.
bool FindRestart(const BlockView& block, std::string_view key, Tag tag, uint32_t* found) {
  uint32_t low = 0;
  uint32_t high = block.restart_count() - 1;
  while (low < high) {
    const uint32_t middle = high - (high - low) / 2;
    int order = 0;
    if (!CompareRestart(block, middle, key, tag, &order)) return false;
    if (order < 0) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  *found = low;
  return true;
}

}  // namespace

// The scan rebuilds no key. Let `matched` be the bytes that the key before shares with the target,
// the key before being smaller. If the next key shares more than that with the key before, it
// differs from the target where that one did, and is smaller too. If it shares less, it is greater
// than the key before at a byte where that one equals the target, so it is greater than the target.
// Only if it shares exactly `matched` do bytes have to be compared. (Prefix B-trees: Bayer and
// Unterauer, ACM TODS 2(1), 1977.)
BlockSearch SearchBlock(const BlockView& block, std::string_view key, Tag tag) {
  BlockSearch search;
  search.state = BlockState::kDamaged;
  uint32_t restart = 0;
  PrefetchRestarts(block);
  if (!FindRestart(block, key, tag, &restart)) return search;
  const char* at = block.restart(restart);
  const char* next_restart =
      restart + 1 < block.restart_count() ? block.restart(restart + 1) : block.end();
  PrefetchEntries(at, next_restart);
  size_t matched = 0;
  while (at < block.end()) {
    // A restart point breaks the chain of shared bytes; its key is whole.
    if (at == next_restart) matched = 0;
    search.start = at;
    search.next = DecodeEntry(at, block.end(), &search.entry);
    if (search.next == nullptr) return search;
    at = search.next;
    if (search.entry.shared > matched) continue;
    const std::string_view suffix = search.entry.suffix;
    const std::string_view rest = key.substr(search.entry.shared);
    size_t common = 0;
    if (search.entry.shared == matched) {
      common = CommonPrefixBytes(suffix, rest);
      search.key_equal = common == suffix.size() && common == rest.size();
      const bool smaller = common < rest.size() && (common == suffix.size() ||
                                                    static_cast<unsigned char>(suffix[common]) <
                                                        static_cast<unsigned char>(rest[common]));
      if (smaller || (search.key_equal && search.entry.tag > tag)) {
        search.key_seen = search.key_seen || search.key_equal;
        search.key_equal = false;
        matched += common;
        continue;
      }
    }
    search.state = BlockState::kEntry;
    return search;
  }
  search.state = BlockState::kEnd;
  return search;
}

bool IsWellFormedBlock(std::string_view contents) {
  BlockView block;
  if (!block.Reset(contents)) return false;
  std::string key;
  uint32_t restarts = 0;
  uint64_t since_restart = 0;
  for (const char* at = block.begin(); at < block.end();) {
    StoredEntry entry;
    const char* next = DecodeEntry(at, block.end(), &entry);
    if (next == nullptr || entry.shared > key.size()) return false;
    const bool is_restart = restarts < block.restart_count() && block.restart(restarts) == at;
    // Without a suffix the key is all shared.
    const bool shares_all = entry.shared == key.size() || entry.suffix.empty() ||
                            entry.suffix.front() != key[entry.shared];
    if (is_restart ? entry.shared != 0 : !shares_all) return false;
    restarts += is_restart ? 1 : 0;
    since_restart = is_restart ? 1 : since_restart + 1;
    key.resize(entry.shared);
    key.append(entry.suffix);
    if (since_restart > kRestartIntervalMax || key.size() > kKeyBytesMax) return false;
    at = next;
  }
  return restarts == block.restart_count();
}

bool BlockCursor::Reset(std::string_view contents) {
  saved_.clear();
  return block_.Reset(contents);
}

void BlockCursor::ReserveKey(size_t bytes) {
  if (bytes > key_.size()) key_.resize(std::max<size_t>(2 * bytes, 64));
}

inline BlockState BlockCursor::Show(const StoredEntry& stored) {
  const size_t bytes = stored.shared + stored.suffix.size();
  if (bytes > kKeyBytesMax) return BlockState::kDamaged;
  ReserveKey(bytes);
  std::memcpy(key_.data() + stored.shared, stored.suffix.data(), stored.suffix.size());
  entry_.key = std::string_view(key_.data(), bytes);
  entry_.tag = stored.tag;
  entry_.value = stored.value;
  return BlockState::kEntry;
}

BlockState BlockCursor::SeekToFirst() {
  next_ = block_.begin();
  entry_.key = {};
  return Next();
}

BlockState BlockCursor::SeekToLast() {
  saved_.clear();
  start_ = block_.end();
  return Prev();
}

BlockState BlockCursor::Seek(std::string_view key, Tag tag) {
  saved_.clear();
  const BlockSearch search = SearchBlock(block_, key, tag);
  if (search.state != BlockState::kEntry) return search.state;
  start_ = search.start;
  next_ = search.next;
  ReserveKey(search.entry.shared);
  key.copy(key_.data(), search.entry.shared);
  return Show(search.entry);
}

BlockState BlockCursor::Next() {
  saved_.clear();
  if (next_ >= block_.end()) return BlockState::kEnd;
  StoredEntry stored;
  start_ = next_;
  next_ = DecodeEntry(start_, block_.end(), &stored);
  if (next_ == nullptr || stored.shared > entry_.key.size()) return BlockState::kDamaged;
  return Show(stored);
}

BlockState BlockCursor::Prev() {
  if (saved_.empty()) {
    if (start_ == block_.begin()) return BlockState::kEnd;
    if (!SaveInterval(start_)) return BlockState::kDamaged;
  }
  const SavedEntry saved = saved_.back();
  saved_.pop_back();
  start_ = saved.start;
  next_ = saved.next;
  const std::string_view key =
      std::string_view(saved_keys_).substr(saved.key_begin, saved.key_bytes);
  return Show(StoredEntry{0, key, saved.tag, saved.value});
}

bool BlockCursor::SaveInterval(const char* limit) {
  uint32_t low = 0;
  uint32_t high = block_.restart_count() - 1;
  while (low < high) {
    const uint32_t middle = high - (high - low) / 2;
    if (block_.restart(middle) < limit) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  saved_keys_.clear();
  size_t key_begin = 0;
  size_t key_bytes = 0;
  const char* at = block_.restart(low);
  while (at < limit) {
    StoredEntry stored;
    const char* next = DecodeEntry(at, block_.end(), &stored);
    if (next == nullptr || stored.shared > key_bytes) return false;
    if (saved_.size() == kRestartIntervalMax) return false;
    const size_t begin = saved_keys_.size();
    saved_keys_.append(saved_keys_, key_begin, stored.shared);
    saved_keys_.append(stored.suffix);
    key_begin = begin;
    key_bytes = saved_keys_.size() - begin;
    if (key_bytes > kKeyBytesMax) return false;
    saved_.push_back({at, next, key_begin, key_bytes, stored.tag, stored.value});
    at = next;
  }
  return at == limit && !saved_.empty();
}

}  // namespace varve
