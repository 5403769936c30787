// The names of the files of a database directory.
//
//   CURRENT               names the current manifest
//   LOCK                  locked while the database is open
//   manifest-000007       manifest
//   000012.wal            write-ahead log
//   000013.table          table
//   *.tmp                 not finished: removed at open
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace varve {

std::string CurrentFileName(const std::string& directory);
std::string LockFileName(const std::string& directory);
std::string ManifestFileName(const std::string& directory, uint64_t number);
std::string WalFileName(const std::string& directory, uint64_t number);
std::string TableFileName(const std::string& directory, uint64_t number);

enum class FileType { kCurrent, kLock, kManifest, kWal, kTable, kTemporary };
struct FileName {
  FileType type;
  uint64_t number = 0;
};
// Nothing if `name` (without directory) is not a name of ours.
std::optional<FileName> ParseFileName(std::string_view name);

}  // namespace varve
