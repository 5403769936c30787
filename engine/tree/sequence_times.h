// SequenceTimes: when sequence numbers were given out, coarsely. A value, kept in the manifest, so
// that ages in seconds survive a restart.
//
// Samples of (sequence number, seconds) in ascending order, which bound the time of a sequence
// number from both sides.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/entry.h"

namespace varve {

class SequenceTimes {
 public:
  struct Sample {
    SequenceNumber sequence = 0;  // the last number that was given out
    uint64_t seconds = 0;         // at this time, since 1970
    bool operator==(const Sample&) const = default;
  };

  // More than this many samples are thinned out, every second one of the older half.
  static constexpr size_t kSamplesMax = 256;

  // Notes that `sequence` was the last number given out at `seconds`. Samples that do not go
  // forward in both are passed over: a clock that was set back makes nothing younger.
  void Add(SequenceNumber sequence, uint64_t seconds) {
    if (!samples_.empty()) {
      const Sample& newest = samples_.back();
      if (sequence <= newest.sequence || seconds <= newest.seconds) return;
    }
    samples_.push_back({sequence, seconds});
    if (samples_.size() > kSamplesMax) ThinOut();
  }

  // A time at or before that at which `sequence` was given out; 0 if nothing is known.
  uint64_t SecondsOf(SequenceNumber sequence) const {
    const auto after =
        std::partition_point(samples_.begin(), samples_.end(),
                             [&](const Sample& sample) { return sample.sequence < sequence; });
    return after == samples_.begin() ? 0 : (after - 1)->seconds;
  }

  // A time at or after that at which `sequence` was given out; nothing if it may be the present.
  std::optional<uint64_t> SecondsAfter(SequenceNumber sequence) const {
    const auto after =
        std::partition_point(samples_.begin(), samples_.end(),
                             [&](const Sample& sample) { return sample.sequence < sequence; });
    if (after == samples_.end()) return std::nullopt;
    return after->seconds;
  }

  const std::vector<Sample>& samples() const { return samples_; }
  bool operator==(const SequenceTimes&) const = default;

 private:
  void ThinOut() {
    size_t kept = 0;
    for (size_t i = 0; i < samples_.size(); ++i) {
      const bool old = i < samples_.size() / 2;
      if (!old || i % 2 == 0) samples_[kept++] = samples_[i];
    }
    samples_.resize(kept);
  }

  std::vector<Sample> samples_;
};

}  // namespace varve
