// KeySpace: the key of each record number, and keys that no record has.
//
// Formats:
//   ycsb   "user" and a decimal number, byte for byte that of YCSB's CoreWorkload.buildKeyName:
//          the record number, or its 64-bit FNV-1a hash without sign; zeros are put before it up
//          to zero_padding digits.
//   fixed  key_bytes bytes. A 64-bit number, written as 16 hexadecimal digits, or, in keys of
//          fewer than 16 bytes, as 8 big-endian bytes, so that keys sort as numbers do; the rest
//          is '0'. The number is, when ordered, twice the record number (the odd ones are absent
//          keys); when hashed, a bijection of it, so that no two records share a key.
//
// A replay has the keys of its trace, and no absent ones.
//
// The key of a record depends on nothing else: not on the seed, not on the number of records.
//
// Called by streams, and by the oracle of the harness.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "workloads/workload.h"

namespace varve::workloads {

// Whether the keys of the workload, of all records that it can have, sort as the records are
// numbered.
bool KeysSortByRecord(const Workload& workload);

// YCSB's Utils.hash: FNV-1a over the 8 bytes of `number`, lowest first, then the absolute value.
uint64_t YcsbHash(uint64_t number);

// Thread-safe: immutable once made.
class KeySpace {
 public:
  explicit KeySpace(const Workload& workload);

  // The key of a record. The view is into *buffer, whose memory is used again; a buffer must only
  // ever be given to one KeySpace.
  std::string_view Key(uint64_t record, std::string* buffer) const;

  // The absent key that belongs to `record`, which must be a loaded one: never the key of any
  // record, and always strictly between the keys of two loaded records (if there are only one or
  // two of them, there may be no such key: then it is just some absent key). Distinct records have
  // distinct absent keys, except for a few in a thousand.
  std::string_view AbsentKey(uint64_t record, std::string* buffer) const;

  // The absent key of `record` above all keys of records. No two records that a test could load
  // have the same. The buffer is for such keys only.
  std::string_view OutsideKey(uint64_t record, std::string* buffer) const;

  bool sorts_by_record() const { return sorts_by_record_; }

  // No key of a record is longer, nor is an absent one inside the range.
  size_t bytes_max() const { return bytes_max_; }

 private:
  [[gnu::always_inline]] inline std::string_view FixedKey(uint64_t number,
                                                          std::string* buffer) const;
  std::string_view YcsbKey(uint64_t number, std::string* buffer) const;
  std::string_view AbsentCandidate(uint64_t record, uint64_t attempt, std::string* buffer) const;

  bool ycsb_;
  bool hashed_;
  bool sorts_by_record_;
  size_t key_bytes_;
  size_t zero_padding_;
  size_t bytes_max_;
  uint64_t first_;  // loaded record numbers
  uint64_t count_;
  std::string low_, high_;              // keys of two loaded records; absent keys lie between them
  std::shared_ptr<const Trace> trace_;  // has the keys instead, if there is one
};

}  // namespace varve::workloads
