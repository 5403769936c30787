// Finds and locks a database without opening it.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/database_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/tree/file_names.h"

namespace varve::harness {

Status FindDatabase(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) {
    return Status::NotFound(fmt::format("there is no directory {}", directory));
  }
  if (!std::filesystem::is_directory(directory, error)) {
    return Status::InvalidArgument(fmt::format("{} is not a directory", directory));
  }
  const Result<std::vector<std::string>> names = PosixFileSystem()->List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::optional<FileName> file = ParseFileName(name);
    if (file && file->type != FileType::kLock && file->type != FileType::kTemporary) return {};
  }
  return Status::InvalidArgument(
      fmt::format("{} is not a database: it has no CURRENT file", directory));
}

Result<std::unique_ptr<FileLock>> LockDatabase(const std::string& directory) {
  Result<std::unique_ptr<FileLock>> lock = PosixFileSystem()->Lock(LockFileName(directory));
  if (!lock.ok() && lock.status().code() == Status::Code::kBusy) {
    return Status::Busy(fmt::format("{} is open in another process", directory));
  }
  return lock;
}

}  // namespace varve::harness
