// Counter-based random numbers: number i of a stream is a pure function of (stream, i).
//
// The generator is SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014, figure 16): a counter that advances by an odd constant, put through a
// bijective mixer. Any element can be had without those before it, at one mix.
//
// Called by streams, choosers, keys and values.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace varve::workloads {

// The mixer: a bijection of 64 bits (Stafford's variant 13 of the MurmurHash3 finalizer).
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The inverse of Mix.
constexpr uint64_t Unmix(uint64_t x) {
  x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642b2d24d8ec3;
  x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96de1b173f119089;
  return x ^ (x >> 30) ^ (x >> 60);
}

// So many of all 64-bit numbers are below it: `share` of them, 0 <= share; all from 1 on.
inline uint64_t DrawsBelow(double share) {
  return share >= 1 ? ~uint64_t{0} : static_cast<uint64_t>(share * 0x1p64);
}

// What a random number is for. Numbers for different purposes are independent.
enum class RandomStream : uint64_t { kKind = 1, kKey = 2, kScanLength = 3 };

// The numbers drawn for one purpose by one operation: as many as it wants.
class Random {
 public:
  // Of operation `index` in a stream that starts at `base`, see StreamBase.
  Random(uint64_t base, uint64_t index) : state_(base + index * kIndexStep) {}

  // Where the stream of a purpose starts.
  static constexpr uint64_t StreamBase(uint64_t seed, RandomStream stream) {
    return Mix(Mix(seed + kIndexStep) + static_cast<uint64_t>(stream) * kDrawStep);
  }

  // Uniform over all 64-bit numbers.
  uint64_t Next() {
    const uint64_t bits = Mix(state_);
    state_ += kDrawStep;
    return bits;
  }

  // Uniform in [0, n), n > 0. By multiplication (Lemire, "Fast Random Integer Generation in an
  // Interval", 2019) without its rejection step: the bias is below n / 2^64.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<Wide>(Next()) * n) >> 64);
  }

  // Uniform in [0, 1), a multiple of 2^-53.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  __extension__ using Wide = unsigned __int128;

  // Two odd steps without a simple ratio, so that the draws of one operation do not return as those
  // of one soon after: the golden ratio and the plastic number, as fractions of 2^64.
  static constexpr uint64_t kIndexStep = 0x9e3779b97f4a7c15;
  static constexpr uint64_t kDrawStep = 0xc13fa9a902a6328f;

  uint64_t state_;
};

}  // namespace varve::workloads
