// BlockedBloomFilterPolicy: a Bloom filter in which all bits of a key are in one cache line (Putze,
// Sanders and Singler, "Cache-, hash- and space-efficient Bloom filters", WEA 2007, section 3).
//
//   filter := block+ probes:byte          a block has 512 bits; bit i is bit i % 8 of byte i / 8
//
// The high bits of the hash choose the block: floor(h * blocks / 2^64). Probe j looks there at bit
// (l * kMultipliers[j] mod 2^32) >> 23, where l is the low 32 bits of h. Eight probes go at once
// where the processor has AVX2; the answers are the same. Memory that begins at a multiple of 64
// costs one cache miss, other memory two.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/filter/filter.h"
#include "engine/util/random.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace varve {

class BlockedBloomFilterPolicy final : public FilterPolicy {
 public:
  std::string_view name() const override { return "varve.blocked_bloom.1"; }

  std::string Build(std::span<const uint64_t> hashes, double bits_per_key) const override {
    if (hashes.empty() || !(bits_per_key > 0)) return {};
    const double bits_wanted = static_cast<double>(hashes.size()) * bits_per_key;
    const uint64_t blocks =
        std::max<uint64_t>(static_cast<uint64_t>(bits_wanted / kBlockBits + 0.5), 1);
    const int probes = BestProbes(bits_per_key);
    std::string filter(blocks * kBlockBytes + 1, '\0');
    filter.back() = static_cast<char>(probes);
    for (size_t i = 0; i < hashes.size(); i++) {
      if (i + kAhead < hashes.size()) {
        __builtin_prefetch(filter.data() + BlockOf(hashes[i + kAhead], blocks), 1);
      }
      char* block = filter.data() + BlockOf(hashes[i], blocks);
      for (int j = 0; j < probes; j++) {
        const uint32_t bit = BitOf(hashes[i], j);
        block[bit / 8] = static_cast<char>(block[bit / 8] | 1 << bit % 8);
      }
    }
    return filter;
  }

  bool MayContain(uint64_t hash, std::string_view filter) const override {
    const int probes = ProbesOf(filter);
    if (probes == 0) return true;
    const char* block = filter.data() + BlockOf(hash, filter.size() / kBlockBytes);
#if defined(__x86_64__)
    if (kHasAvx2) return AllSetAvx2(static_cast<uint32_t>(hash), block, probes);
#endif
    return AllSet(hash, block, probes);
  }

  // MayContain, without AVX2.
  static bool MayContainPortable(uint64_t hash, std::string_view filter) {
    const int probes = ProbesOf(filter);
    if (probes == 0) return true;
    return AllSet(hash, filter.data() + BlockOf(hash, filter.size() / kBlockBytes), probes);
  }

  void Prefetch(uint64_t hash, std::string_view filter) const override {
    if (filter.size() <= kBlockBytes) return;
    __builtin_prefetch(&filter.back());
    __builtin_prefetch(filter.data() + BlockOf(hash, filter.size() / kBlockBytes));
  }

  // The number of keys in a block is Poisson distributed with mean 512 / b (Putze et al., equation
  // 3), and each number has a rate of its own.
  double ExpectedFalsePositiveRate(double bits_per_key) const override {
    if (!(bits_per_key > 0)) return 1;
    return Rate(bits_per_key, BestProbes(bits_per_key));
  }

  // The same with that many probes.
  static double Rate(double bits_per_key, int probes) {
    const double mean = kBlockBits / bits_per_key;
    const double reach = 9 * std::sqrt(mean) + 10;
    const double peak = std::floor(mean);
    double weight = 1;  // of a load, that of the peak being 1
    double weights = 0;
    double rate = 0;
    const auto add = [&](double keys) {
      weights += weight;
      rate += weight * BlockRate(keys, probes);
    };
    for (double keys = peak; keys <= peak + reach; keys++, weight *= mean / keys) add(keys);
    weight = 1;
    for (double keys = peak; keys > 0 && keys >= peak - reach; keys--) {
      weight *= keys / mean;
      add(keys - 1);
    }
    return rate / weights;
  }

  // What is best up to kBitsMax[k - 1] bits per key is k probes.
  static int BestProbes(double bits_per_key) {
    const auto* const end = kBitsMax.end();
    return static_cast<int>(std::lower_bound(kBitsMax.begin(), end, bits_per_key) -
                            kBitsMax.begin()) +
           1;
  }

