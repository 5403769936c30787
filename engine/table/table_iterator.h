// TableIterator: a cursor over the entries of one table, block by block. Internal to engine/table.
//
// Blocks come from the cache, or one by one from storage into the cache; without fill_cache they
// are read in chunks, checked, and used in place.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "engine/iterator/iterator.h"
#include "engine/table/block.h"
#include "engine/table/table_file.h"
#include "engine/table/table_reader.h"

namespace varve {

class TableIterator final : public EntryIterator {
 public:
  // The table must outlive the iterator.
  TableIterator(const TableFile* table, const ReadContext& context);

  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(std::string_view key, Tag tag) override;
  void Next() override;
  void Prev() override;
  Status status() const override { return status_; }

  // Number of the block that holds the current entry. REQUIRES: Valid().
  size_t block() const { return block_; }

 private:
  enum class Direction { kForward, kBackward };

  // Makes `block` the current one. Returns false, and is not valid, if it cannot be read.
  bool Load(size_t block, Direction direction);
  // Finds the contents of a block wherever they are.
  Status Fetch(size_t block, Direction direction, std::string_view* contents);
  // Reads `block` and more in the given direction into chunk_.
  Status ReadChunk(size_t block, Direction direction);
  // Takes over the entry that a step within the block led to; goes on to other blocks at its end.
  void Arrive(BlockState state, Direction direction);
  void Fail(Status status);
  void Count(Tally LevelReadTallies::*tally);

  const TableFile* const table_;
  const ReadContext context_;
  const bool past_cache_;

  BlockCursor cursor_;
  bool loaded_ = false;  // block_ is in cursor_
  size_t block_ = 0;
  BlockBytes pin_;     // holds the block if it came alone
  std::string chunk_;  // stored bytes of the blocks [chunk_first_, chunk_last_)
  size_t chunk_first_ = 0;
  size_t chunk_last_ = 0;
  uint64_t chunk_bytes_ = 0;  // how much to read next
  std::string raw_;           // a decompressed block of the chunk
  Status status_;
};

}  // namespace varve
