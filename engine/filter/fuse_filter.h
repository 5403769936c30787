// FuseFilterPolicy: the binary fuse filter with three slots a key (Graf and Lemire, "Binary fuse
// filters: fast and smaller than xor filters", ACM JEA 27, 2022), with fingerprints of 8 or 16
// bits: about 1.13 times that in bits per key, 2^-8 or 2^-16 false positives.
//
//   layout := segment_bits:u8          slots in segments of 2^segment_bits, of which there are s
//
// A key has a slot in each of three segments in a row. The first is f = floor(x * (s - 2) *
// 2^segment_bits / 2^64); the others are one and two segments further on, with the bits of their
// place in the segment turned over where bits 18 to 35, and bits 0 to 17, of x are set. The rest of
// the bytes: engine/filter/fingerprint_filter.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/filter/fingerprint_filter.h"

namespace varve {

class FuseLayout {
 public:
  static constexpr size_t kTailBytes = 1;

  // Segments of 2^(log_3.33 n + 2.25) slots, and 0.875 + 0.25 ln 10^6 / ln n slots a key, but at
  // least 1.125: what the authors found to be peeled nearly always (section 3).
  static FuseLayout For(size_t keys) {
    const double n = std::max(2.0, static_cast<double>(keys));
    const double slots = n * std::max(1.125, 0.875 + 0.25 * std::log(1e6) / std::log(n));
    FuseLayout layout;
    layout.segment_bits_ =
        std::min(static_cast<int>(std::log(n) / std::log(3.33) + 2.25), kSegmentBitsMax);
    const uint64_t segment = uint64_t{1} << layout.segment_bits_;
    const uint64_t segments = (static_cast<uint64_t>(slots) + segment - 1) / segment;
    layout.firsts_ = (std::max<uint64_t>(segments, 3) - 2) * segment;
    return layout;
  }
  static bool Parse(std::string_view tail, uint64_t slots, FuseLayout* layout) {
    layout->segment_bits_ = static_cast<unsigned char>(tail[0]);
    if (layout->segment_bits_ > kSegmentBitsMax) return false;
    const uint64_t segment = uint64_t{1} << layout->segment_bits_;
    if (slots % segment != 0 || slots < 3 * segment) return false;
    layout->firsts_ = slots - 2 * segment;
    return true;
  }
  void AppendTo(std::string* out) const { out->push_back(static_cast<char>(segment_bits_)); }

  uint64_t slots() const { return firsts_ + (uint64_t{2} << segment_bits_); }
  std::array<uint64_t, 3> SlotsOf(uint64_t x) const {
    const uint64_t segment = uint64_t{1} << segment_bits_;
    const uint64_t first = ScaleTo(x, firsts_);
    return {first, (first + segment) ^ (x >> kSegmentBitsMax & (segment - 1)),
            (first + 2 * segment) ^ (x & (segment - 1))};
  }

 private:
  static constexpr int kSegmentBitsMax = 18;

  int segment_bits_ = 0;
  uint64_t firsts_ = 0;  // slots that may be a key's first: of all segments but two
};

class Fuse8FilterPolicy final : public FingerprintFilterPolicy<FuseLayout, uint8_t> {
 public:
  std::string_view name() const override { return "varve.fuse8.1"; }
  double fixed_bits_per_key() const override { return 9.04; }
};

class Fuse16FilterPolicy final : public FingerprintFilterPolicy<FuseLayout, uint16_t> {
 public:
  std::string_view name() const override { return "varve.fuse16.1"; }
  double fixed_bits_per_key() const override { return 18.08; }
};

}  // namespace varve
