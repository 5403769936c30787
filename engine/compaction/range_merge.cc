// Range tombstones in a merge.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/range_merge.h"

#include <algorithm>
#include <functional>

namespace varve {

RangeTombstones KeptTombstones(const MergeRequest& request, const MergeRules& rules) {
  const RangeTombstones& all = *request.tombstones;
  RangeTombstones kept;
  for (size_t i = all.Find(request.begin); i < all.size(); ++i) {
    if (!request.end.empty() && all.begin(i) >= request.end) break;
    const std::string_view begin = std::max<std::string_view>(all.begin(i), request.begin);
    const bool cut = !request.end.empty() && all.end(i) > request.end;
    const std::string_view end = cut ? std::string_view(request.end) : all.end(i);
    const std::vector<SequenceNumber> sequences =
        rules.KeepRange(all.sequences(i), request.older->MayHoldAny(begin, end));
    if (!sequences.empty()) kept.Append(begin, end, sequences);
  }
  return kept;
}

SequenceNumber RangeMerge::HiddenBy(std::string_view key, SequenceNumber sequence) {
  while (at_ < all_->size() && all_->end(at_) <= key) ++at_;
  if (at_ == all_->size() || all_->begin(at_) > key) return 0;
  const std::span<const SequenceNumber> newest_first = all_->sequences(at_);
  const auto not_newer =
      std::lower_bound(newest_first.begin(), newest_first.end(), sequence, std::greater<>());
  return not_newer == newest_first.begin() ? 0 : *std::prev(not_newer);
}

}  // namespace varve
