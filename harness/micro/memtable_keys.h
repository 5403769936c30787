// What micro-benchmarks of memtables share, so that their numbers can be compared: the keys and how
// many bytes they and their values have.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/util/random.h"

namespace varve::memtable_bench {

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 100;

enum class Order { kRandom, kSequential, kZipf };

// Key number i of a table, from 1 on. Absent keys are those with numbers that were not added.
class Key {
 public:
  Key(uint64_t i, Order order) {
    const uint64_t words[] = {order == Order::kRandom ? SplitMix64(i) : __builtin_bswap64(i), i};
    static_assert(sizeof words == kKeyBytes);
    std::memcpy(bytes_.data(), words, sizeof words);
  }
  operator std::string_view() const { return {bytes_.data(), bytes_.size()}; }  // NOLINT

 private:
  std::array<char, kKeyBytes> bytes_;
};

// The number of a key that a get asks for, of a table that holds 1 to `entries`.
inline uint64_t NumberToGet(Random* random, uint64_t entries, bool hit) {
  return 1 + random->Uniform(static_cast<uint32_t>(entries)) + (hit ? 0 : entries);
}

// Shows the time of one operation, of which an iteration makes so many, as `each`.
inline void ReportEach(benchmark::State& state, uint64_t operations_per_iteration) {
  state.counters["each"] = benchmark::Counter(
      static_cast<double>(operations_per_iteration),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace varve::memtable_bench
