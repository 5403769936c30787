// ValueSource: the bytes of values, as a pure function of record number and version.
//
// Nothing has to be stored to verify a read: a value names its record and version, and every byte
// of it can be told from these. Values do not depend on the seed of the trial, so that a loaded
// directory serves every repetition.
//
//   value := word(record) word(version) body       each word 8 bytes, little endian, scrambled
//   body  := pieces of 32 KiB, each cut from a pool of 64 KiB at an offset that the words choose,
//            exclusive-or a pattern of 8 bytes that they choose as well, for each piece
//
// A value shorter than 16 bytes is the beginning of that. The pattern makes values that were cut
// from the same place differ everywhere, so that no compressor finds one in the other.
//
// Called by streams (to make) and by the oracle of the harness (to verify).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workloads/lengths.h"
#include "workloads/workload.h"

namespace varve::workloads {

// What a value says it is.
struct ValueName {
  uint64_t record = 0;
  uint64_t version = 0;
};

// Thread-safe: immutable once made.
class ValueSource {
 public:
  explicit ValueSource(const Workload& workload);

  // Bytes of the value; at most value_bytes of the workload.
  size_t Size(uint64_t record, uint64_t version) const;

  // Whether all values are of one size.
  bool constant_size() const { return lengths_.constant() && !of_trace_; }

  // The value. The view is into *buffer, whose memory is used again.
  std::string_view Make(uint64_t record, uint64_t version, std::string* buffer) const;

  // Whether `value` is exactly the one of this record and version: length and every byte.
  bool Verify(std::string_view value, uint64_t record, uint64_t version) const;

  // The record and version that `value` claims in its first 16 bytes; nothing if it is shorter.
  // The claim is only good if Verify agrees.
  static std::optional<ValueName> Identify(std::string_view value);

 private:
  // Of a sample of values.
  double MeanSize() const;

  size_t fields_;
  size_t bytes_max_;
  bool of_trace_;    // versions carry sizes (TraceVersion)
  Lengths lengths_;  // of a field
  std::unique_ptr<char[]> pool_;
};

}  // namespace varve::workloads
