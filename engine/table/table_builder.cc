// Writing a table: entries into blocks, blocks into large appends.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_builder.h"

#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "engine/table/block.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/util/hash.h"
#include "engine/util/prefix.h"

namespace varve {
namespace {

// Finished blocks are appended to the file when there are this many bytes of them.
constexpr size_t kAppendBytes = 512 << 10;
// A buffer that a huge value has made larger than this is given back.
constexpr size_t kBufferBytesMax = 4 * kAppendBytes;

}  // namespace

// Invariant: buffer_ = finished blocks that were not yet appended, then the entries of the block
// that is being built, which begin at block_start_.
struct TableBuilder::Rep {
  Rep(const TableBuilderOptions& table_options, WritableFile* table_file, IoCause io_cause)
      : options(table_options),
        file(table_file),
        cause(io_cause),
        filter_bytes_per_1024_keys(
            filtered() ? static_cast<uint64_t>(
                             options.filter->BitsPerKey(options.filter_bits_per_key) * 1024 / 8)
                       : 0),
        block(table_options.restart_interval) {
    buffer.reserve(kAppendBytes + 2 * table_options.block_bytes);
  }

  bool filtered() const { return options.filter != nullptr && options.filter_bits_per_key > 0; }
  // Offset in the file of the next byte of the buffer.
  uint64_t offset() const { return appended + buffer.size(); }

  void StartEntry(const Entry& entry, size_t shared, bool same_key);
  Status FinishBlock();
  Status AppendBuffer();
  // Notes a key, which begins with `shared` bytes of the key before it.
  void HashForFilter(std::string_view key, size_t shared);
  // Appends a block that is not data. Returns its length in the file.
  uint64_t AddMeta(std::string_view contents);

  const TableBuilderOptions options;
  WritableFile* const file;
  const IoCause cause;
  const uint64_t filter_bytes_per_1024_keys;

  std::string buffer;
  uint64_t appended = 0;
  BlockBuilder block;
  size_t block_start = 0;
  std::string scratch;

  TableIndexBuilder index;
  // Length of a finished block whose separator waits for the first key of the next one; or 0.
  uint64_t unindexed_bytes = 0;
  uint64_t data_bytes = 0;

