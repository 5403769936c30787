// TableBuilder: writes one table, entry by entry. Format: engine/FORMAT.md, "Table".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/entry.h"
#include "engine/filter/filter.h"
#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/table/compression.h"
#include "engine/tree/tree.h"

namespace varve {

struct TableBuilderOptions {
  uint64_t block_bytes = 4096;
  uint64_t restart_interval = 16;
  const Compression* compression = nullptr;  // nullptr: none
  const FilterPolicy* filter = nullptr;      // nullptr: none
  double filter_bits_per_key = 10;
  // The filter also holds the first so many bytes of the keys that have as many; 0: it does not.
  uint64_t filter_prefix_bytes = 0;
  // Part of every checksum in the file, so that an intact block of another file is caught.
  uint64_t checksum_context = 0;
  // Stored, so that the table can be told without a manifest: the database, and the table's number.
  uint64_t identity = 0;
  uint64_t number = 0;
};

// Not thread safe. The file must outlive it.
class TableBuilder {
 public:
  TableBuilder(const TableBuilderOptions& options, WritableFile* file, IoCause cause);
  ~TableBuilder();

  // REQUIRES: entries come in entry order, without equal (key, tag).
  Status Add(const Entry& entry);

  // Adds a fragment of range tombstones; in key order, but apart from the entries. As
  // RangeTombstones::Append.
  void AddRange(std::string_view begin, std::string_view end,
                std::span<const SequenceNumber> sequences);

  // Bytes that the file would have if it ended here, within a block.
  uint64_t file_bytes() const;
  // Range tombstones are not among them.
  uint64_t entries() const;
  // Of the entry added last; empty before. Lives until the next one.
  std::string_view last_key() const;

  // Writes the filter, the index, the properties and the footer. Does not sync or close the file.
  // The `number` of the result is for the caller to fill in. REQUIRES: at least one entry or range.
  // A table always has a block: if there are only ranges, it holds a delete of the first key that
  // is deleted, at the sequence number of its range, which adds nothing to it.
  Result<TableInfo> Finish();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace varve
