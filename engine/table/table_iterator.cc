// Walking a table.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_iterator.h"

#include <algorithm>
#include <cassert>

namespace varve {
namespace {

// A scan may be short: it starts with little and doubles while it goes on.
constexpr uint64_t kChunkBytesMin = 16 << 10;

bool ReadsEverything(IoKind kind) { return kind == IoKind::kCompaction || kind == IoKind::kVerify; }

}  // namespace

TableIterator::TableIterator(const TableFile* table, const ReadContext& context)
    : table_(table),
      context_(context),
      past_cache_(!context.fill_cache && ReadsEverything(context.kind)) {}

void TableIterator::Count(Tally LevelReadTallies::*tally) {
  if (context_.counters != nullptr) (context_.counters->levels[context_.level].*tally).Add();
}

void TableIterator::Fail(Status status) {
  status_ = std::move(status);
  valid_ = false;
  loaded_ = false;
}

Status TableIterator::ReadChunk(size_t block, Direction direction) {
  const bool goes_on = direction == Direction::kForward ? block == chunk_last_ && chunk_last_ != 0
                                                        : block + 1 == chunk_first_;
  if (past_cache_) {
    chunk_bytes_ = context_.read_ahead_bytes;
  } else {
    chunk_bytes_ = goes_on ? std::min(2 * chunk_bytes_, context_.read_ahead_bytes) : kChunkBytesMin;
  }
  const TableIndex& index = table_->index();
  size_t first = block;
  size_t last = block + 1;
  uint64_t bytes = index.block_bytes(block);
  if (direction == Direction::kForward) {
    while (last < index.blocks() && bytes + index.block_bytes(last) <= chunk_bytes_) {
      bytes += index.block_bytes(last++);
    }
  } else {
    while (first > 0 && bytes + index.block_bytes(first - 1) <= chunk_bytes_) {
      bytes += index.block_bytes(--first);
    }
  }
  chunk_first_ = chunk_last_ = 0;
  const IoCause cause = {context_.kind, context_.level, context_.reason};
  chunk_.resize(table_->stored_bytes(first, last));
  const Status status = table_->ReadStored(cause, first, last, chunk_.data());
  if (!status.ok()) return status;
  if (context_.bytes_read != nullptr) {
    context_.bytes_read->fetch_add(chunk_.size(), std::memory_order_relaxed);
  }
  chunk_first_ = first;
  chunk_last_ = last;
  return {};
}

Status TableIterator::Fetch(size_t block, Direction direction, std::string_view* contents) {
  const bool in_chunk = block >= chunk_first_ && block < chunk_last_;
  if (!in_chunk && !past_cache_) {
    pin_ = table_->CachedBlock(block);
    if (pin_) {
      Count(&LevelReadTallies::scan_blocks_from_cache);
      *contents = pin_.view();
      return {};
    }
  }
  Count(&LevelReadTallies::scan_blocks_from_storage);
  if (context_.fill_cache) {
    const Status status = table_->ReadBlock(context_, block, &pin_);
    if (status.ok()) *contents = pin_.view();
    return status;
  }
  if (!in_chunk) {
    const Status status = ReadChunk(block, direction);
    if (!status.ok()) return status;
  }
  const TableIndex& index = table_->index();
  const uint64_t begin = index.offset(block) - index.offset(chunk_first_);
  return table_->OpenStored(block, std::string_view(chunk_).substr(begin, index.block_bytes(block)),
                            &raw_, contents);
}

bool TableIterator::Load(size_t block, Direction direction) {
  if (loaded_ && block == block_) return true;
  std::string_view contents;
  const Status status = Fetch(block, direction, &contents);
  if (!status.ok()) {
    Fail(status);
    return false;
  }
  if (!cursor_.Reset(contents)) {
    Fail(table_->Damaged(block, "block is malformed"));
    return false;
  }
  block_ = block;
  loaded_ = true;
  return true;
}

void TableIterator::Arrive(BlockState state, Direction direction) {
  while (state == BlockState::kEnd) {
    const bool forward = direction == Direction::kForward;
    if (forward ? block_ + 1 == table_->index().blocks() : block_ == 0) {
      valid_ = false;
      return;
    }
    if (!Load(forward ? block_ + 1 : block_ - 1, direction)) return;
    state = forward ? cursor_.SeekToFirst() : cursor_.SeekToLast();
  }
  if (state == BlockState::kDamaged) {
    Fail(table_->Damaged(block_, "block is malformed"));
    return;
  }
  entry_ = cursor_.entry();
  valid_ = true;
}

void TableIterator::SeekToFirst() {
  status_ = {};
  if (Load(0, Direction::kForward)) Arrive(cursor_.SeekToFirst(), Direction::kForward);
}

void TableIterator::SeekToLast() {
  status_ = {};
  if (Load(table_->index().blocks() - 1, Direction::kBackward)) {
    Arrive(cursor_.SeekToLast(), Direction::kBackward);
  }
}

void TableIterator::Seek(std::string_view key, Tag tag) {
  status_ = {};
  valid_ = false;
  const size_t block = table_->index().Find(key, tag);
  if (block == table_->index().blocks()) return;
  if (Load(block, Direction::kForward)) Arrive(cursor_.Seek(key, tag), Direction::kForward);
}

void TableIterator::Next() {
  assert(valid_);
  const BlockState state = cursor_.Next();
  if (state == BlockState::kEntry) [[likely]] {
    entry_ = cursor_.entry();
    return;
  }
  Arrive(state, Direction::kForward);
}

void TableIterator::Prev() {
  assert(valid_);
  Arrive(cursor_.Prev(), Direction::kBackward);
}

}  // namespace varve