  std::vector<uint64_t> hashes;  // of distinct keys and prefixes
  TableProperties properties;
  uint64_t range_bytes = 0;  // of range tombstones
  std::string last_key;
  Tag last_tag = 0;
  Status status;  // the first error
};

TableBuilder::TableBuilder(const TableBuilderOptions& options, WritableFile* file, IoCause cause)
    : rep_(std::make_unique<Rep>(options, file, cause)) {}
TableBuilder::~TableBuilder() = default;

uint64_t TableBuilder::entries() const { return rep_->properties.info.entries; }
std::string_view TableBuilder::last_key() const { return rep_->last_key; }

uint64_t TableBuilder::file_bytes() const {
  const Rep& rep = *rep_;
  // The properties without keys and sums take less than this.
  constexpr uint64_t kPropertiesBytes = 100;
  // There are hashes only if there will be a filter.
  const uint64_t filter_bytes = (rep.hashes.size() * rep.filter_bytes_per_1024_keys) >> 10;
  return rep.offset() + rep.block.tail_bytes() + rep.index.contents().size() + filter_bytes +
         rep.range_bytes + 2 * rep.last_key.size() + kPropertiesBytes + kTableFooterBytes;
}

// Adds the entry to the current block, after indexing the block before it, now that the key that
// follows is known.
void TableBuilder::Rep::StartEntry(const Entry& entry, size_t shared, bool same_key) {
  if (unindexed_bytes != 0) {
    const std::string_view separator =
        same_key ? entry.key : ShortSeparator(last_key, entry.key, &scratch);
    index.Add(separator, same_key ? last_tag : 0, unindexed_bytes);
    unindexed_bytes = 0;
  }
  const size_t needed = buffer.size() + entry.key.size() + entry.value.size() + 4096;
  if (needed > buffer.capacity() && entry.value.size() > kAppendBytes) {
    // Exactly, not doubled: a value may be a gigabyte.
    buffer.reserve(needed);
  }
  block.Add(entry, shared, block_start, &buffer);
}

Status TableBuilder::Rep::FinishBlock() {
  block.Finish(&buffer);
  const uint64_t block_offset = appended + block_start;
  SealBlock(options.compression, BlockSeed(options.checksum_context, block_offset), block_start,
            &buffer, &scratch);
  unindexed_bytes = buffer.size() - block_start;
  data_bytes += unindexed_bytes;
  block_start = buffer.size();
  return buffer.size() >= kAppendBytes ? AppendBuffer() : Status();
}

Status TableBuilder::Rep::AppendBuffer() {
  status = file->Append(cause, buffer);
  appended += buffer.size();
  block_start = 0;
  buffer.clear();
  if (buffer.capacity() > kBufferBytesMax + 2 * options.block_bytes) {
    buffer.shrink_to_fit();
    buffer.reserve(kAppendBytes + 2 * options.block_bytes);
    scratch = {};
  }
  return status;
}

Status TableBuilder::Add(const Entry& entry) {
  Rep& rep = *rep_;
  TableInfo& info = rep.properties.info;
  if (!rep.status.ok()) return rep.status;
  assert(entry.key.size() <= kKeyBytesMax && entry.value.size() <= kValueBytesMax);
  assert(info.entries == 0 || CompareEntries(rep.last_key, rep.last_tag, entry.key, entry.tag) < 0);
  const size_t shared = CommonPrefixBytes(rep.last_key, entry.key);
  const bool same_key =
      info.entries != 0 && shared == entry.key.size() && shared == rep.last_key.size();

  // A block ends where it is nearest to its target size.
  const uint64_t target = rep.options.block_bytes;
  const uint64_t before = rep.buffer.size() - rep.block_start + rep.block.tail_bytes();
  const uint64_t after = before + entry.key.size() - shared + entry.value.size();
  if (!rep.block.empty() && after > target &&
      (before >= target || after - target > target - before)) {
    const Status status = rep.FinishBlock();
    if (!status.ok()) return status;
  }
  rep.StartEntry(entry, shared, same_key);

  if (info.entries == 0) info.smallest = entry.key;
  CountEntry(entry, &info);
  if (!same_key && rep.filtered()) rep.HashForFilter(entry.key, info.entries == 1 ? 0 : shared);
  rep.last_key.resize(entry.key.size());
  entry.key.copy(rep.last_key.data() + shared, std::string::npos, shared);
  rep.last_tag = entry.tag;
  return {};
}

void TableBuilder::AddRange(std::string_view begin, std::string_view end,
                            std::span<const SequenceNumber> sequences) {
  // Sequence numbers of a fragment are near to each other.
  constexpr uint64_t kSequenceBytes = 4;
  rep_->range_bytes += begin.size() + end.size() + kSequenceBytes * (1 + sequences.size());
  rep_->properties.tombstones.Append(begin, end, sequences);
}

void TableBuilder::Rep::HashForFilter(std::string_view key, size_t shared) {
  hashes.push_back(HashKey(key));
  const uint64_t prefix_bytes = options.filter_prefix_bytes;
  if (shared < prefix_bytes && key.size() >= prefix_bytes) {
    hashes.push_back(HashPrefix(key.substr(0, prefix_bytes)));
  }
}

uint64_t TableBuilder::Rep::AddMeta(std::string_view contents) {
  const size_t start = buffer.size();
  const uint64_t seed = BlockSeed(options.checksum_context, offset());
  buffer.append(contents);
  SealBlock(nullptr, seed, start, &buffer, &scratch);
  return buffer.size() - start;
}

Result<TableInfo> TableBuilder::Finish() {
  Rep& rep = *rep_;
  const RangeTombstones& ranges = rep.properties.tombstones;
  if (rep.properties.info.entries == 0) {
    assert(!ranges.empty());
    const Tag tag = MakeTag(ranges.sequences(0).front(), EntryKind::kDelete);
    if (Status s = Add({ranges.begin(0), tag, {}}); !s.ok()) return s;
  }
  if (rep.status.ok()) rep.status = rep.FinishBlock();
  if (!rep.status.ok()) return rep.status;
  rep.index.Add(rep.last_key, 0, rep.unindexed_bytes);

  TableProperties& properties = rep.properties;
  TableFooter footer;
  footer.data_bytes = rep.data_bytes;
  if (rep.filtered()) {
    const std::string filter =
        rep.options.filter->Build(rep.hashes, rep.options.filter_bits_per_key);
    if (!filter.empty()) {
      footer.filter_bytes = rep.AddMeta(filter);
      properties.filter_name = rep.options.filter->name();
      properties.filter_prefix_bytes = rep.options.filter_prefix_bytes;
    }
  }
  footer.index_bytes = rep.AddMeta(rep.index.contents());
  properties.info.largest = rep.last_key;
  CountRanges(ranges, &properties.info);
  footer.has_ranges = !ranges.empty();
  properties.identity = rep.options.identity;
  properties.number = rep.options.number;
  properties.restart_interval = rep.options.restart_interval;
  properties.compression = rep.options.compression == nullptr ? 0 : rep.options.compression->id();
  footer.properties_bytes = rep.AddMeta(EncodeProperties(properties));
  AppendFooter(footer, rep.options.checksum_context, &rep.buffer);
  const Status status = rep.AppendBuffer();
  if (!status.ok()) return status;
  properties.info.file_bytes = rep.appended;
  return properties.info;
}

}  // namespace varve
