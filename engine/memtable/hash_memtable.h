// HashMemTable: what the hash memtables share: H buckets, of which the hash of the first X bytes of
// a key chooses one. The parts differ in what a bucket is.
//
// The models are RocksDB's prefix_hash and hash_linkedlist; S. Kaushik and S. Sarkar, "Anatomy of
// the LSM memory buffer: insights & implications", DBTest 2024, measure what H and X do. H is
// `buckets`, below 2^32, 8 bytes each, charged from the beginning; 0 is one for each KiB of
// bytes_max. X is `prefix_bytes`; of a shorter key all bytes count. With X = 0 all keys are in one
// bucket.
//
// Get and Add look at one bucket. There is no order among buckets: an iterator collects all entries
// and sorts them, O(n log n) and at least a cache miss an entry, until the table is sealed, which
// does that once for all (late_sorted_memtable.h).
//
// Readers never wait: buckets only grow, by release stores.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

#include "engine/memtable/late_sorted_memtable.h"
#include "engine/util/hash.h"
#include "engine/util/prefix.h"

namespace varve {

// A Bucket is empty when made, and small: there are many. One thread calls, of the memtable,
// AddTo(bucket, entry); any number call, of the bucket,
//   Find(target)    the newest version of the target's key at or after it, or nullptr
//   ForEach(visit)  visit(record) for at least what was added before the call, in any order
template <class Bucket>
class HashMemTable : public LateSortedMemTable {
 public:
  void Add(const Entry& entry) final {
    AddTo(&buckets_[IndexOf(entry.key)], entry);
    CountEntry(entry);
  }

  bool Get(std::string_view key, SequenceNumber at, Entry* found) const final {
    const Record* record = buckets_[IndexOf(key)].Find({key, SeekTag(at)});
    if (record == nullptr) return false;
    *found = record->entry();
    return true;
  }

 protected:
  HashMemTable(const MemTableOptions& options, size_t object_bytes)
      : LateSortedMemTable(options, object_bytes),
        prefix_bytes_(options.prefix_bytes),
        bucket_count_(options.buckets != 0
                          ? options.buckets
                          : std::max<uint64_t>(options.bytes_max / kBytesPerBucket, 1)),
        buckets_(NewBuckets()) {}

  virtual void AddTo(Bucket* bucket, const Entry& entry) = 0;

 private:
  static constexpr uint64_t kBytesPerBucket = 1024;

  Bucket* NewBuckets() {
    char* bytes = arena().Allocate(bucket_count_ * sizeof(Bucket), alignof(Bucket));
    for (uint64_t i = 0; i < bucket_count_; ++i) new (bytes + i * sizeof(Bucket)) Bucket;
    return reinterpret_cast<Bucket*>(bytes);
  }

  size_t IndexOf(std::string_view key) const {
    // 32 bits of the hash, as a fraction, times the count: as even as a remainder, no division.
    return static_cast<size_t>((HashKey(key.substr(0, prefix_bytes_)) >> 32) * bucket_count_ >> 32);
  }

  size_t CopySlots(Slot* to, size_t room) const final {
    size_t count = 0;
    for (uint64_t i = 0; i < bucket_count_; ++i) {
      buckets_[i].ForEach([&](const Record* record) {
        if (count < room) to[count] = Slot(KeyPrefix(record->key()), record);
        ++count;
      });
    }
    return count;
  }

  const uint64_t prefix_bytes_;
  const uint64_t bucket_count_;
  Bucket* const buckets_;
};

}  // namespace varve
