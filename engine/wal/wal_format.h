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
#include <string>
#include <string_view>

#include "engine/util/coding.h"
#include "engine/util/hash.h"

namespace varve {

enum class WalRecordType : uint8_t {
  kNone = 0,     // never written: reserved space reads as zeros
  kData = 1,     // payload: what was appended
  kPromise = 2,  // no payload: all bytes before this record were synced
  kStart = 3,    // payload: see EncodeWalStart
};

// Where a log ended. Number 0: there was none.
struct WalPosition {
  uint64_t number = 0;
  uint64_t bytes = 0;
  bool synced = false;  // all of these bytes were
  bool operator==(const WalPosition&) const = default;
};

// True if a log that goes on from `previous` has lost the end of it. `last`: the log before it that
// was read, and how much of that is good. Logs below `oldest` are not needed.
inline bool EndIsMissing(const WalPosition& previous, uint64_t oldest, const WalPosition& last) {
  return previous.number >= oldest &&
         (previous.number != last.number || previous.bytes > last.bytes);
}

struct WalHeader {
  uint32_t checksum = 0;
  uint32_t length = 0;
  WalRecordType type = WalRecordType::kNone;
};

inline constexpr size_t kWalHeaderBytes = 9;
inline constexpr size_t kWalTypeOffset = 8;  // in the header
inline constexpr size_t kWalStartPayloadBytes = 29;
inline constexpr uint32_t kWalVersion = 2;
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

// The payload of the start record:
//   version fixed32 | number fixed64 | previous: number fixed64 | length fixed64 | synced u8
inline std::string EncodeWalStart(uint64_t number, const WalPosition& previous) {
  std::string payload;
  PutFixed32(&payload, kWalVersion);
  PutFixed64(&payload, number);
  PutFixed64(&payload, previous.number);
  PutFixed64(&payload, previous.bytes);
  payload.push_back(previous.synced ? 1 : 0);
  return payload;
}

// False if it is malformed. Then `version` is still right if there is one.
inline bool DecodeWalStart(std::string_view payload, uint32_t* version, uint64_t* number,
                           WalPosition* previous) {
  if (!GetFixed32(&payload, version) || *version != kWalVersion) return false;
  if (!GetFixed64(&payload, number) || !GetFixed64(&payload, &previous->number) ||
      !GetFixed64(&payload, &previous->bytes)) {
    return false;
  }
  if (payload.size() != 1 || static_cast<unsigned char>(payload[0]) > 1) return false;
  previous->synced = payload[0] == 1;
  return true;
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
