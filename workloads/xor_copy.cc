// Two widths of one loop. See xor_copy.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/xor_copy.h"

#include <cstring>
#include <utility>

namespace varve::workloads {
namespace {

// Vectors of the compiler's, which work on any machine.
using Vector16 [[gnu::vector_size(16)]] = uint64_t;
using Vector32 [[gnu::vector_size(32)]] = uint64_t;

template <class Vector, size_t... kLane>
[[gnu::always_inline]] inline void CopyBlock(char* to, const char* from, uint64_t pattern,
                                             std::index_sequence<kLane...>) {
  const auto copy = [pattern](char* lane_to, const char* lane_from) __attribute__((always_inline)) {
    Vector lane;
    std::memcpy(&lane, lane_from, sizeof lane);
    lane ^= pattern;
    std::memcpy(lane_to, &lane, sizeof lane);
  };
  (copy(to + kLane * sizeof(Vector), from + kLane * sizeof(Vector)), ...);
}

template <class Vector>
[[gnu::always_inline]] inline void CopyBlocks(char* to, const char* from, size_t bytes,
                                              uint64_t pattern) {
  constexpr size_t kLanes = kXorCopyBlock / sizeof(Vector);
  for (size_t at = 0; at < bytes; at += kXorCopyBlock) {
    CopyBlock<Vector>(to + at, from + at, pattern, std::make_index_sequence<kLanes>());
  }
}

void CopyAnywhere(char* to, const char* from, size_t bytes, uint64_t pattern) {
  CopyBlocks<Vector16>(to, from, bytes, pattern);
}

using Copy = void (*)(char*, const char*, size_t, uint64_t);

#if defined(__x86_64__)
[[gnu::target("avx2")]] void CopyAvx2(char* to, const char* from, size_t bytes, uint64_t pattern) {
  CopyBlocks<Vector32>(to, from, bytes, pattern);
}
Copy BestCopy() { return __builtin_cpu_supports("avx2") ? CopyAvx2 : CopyAnywhere; }
#else
Copy BestCopy() { return CopyAnywhere; }
#endif

}  // namespace

void XorCopy(char* to, const char* from, size_t bytes, uint64_t pattern) {
  static const Copy copy = BestCopy();
  copy(to, from, bytes, pattern);
}

}  // namespace varve::workloads
