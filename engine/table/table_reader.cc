// Gets and iterators over one table.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_reader.h"

#include <utility>

#include "engine/table/block.h"
#include "engine/table/table_dump.h"
#include "engine/table/table_file.h"
#include "engine/table/table_iterator.h"
#include "engine/util/hash.h"
#include "engine/util/prefix.h"

namespace varve {

TableReader::TableReader(std::unique_ptr<TableFile> table) : table_(std::move(table)) {}
TableReader::~TableReader() = default;

Result<std::shared_ptr<TableReader>> TableReader::Open(std::unique_ptr<RandomAccessFile> file,
                                                       const TableReaderOptions& options,
                                                       const ReadContext& context) {
  Result<std::unique_ptr<TableFile>> table = TableFile::Open(std::move(file), options, context);
  if (!table.ok()) return table.status();
  return std::shared_ptr<TableReader>(new TableReader(std::move(*table)));
}

namespace {

void Count(const ReadContext& context, Tally LevelReadTallies::*tally) {
  if (context.counters != nullptr) (context.counters->levels[context.level].*tally).Add();
}

// Looks into one block. *key_there: the block holds a version of the key, visible or not.
Status GetFromBlock(const TableFile& table, const ReadContext& context, size_t block,
                    std::string_view key, SequenceNumber at, TableHit* hit, bool* key_there) {
  BlockBytes bytes = table.CachedBlock(block);
  if (bytes) {
    Count(context, &LevelReadTallies::blocks_from_cache);
  } else {
    Count(context, &LevelReadTallies::blocks_from_storage);
    const Status status = table.ReadBlock(context, block, &bytes);
    if (!status.ok()) return status;
  }
  BlockView view;
  if (!view.Reset(bytes.view())) return table.Damaged(block, "block is malformed");
  const BlockSearch search = SearchBlock(view, key, SeekTag(at));
  if (search.state == BlockState::kDamaged) return table.Damaged(block, "block is malformed");
  hit->found = search.state == BlockState::kEntry && search.key_equal;
  *key_there = hit->found || search.key_seen;
  if (hit->found) {
    hit->tag = search.entry.tag;
    hit->value = search.entry.value;
    hit->pin = std::move(bytes);
  }
  return {};
}

}  // namespace

void TableReader::Prefetch(uint64_t hash) const {
  const FilterPolicy* filter = table_->filter_policy();
  if (filter != nullptr) filter->Prefetch(hash, table_->filter());
}

Status TableReader::Get(const ReadContext& context, std::string_view key, uint64_t hash,
                        SequenceNumber at, TableHit* hit) const {
  const RangeTombstones* ranges = table_->range_tombstones();
  if (ranges == nullptr) [[likely]] {
    return GetEntry(context, key, hash, at, hit);
  }
  if (Status s = GetEntry(context, key, hash, at, hit); !s.ok()) return s;
  const SequenceNumber newest = ranges->NewestCovering(key, at);
  if (newest == 0 || (hit->found && SequenceOf(hit->tag) >= newest)) return {};
  hit->found = true;
  hit->tag = MakeTag(newest, EntryKind::kDelete);
  hit->value = {};
  return {};
}

Status TableReader::GetEntry(const ReadContext& context, std::string_view key, uint64_t hash,
                             SequenceNumber at, TableHit* hit) const {
  const TableFile& table = *table_;
  hit->found = false;
  const FilterPolicy* filter = table.filter_policy();
  if (filter != nullptr) {
    Count(context, &LevelReadTallies::filter_probes);
    if (!filter->MayContain(hash, table.filter())) {
      Count(context, &LevelReadTallies::filter_negatives);
      return {};
    }
  }
  bool key_there = false;
  const size_t block = table.index().Find(key, SeekTag(at));
  if (block < table.index().blocks()) {
    const Status status = GetFromBlock(table, context, block, key, at, hit, &key_there);
    if (!status.ok()) return status;
  }
  if (filter != nullptr && !key_there) Count(context, &LevelReadTallies::filter_false_positives);
  return {};
}

bool TableReader::MayHoldRange(const ReadContext& context, std::string_view lower,
                               std::string_view upper) const {
  const TableFile& table = *table_;
  const FilterPolicy* filter = table.filter_policy();
  const uint64_t prefix_bytes = table.properties().filter_prefix_bytes;
  if (filter == nullptr || prefix_bytes == 0 || !RangeHasPrefix(lower, upper, prefix_bytes)) {
    return true;
  }
  Count(context, &LevelReadTallies::scan_filter_probes);
  if (filter->MayContain(HashPrefix(lower.substr(0, prefix_bytes)), table.filter())) return true;
  Count(context, &LevelReadTallies::scan_filter_negatives);
  return false;
}

std::unique_ptr<EntryIterator> TableReader::NewIterator(const ReadContext& context) const {
  return std::make_unique<TableIterator>(table_.get(), context);
}

void TableReader::AppendPieces(uint64_t piece_bytes, std::vector<TablePiece>* pieces) const {
  const TableIndex& index = table_->index();
  uint64_t bytes = 0;
  for (size_t block = 0; block < index.blocks(); block++) {
    bytes += index.block_bytes(block);
    if (bytes < piece_bytes && block + 1 < index.blocks()) continue;
    TablePiece& piece = pieces->emplace_back();
    piece.end = index.shared_prefix();
    piece.end += index.separator_suffix(block);
    piece.bytes = std::exchange(bytes, 0);
  }
}

Status TableReader::Verify() const { return VerifyTable(*table_); }
const RangeTombstones* TableReader::range_tombstones() const { return table_->range_tombstones(); }
uint64_t TableReader::index_bytes() const { return table_->index().bytes(); }
uint64_t TableReader::filter_bytes() const { return table_->filter().size(); }
const TableInfo& TableReader::info() const { return table_->properties().info; }
uint64_t TableReader::entries() const { return info().entries; }
std::string TableReader::DumpText(bool with_entries) const {
  return DumpTable(*table_, with_entries);
}

}  // namespace varve
