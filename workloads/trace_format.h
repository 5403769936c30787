// The bytes of a trace: what trace.cc reads and trace_writer.cc writes. TRACE.md is the text to it.
//
//   file       := header operation* record* key_bytes source checksum*
//   operation  := time code_and_record argument                 3 words
//   record     := end_of_key at_start                           2 words
//   checksum   := XXH3 of 64 KiB of what lies between header and checksums (the last may be less)
//
// A word is 8 bytes, little endian.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "engine/util/hash.h"
#include "workloads/operation.h"

namespace varve::workloads::trace_format {

inline constexpr size_t kWordBytes = sizeof(uint64_t);
inline constexpr size_t kOperationBytes = 3 * kWordBytes;
inline constexpr size_t kRecordBytes = 2 * kWordBytes;
inline constexpr size_t kPieceBytes = 64 << 10;  // that a checksum is of
inline constexpr size_t kSourceBytesMax = 4096;
inline constexpr int kCodeShift = 56;
inline constexpr uint64_t kRecordMask = (uint64_t{1} << kCodeShift) - 1;
inline constexpr uint64_t kMagic = 0x4543415254565256;  // "VRVTRACE"
inline constexpr uint64_t kVersion = 1;

struct Header {
  uint64_t magic = kMagic;
  uint64_t version = kVersion;
  uint64_t operations = 0;
  uint64_t records = 0;
  uint64_t key_bytes = 0;
  uint64_t source_bytes = 0;
  uint64_t loaded = 0;
  uint64_t duration_ns = 0;  // time of the last operation
  uint64_t key_bytes_max = 0;
  uint64_t value_bytes_max = 0;
  uint64_t kinds = 0;      // bit c: operations of code c occur
  uint64_t sorted = 0;     // 1: keys are of one length and ascend by record number
  uint64_t checksums = 0;  // checksum of the checksums
  uint64_t unused[2] = {0, 0};
  uint64_t checksum = 0;  // of all words before
};
static_assert(sizeof(Header) == 16 * kWordBytes);

inline uint64_t Checksum(std::string_view bytes) { return Checksum64(bytes, kMagic); }

inline uint64_t ChecksumOf(const Header& header) {
  return Checksum({reinterpret_cast<const char*>(&header), offsetof(Header, checksum)});
}

// The kind of each code. Codes never change; new ones are added at the end. An absent key is a
// record like any other here: one that nothing writes.
inline constexpr OperationKind kKinds[] = {
    OperationKind::kRead,        OperationKind::kUpdate,          OperationKind::kInsert,
    OperationKind::kScan,        OperationKind::kReadModifyWrite, OperationKind::kDelete,
    OperationKind::kScanReverse, OperationKind::kDeleteRange,
};
inline constexpr size_t kCodes = std::size(kKinds);

constexpr std::optional<uint64_t> CodeOf(OperationKind kind) {
  for (size_t code = 0; code < kCodes; ++code) {
    if (kKinds[code] == kind) return code;
  }
  return std::nullopt;
}

}  // namespace varve::workloads::trace_format
