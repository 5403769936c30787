// TableFile: an opened table file with its index, filter and properties in memory, and the one way
// in which a data block is read and checked. Internal to engine/table; TableReader owns one.
//
// Invariant: contents that leave this class have passed their checksum. Errors name the table and
// the offset.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/filter/filter.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/table/table_reader.h"
#include "engine/util/aligned_bytes.h"

namespace varve {

// Thread safe.
class TableFile {
 public:
  static Result<std::unique_ptr<TableFile>> Open(std::unique_ptr<RandomAccessFile> file,
                                                 const TableReaderOptions& options,
                                                 const ReadContext& context);

  const TableFooter& footer() const { return footer_; }
  const TableProperties& properties() const { return properties_; }
  const TableIndex& index() const { return index_; }
  std::string_view filter() const { return filter_.view(); }
  // nullptr if the table has no filter, or one of a policy that is not known here.
  const FilterPolicy* filter_policy() const { return filter_policy_; }
  uint64_t number() const { return options_.number; }
  // nullptr if there are none.
  const RangeTombstones* range_tombstones() const { return range_tombstones_; }

  // A data block in the cache, or none.
  BlockBytes CachedBlock(size_t block) const;
  // A data block from storage; goes into the cache if context.fill_cache.
  Status ReadBlock(const ReadContext& context, size_t block, BlockBytes* bytes) const;

  // Stored bytes of the blocks [first, last).
  uint64_t stored_bytes(size_t first, size_t last) const {
    return index_.offset(last - 1) + index_.block_bytes(last - 1) - index_.offset(first);
  }
  // Reads them, unchecked, to `buffer`, which has room.
  Status ReadStored(IoCause cause, size_t first, size_t last, char* buffer) const;
  // Checks one block that ReadStored read. See engine/table/table_format.h.
  Status OpenStored(size_t block, std::string_view stored, std::string* scratch,
                    std::string_view* contents) const;

  // kCorruption that names the table and the block's offset.
  Status Damaged(size_t block, std::string_view what) const;

 private:
  TableFile(std::unique_ptr<RandomAccessFile> file, const TableReaderOptions& options)
      : file_(std::move(file)), options_(options) {}

  BlockKey CacheKey(size_t block) const { return {options_.number, static_cast<uint32_t>(block)}; }
  Status Load(const ReadContext& context);
  Status LoadFooter(const ReadContext& context);
  // Reads and checks a block that is not data.
  Status LoadMeta(IoCause cause, uint64_t offset, uint64_t bytes, std::string* contents) const;
  // "table 7: what at offset 4096", with the code of `status`.
  Status Locate(const Status& status, std::string_view what, uint64_t offset) const;

  const std::unique_ptr<RandomAccessFile> file_;
  const TableReaderOptions options_;
  TableFooter footer_;
  TableProperties properties_;
  TableIndex index_;
  AlignedBytes filter_;
  const FilterPolicy* filter_policy_ = nullptr;
  const RangeTombstones* range_tombstones_ = nullptr;  // in properties_
};

}  // namespace varve
