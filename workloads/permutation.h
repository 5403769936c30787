// Permutation: the numbers below n in an order as if at random, without a table.
//
// Odd multiplications and shifts are bijections of the numbers below a power of two; where one
// leads out of [0, n), it is applied again until it comes back (cycle walking: Black and Rogaway,
// "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). Less than two rounds on average. For
// scattering, not for secrecy.
//
// Called by the load stream and the scrambled zipfian chooser.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace varve::workloads {

class Permutation {
 public:
  explicit Permutation(uint64_t n)
      : n_(n),
        mask_(n <= 2 ? 1 : ~uint64_t{0} >> std::countl_zero(n - 1)),
        shift_(std::popcount(mask_) / 2 + 1) {}

  // Where i < n goes.
  uint64_t At(uint64_t i) const {
    do {
      i = Scramble(i);
    } while (i >= n_);
    return i;
  }

  // Where i < n comes from: Inverse(At(i)) = i.
  uint64_t Inverse(uint64_t i) const {
    do {
      i = Unscramble(i);
    } while (i >= n_);
    return i;
  }

 private:
  static constexpr uint64_t kOffset = 0x632be59bd9b4e019;
  static constexpr uint64_t kFactors[] = {0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                          0xd6e8feb86659fd93};

  // 1 / odd modulo 2^64: Newton's method doubles the number of right bits, of which 3 are known.
  static constexpr uint64_t Reciprocal(uint64_t odd) {
    uint64_t x = odd;
    for (int i = 0; i < 5; i++) x *= 2 - odd * x;
    return x;
  }

  uint64_t Scramble(uint64_t x) const {
    x = ((x + kOffset) * kFactors[0]) & mask_;
    x ^= x >> shift_;
    x = (x * kFactors[1]) & mask_;
    x ^= x >> shift_;
    x = (x * kFactors[2]) & mask_;
    return x ^ (x >> shift_);
  }

  // A shift by more than half of the bits undoes itself.
  uint64_t Unscramble(uint64_t x) const {
    x ^= x >> shift_;
    x = (x * Reciprocal(kFactors[2])) & mask_;
    x ^= x >> shift_;
    x = (x * Reciprocal(kFactors[1])) & mask_;
    x ^= x >> shift_;
    return (x * Reciprocal(kFactors[0]) - kOffset) & mask_;
  }

  uint64_t n_;
  uint64_t mask_;  // the smallest 2^b - 1 >= n - 1
  int shift_;
};

}  // namespace varve::workloads
