// The rules of merge_rules.h, one entry at a time.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/merge_rules.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/util/prefix.h"

namespace varve {

MergeRules::MergeRules(std::vector<SequenceNumber> snapshots) : snapshots_(std::move(snapshots)) {
  assert(std::is_sorted(snapshots_.begin(), snapshots_.end()));
}

size_t MergeRules::Stripe(SequenceNumber sequence) const {
  const auto first_that_sees = std::lower_bound(snapshots_.begin(), snapshots_.end(), sequence);
  return static_cast<size_t>(first_that_sees - snapshots_.begin());
}

MergeRules::Verdict MergeRules::Judge(const Entry& entry, bool below_may_hold_key) {
  const size_t stripe = Stripe(SequenceOf(entry.tag));
  // Most keys differ from the one before within their first bytes.
  const uint64_t prefix = KeyPrefix(entry.key);
  const bool same_key = prefix == prefix_ && has_key_ && entry.key == key_;
  if (same_key && stripe == last_stripe_) return Verdict::kDropHidden;
  if (!same_key) key_.assign(entry.key);
  prefix_ = prefix;
  has_key_ = true;
  last_stripe_ = stripe;
  const bool hides_nothing = stripe == 0 && !below_may_hold_key;
  if (KindOf(entry.tag) == EntryKind::kDelete && hides_nothing) return Verdict::kDropTombstone;
  return Verdict::kKeep;
}

bool MergeRules::MayForgetSequence(const Entry& entry, bool below_may_hold_key) const {
  return KindOf(entry.tag) == EntryKind::kPut && Stripe(SequenceOf(entry.tag)) == 0 &&
         !below_may_hold_key;
}

}  // namespace varve
