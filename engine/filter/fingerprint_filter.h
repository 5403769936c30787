// FingerprintFilterPolicy: filters that hold a fingerprint for each key, spread over three slots
// whose exclusive-or it is: what xor filters and binary fuse filters have in common (Graf and
// Lemire, "Xor filters", ACM JEA 25, 2020, algorithms 2 to 4).
//
//   filter := fingerprint* seed:fixed64 layout     a fingerprint has 1 or 2 bytes, the lowest first
//
// x = SplitMix64(hash + seed) stands for a key; its fingerprint is the low bits of x ^ (x >> 32). A
// layout, which is of the derived policy, says how many slots there are and which three are a
// key's: then the rate of false positives is 2^-w for fingerprints of w bits.
//
// Construction peels: a slot that one key only has is that key's, and the key is taken away. It
// fails for some seeds, and for all of them if a hash is there twice: so it is tried with other
// seeds, without duplicates from the second time on.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/filter/filter.h"
#include "engine/util/coding.h"
#include "engine/util/random.h"

namespace varve {

// floor(mixed * count / 2^64): a number below `count`.
inline uint64_t ScaleTo(uint64_t mixed, uint64_t count) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>(static_cast<Wide>(mixed) * count >> 64);
}

// Layout is a value with
//   static Layout For(size_t keys)                a layout with room for so many distinct keys
//   static bool Parse(std::string_view tail, uint64_t slots, Layout*)  false: not what For made
//   void AppendTo(std::string*) const             its tail
//   static constexpr size_t kTailBytes
//   uint64_t slots() const                        at most 2^32
//   std::array<uint64_t, 3> SlotsOf(uint64_t x) const     different ones, below slots()
template <class Layout, class Fingerprint>
class FingerprintFilterPolicy : public FilterPolicy {
 public:
  std::string Build(std::span<const uint64_t> hashes, double bits_per_key) const override {
    if (hashes.empty() || !(bits_per_key > 0) || hashes.size() > kKeysMax) return {};
    std::vector<uint64_t> distinct;
    std::string filter = TryToBuild(hashes, 0);
    for (uint64_t attempt = 1; filter.empty() && attempt < kAttempts; attempt++) {
      if (attempt == 1) {
        distinct.assign(hashes.begin(), hashes.end());
        std::sort(distinct.begin(), distinct.end());
        distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
      }
      filter = TryToBuild(distinct, attempt);
    }
    return filter;
  }

  bool MayContain(uint64_t hash, std::string_view filter) const override {
    Layout layout;
    if (!Parse(filter, &layout)) return true;
    const uint64_t x = Mixed(hash, filter);
    const auto [a, b, c] = layout.SlotsOf(x);
    return (At(filter, a) ^ At(filter, b) ^ At(filter, c)) == FingerprintOf(x);
  }

  void Prefetch(uint64_t hash, std::string_view filter) const override {
    Layout layout;
    if (!Parse(filter, &layout)) return;
    for (const uint64_t slot : layout.SlotsOf(Mixed(hash, filter))) {
      __builtin_prefetch(filter.data() + slot * sizeof(Fingerprint));
    }
  }

  double ExpectedFalsePositiveRate(double bits_per_key) const override {
    return bits_per_key > 0 ? std::exp2(-8.0 * sizeof(Fingerprint)) : 1;
  }

 private:
  static constexpr size_t kTailBytes = 8 + Layout::kTailBytes;
  static constexpr size_t kKeysMax = size_t{1} << 31;
  // Of those that fail one in a few may, for small sets; so many never do.
  static constexpr uint64_t kAttempts = 64;

  struct Slot {
    uint64_t keys = 0;  // exclusive-or of those that are left
    uint64_t count = 0;
  };
  struct Peeled {
    uint64_t key;
    uint64_t slot;  // that the key had alone
  };

