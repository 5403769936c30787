// Everything about histograms that is not recording.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/histogram.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace varve::harness {
namespace {

// Which power of two the bucket is wide.
int ShiftOf(size_t index) {
  return index < Histogram::kSubBuckets ? 0 : static_cast<int>(index / Histogram::kHalf) - 1;
}

}  // namespace

uint64_t Histogram::LowestOf(size_t index) {
  assert(index < kBuckets);
  const int shift = ShiftOf(index);
  return (index - static_cast<size_t>(shift) * kHalf) << shift;
}

uint64_t Histogram::HighestOf(size_t index) {
  return LowestOf(index) + (uint64_t{1} << ShiftOf(index)) - 1;
}

void Histogram::AddBucket(size_t index, uint64_t count) {
  if (count == 0) return;
  const uint64_t value_ns = HighestOf(index);
  counts_[index] += count;
  count_ += count;
  sum_ns_ += value_ns * count;
  min_ns_ = std::min(min_ns_, value_ns);
  max_ns_ = std::max(max_ns_, value_ns);
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  const size_t first = IndexOf(other.min_ns_);
  const size_t last = IndexOf(other.max_ns_);
  for (size_t index = first; index <= last; ++index) counts_[index] += other.counts_[index];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

void Histogram::Clear() {
  if (count_ == 0) return;
  const auto first = counts_.begin() + static_cast<ptrdiff_t>(IndexOf(min_ns_));
  const auto last = counts_.begin() + static_cast<ptrdiff_t>(IndexOf(max_ns_));
  std::fill(first, last + 1, 0);
  count_ = 0;
  sum_ns_ = 0;
  min_ns_ = UINT64_MAX;
  max_ns_ = 0;
}

double Histogram::mean_ns() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
}

Histogram::Tail Histogram::TailFrom(uint64_t value_ns) const {
  Tail tail;
  double sum_ns = 0;
  for (size_t index = IndexOf(value_ns); index < kBuckets; ++index) {
    const auto lowest = static_cast<double>(LowestOf(index));
    const auto highest = static_cast<double>(HighestOf(index));
    sum_ns += static_cast<double>(counts_[index]) * (lowest + highest) / 2;
    tail.count += counts_[index];
  }
  if (tail.count > 0) tail.mean_ns = sum_ns / static_cast<double>(tail.count);
  return tail;
}

uint64_t Histogram::PercentileNs(double percent) const {
  if (count_ == 0) return 0;
  // Less a trillionth, so that 99.9 percent of 1000 is rank 999 in spite of rounding.
  const double wanted = percent / 100 * static_cast<double>(count_) * (1 - 1e-12);
  const auto rank = std::clamp<uint64_t>(static_cast<uint64_t>(std::ceil(wanted)), 1, count_);
  uint64_t seen = 0;
  for (size_t index = IndexOf(min_ns_); index + 1 < kBuckets; ++index) {
    seen += counts_[index];
    if (seen >= rank) return std::min(HighestOf(index), max_ns_);
  }
  return max_ns_;
}

}  // namespace varve::harness
