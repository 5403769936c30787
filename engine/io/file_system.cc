// What is common to all file systems.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/file_system.h"

#include <algorithm>
#include <array>

namespace varve {
namespace {

constexpr std::array<std::string_view, kIoKindCount> kIoKindNames = {
    "wal",    "flush", "compaction", "manifest", "get",       "scan",
    "filter", "index", "open",       "verify",   "value_log",
};

// Memory follows what was really read, not what a length promises.
constexpr uint64_t kChunkBytes = 1 << 20;

}  // namespace

std::string_view IoKindName(IoKind kind) { return kIoKindNames.at(static_cast<size_t>(kind)); }

Result<std::string> ReadWholeFile(FileSystem& file_system, IoCause cause, const std::string& path) {
  auto file = file_system.OpenFile(path);
  if (!file.ok()) return file.status();
  const auto length = (*file)->Length();
  if (!length.ok()) return length.status();
  std::string bytes;
  while (bytes.size() < *length) {
    const uint64_t offset = bytes.size();
    const auto chunk = static_cast<size_t>(std::min(kChunkBytes, *length - offset));
    bytes.resize(bytes.size() + chunk);
    Status status = (*file)->Read(cause, offset, chunk, bytes.data() + offset);
    if (!status.ok()) return status;
  }
  return bytes;
}

}  // namespace varve
