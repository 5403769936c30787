// BloomFilterPolicy: the standard Bloom filter (Bloom, CACM 13(7), 1970), k probes by double
// hashing from one 64-bit hash (Kirsch and Mitzenmacher, ESA 2006), k the integer that is best for
// the bits that are given.
//
//   filter := bits probes:byte            bit i is bit i % 8 of byte i / 8
//
// Probe j looks at bit ((h + j * d) mod 2^64) * m / 2^64 of m, d being h with its halves exchanged:
// the high bits of a product choose the place (Lemire, ACM TOMACS 29(1), 2019), so that m may be
// any size and no division is needed.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <string_view>

#include "engine/filter/filter.h"

namespace varve {

class BloomFilterPolicy final : public FilterPolicy {
 public:
  std::string_view name() const override { return "varve.bloom.1"; }

  std::string Build(std::span<const uint64_t> hashes, double bits_per_key) const override {
    if (hashes.empty() || !(bits_per_key > 0)) return {};
    const double bits_wanted = static_cast<double>(hashes.size()) * bits_per_key;
    // Very small filters would be much worse than theory, and a byte costs nothing there.
    const uint64_t bytes = std::max<uint64_t>(static_cast<uint64_t>(bits_wanted / 8 + 0.5), 8);
    const uint64_t bits = bytes * 8;
    const int probes = BestProbes(bits_per_key);
    std::string filter(bytes + 1, '\0');
    filter.back() = static_cast<char>(probes);
    for (const uint64_t hash : hashes) {
      const uint64_t step = Step(hash);
      uint64_t probe = hash;
      for (int i = 0; i < probes; i++, probe += step) {
        const uint64_t bit = Place(probe, bits);
        filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << bit % 8);
      }
    }
    return filter;
  }

  bool MayContain(uint64_t hash, std::string_view filter) const override {
    if (filter.size() < 2) return true;
    const int probes = static_cast<unsigned char>(filter.back());
    if (probes == 0 || probes > kProbesMax) return true;
    const uint64_t bits = (filter.size() - 1) * 8;
    const uint64_t step = Step(hash);
    // Probes go in groups without a branch between them: their cache misses overlap, and an absent
    // key ends after the first group fifteen times in sixteen.
    uint64_t probe = hash;
    int left = probes;
    for (; left >= kGroup; left -= kGroup) {
      unsigned all = 1;
      for (int i = 0; i < kGroup; i++, probe += step) all &= Bit(filter, Place(probe, bits));
      if (all == 0) return false;
    }
    unsigned all = 1;
    for (; left > 0; left--, probe += step) all &= Bit(filter, Place(probe, bits));
    return all != 0;
  }

  // The first group of probes.
  void Prefetch(uint64_t hash, std::string_view filter) const override {
    if (filter.size() < 2) return;
    __builtin_prefetch(&filter.back());
    const uint64_t bits = (filter.size() - 1) * 8;
    const uint64_t step = Step(hash);
    uint64_t probe = hash;
    for (int i = 0; i < kGroup; i++, probe += step) {
      __builtin_prefetch(filter.data() + Place(probe, bits) / 8);
    }
  }

  // (1 - e^(-k/b))^k for b bits per key and k probes.
  double ExpectedFalsePositiveRate(double bits_per_key) const override {
    if (!(bits_per_key > 0)) return 1;
    return Rate(bits_per_key, BestProbes(bits_per_key));
  }

 private:
  static constexpr int kProbesMax = 44;  // best for 64 bits per key
  static constexpr int kGroup = 4;

  static double Rate(double bits_per_key, int probes) {
    return std::pow(1 - std::exp(-probes / bits_per_key), probes);
  }

  // One of the neighbours of b ln 2, which is best where k need not be an integer.
  static int BestProbes(double bits_per_key) {
    const double ideal = std::min(bits_per_key * std::numbers::ln2, double{kProbesMax});
    const int low = std::max(static_cast<int>(ideal), 1);
    const int high = std::min(low + 1, kProbesMax);
    return Rate(bits_per_key, high) < Rate(bits_per_key, low) ? high : low;
  }

  static uint64_t Step(uint64_t hash) { return std::rotl(hash, 32) | 1; }

  static uint64_t Place(uint64_t probe, uint64_t bits) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>(static_cast<Wide>(probe) * bits >> 64);
  }

  static unsigned Bit(std::string_view filter, uint64_t bit) {
    return static_cast<unsigned char>(filter[bit / 8]) >> bit % 8 & 1u;
  }
};

}  // namespace varve
