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

MergeRules::Verdict MergeRules::Judge(const Entry& entry, bool below_may_hold_key,
                                      SequenceNumber hidden_by) {
  const size_t stripe = Stripe(SequenceOf(entry.tag));
  if (hidden_by != 0 && Stripe(hidden_by) == stripe) return Verdict::kDropHidden;
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

std::vector<SequenceNumber> MergeRules::KeepRange(std::span<const SequenceNumber> newest_first,
                                                  bool below_may_hold_keys) const {
  std::vector<SequenceNumber> kept;
  size_t last_stripe = snapshots_.size() + 1;  // none
  for (const SequenceNumber sequence : newest_first) {
    const size_t stripe = Stripe(sequence);
    if (stripe == last_stripe) continue;
    last_stripe = stripe;
    const bool hides_nothing = stripe == 0 && !below_may_hold_keys;
    if (!hides_nothing) kept.push_back(sequence);
  }
  return kept;
}

bool MergeRules::MayForgetSequence(const Entry& entry, bool below_may_hold_key) const {
  return KindOf(entry.tag) == EntryKind::kPut && Stripe(SequenceOf(entry.tag)) == 0 &&
         !below_may_hold_key;
}

}  // namespace varve
