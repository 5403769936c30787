// WriteBatch: puts, deletes and deletes of ranges that happen together or not at all.
//
// The bytes are what the WAL stores (engine/FORMAT.md, "Batch"):
//   batch     := sequence fixed64 | count fixed32 | operation*
//   operation := kind u8 | key length varint | key | [kind != delete] value length varint | value
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/entry.h"
#include "engine/status.h"

namespace varve {

// Not thread safe. Later operations win over earlier ones on the same key, and each has a sequence
// number of its own.
class WriteBatch {
 public:
  WriteBatch() { Clear(); }

  // Copy key and value. A key or a value that is too long makes Db::Write fail.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Deletes all keys in [begin, end). If the two are equal, there is nothing to do, and nothing is
  // added; a `begin` above `end`, or one of them longer than a key, makes Db::Write fail.
  void DeleteRange(std::string_view begin, std::string_view end);
  void Clear();

  uint32_t count() const;
  // Keys and values, and both ends of ranges, without framing.
  uint64_t user_bytes() const { return user_bytes_; }
  // kInvalidArgument if an operation was too long, or a range ends before it begins; says which.
  const Status& status() const { return status_; }

 private:
  friend class WriteBatchBytes;
  // False, and makes Db::Write fail, if the key is too long.
  bool TakesKey(std::string_view key);
  void CountOperation(size_t user_bytes);

  std::string bytes_;
  uint64_t user_bytes_ = 0;
  Status status_;
};

}  // namespace varve
