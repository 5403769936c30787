// WriteBatch: puts and deletes that happen together or not at all.
//
// The bytes are what the WAL stores (engine/FORMAT.md, "Batch"):
//   batch     := sequence fixed64 | count fixed32 | operation*
//   operation := kind u8 | key length varint | key | [kind = put] value length varint | value
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/entry.h"
#include "engine/status.h"

namespace varve {

// Not thread safe. Later operations win over earlier ones on the same key.
class WriteBatch {
 public:
  WriteBatch() { Clear(); }

  // Copy key and value. A key or a value that is too long makes Db::Write fail.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  void Clear();

  uint32_t count() const;
  // Keys and values, without framing.
  uint64_t user_bytes() const { return user_bytes_; }
  // kInvalidArgument if an operation was too long; says which and how long it may be.
  const Status& status() const { return status_; }

 private:
  friend class WriteBatchBytes;
  std::string bytes_;
  uint64_t user_bytes_ = 0;
  Status status_;
};

}  // namespace varve
