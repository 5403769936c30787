// How much the torture tests do: less under a sanitizer, which makes everything slower.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace varve::harness {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr uint64_t kSanitizerSlowdown = 8;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr uint64_t kSanitizerSlowdown = 8;
#else
inline constexpr uint64_t kSanitizerSlowdown = 1;
#endif
#else
inline constexpr uint64_t kSanitizerSlowdown = 1;
#endif

// `cycles` where nothing slows them down, fewer elsewhere, at least one.
constexpr uint64_t ScaledCycles(uint64_t cycles) {
  return (cycles + kSanitizerSlowdown - 1) / kSanitizerSlowdown;
}

}  // namespace varve::harness
