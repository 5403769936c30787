// CURRENT: the small file that names the manifest in charge, and after a clean close also says how
// much there was to find. Format: engine/FORMAT.md, "CURRENT".
//
// Invariant: no flipped bit, cut or swap of the file passes. Called by Manifest, verify and repair.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/io/file_system.h"
#include "engine/status.h"

namespace varve {

// What was durable when the database was closed. Less than this is damage, never the end that a
// crash has left. It stays true: a manifest only grows, and a log is there until the manifest says
// that it is not needed any more.
struct CleanClose {
  uint64_t manifest_bytes = 0;  // of the manifest, at least
  uint64_t wal = 0;             // number of the newest log; 0: there was none
  uint64_t wal_bytes = 0;       // of it; 0: it held nothing, and may be missing
  bool opened = false;          // since then: there may be more, and what a crash leaves
  bool operator==(const CleanClose&) const = default;
};

struct CurrentFile {
  uint64_t manifest = 0;  // its number
  std::optional<CleanClose> closed;
};

std::string EncodeCurrent(const CurrentFile& current);
// kCorruption for bytes that EncodeCurrent did not write.
Result<CurrentFile> DecodeCurrent(std::string_view bytes);

// Reads CURRENT of `directory`.
Result<CurrentFile> ReadCurrent(FileSystem& file_system, const std::string& directory);

// The name under which a new CURRENT is prepared.
std::string TemporaryCurrentName(const std::string& directory);
// Writes and syncs it there; a rename puts it in charge.
Status PrepareCurrent(FileSystem& file_system, const std::string& directory,
                      const CurrentFile& current);

}  // namespace varve
