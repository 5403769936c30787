// MergeRules: which versions and tombstones a merge may drop. A pure function, with a truth table
// in the tests.
//
// Versions of a key come newest first. A snapshot at s sees the newest version with a sequence
// number of at most s. A version is dropped when every snapshot, and every reader without one,
// that could see it sees a newer one that is kept. A tombstone that hides nothing below is dropped
// as well.
//
// A range tombstone is a version of every key in its range: it hides the versions of its stripe
// that are older than it, and of the range tombstones of one stripe that cover a place only the
// newest is needed there.
//
// Snapshots cut the sequence numbers into stripes: versions with no snapshot between them are in
// one stripe, and of those only the newest can be seen. A tombstone may go only from the oldest
// stripe: in a newer one, an older version that a snapshot still needs may follow, and would come
// back to life for later readers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/entry.h"

namespace varve {

// Not thread safe; one for each merge.
class MergeRules {
 public:
  // `snapshots`: ascending sequence numbers that somebody may still read at, besides the present.
  explicit MergeRules(std::vector<SequenceNumber> snapshots);

  enum class Verdict : uint8_t { kKeep, kDropHidden, kDropTombstone };

  // Called for each entry of the merge, in entry order. `below_may_hold_key`: may a level below
  // the output, or an older run beside it, hold a version of this key. `hidden_by`: the oldest
  // range tombstone of the merge that covers the key and is newer than the entry; 0: none.
  Verdict Judge(const Entry& entry, bool below_may_hold_key, SequenceNumber hidden_by = 0);

  // Of the range tombstones that cover a range, newest first, those that are written.
  // `below_may_hold_keys`: as above, of any key in the range.
  std::vector<SequenceNumber> KeepRange(std::span<const SequenceNumber> newest_first,
                                        bool below_may_hold_keys) const;

  // May `entry`, which Judge just told to keep, be written with sequence number 0 instead of its
  // own? Then it is the oldest version of its key in the tree, and every reader that is left sees
  // it, or a newer one: so it stays visible, and no second version of the key can have number 0
  // (any other has a newer one, or is dropped by the merge in which they meet).
  bool MayForgetSequence(const Entry& entry, bool below_may_hold_key) const;

 private:
  // The number of snapshots below `sequence`: they do not see it. 0 is the oldest stripe.
  size_t Stripe(SequenceNumber sequence) const;

  const std::vector<SequenceNumber> snapshots_;
  // The key judged last, once there is one, and the stripe of its last version that was not hidden.
  std::string key_;
  uint64_t prefix_ = 0;  // of key_
  bool has_key_ = false;
  size_t last_stripe_ = 0;
};

}  // namespace varve
