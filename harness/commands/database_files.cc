// Opens the files of a database one by one, without opening the database.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/database_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/tree/file_names.h"
#include "engine/util/hash.h"

namespace varve::harness {

Result<ManifestState> ReadDatabase(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) {
    return Status::NotFound(fmt::format("there is no directory {}", directory));
  }
  if (!std::filesystem::is_directory(directory, error)) {
    return Status::InvalidArgument(fmt::format("{} is not a directory", directory));
  }
  Result<ManifestState> state = Manifest::Read(*PosixFileSystem(), directory);
  if (!state.ok() && state.status().code() == Status::Code::kNotFound) {
    return Status::InvalidArgument(
        fmt::format("{} is not a database: it has no CURRENT file", directory));
  }
  return state;
}

Result<std::unique_ptr<FileLock>> LockDatabase(const std::string& directory) {
  Result<std::unique_ptr<FileLock>> lock = PosixFileSystem()->Lock(LockFileName(directory));
  if (!lock.ok() && lock.status().code() == Status::Code::kBusy) {
    return Status::Busy(fmt::format("{} is open in another process", directory));
  }
  return lock;
}

Result<std::shared_ptr<TableReader>> OpenDatabaseTable(const std::string& directory,
                                                       uint64_t identity, const TableInfo& info) {
  auto file = PosixFileSystem()->OpenFile(TableFileName(directory, info.number));
  if (!file.ok()) return file.status();
  TableReaderOptions options;
  options.number = info.number;
  options.file_bytes = info.file_bytes;
  options.checksum_context = Mix64(identity, info.number);  // engine/FORMAT.md, "Table"
  ReadContext context;
  context.kind = IoKind::kVerify;
  return TableReader::Open(std::move(file).value(), options, context);
}

}  // namespace varve::harness
