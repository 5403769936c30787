// Histogram: how often each duration occurred, in nanoseconds.
//
// The buckets are those of HdrHistogram (Tene) with two significant digits and unit 1: 256 buckets
// of width 1, then 128 for each doubling. A bucket is at most 1/128 of its values wide, so a
// percentile is never too small and at most 0.79 % too large; count, sum, minimum and maximum are
// exact. Because the layout is the same, hlog.h writes the counts as they are.
//
// Recorded by client.cc; merged and asked by everything that reports latency.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace varve::harness {

// Not thread safe. 39 KB; neither copy nor record allocates.
class Histogram {
 public:
  static constexpr int kSignificantDigits = 2;
  static constexpr uint64_t kSubBuckets = 256;  // smallest power of two over 2 * 10^digits
  static constexpr uint64_t kHalf = kSubBuckets / 2;
  // About 4.9 hours. Longer durations are counted in the last bucket; sum and maximum stay exact.
  static constexpr uint64_t kTrackableMax = (uint64_t{1} << 44) - 1;
  static constexpr size_t kBuckets = (44 - 8 + 1 + 1) * kHalf;

  void Record(uint64_t value_ns) {
    ++counts_[IndexOf(value_ns)];
    ++count_;
    sum_ns_ += value_ns;
    if (value_ns < min_ns_) min_ns_ = value_ns;
    if (value_ns > max_ns_) max_ns_ = value_ns;
  }

  // `count` durations of which only the bucket is known, as the largest that it counts.
  // REQUIRES: index < kBuckets.
  void AddBucket(size_t index, uint64_t count);

  void Merge(const Histogram& other);
  void Clear();

  uint64_t count() const { return count_; }
  uint64_t sum_ns() const { return sum_ns_; }
  // All 0 if nothing was recorded.
  double mean_ns() const;
  uint64_t min_ns() const { return count_ == 0 ? 0 : min_ns_; }
  uint64_t max_ns() const { return max_ns_; }

  // Percentile p, for 0 < p <= 100: the smallest duration that at least p percent of the recorded
  // durations do not exceed (the value of rank ceil(p / 100 * count)), given as the largest value
  // of its bucket, but never above max_ns(). 0 if nothing was recorded.
  uint64_t PercentileNs(double percent) const;

  // The recorded durations in the bucket of `value_ns` and in those above it, and their mean, each
  // taken for the middle of its bucket: at most 0.4 % wrong.
  struct Tail {
    uint64_t count = 0;
    double mean_ns = 0;
  };
  Tail TailFrom(uint64_t value_ns) const;

  // The raw buckets, for encoding. REQUIRES: index < kBuckets.
  uint64_t CountAt(size_t index) const { return counts_[index]; }
  static uint64_t LowestOf(size_t index);   // smallest value counted there
  static uint64_t HighestOf(size_t index);  // largest

  static size_t IndexOf(uint64_t value_ns) {
    if (value_ns > kTrackableMax) value_ns = kTrackableMax;
    // The position of the highest bit, counted so that everything below 256 has shift 0.
    const auto shift = static_cast<int>(std::bit_width(value_ns | (kSubBuckets - 1))) - 8;
    return static_cast<size_t>(shift) * kHalf + (value_ns >> shift);
  }

 private:
  uint64_t count_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t min_ns_ = UINT64_MAX;
  uint64_t max_ns_ = 0;
  std::array<uint64_t, kBuckets> counts_{};
};

}  // namespace varve::harness
