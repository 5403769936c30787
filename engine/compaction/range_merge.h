// RangeMerge: what a merge does with range tombstones: which versions they hide, and which of them
// are written, where. Costs nothing in a merge that has none.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/compaction/job.h"
#include "engine/compaction/merge_rules.h"
#include "engine/range_tombstones.h"

namespace varve {

// The range tombstones of `request` that its output keeps: those of its key range, cut at its ends.
RangeTombstones KeptTombstones(const MergeRequest& request, const MergeRules& rules);

// Not thread safe; one for each merge. Keys are asked in ascending order.
class RangeMerge {
 public:
  RangeMerge(const MergeRequest& request, const MergeRules& rules) : all_(request.tombstones) {
    if (all_ != nullptr) kept_ = KeptTombstones(request, rules);
  }

  bool empty() const { return all_ == nullptr; }

  // The oldest range tombstone that is newer than `sequence` and covers `key`; 0 if there is none.
  // REQUIRES: not empty().
  SequenceNumber HiddenBy(std::string_view key, SequenceNumber sequence);

  // Hands to writer->AddRange what begins at or before `key`, before the entries of `key`.
  template <class Writer>
  Status WriteUpTo(std::string_view key, Writer* writer) {
    while (written_ < kept_.size() && kept_.begin(written_) <= key) {
      if (Status s = WriteNext(writer); !s.ok()) return s;
    }
    return {};
  }
  // … and all that is left.
  template <class Writer>
  Status WriteRest(Writer* writer) {
    while (written_ < kept_.size()) {
      if (Status s = WriteNext(writer); !s.ok()) return s;
    }
    return {};
  }

 private:
  template <class Writer>
  Status WriteNext(Writer* writer) {
    const size_t next = written_++;
    return writer->AddRange(kept_.begin(next), kept_.end(next), kept_.sequences(next));
  }

  const RangeTombstones* const all_;  // may be nullptr
  RangeTombstones kept_;
  size_t at_ = 0;       // in all_: the first fragment that ends after the key asked last
  size_t written_ = 0;  // of kept_
};

}  // namespace varve
