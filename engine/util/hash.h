// The one hash of the engine: XXH3 (Collet), 64 bits, for filters, caches and checksums.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace varve {

// The hash of a key that filters are built from. Stored inside filters: it never changes.
inline uint64_t HashKey(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

// The same of a prefix that filters hold for scans: another number than that of an equal key.
inline uint64_t HashPrefix(std::string_view prefix) {
  constexpr uint64_t kSeed = 0x5072656669786573;
  return XXH3_64bits_withSeed(prefix.data(), prefix.size(), kSeed);
}

// A checksum of `bytes` that also depends on `context`, so that intact bytes in the wrong place
// do not pass.
inline uint64_t Checksum64(std::string_view bytes, uint64_t context) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), context);
}
inline uint32_t Checksum32(std::string_view bytes, uint64_t context) {
  return static_cast<uint32_t>(Checksum64(bytes, context));
}

// A mixed value of two integers (cache keys, checksum contexts).
inline uint64_t Mix64(uint64_t a, uint64_t b) {
  uint64_t pair[2] = {a, b};
  return XXH3_64bits(pair, sizeof pair);
}

}  // namespace varve
