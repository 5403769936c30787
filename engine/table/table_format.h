// The table file as bytes: block trailers, properties and footer. Grammar: engine/FORMAT.md.
//
// Invariant: every byte of a table is covered by one checksum, which also depends on the table's
// context and on the offset, so that an intact block in the wrong place does not pass; and the
// lengths in the footer add up to the length of the file. TableBuilder writes, TableFile reads.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/entry.h"
#include "engine/range_tombstones.h"
#include "engine/status.h"
#include "engine/table/compression.h"
#include "engine/tree/tree.h"
#include "engine/util/hash.h"

namespace varve {

inline constexpr std::string_view kTableMagic = "VarveTbl";
inline constexpr uint32_t kTableFormatVersion = 1;
// … of a table with range tombstones: whoever does not know of them must not read it.
inline constexpr uint32_t kTableFormatVersionRanges = 2;
inline constexpr uint64_t kTableFooterBytes = 52;
inline constexpr size_t kFooterPropertiesBytesAt = 24;  // in the footer

// The least that follows the contents of a block: compression id and checksum.
inline constexpr size_t kBlockTrailerBytes = 1 + 8;
// Length before compression; only in the trailers of compressed blocks.
inline constexpr size_t kBlockRawLengthBytes = 4;

// The seed of the checksum of the bytes at `offset`.
inline uint64_t BlockSeed(uint64_t checksum_context, uint64_t offset) {
  return Mix64(checksum_context, offset);
}

// Turns the contents of a block, which are the bytes of *out from `start` on, into a stored block:
// compressed if that saves space, with its trailer. `scratch` is working memory.
void SealBlock(const Compression* compression, uint64_t seed, size_t start, std::string* out,
               std::string* scratch);

// Checks a stored block and finds its contents: a part of `stored`, or *scratch if it was
// compressed. kCorruption says what is wrong, not where.
Status OpenBlock(std::string_view stored, uint64_t seed, std::string* scratch,
                 std::string_view* contents);

// The parts of a table lie one after the other, without gaps: data, filter, index, properties,
// footer. Lengths include trailers.
struct TableFooter {
  uint64_t data_bytes = 0;
  uint64_t filter_bytes = 0;  // 0: no filter
  uint64_t index_bytes = 0;
  uint64_t properties_bytes = 0;
  bool has_ranges = false;  // there are range tombstones, in the properties

  uint64_t filter_offset() const { return data_bytes; }
  uint64_t index_offset() const { return data_bytes + filter_bytes; }
  uint64_t properties_offset() const { return index_offset() + index_bytes; }
  uint64_t footer_offset() const { return properties_offset() + properties_bytes; }
};

void AppendFooter(const TableFooter& footer, uint64_t checksum_context, std::string* out);
// `bytes` are the last kTableFooterBytes of a file of `file_bytes`.
Status DecodeFooter(std::string_view bytes, uint64_t file_bytes, uint64_t checksum_context,
                    TableFooter* footer);

// What a table tells of itself.
struct TableProperties {
  TableInfo info;           // without number and file_bytes, which are known from elsewhere
  std::string filter_name;  // of the policy that made the filter; empty: no filter
  uint64_t restart_interval = 0;
  uint64_t compression = 0;  // id of what the builder was asked for
  // Which table of which database this is, for those who find it without a manifest; 0: not told.
  uint64_t identity = 0;
  uint64_t number = 0;
  // The filter also holds this many first bytes of the keys that have as many; 0: it does not.
  uint64_t filter_prefix_bytes = 0;
  RangeTombstones tombstones;
};

// Adds an entry to the counts and sums of *info; its key range is left to the caller.
inline void CountEntry(const Entry& entry, TableInfo* info) {
  const SequenceNumber sequence = SequenceOf(entry.tag);
  if (info->entries == 0 || sequence < info->sequence_min) info->sequence_min = sequence;
  if (sequence > info->sequence_max) info->sequence_max = sequence;
  info->entries++;
  info->key_bytes += entry.key.size();
  info->value_bytes += entry.value.size();
  if (KindOf(entry.tag) == EntryKind::kPut) return;
  if (info->tombstones == 0 || sequence < info->oldest_tombstone) info->oldest_tombstone = sequence;
  info->tombstones++;
}

// Adds range tombstones to counts, sums and key range of *info, in which all entries of the table
// are. Each counts as one tombstone in each of its fragments.
void CountRanges(const RangeTombstones& tombstones, TableInfo* info);
// Are all of them within the key range of `info`?
bool RangesAreWithin(const RangeTombstones& tombstones, const TableInfo& info);

std::string EncodeProperties(const TableProperties& properties);
Status DecodeProperties(std::string_view bytes, TableProperties* properties);

}  // namespace varve
