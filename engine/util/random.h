// Random: small deterministic generators for the engine's own choices (heights, seeds, tests).
//
// The same seed gives the same numbers on every machine. Not for secrets.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace varve {

// The output function of SplitMix64: a bijection that scatters any 64-bit integer. The i-th number
// of the stream `seed` is SplitMix64(seed + (i + 1) * kSplitMixGamma), at any i in any order.
// Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 17;
// the constants are Stafford's variant 13.
inline constexpr uint64_t kSplitMixGamma = 0x9e3779b97f4a7c15;
constexpr uint64_t SplitMix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// A stream of numbers: 8 bytes of state, period 2^64. One thread at a time.
class Random {
 public:
  explicit constexpr Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() {
    state_ += kSplitMixGamma;
    return SplitMix64(state_);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0. The bias is below bound / 2^32.
  constexpr uint32_t Uniform(uint32_t bound) {
    return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32);
  }

  // True once in `n` calls on average. REQUIRES: n > 0.
  constexpr bool OneIn(uint32_t n) { return Uniform(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace varve