  static constexpr int kProbesMax = 16;

 private:
  static constexpr uint64_t kBlockBytes = 64;
  static constexpr int kBlockBits = 512;
  // A block is asked for so many keys before it is written to.
  static constexpr size_t kAhead = 16;
  static constexpr std::array<double, kProbesMax - 1> kBitsMax = {
      2.08,  3.58,  5.1,   6.67,  8.32,  10.06, 11.92, 13.93,
      16.12, 18.52, 21.18, 24.13, 27.42, 31.13, 35.31};
  // Odd numbers without a pattern, on which stored bits depend: half of a number of SplitMix64.
  alignas(32) static constexpr std::array<uint32_t, kProbesMax> kMultipliers = [] {
    std::array<uint32_t, kProbesMax> odd{};
    for (size_t j = 0; j < odd.size(); j++) {
      odd[j] = static_cast<uint32_t>(SplitMix64((j + 1) * kSplitMixGamma) >> 32) | 1;
    }
    return odd;
  }();

  static uint64_t BlockOf(uint64_t hash, uint64_t blocks) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>(static_cast<Wide>(hash) * blocks >> 64) * kBlockBytes;
  }

  static uint32_t BitOf(uint64_t hash, int probe) {
    return static_cast<uint32_t>(hash) * kMultipliers[static_cast<size_t>(probe)] >> 23;
  }

  // 0 if these are no bytes of a filter.
  static int ProbesOf(std::string_view filter) {
    if (filter.size() <= kBlockBytes || filter.size() % kBlockBytes != 1) return 0;
    const int probes = static_cast<unsigned char>(filter.back());
    return probes <= kProbesMax ? probes : 0;
  }

  static bool AllSet(uint64_t hash, const char* block, int probes) {
    unsigned all = 1;
    for (int j = 0; j < probes; j++) {
      const uint32_t bit = BitOf(hash, j);
      all &= static_cast<unsigned>(block[bit / 8]) >> bit % 8;
    }
    return (all & 1) != 0;
  }

#if defined(__x86_64__)
  static inline const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  // From kLanes + 8 - n on: n lanes that count, then those that do not.
  alignas(32) static constexpr std::array<int32_t, 16> kLanes = {-1, -1, -1, -1, -1, -1, -1, -1};

  __attribute__((target("avx2"))) static __m256i Load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }

  __attribute__((target("avx2"))) static bool AllSetAvx2(uint32_t low, const char* block,
                                                         int probes) {
    const __m256i first = Load(block);
    const __m256i second = Load(block + 32);
    for (int from = 0; from < probes; from += 8) {
      const __m256i products = _mm256_mullo_epi32(_mm256_set1_epi32(static_cast<int>(low)),
                                                  Load(kMultipliers.data() + from));
      // The upper four of a place's nine bits choose the word: which half, and which of its eight.
      const __m256i words = _mm256_srli_epi32(products, 28);
      const __m256i bits = _mm256_and_si256(_mm256_srli_epi32(products, 23), _mm256_set1_epi32(31));
      const __m256i values = _mm256_castps_si256(
          _mm256_blendv_ps(_mm256_castsi256_ps(_mm256_permutevar8x32_epi32(first, words)),
                           _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(second, words)),
                           _mm256_castsi256_ps(products)));
      const __m256i wanted = _mm256_and_si256(_mm256_sllv_epi32(_mm256_set1_epi32(1), bits),
                                              Load(kLanes.data() + 8 - std::min(probes - from, 8)));
      if (_mm256_testc_si256(values, wanted) == 0) return false;
    }
    return true;
  }
#endif

  // Of a block with so many keys, each of which set `probes` bits at random. The share X of bits
  // that are set varies; E[X^k] is taken to the second order around the mean of X, whose moments
  // are those of the classical occupancy problem.
  static double BlockRate(double keys, int probes) {
    if (keys == 0) return 0;
    constexpr double m = kBlockBits;
    const double throws = keys * probes;
    const double clear = std::pow(1 - 1 / m, throws);
    const double two_clear = std::pow(1 - 2 / m, throws);
    const double set = 1 - clear;
    const double variance = (1 - 1 / m) * two_clear + clear / m - clear * clear;
    return std::pow(set, probes) * (1 + probes * (probes - 1) / 2.0 * variance / (set * set));
  }
};

}  // namespace varve
