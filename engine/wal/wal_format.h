// The bytes of a write-ahead log, shared by writer and reader. Described in engine/FORMAT.md,
// "WAL".
//
//   log    := start (data | promise)* zero*
//   record := checksum fixed32 | length fixed32 | type u8 | payload: length bytes
//
// Invariant: the checksum covers number of the log, offset, type, length and payload, so that an
// intact record in the wrong place is no record.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/util/coding.h"
#include "engine/util/hash.h"

namespace varve {

enum class WalRecordType : uint8_t {
  kNone = 0,     // never written: reserved space reads as zeros
  kData = 1,     // payload: what was appended
  kPromise = 2,  // no payload: all bytes before this record were synced
  kStart = 3,    // payload: version fixed32 | number | previous number | previous length, fixed64
};

struct WalHeader {
  uint32_t checksum = 0;
  uint32_t length = 0;
  WalRecordType type = WalRecordType::kNone;
};

inline constexpr size_t kWalHeaderBytes = 9;
inline constexpr size_t kWalTypeOffset = 8;  // in the header
inline constexpr size_t kWalStartPayloadBytes = 28;
inline constexpr uint32_t kWalVersion = 1;
inline constexpr uint64_t kWalPayloadBytesMax = UINT32_MAX;

inline void EncodeWalHeader(const WalHeader& header, char* to) {
  EncodeFixed32(to, header.checksum);
  EncodeFixed32(to + 4, header.length);
  to[kWalTypeOffset] = static_cast<char>(header.type);
}

inline WalHeader DecodeWalHeader(const char* from) {
  return {DecodeFixed32(from), DecodeFixed32(from + 4),
          static_cast<WalRecordType>(from[kWalTypeOffset])};
}

// The context of the checksum of a record at `offset`. A start record can be checked before the
// number of its log is known.
inline uint64_t WalContext(uint64_t number, uint64_t offset, WalRecordType type) {
  if (type == WalRecordType::kStart) number = 0;
  return Mix64(number, offset) + static_cast<uint64_t>(type);
}

inline uint32_t WalChecksum(uint64_t number, uint64_t offset, WalRecordType type,
                            std::string_view payload) {
  return Checksum32(payload, WalContext(number, offset, type));
}

}  // namespace varve