  static bool Parse(std::string_view filter, Layout* layout) {
    if (filter.size() <= kTailBytes) return false;
    const size_t bytes = filter.size() - kTailBytes;
    return bytes % sizeof(Fingerprint) == 0 &&
           Layout::Parse(filter.substr(bytes + 8), bytes / sizeof(Fingerprint), layout);
  }

  static uint64_t Mixed(uint64_t hash, std::string_view filter) {
    return SplitMix64(hash + DecodeFixed64(filter.data() + filter.size() - kTailBytes));
  }

  static Fingerprint FingerprintOf(uint64_t x) { return static_cast<Fingerprint>(x ^ x >> 32); }

  static Fingerprint At(std::string_view filter, uint64_t slot) {
    Fingerprint fingerprint;
    std::memcpy(&fingerprint, filter.data() + slot * sizeof fingerprint, sizeof fingerprint);
    return fingerprint;
  }

  // Empty if this attempt's seed will not do.
  static std::string TryToBuild(std::span<const uint64_t> hashes, uint64_t attempt) {
    const uint64_t seed = SplitMix64(attempt);
    const Layout layout = Layout::For(hashes.size());
    std::vector<Slot> slots(layout.slots());
    for (const uint64_t x : Scattered(hashes, seed)) {
      for (const uint64_t slot : layout.SlotsOf(x)) {
        slots[slot].keys ^= x;
        slots[slot].count++;
      }
    }
    const std::vector<Peeled> peeled = Peel(layout, hashes.size(), &slots);
    if (peeled.size() < hashes.size()) return {};
    std::string filter(layout.slots() * sizeof(Fingerprint), '\0');
    // In reverse, the other two slots of a key are final when its own is filled.
    for (auto key = peeled.rbegin(); key != peeled.rend(); ++key) {
      const auto [a, b, c] = layout.SlotsOf(key->key);
      const auto fingerprint = static_cast<Fingerprint>(FingerprintOf(key->key) ^ At(filter, a) ^
                                                        At(filter, b) ^ At(filter, c));
      std::memcpy(filter.data() + key->slot * sizeof fingerprint, &fingerprint, sizeof fingerprint);
    }
    PutFixed64(&filter, seed);
    layout.AppendTo(&filter);
    return filter;
  }

  // What stands for the keys, roughly in ascending order: where a layout gives neighbours slots
  // that are near to each other, construction stays in the processor's cache.
  static std::vector<uint64_t> Scattered(std::span<const uint64_t> hashes, uint64_t seed) {
    constexpr int kShift = 64 - 8;
    std::array<size_t, 256> at{};
    for (const uint64_t hash : hashes) at[SplitMix64(hash + seed) >> kShift]++;
    std::exclusive_scan(at.begin(), at.end(), at.begin(), size_t{0});
    std::vector<uint64_t> scattered(hashes.size());
    for (const uint64_t hash : hashes) {
      const uint64_t x = SplitMix64(hash + seed);
      scattered[at[x >> kShift]++] = x;
    }
    return scattered;
  }

  // Takes keys away as long as there are slots with one key; returns them in that order.
  static std::vector<Peeled> Peel(const Layout& layout, size_t keys, std::vector<Slot>* slots) {
    std::vector<Peeled> peeled;
    peeled.reserve(keys);
    std::vector<uint64_t> single;
    for (uint64_t first = 0; first < slots->size(); first++) {
      if ((*slots)[first].count == 1) single.push_back(first);
      while (!single.empty()) {
        const uint64_t alone = single.back();
        single.pop_back();
        if ((*slots)[alone].count != 1) continue;
        const uint64_t key = (*slots)[alone].keys;
        peeled.push_back({key, alone});
        for (const uint64_t slot : layout.SlotsOf(key)) {
          Slot& there = (*slots)[slot];
          there.keys ^= key;
          if (--there.count == 1) single.push_back(slot);
        }
      }
    }
    return peeled;
  }
};

}  // namespace varve
