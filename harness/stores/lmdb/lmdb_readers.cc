// The pool, and what each thread keeps of it.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/lmdb/lmdb_readers.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace varve::harness {
namespace {

// The reader that this thread used last, and gives back when it ends.
struct Kept {
  std::shared_ptr<LmdbReaderPool> pool;
  LmdbReader* reader = nullptr;

  ~Kept() { GiveBack(); }
  void GiveBack() {
    if (reader != nullptr) pool->Return(std::exchange(reader, nullptr));
  }
};
thread_local Kept kept;

}  // namespace

Status LmdbFailure(int code, std::string_view call) {
  std::string message = fmt::format("{}: {}", call, mdb_strerror(code));
  switch (code) {
    case MDB_MAP_FULL:
      return Status::NoSpace(message + " (lmdb.map_bytes is what the database may grow to)");
    case MDB_READERS_FULL:
      return Status::InvalidArgument(message + " (lmdb.maxreaders)");
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      return Status::Corruption(std::move(message));
    case MDB_BAD_VALSIZE:
    case MDB_TXN_FULL:
    case EINVAL:
      return Status::InvalidArgument(std::move(message));
    case ENOSPC:
    case EDQUOT:
      return Status::NoSpace(std::move(message));
    case ENOENT:
      return Status::NotFound(std::move(message));
    case EAGAIN:
    case EBUSY:
      return Status::Busy(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

Result<LmdbReader*> LmdbReaderPool::Take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return Make();
  LmdbReader* const reader = idle_.back();
  idle_.pop_back();
  return reader;
}

Result<LmdbReader*> LmdbReaderPool::Make() {
  auto reader = std::make_unique<LmdbReader>();
  int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader->txn);
  if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_txn_begin");
  code = mdb_cursor_open(reader->txn, dbi_, &reader->cursor);
  if (code != MDB_SUCCESS) {
    mdb_txn_abort(reader->txn);
    return LmdbFailure(code, "mdb_cursor_open");
  }
  mdb_txn_reset(reader->txn);
  all_.push_back(std::move(reader));
  return all_.back().get();
}

void LmdbReaderPool::Return(LmdbReader* reader) {
  const std::lock_guard lock(mutex_);
  if (!all_.empty()) idle_.push_back(reader);  // else it was closed
}

void LmdbReaderPool::Close() {
  const std::lock_guard lock(mutex_);
  for (const auto& reader : all_) {
    mdb_cursor_close(reader->cursor);
    mdb_txn_abort(reader->txn);
  }
  all_.clear();
  idle_.clear();
}

LmdbRead::LmdbRead(const std::shared_ptr<LmdbReaderPool>& pool) : pool_(pool) {
  if (kept.pool == pool) reader_ = std::exchange(kept.reader, nullptr);
  if (reader_ == nullptr) {
    Result<LmdbReader*> reader = pool->Take();
    if (!reader.ok()) {
      status_ = reader.status();
      return;
    }
    reader_ = *reader;
  }
  const int code = mdb_txn_renew(reader_->txn);
  if (code == MDB_SUCCESS) return;
  status_ = LmdbFailure(code, "mdb_txn_renew");
  pool->Return(std::exchange(reader_, nullptr));
}

LmdbRead::~LmdbRead() {
  if (reader_ == nullptr) return;
  mdb_txn_reset(reader_->txn);
  if (kept.pool != pool_) {
    kept.GiveBack();
    kept.pool = pool_;
  }
  if (kept.reader == nullptr) {
    kept.reader = reader_;
  } else {
    pool_->Return(reader_);
  }
}

Result<MDB_cursor*> LmdbRead::Cursor() const {
  const int code = mdb_cursor_renew(reader_->txn, reader_->cursor);
  if (code != MDB_SUCCESS) return LmdbFailure(code, "mdb_cursor_renew");
  return reader_->cursor;
}

}  // namespace varve::harness
