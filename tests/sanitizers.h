// Which sanitizer the tests are built with, and how much less they do under it.
//
// gcc tells by a macro of each sanitizer, clang by __has_feature.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__has_feature)
#define VARVE_HAS_FEATURE(feature) __has_feature(feature)
#else
#define VARVE_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || VARVE_HAS_FEATURE(address_sanitizer)
#define VARVE_ADDRESS_SANITIZER 1
#else
#define VARVE_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || VARVE_HAS_FEATURE(thread_sanitizer) || VARVE_ADDRESS_SANITIZER
#define VARVE_SANITIZED 1
#else
#define VARVE_SANITIZED 0
#endif

namespace varve {

inline constexpr bool kSanitized = VARVE_SANITIZED == 1;

// Everything takes about so many times as long.
inline constexpr uint64_t kSanitizerSlowdown = kSanitized ? 8 : 1;

// `cycles` where nothing slows them down, fewer elsewhere, at least one.
constexpr uint64_t ScaledCycles(uint64_t cycles) {
  return (cycles + kSanitizerSlowdown - 1) / kSanitizerSlowdown;
}

}  // namespace varve
