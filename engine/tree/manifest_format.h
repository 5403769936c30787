// The bytes of a manifest, shared by those who write, read and salvage one. Format:
// engine/FORMAT.md, "Manifest".
//
//   manifest := (record seal)* tail
//   record   := checksum fixed64 | length fixed32 | payload
//   seal     := fixed64, a hash of the manifest's number and the seal's offset
//
// A seal is written after the sync that covers all before it, and says so. Damage with a seal
// somewhere behind it is therefore corruption; damage without one is the tail of an edit that was
// never acknowledged, and is cut. The first record holds the whole state and is sealed from the
// start, because CURRENT names the file only after its sync.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "engine/tree/manifest.h"

namespace varve {

inline constexpr size_t kManifestHeaderBytes = 12;
inline constexpr size_t kManifestSealBytes = 8;

// Appends `head` and the bytes of `edit` as the record at `offset` of manifest `number`. What a
// reader would refuse is not written.
Status AppendManifestRecord(uint64_t number, uint64_t offset, std::string_view head,
                            const TreeEdit& edit, std::string* to);
void AppendManifestSeal(uint64_t number, uint64_t offset, std::string* to);

// The head of the first record.
std::string ManifestHead(uint64_t identity);

// The payload of the record at `offset`, or nothing if there is no intact one.
std::optional<std::string_view> ManifestRecordAt(std::string_view file, uint64_t number,
                                                 size_t offset);
bool IsManifestSeal(std::string_view file, uint64_t number, size_t offset);
// The offset of the first seal at or after `offset`.
std::optional<size_t> NextManifestSeal(std::string_view file, uint64_t number, size_t offset);

// The edit in the payload of a record; the first one also tells the identity of the database.
Status DecodeManifestPayload(std::string_view payload, bool first, uint64_t* identity,
                             TreeEdit* edit);

}  // namespace varve
