// XorFilterPolicy: the xor filter with fingerprints of 8 bits (Graf and Lemire, "Xor filters:
// faster and smaller than Bloom and cuckoo filters", ACM JEA 25, 2020): 1.23 * 8 = 9.84 bits per
// key, 2^-8 false positives.
//
//   layout := (nothing)        three blocks of as many slots; each key has a slot in each block
//
// The slot in block i is floor(y * slots of a block / 2^32), y being the low 32 bits of x rotated
// to the left by 21 i. The rest of the bytes: engine/filter/fingerprint_filter.h.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>

#include "engine/filter/fingerprint_filter.h"

namespace varve {

class XorLayout {
 public:
  static constexpr size_t kTailBytes = 0;

  static XorLayout For(size_t keys) {
    XorLayout layout;
    layout.block_ = static_cast<uint64_t>((32 + 1.23 * static_cast<double>(keys)) / 3) + 1;
    return layout;
  }
  static bool Parse(std::string_view, uint64_t slots, XorLayout* layout) {
    layout->block_ = slots / 3;
    return slots % 3 == 0 && layout->block_ <= UINT32_MAX;
  }
  void AppendTo(std::string*) const {}

  uint64_t slots() const { return 3 * block_; }
  std::array<uint64_t, 3> SlotsOf(uint64_t x) const {
    const auto place = [&](int turn) {
      return static_cast<uint64_t>(static_cast<uint32_t>(std::rotl(x, turn))) * block_ >> 32;
    };
    return {place(0), block_ + place(21), 2 * block_ + place(42)};
  }

 private:
  uint64_t block_ = 0;
};

class XorFilterPolicy final : public FingerprintFilterPolicy<XorLayout, uint8_t> {
 public:
  std::string_view name() const override { return "varve.xor8.1"; }
  double fixed_bits_per_key() const override { return 9.84; }
};

}  // namespace varve
