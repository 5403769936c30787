// WriteBatchBytes: the inside of WriteBatch, for the write path and for recovery.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/entry.h"
#include "engine/status.h"
#include "engine/write_batch.h"

namespace varve {

// sequence fixed64 | count fixed32
inline constexpr size_t kBatchHeaderBytes = 12;

class WriteBatchBytes {
 public:
  // The operations of a batch, without the header.
  static std::string_view Operations(const WriteBatch& batch) {
    return std::string_view(batch.bytes_).substr(kBatchHeaderBytes);
  }

  // Makes *payload a WAL payload without operations; they are appended after it.
  static void StartPayload(std::string* payload);
  // Writes the header of a payload whose operations are complete.
  static void FinishPayload(std::string* payload, SequenceNumber first, uint32_t count);
};

// Reads the operations of a WAL payload or of a batch, in order. The bytes must outlive it.
class BatchReader {
 public:
  // Of a whole payload; kCorruption if the header is cut off.
  static Result<BatchReader> OfPayload(std::string_view payload);
  // Of `count` operations without a header, the first of which has sequence number `first`.
  BatchReader(std::string_view operations, SequenceNumber first, uint32_t count)
      : rest_(operations), sequence_(first), left_(count) {}

  // True and an entry whose views point into the payload; false at the end; kCorruption if the
  // bytes are not those of a batch. Ranges are not empty.
  Result<bool> Next(Entry* entry);

  SequenceNumber next_sequence() const { return sequence_; }

 private:
  std::string_view rest_;
  SequenceNumber sequence_;
  uint32_t left_;
};

}  // namespace varve
