// Encoding and checked decoding of block trailers, properties and footers.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_format.h"

#include <fmt/core.h>

#include <array>

#include "engine/util/coding.h"

namespace varve {
namespace {

// Stored in files: append only.
enum PropertyId : uint64_t {
  kEntries = 1,
  kTombstones,
  kKeyBytes,
  kValueBytes,
  kSequenceMin,
  kSequenceMax,
  kOldestTombstone,
  kRestartInterval,
  kCompression,
  kSmallest,
  kLargest,
  kFilterName,
  kIdentity,
  kNumber,
  kFilterPrefixBytes,
  kRangeTombstones,
};
constexpr uint64_t kPropertyCount = kRangeTombstones;

// Calls visit(id, field) for each property that is a number. Self may be const.
template <class Self, class Visitor>
void ForEachNumber(Self& self, Visitor&& visit) {
  visit(kEntries, self.info.entries);
  visit(kTombstones, self.info.tombstones);
  visit(kKeyBytes, self.info.key_bytes);
  visit(kValueBytes, self.info.value_bytes);
  visit(kSequenceMin, self.info.sequence_min);
  visit(kSequenceMax, self.info.sequence_max);
  visit(kOldestTombstone, self.info.oldest_tombstone);
  visit(kRestartInterval, self.restart_interval);
  visit(kCompression, self.compression);
}

// The same for each number that is left out if it is 0.
template <class Self, class Visitor>
void ForEachOptionalNumber(Self& self, Visitor&& visit) {
  visit(kIdentity, self.identity);
  visit(kNumber, self.number);
  visit(kFilterPrefixBytes, self.filter_prefix_bytes);
}

// The same for each property that is bytes.
template <class Self, class Visitor>
void ForEachText(Self& self, Visitor&& visit) {
  visit(kSmallest, self.info.smallest);
  visit(kLargest, self.info.largest);
  visit(kFilterName, self.filter_name);
}

}  // namespace

void SealBlock(const Compression* compression, uint64_t seed, size_t start, std::string* out,
               std::string* scratch) {
  const std::string_view contents = std::string_view(*out).substr(start);
  const size_t raw_bytes = contents.size();
  uint8_t id = 0;
  if (compression != nullptr && compression->Compress(contents, scratch) &&
      scratch->size() + kBlockRawLengthBytes < raw_bytes) {
    id = compression->id();
    out->resize(start);
    out->append(*scratch);
    PutFixed32(out, static_cast<uint32_t>(raw_bytes));
  }
  out->push_back(static_cast<char>(id));
  PutFixed64(out, Checksum64(std::string_view(*out).substr(start), seed));
}

Status OpenBlock(std::string_view stored, uint64_t seed, std::string* scratch,
                 std::string_view* contents) {
  if (stored.size() < kBlockTrailerBytes) return Status::Corruption("block too short");
  const std::string_view covered = stored.substr(0, stored.size() - 8);
  if (Checksum64(covered, seed) != DecodeFixed64(covered.data() + covered.size())) {
    return Status::Corruption("checksum mismatch");
  }
  const auto id = static_cast<uint8_t>(covered.back());
  *contents = covered.substr(0, covered.size() - 1);
  if (id == 0) return {};
  const Compression* compression = CompressionOfId(id);
  if (compression == nullptr) {
    return Status::Corruption(fmt::format("unknown compression {}", id));
  }
  if (contents->size() < kBlockRawLengthBytes) return Status::Corruption("block too short");
  contents->remove_suffix(kBlockRawLengthBytes);
  const uint32_t raw_bytes = DecodeFixed32(contents->data() + contents->size());
  if (!compression->Decompress(*contents, raw_bytes, scratch)) {
    return Status::Corruption("block does not decompress");
  }
  *contents = *scratch;
  return {};
}

void AppendFooter(const TableFooter& footer, uint64_t checksum_context, std::string* out) {
  const size_t start = out->size();
  PutFixed64(out, footer.data_bytes);
  PutFixed64(out, footer.filter_bytes);
  PutFixed64(out, footer.index_bytes);
  PutFixed64(out, footer.properties_bytes);
  PutFixed32(out, footer.has_ranges ? kTableFormatVersionRanges : kTableFormatVersion);
  const uint64_t seed = BlockSeed(checksum_context, footer.footer_offset());
  PutFixed64(out, Checksum64(std::string_view(*out).substr(start), seed));
  out->append(kTableMagic);
}

Status DecodeFooter(std::string_view bytes, uint64_t file_bytes, uint64_t checksum_context,
                    TableFooter* footer) {
  const std::string_view covered = bytes.substr(0, kTableFooterBytes - 8 - kTableMagic.size());
  if (bytes.substr(covered.size() + 8) != kTableMagic) {
    return Status::Corruption("not a table: wrong magic");
  }
  const uint64_t seed = BlockSeed(checksum_context, file_bytes - kTableFooterBytes);
  if (Checksum64(covered, seed) != DecodeFixed64(covered.data() + covered.size())) {
    return Status::Corruption("footer: checksum mismatch");
  }
  const uint32_t version = DecodeFixed32(covered.data() + 32);
  footer->has_ranges = version == kTableFormatVersionRanges;
  if (version != kTableFormatVersion && !footer->has_ranges) {
    return Status::Corruption(fmt::format("unknown table format version {}", version));
  }
  uint64_t rest = file_bytes - kTableFooterBytes;
  const std::array<uint64_t*, 4> fields = {&footer->data_bytes, &footer->filter_bytes,
                                           &footer->index_bytes, &footer->properties_bytes};
  for (size_t i = 0; i < fields.size(); i++) {
    const uint64_t length = DecodeFixed64(covered.data() + 8 * i);
    if (length > rest) return Status::Corruption("footer: lengths exceed the file");
    *fields[i] = length;
    rest -= length;
  }
  if (rest != 0) return Status::Corruption("footer: lengths do not add up to the file");
  return {};
}

void CountRanges(const RangeTombstones& tombstones, TableInfo* info) {
  if (tombstones.empty()) return;
  const std::string_view first = tombstones.begin(0);
  const std::string_view last = LastKeyBefore(tombstones.end(tombstones.size() - 1));
  if (info->entries == 0 || first < info->smallest) info->smallest = first;
  if (info->entries == 0 || last > info->largest) info->largest = last;
  for (size_t i = 0; i < tombstones.size(); ++i) {
    for (const SequenceNumber sequence : tombstones.sequences(i)) {
      const Tag tag = MakeTag(sequence, EntryKind::kDeleteRange);
      CountEntry({tombstones.begin(i), tag, tombstones.end(i)}, info);
    }
  }
}

bool RangesAreWithin(const RangeTombstones& tombstones, const TableInfo& info) {
  if (tombstones.empty()) return true;
  return tombstones.begin(0) >= info.smallest &&
         LastKeyBefore(tombstones.end(tombstones.size() - 1)) <= info.largest;
}

std::string EncodeProperties(const TableProperties& properties) {
  std::string out;
  const auto put = [&out](PropertyId id, uint64_t value) {
    PutVarint(&out, id);
    PutVarint(&out, static_cast<uint64_t>(VarintBytes(value)));
    PutVarint(&out, value);
  };
  ForEachNumber(properties, put);
  ForEachText(properties, [&out](PropertyId id, const std::string& value) {
    PutVarint(&out, id);
    PutLengthPrefixed(&out, value);
  });
  // Always as long as the largest, so that a table's length does not depend on its number.
  ForEachOptionalNumber(properties, [&out](PropertyId id, uint64_t value) {
    if (value == 0) return;
    PutVarint(&out, id);
    PutVarint(&out, kVarintBytesMax);
    PutPaddedVarint(&out, value);
  });
  if (!properties.tombstones.empty()) {
    std::string tombstones;
    properties.tombstones.EncodeTo(&tombstones);
    PutVarint(&out, kRangeTombstones);
    PutLengthPrefixed(&out, tombstones);
  }
  return out;
}

Status DecodeProperties(std::string_view bytes, TableProperties* properties) {
  std::array<std::string_view, kPropertyCount + 1> values;
  std::array<bool, kPropertyCount + 1> present{};
  while (!bytes.empty()) {
    uint64_t id;
    std::string_view value;
    if (!GetVarint(&bytes, &id) || !GetLengthPrefixed(&bytes, &value)) {
      return Status::Corruption("properties are cut off");
    }
    if (id > kPropertyCount) continue;
    values[id] = value;
    present[id] = true;
  }
  bool good = true;
  const auto take = [&](PropertyId id, uint64_t& field) {
    good = good && GetVarint(&values[id], &field) && values[id].empty();
  };
  ForEachNumber(*properties, take);
  ForEachOptionalNumber(*properties, [&](PropertyId id, uint64_t& field) {
    if (present[id]) take(id, field);
  });
  ForEachText(*properties, [&](PropertyId id, std::string& field) {
    good = good && present[id];
    field = values[id];
  });
  if (!good) return Status::Corruption("a property is missing or malformed");
  Result<RangeTombstones> tombstones = RangeTombstones::Decode(values[kRangeTombstones]);
  if (!tombstones.ok()) return tombstones.status();
  if (!RangesAreWithin(*tombstones, properties->info)) {
    return Status::Corruption("a range tombstone is not within the key range of the table");
  }
  properties->tombstones = std::move(*tombstones);
  return {};
}

}  // namespace varve
