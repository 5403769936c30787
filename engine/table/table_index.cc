// Encoding, decoding and searching the index of a table.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_index.h"

#include <algorithm>
#include <span>

#include "engine/table/block.h"
#include "engine/util/coding.h"
#include "engine/util/prefix.h"

namespace varve {

std::string_view ShortSeparator(std::string_view a, std::string_view b, std::string* scratch) {
  const size_t common = CommonPrefixBytes(a, b);
  // A proper prefix of b is before b, and after a from the first byte on in which they differ.
  if (common < a.size() && common + 1 < b.size()) return b.substr(0, common + 1);
  *scratch = a;
  if (common == a.size()) return *scratch;
  const auto byte_a = static_cast<unsigned char>(a[common]);
  const auto byte_b = static_cast<unsigned char>(b[common]);
  if (byte_a + 1 < byte_b) {
    scratch->resize(common + 1);
    (*scratch)[common] = static_cast<char>(byte_a + 1);
  }
  return *scratch;
}

void TableIndexBuilder::Add(std::string_view separator, Tag tag, uint64_t block_bytes) {
  const size_t shared = CommonPrefixBytes(last_, separator);
  PutVarint(&contents_, shared);
  PutVarint(&contents_, separator.size() - shared);
  PutVarint(&contents_, PackTag(tag));
  PutVarint(&contents_, block_bytes);
  contents_.append(separator.substr(shared));
  last_.assign(separator);
}

namespace {

// One row of the encoded index. Returns false if it is damaged.
bool GetRow(std::string_view* from, std::string* key, Tag* tag, uint64_t* block_bytes) {
  uint64_t shared, unshared, packed;
  if (!GetVarint(from, &shared) || !GetVarint(from, &unshared) || !GetVarint(from, &packed) ||
      !GetVarint(from, block_bytes)) {
    return false;
  }
  if (shared > key->size() || unshared > from->size()) return false;
  if (shared + unshared > kKeyBytesMax || packed >> kPackedKindBits > kSequenceMax) return false;
  // A block holds all bytes of its keys, and compression saves 254 of 255 bytes at most. This
  // bounds the memory that a false index can ask for.
  if ((shared + unshared) / 255 > *block_bytes) return false;
  key->resize(shared);
  key->append(from->substr(0, unshared));
  from->remove_prefix(unshared);
  constexpr uint64_t kKindMask = (1 << kPackedKindBits) - 1;
  *tag = MakeTag(packed >> kPackedKindBits, static_cast<EntryKind>(packed & kKindMask));
  return true;
}

}  // namespace

Status TableIndex::Decode(std::string_view contents, uint64_t data_bytes, TableIndex* index) {
  const Status damaged = Status::Corruption("index is malformed");
  // Keys are in order, so what the first and the last one share, all share. The last one is only
  // known at the end: count and measure first.
  std::string key, first, last;
  size_t blocks = 0;
  bool has_tags = false;
  uint64_t offset = 0;
  for (std::string_view rest = contents; !rest.empty(); blocks++) {
    Tag tag;
    uint64_t block_bytes;
    if (!GetRow(&rest, &key, &tag, &block_bytes)) return damaged;
    if (block_bytes == 0 || block_bytes > data_bytes - offset) return damaged;
    if (blocks == 0) first = key;
    if (blocks != 0 && key < last) return damaged;
    last = key;
    offset += block_bytes;
    has_tags = has_tags || tag != 0;
  }
  if (blocks == 0 || offset != data_bytes) return damaged;
  index->shared_ = first.substr(0, CommonPrefixBytes(first, last));
  index->prefixes_.reserve(blocks);
  index->offsets_.reserve(blocks + 1);
  index->separator_begins_.reserve(blocks + 1);
  if (has_tags) index->tags_.reserve(blocks);
  index->offsets_.push_back(0);
  index->separator_begins_.push_back(0);
  key.clear();
  for (std::string_view rest = contents; !rest.empty();) {
    Tag tag;
    uint64_t block_bytes;
    if (!GetRow(&rest, &key, &tag, &block_bytes)) return damaged;
    const std::string_view suffix = std::string_view(key).substr(index->shared_.size());
    index->prefixes_.push_back(KeyPrefix(suffix));
    if (index->prefixes_.size() % kSectionBlocks == 0) {
      index->samples_.push_back(index->prefixes_.back());
    }
    index->separators_.append(suffix);
    index->separator_begins_.push_back(index->separators_.size());
    index->offsets_.push_back(index->offsets_.back() + block_bytes);
    if (has_tags) index->tags_.push_back(tag);
  }
  index->separators_.shrink_to_fit();
  return {};
}

std::string_view TableIndex::separator_suffix(size_t block) const {
  const uint64_t begin = separator_begins_[block];
  return std::string_view(separators_).substr(begin, separator_begins_[block + 1] - begin);
}

int TableIndex::CompareSeparator(size_t block, std::string_view key_suffix, Tag tag) const {
  return CompareEntries(separator_suffix(block), separator_tag(block), key_suffix, tag);
}

namespace {

// The number of values below `value`, which come first. Without branches on what is compared: half
// of them would be mispredicted.
size_t LowerBound(std::span<const uint64_t> values, uint64_t value) {
  if (values.empty()) return 0;
  const uint64_t* base = values.data();
  for (size_t rest = values.size(); rest > 1;) {
    const size_t half = rest / 2;
    base += static_cast<size_t>(base[half - 1] < value) * half;
    rest -= half;
  }
  return static_cast<size_t>(base - values.data()) + static_cast<size_t>(*base < value);
}

}  // namespace

size_t TableIndex::FindPrefix(uint64_t prefix) const {
  constexpr size_t kLinePrefixes = 8;
  const size_t begin = LowerBound(samples_, prefix) * kSectionBlocks;
  const size_t end = std::min(begin + kSectionBlocks, blocks());
  // All lines of the section at once: their misses overlap.
  for (size_t i = begin; i < end; i += kLinePrefixes) __builtin_prefetch(&prefixes_[i]);
  const std::span<const uint64_t> section(prefixes_.data() + begin, end - begin);
  return begin + LowerBound(section, prefix);
}

size_t TableIndex::Find(std::string_view key, Tag tag) const {
  const int order = key.substr(0, shared_.size()).compare(shared_);
  if (order != 0) return order < 0 ? 0 : blocks();
  const std::string_view suffix = key.substr(shared_.size());
  const uint64_t prefix = KeyPrefix(suffix);
  size_t low = FindPrefix(prefix);
  if (low == blocks() || prefixes_[low] != prefix) return low;
  const auto begin = prefixes_.begin() + static_cast<std::ptrdiff_t>(low);
  auto high =
      static_cast<size_t>(std::upper_bound(begin, prefixes_.end(), prefix) - prefixes_.begin());
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (CompareSeparator(middle, suffix, tag) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t TableIndex::bytes() const {
  return sizeof *this + shared_.capacity() + separators_.capacity() +
         sizeof(uint64_t) * (prefixes_.capacity() + samples_.capacity() + offsets_.capacity() +
                             separator_begins_.capacity() + tags_.capacity());
}

}  // namespace varve
